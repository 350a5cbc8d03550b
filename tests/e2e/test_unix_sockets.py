"""`listen: unix:/path`: clients on a Unix socket, by hand, by curl and with nginx in front."""
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from support import nginx
from support.certificates import Authority
from support.client import Browser, Client
from support.countermark import BINARY
from support.exchanges import field_of, last_request
from support.plain_site import config, page_of, signed_in
from support.ports import free_port, wait_until

pytestmark = pytest.mark.sanitize


@pytest.fixture
def path(folder):
    return os.path.join(folder, "front.sock")


def local(origin, path, listen=None, **top):
    return config(origin.port, listen=[{"address": f"unix:{path}", **(listen or {})}], **top)


def client_of(origin):
    """Who the site is told has asked."""
    request = last_request(origin)
    return field_of(request, "X-Forwarded-For")[0], field_of(request, "Forwarded")[0]


def test_curl_and_a_browser_are_served_by_every_worker(origin, countermark, path):
    proxy = countermark(local(origin, path, workers=2))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    done = subprocess.run(["curl", "-sS", "--unix-socket", path, "http://site.test/page?size=300000"],
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 0 and len(done.stdout) == 300000, done.stderr
    assert client_of(origin)[0] == "unknown"
    assert client_of(origin)[1].startswith("for=unknown;proto=http;")
    body = os.urandom(300000)
    for _ in range(8):
        with Client(path) as client:
            assert client.request("POST", "/upload", body=body).status == 200
            assert client.get("/page").status == 200
    assert {line["client"] for line in proxy.wait_for_log(17)} == {"unix:"}
    assert f"listening on unix:{path}" in proxy.child.errors().decode()


def test_a_mix_up_is_withheld_and_recorded(origin, countermark, path):
    proxy = countermark(local(origin, path))
    alice = signed_in(path, "alice")
    reply = page_of(alice, "bob")
    assert reply.status == 502 and "bob" not in reply.text
    assert not proxy.feature_is_up()
    display = proxy.ledger().displays()[-1]
    assert (display["viewer"], display["subject"]) == ("alice", "bob")


def test_a_marked_page_for_nobody_has_a_viewer_without_an_address(origin, countermark, path):
    proxy = countermark(local(origin, path))
    for _ in range(2):
        assert page_of(Browser(path), "bob", "/guarded/page").status in (502, 503)
    incident = proxy.api("/incidents")["incidents"][0]
    figures = proxy.run_json("report", str(incident["id"]))
    assert figures["viewers_unidentified"] == 1


def test_many_connections_are_no_one_clients(origin, countermark, path):
    proxy = countermark(local(origin, path, limits={"connections_per_address_max": 2}))
    clients = [Client(path) for _ in range(8)]
    for client in clients:
        assert client.get("/page").status == 200
    for client in clients:
        client.close()
    assert not proxy.metrics().value("countermark_connections_refused_total",
                                     reason="connections-per-address-max")


FRONT = """
    upstream guard {{ server unix:%s; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://guard;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
"""


@pytest.fixture
def front(folder, path):
    """Starts nginx in front of the socket; its port."""
    started = []

    def start(http=FRONT % path):
        started.append(nginx.Nginx(folder, free_port(), http))
        return started[-1].port

    yield start
    for server in started:
        server.stop()


def test_nginx_in_front_says_who_the_client_is_where_it_is_trusted(origin, countermark, path, front):
    proxy = countermark(local(origin, path, {"trusted_proxies": ["unix:"]}))
    port = front()
    with Client(port, source="127.0.0.5") as client:
        assert len(client.get("/page?size=200000").body) == 200000
        assert client_of(origin)[0] == "127.0.0.5", "a peer without an address adds nothing"
        assert client.get("/page", [("X-Forwarded-For", "192.0.2.1")]).status == 200
    assert {line["client"] for line in proxy.wait_for_log(2)} == {"127.0.0.5"}
    alice = signed_in(port, "alice")
    assert page_of(alice, "alice").status == 200
    assert page_of(alice, "bob").status == 502
    assert not proxy.feature_is_up()


def test_who_is_not_trusted_says_nothing_about_clients(origin, countermark, path, front):
    proxy = countermark(local(origin, path, {"trusted_proxies": ["127.0.0.1/32"]}))
    with Client(front()) as client:
        assert client.get("/page", [("X-Forwarded-For", "192.0.2.1")]).status == 200
    assert client_of(origin)[0] == "unknown"
    assert proxy.wait_for_log(1)[-1]["client"] == "unix:"


def test_nginx_terminates_tls_in_front(origin, countermark, path, front, folder):
    authority = Authority(folder)
    certificate, key = authority.issue("site.test")
    countermark(local(origin, path, {"trusted_proxies": ["unix:"]}))
    port = front(nginx.TLS.replace("{certificate}", certificate).replace("{key}", key)
                 .replace("{more}", "").replace("http://127.0.0.1:{upstream}", f"http://unix:{path}:")
                 .replace("proxy_set_header X-Tls", "proxy_set_header X-Forwarded-Proto https;"
                          " proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Tls"))
    with Client(port, tls=authority.client_context(), name="site.test") as client:
        assert client.get("/page").status == 200
    assert client_of(origin)[0] == "127.0.0.1"
    assert field_of(last_request(origin), "X-Forwarded-Proto") == ["https"]


@pytest.mark.parametrize("trusted", [None, ["unix:"]])
def test_the_proxy_protocol_says_who_the_client_is(origin, countermark, path, trusted):
    listen = {"proxy_protocol": True, **({"trusted_proxies": trusted} if trusted else {})}
    proxy = countermark(local(origin, path, listen, limits={"connections_per_address_max": 1}))
    for number in range(1, 4):
        preface = f"PROXY TCP4 192.0.2.{number} 10.0.0.1 4321 443\r\n".encode()
        with Client(path, preface=preface) as client:
            assert client.get("/page").status == 200
            assert client_of(origin)[0] == f"192.0.2.{number}"
            with Client(path, preface=preface) as second:
                assert second.is_closed(), "the limit is that of the client behind"
    with Client(path, preface=b"PROXY UNKNOWN\r\n") as client:
        assert client.get("/page").status == 200
    assert proxy.wait_for_log(4)[-1]["client"] == "unix:"


def test_tls_and_http2_over_it(origin, countermark, path, folder):
    authority = Authority(folder)
    certificate, key = authority.issue("site.test")
    tls = {"certificate": certificate, "key": key}
    proxy = countermark(local(origin, path, {"tls": tls}))
    with Client(path, tls=authority.client_context(), name="site.test") as client:
        assert len(client.get("/page?size=300000").body) == 300000
    assert field_of(last_request(origin), "X-Forwarded-Proto") == ["https"]
    done = subprocess.run(["curl", "-sS", "--http2", "--cacert", authority.pem, "--unix-socket", path,
                           "-w", "%{http_version}", "-o", os.devnull, "https://site.test/page"],
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 0 and done.stdout == b"2", done.stderr
    labels = {"listen": f"unix:{path}"}
    assert proxy.metrics().value("countermark_tls_certificate_expiry_timestamp_seconds", **labels) > 0


def test_a_reload_keeps_it_and_the_end_removes_it(origin, countermark, path):
    proxy = countermark(local(origin, path))
    with Client(path) as client:
        assert client.get("/page").status == 200
        assert proxy.run("reload").returncode == 0
        assert client.get("/page").status == 200
    with Client(path) as client:
        assert client.get("/page").status == 200
    proxy.config["listen"][0]["socket_mode"] = "0600"
    proxy.write_config(proxy.config)
    done = proxy.run("reload")
    assert "`listen` changes only with a restart" in done.stdout + done.stderr \
        + proxy.child.errors().decode()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    assert proxy.stop() == []
    assert not os.path.exists(path)
    proxy.start()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_file_that_another_put_in_its_place_is_not_removed(origin, countermark, path):
    proxy = countermark(local(origin, path))
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        assert proxy.stop() == []
        assert os.path.exists(path)


def test_after_a_kill_the_file_is_taken_over(origin, countermark, path):
    proxy = countermark(local(origin, path))
    proxy.kill()
    assert os.path.exists(path)
    proxy.start()
    with Client(path) as client:
        assert client.get("/page").status == 200


def serve(folder, origin, path, *words):
    argv = [BINARY, "serve", "--listen", f"unix:{path}", "--upstream",
            f"http://127.0.0.1:{origin.port}", "--session-cookie", "JSESSIONID", "--marker",
            "owner=meta:user-marker", "--feature", "login=/login,/mypage/**", "--state",
            os.path.join(folder, "second"), "--access-log", "off", "--workers", "2"]
    return [*words, *argv]


def test_what_another_listens_on_or_is_no_socket_is_left_alone(origin, countermark, path, folder):
    countermark(local(origin, path))
    plain = os.path.join(folder, "plain")
    with open(plain, "w", encoding="ascii") as out:
        out.write("kept")
    for taken, reason in ((path, "Address already in use"), (plain, "Address already in use"),
                          ("/nonexistent/x.sock", "No such file or directory")):
        done = subprocess.run(serve(folder, origin, taken), capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode == 2
        assert f"cannot listen on unix:{taken}: {reason}" in done.stderr
    with open(plain, encoding="ascii") as file:
        assert file.read() == "kept"
    with Client(path) as client:
        assert client.get("/page").status == 200


# Becomes the program with LISTEN_PID set to itself, as systemd does it.
ACTIVATE = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])"""


def test_a_socket_of_the_service_manager_is_taken_and_its_file_stays(origin, path, folder):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    os.set_inheritable(listening.fileno(), True)
    client = Client(path)                                    # Waits in the queue from now on.
    process = subprocess.Popen(
        serve(folder, origin, path, sys.executable, "-c", ACTIVATE, str(listening.fileno())),
        close_fds=False, stderr=subprocess.PIPE)
    listening.close()
    try:
        assert client.get("/page").status == 200
        assert page_of(signed_in(path, "alice"), "alice").status == 200
        client.close()
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said.decode()
    assert os.path.exists(path), "it is the service manager's"


def test_a_full_queue_of_events_leaves_nothing_behind(origin, countermark, path):
    proxy = countermark(local(origin, path, workers=2))
    for _ in range(200):
        Client(path).close()
    with Client(path) as client:
        assert client.get("/page").status == 200
    wait_until(lambda: proxy.metrics().value("countermark_connections", side="client") == 0, 10,
               "the closed ones are gone")
