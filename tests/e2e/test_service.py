"""Under a service manager: readiness, reload and stop are told, the watchdog is fed, sockets are
taken over; and root is given up."""
import os
import pwd
import shutil
import socket
import subprocess
import sys

import pytest

from support.countermark import BINARY
from support.plain_site import config, page_of, signed_in
from support.ports import accepts, free_port, wait_until

# Becomes the program with LISTEN_PID set to itself, as systemd does it.
ACTIVATE = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])"""


class Manager:
    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []

    def wait_for(self, word):
        def arrived():
            try:
                while True:
                    self.heard.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return any(word in message for message in self.heard)
        wait_until(arrived, 15, f"the manager hears {word}")


def test_a_service_manager_hears_of_readiness_reload_watchdog_and_stop(origin, countermark, folder):
    manager = Manager(folder)
    proxy = countermark(config(origin.port), env={"NOTIFY_SOCKET": manager.path,
                                                  "WATCHDOG_USEC": "1000000"})
    manager.wait_for("READY=1\nSTATUS=serving")
    manager.wait_for("WATCHDOG=1")
    manager.heard.clear()
    proxy.hangup()
    manager.wait_for("RELOADING=1\nMONOTONIC_USEC=")
    manager.wait_for("READY=1")
    assert proxy.stop() == []
    manager.wait_for("STOPPING=1")


def test_a_socket_of_the_service_manager_serves_at_once_and_for_all_workers(origin, folder):
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    state = os.path.join(folder, "new", "state")
    argv = [BINARY, "serve", "--listen", f"127.0.0.1:{port}", "--workers", "2",
            "--upstream", f"http://127.0.0.1:{origin.port}", "--session-cookie", "JSESSIONID",
            "--marker", "owner=meta:user-marker", "--feature", "login=/login,/mypage/**",
            "--state", state, "--access-log", "off"]
    os.set_inheritable(listening.fileno(), True)
    client = socket.create_connection(("127.0.0.1", port))   # Waits in the queue from now on.
    process = subprocess.Popen([sys.executable, "-c", ACTIVATE, str(listening.fileno()), *argv],
                               close_fds=False, stderr=subprocess.PIPE)
    listening.close()
    try:
        client.settimeout(20)
        client.sendall(b"GET / HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert page_of(signed_in(port, "alice"), "alice").status == 200
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said.decode()
    assert b"cannot listen" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root up")
def test_root_becomes_the_user_and_keeps_no_right(origin):
    folder = os.path.join("/tmp", f"cm-user-{os.getpid()}")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)
    state = os.path.join(folder, "state")
    admin = os.path.join(folder, "run", "deep")
    with open(os.path.join(folder, "c.yaml"), "w", encoding="utf-8") as out:
        out.write(f"admin: {{socket: {admin}/admin.sock}}\n")
    port = next(port for port in range(81, 1024) if not accepts(port))
    process = subprocess.Popen(
        [BINARY, "serve", "--config", out.name, "--listen", f"127.0.0.1:{port}", "--user", "nobody",
         "--upstream", f"http://127.0.0.1:{origin.port}", "--session-cookie", "JSESSIONID",
         "--marker", "owner=meta:user-marker", "--feature", "login=/login,/mypage/**",
         "--state", state, "--access-log", os.path.join(folder, "log", "access.log")],
        stderr=subprocess.PIPE)
    try:
        wait_until(lambda: process.poll() is not None or accepts(port), 15, "it listens")
        assert process.poll() is None, process.stderr.read().decode()
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        nobody = pwd.getpwnam("nobody")
        assert status["Uid"].split() == [str(nobody.pw_uid)] * 4
        assert status["Gid"].split() == [str(nobody.pw_gid)] * 4
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert os.stat(state).st_uid == nobody.pw_uid
        assert os.stat(os.path.join(state, "ledger.db")).st_uid == nobody.pw_uid
        assert os.stat(os.path.join(folder, "log")).st_uid == nobody.pw_uid
        assert os.stat(admin).st_uid == os.stat(f"{admin}/admin.sock").st_uid == nobody.pw_uid
        assert os.stat(admin).st_mode & 0o777 == 0o755
        assert page_of(signed_in(port, "alice"), "alice").status == 200
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def test_the_folder_of_the_admin_socket_is_made(origin, countermark):
    proxy = countermark(config(origin.port))
    proxy.kill()
    proxy.socket = os.path.join(proxy.folder, "run", "deep", "admin.sock")
    proxy.config["admin"]["socket"] = proxy.socket
    proxy.write_config(proxy.config)
    proxy.start()
    assert proxy.run("status").returncode == 0
    assert os.stat(os.path.dirname(proxy.socket)).st_mode & 0o777 == 0o755
    assert os.stat(proxy.socket).st_mode & 0o777 == 0o600


def test_the_admin_socket_has_the_mode_that_is_configured(origin, countermark):
    proxy = countermark(config(origin.port))
    proxy.kill()
    proxy.config["admin"]["socket_mode"] = "0660"
    proxy.write_config(proxy.config)
    proxy.start()
    assert os.stat(proxy.socket).st_mode & 0o777 == 0o660
    proxy.config["admin"]["socket_mode"] = "0666"
    proxy.write_config(proxy.config)
    warned = proxy.run_json("reload")["warnings"]
    assert any("`admin.socket_mode`" in line and "restart" in line for line in warned), warned
    assert os.stat(proxy.socket).st_mode & 0o777 == 0o660


def test_without_a_word_the_admin_socket_is_for_its_owner(origin, folder):
    process = subprocess.Popen(
        [BINARY, "serve", "--listen", f"127.0.0.1:{free_port()}", "--upstream",
         f"http://127.0.0.1:{origin.port}", "--session-cookie", "JSESSIONID", "--marker",
         "owner=meta:user-marker", "--feature", "login=/login", "--state",
         os.path.join(folder, "state")], stderr=subprocess.PIPE)
    try:
        socket_file = os.path.join(folder, "state", "admin.sock")
        wait_until(lambda: os.path.exists(socket_file), 15, "the socket is there")
        assert os.stat(socket_file).st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_an_unknown_user_is_an_error_and_nothing_is_started(folder):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody")
    port = free_port()
    done = subprocess.run(
        [BINARY, "serve", "--listen", f"127.0.0.1:{port}", "--user", "no-such-user-here",
         "--upstream", "http://127.0.0.1:1", "--session-cookie", "S", "--marker",
         "owner=meta:user-marker", "--feature", "login=/login", "--state",
         os.path.join(folder, "state")], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "cannot become user `no-such-user-here`: there is no such user" in done.stderr
    assert not os.path.exists(os.path.join(folder, "state"))
