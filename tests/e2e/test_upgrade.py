"""Issue 4, "What must be shown", 4: the binary is changed and nobody loses a request, nothing that
is down comes up, and nobody who logged in is forgotten; a successor that does not come to serve
changes nothing.

COUNTERMARK_RELOADS and COUNTERMARK_UPGRADES set how often; the issue asks for 100 and 10.
"""
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
from collections import Counter

import pytest

import support.countermark
from support.certificates import Authority
from support.client import Client
from support.countermark import BINARY
from support.h2 import ACK, GOAWAY, PING, Frames, frame
from support.load import source_of
from support.plain_site import config as plain_config
from support.plain_site import page_of, signed_in
from support.ports import wait_until
from support.sites import PERSONAL, PUBLIC, foreign_bytes, jobcard_config, login
from support.upgrade import Line, StrictBrowser

RELOADS = int(os.environ.get("COUNTERMARK_RELOADS", "20"))
UPGRADES = int(os.environ.get("COUNTERMARK_UPGRADES", "4"))
USERS = [f"user{number:03}" for number in range(1, 13)]


class Traffic:
    """Users that go on until told to stop; every request counts, none is tried again.

    Half of them keep their connections, half make one for each request.
    """

    def __init__(self, port, users):
        self.browsers = {user: StrictBrowser(port, source=source_of(number))
                         for number, user in enumerate(users)}
        self.statuses = Counter()
        self.public_statuses = Counter()
        self.failures = []
        self.foreign_bytes = 0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads = []

    def login_all(self):
        for user, browser in self.browsers.items():
            assert login(browser, user).status == 303
            assert browser.get("/mypage/top").status == 200

    def __enter__(self):
        self._threads = [threading.Thread(target=self._go, args=(number, user))
                         for number, user in enumerate(self.browsers)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self._ended.set()
        for thread in self._threads:
            thread.join()
        for browser in self.browsers.values():
            browser.close()

    def total(self):
        return sum(self.statuses.values()) + sum(self.public_statuses.values())

    def _go(self, number, user):
        browser = self.browsers[user]
        paths = [path for pair in zip(PERSONAL, PUBLIC * 3) for path in pair]
        step = 0
        while not self._ended.is_set():
            path = paths[(step + number) % len(paths)]
            step += 1
            self._one(browser, user, path)
            if number % 2 == 1:
                browser.close()

    def _one(self, browser, user, path):
        public = path in PUBLIC
        try:
            reply = browser.get(path)
        except Exception as error:      # pylint: disable=broad-except
            with self._lock:
                self.failures.append(f"{path}: {error!r}")
            return
        with self._lock:
            (self.public_statuses if public else self.statuses)[reply.status] += 1
            if reply.status not in (200, 500, 502, 503):    # 500: the site's own, in the race.
                self.failures.append(f"{path}: {reply.status} {reply.text[:200]}")
            self.foreign_bytes += foreign_bytes(reply.received, None if public else user)


@pytest.fixture
def line(request):
    """line(proxy): its successors end before it does."""
    lines = []

    def of(proxy):
        lines.append(Line(proxy))
        return lines[-1]

    yield of
    for one in lines:
        one.stop()


def guarded(jobcard, countermark, **settings):
    site = jobcard(**settings)
    config = jobcard_config(site.port)
    config["workers"] = 2
    return site, countermark(config)


def test_upgrades_under_load_lose_no_request_and_forget_nobody(jobcard, countermark, line):
    _, proxy = guarded(jobcard, countermark)
    processes = line(proxy)
    traffic = Traffic(proxy.port, USERS)
    traffic.login_all()
    with traffic:
        for _ in range(UPGRADES):
            before = traffic.total()
            processes.upgrade()
            wait_until(lambda: traffic.total() > before + 50, 30, "the load goes on")
    print(f"{UPGRADES} upgrades: {traffic.total()} requests, {len(traffic.failures)} failed, "
          f"personal {dict(traffic.statuses)}, public {dict(traffic.public_statuses)}")
    assert not traffic.failures
    assert traffic.foreign_bytes == 0
    assert set(traffic.statuses) == {200} and set(traffic.public_statuses) == {200}
    # Nobody had to be bound by a marker again: the sessions are those of before.
    assert proxy.metrics().value("countermark_bindings_total", source="login", default=0) == 0
    assert proxy.metrics().value("countermark_sessions") >= len(USERS)
    assert proxy.metrics().value("countermark_upgrades_total", result="done") == 1


def race_until_down(proxy, site, traffic):
    site.set(shared_context=True)
    wait_until(lambda: not proxy.feature_is_up(), 60, "login is down")
    wait_until(lambda: traffic.statuses[503] > 0, 20, "the clients are told")


def test_the_race_runs_through_upgrades_and_login_stays_down(jobcard, countermark, line):
    site, proxy = guarded(jobcard, countermark)
    processes = line(proxy)
    traffic = Traffic(proxy.port, USERS)
    traffic.login_all()
    with traffic:
        upgrading = threading.Thread(target=lambda: [processes.upgrade() for _ in range(UPGRADES)])
        upgrading.start()
        race_until_down(proxy, site, traffic)
        upgrading.join()
        with_all_down = Counter(traffic.statuses)
        wait_until(lambda: traffic.statuses[503] > with_all_down[503] + 100, 30, "more 503")
        assert traffic.statuses[200] == with_all_down[200], "login was up for somebody"
        assert traffic.statuses[502] == with_all_down[502]
    print(f"race through {UPGRADES} upgrades: personal {dict(traffic.statuses)}, public "
          f"{dict(traffic.public_statuses)}, {site.counts()['mixed_up']} mixed up, "
          f"{traffic.foreign_bytes} foreign bytes, {len(traffic.failures)} failed")
    assert len(processes.pids) == UPGRADES + 1
    assert not traffic.failures
    assert traffic.foreign_bytes == 0
    mixed_up = site.counts()["mixed_up"]
    assert mixed_up > 0, "the race did not happen"
    the_ledger_is_whole(proxy, mixed_up)
    guest = StrictBrowser(proxy.port)
    assert guest.get("/").status == 200
    assert guest.get("/login").status == 503
    guest.close()


def the_ledger_is_whole(proxy, mixed_up):
    ledger = proxy.ledger()
    wait_until(lambda: sum(row["count"] for row in ledger.displays()) >= mixed_up, 10,
               "every display is in the ledger")
    assert sum(row["count"] for row in ledger.displays()) == mixed_up
    assert proxy.run("ledger", "verify").returncode == 0
    with sqlite3.connect(f"file:{proxy.state}/ledger.db?mode=ro", uri=True) as ledger:
        assert ledger.execute("SELECT count(*) FROM incidents").fetchone() == (1,)


def slow_config(port):
    config = plain_config(port)
    config["upstreams"][0]["timeouts"]["response"] = "60s"
    return config


class Slow(threading.Thread):
    """One request that the site answers only after a while; `reply` then."""

    def __init__(self, ask):
        super().__init__()
        self.reply = None
        self._ask = ask
        self.start()

    def run(self):
        self.reply = self._ask()

    def answer(self):
        self.join(60)
        assert self.reply is not None, "the request got no answer"
        return self.reply


SLOW = "&delay=6000"


def until_asked(origin, path):
    wait_until(lambda: any(path in str(connection["requests"])
                           for connection in origin.connections()), 10, f"the site is asked {path}")


def between(proxy, processes):
    """Upgrades, and comes back while the old process still has something under way."""
    answer = proxy.run_json("upgrade")
    processes.note(answer["pid"])
    assert processes.state()["state"] == "ending"
    assert proxy.child.running()


def test_what_the_old_process_finds_is_down_in_the_new_one(origin, countermark, line):
    proxy = countermark(slow_config(origin.port))
    processes = line(proxy)
    alice, carol, dave = (signed_in(proxy.port, user) for user in ("alice", "carol", "dave"))
    found = Slow(lambda: page_of(alice, "bob", "/mypage/found", SLOW))
    until_asked(origin, "/mypage/found")
    between(proxy, processes)
    carol.close()
    dave.close()
    held = Slow(lambda: page_of(carol, "carol", "/mypage/held", "&delay=9000"))
    until_asked(origin, "/mypage/held")
    assert proxy.feature_is_up()
    assert found.answer().status == 502
    assert not proxy.feature_is_up(), "down in the old one is down in the new one at once"
    assert page_of(dave, "dave").status == 503
    assert held.answer().status == 503, "the new one held it when the old one found something"
    processes.wait_until_alone()
    assert not proxy.feature_is_up()
    assert [row["subject"] for row in proxy.ledger().displays()] == ["bob"]
    assert proxy.run("ledger", "verify").returncode == 0
    assert proxy.run("incidents").stdout.count("open") == 1


def test_what_the_new_process_finds_is_down_in_the_old_one(origin, countermark, line):
    proxy = countermark(slow_config(origin.port))
    processes = line(proxy)
    alice, carol = signed_in(proxy.port, "alice"), signed_in(proxy.port, "carol")
    held = Slow(lambda: page_of(carol, "carol", "/mypage/held", SLOW))
    until_asked(origin, "/mypage/held")
    between(proxy, processes)
    alice.close()
    assert page_of(alice, "bob", "/mypage/found").status == 502
    assert held.answer().status == 503, "the old one held it when the new one found something"
    processes.wait_until_alone()
    assert len(proxy.ledger().displays()) == 1


def test_a_login_that_ends_in_the_old_process_is_known_to_the_new_one(origin, countermark, line):
    proxy = countermark(slow_config(origin.port))
    processes = line(proxy)
    alice = StrictBrowser(proxy.port)
    answer = f"/login?status=303&token=JSESSIONID&field=Location:/mypage/top{SLOW}"
    slow = Slow(lambda: alice.post(answer, {"userid": "alice", "password": "x"}))
    until_asked(origin, "/login")
    between(proxy, processes)
    reply = slow.answer()
    assert reply.status == 303
    assert reply.field("Connection") == "close"
    # A session that were not known would take the first marker for its user.
    assert page_of(alice, "bob").status == 502
    assert not proxy.feature_is_up()
    processes.wait_until_alone()
    row = proxy.ledger().displays()[0]
    assert (row["viewer"], row["subject"]) == ("alice", "bob")


def test_a_kept_connection_is_served_once_more_and_then_closed(origin, countermark, line):
    proxy = countermark(plain_config(origin.port))
    processes = line(proxy)
    with Client(proxy.port) as kept, Client(proxy.port) as idle:
        assert kept.get("/").status == 200 and idle.get("/").status == 200
        between(proxy, processes)
        reply = kept.get("/")
        assert reply.status == 200 and reply.field("Connection") == "close"
        assert kept.is_closed()
        assert idle.is_closed(30), "an idle one ends without a word"
    processes.wait_until_alone()


def test_a_stream_of_http2_ends_in_the_old_process(origin, countermark, line):
    proxy = countermark(slow_config(origin.port) | {"listen": [{"http2": "prior-knowledge"}]})
    processes = line(proxy)
    with Frames(proxy.port, timeout=20) as client:
        client.hello()
        client.get(1, path="/slow?delay=4000")
        until_asked(origin, "/slow")
        between(proxy, processes)
        assert client.wait(lambda f: f[0] == GOAWAY)[3] == b"\x7f\xff\xff\xff" + b"\0" * 4
        client.send(frame(PING, ACK, 0, client.wait(lambda f: f[0] == PING)[3]))
        assert client.wait(lambda f: f[0] == GOAWAY)[3] == b"\0\0\0\1" + b"\0" * 4
        assert client.status(1, 20) == 200
    processes.wait_until_alone()


def test_the_tickets_of_tls_are_good_in_the_new_process(origin, countermark, line, folder):
    certificate, key = Authority(folder).issue("site.test", "DNS:site.test,IP:127.0.0.1")
    proxy = countermark(plain_config(
        origin.port, listen=[{"tls": {"certificate": certificate, "key": key}}]))
    processes = line(proxy)
    client = Resuming(proxy.port)
    assert client.get("/") == (200, False)
    processes.upgrade()
    assert client.get("/") == (200, True)


class Resuming:
    """A client of TLS 1.2 that comes back with its ticket."""

    def __init__(self, port):
        self._port = port
        self._session = None
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2

    def get(self, path):
        """Status, and whether the session was resumed."""
        plain = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        with self._context.wrap_socket(plain, session=self._session) as secured:
            secured.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            head = secured.recv(4096)
            self._session = secured.session
            return int(head.split()[1]), secured.session_reused


def test_a_unix_socket_is_handed_on_and_its_file_goes_with_the_last(origin, countermark, line, folder):
    path = os.path.join(folder, "site.sock")
    proxy = countermark(plain_config(origin.port, listen=[{"address": f"unix:{path}"}]))
    processes = line(proxy)
    for _ in range(2):
        processes.upgrade()
        done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket",
                               path, "http://site.test/"], capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.stdout == "200", done.stderr
    processes.stop()
    assert not os.path.exists(path)


def test_who_waits_to_be_accepted_is_not_lost(origin, countermark, line):
    """The old process stands still while clients come: they are in the queue of its sockets."""
    proxy = countermark(plain_config(origin.port))
    processes = line(proxy)
    clients = []
    answer = proxy.run_json("upgrade")
    processes.note(answer["pid"])
    os.kill(proxy.child.pid, signal.SIGSTOP)
    try:
        clients = [Client(proxy.port) for _ in range(50)]
        assert {client.get("/").status for client in clients} == {200}
    finally:
        os.kill(proxy.child.pid, signal.SIGCONT)
        for client in clients:
            client.close()
    processes.wait_until_alone()


def test_by_signal_and_what_the_manager_hears(origin, countermark, line, folder):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(os.path.join(folder, "notify"))
    manager.settimeout(20)
    proxy = countermark(plain_config(origin.port),
                        env={"NOTIFY_SOCKET": os.path.join(folder, "notify")})
    processes = line(proxy)
    proxy.child.signal(signal.SIGUSR2)
    processes.note_successor()
    processes.wait_until_alone()
    heard = ""
    while f"MAINPID={processes.pids[-1]}" not in heard:
        heard = manager.recv(4096).decode()
    manager.close()
    assert signed_in(proxy.port, "alice")


def refused(proxy, word):
    done = proxy.run("upgrade")
    assert done.returncode == 1, done.stdout + done.stderr
    assert word in done.stdout + done.stderr
    return done


def goes_on(proxy, browser):
    assert proxy.child.running()
    assert proxy.api("/upgrade")["pid"] == proxy.child.pid
    assert page_of(browser, "alice").status == 200
    assert page_of(signed_in(proxy.port, "bob"), "bob").status == 200


def test_a_successor_with_a_broken_configuration_changes_nothing(origin, countermark):
    proxy = countermark(plain_config(origin.port))
    alice = signed_in(proxy.port, "alice")
    proxy.write_config({**proxy.config, "no_such_key": 1})
    refused(proxy, "exit code 2")
    goes_on(proxy, alice)
    assert b"no_such_key" in proxy.child.errors()
    assert b"upgrade failed" in proxy.child.errors()
    assert proxy.metrics().value("countermark_upgrades_total", result="failed") == 1
    answer = proxy.api("/upgrade")
    assert answer["state"] == "failed" and "exit code 2" in answer["error"]


def test_a_successor_that_cannot_open_all_leaves_the_sockets_alone(origin, countermark, line):
    """It fails after it has taken the admin socket, whose file is still the old process's."""
    proxy = countermark(plain_config(origin.port))
    alice = signed_in(proxy.port, "alice")
    proxy.write_config({**proxy.config, "access_log": "/no/such/folder/access.log"})
    refused(proxy, "exit code 2")
    goes_on(proxy, alice)
    proxy.write_config({**proxy.config, "state": proxy.state + "-other"})
    refused(proxy, "exit code 2")
    assert b"`state` changes only with a restart" in proxy.child.errors()
    proxy.write_config(proxy.config)
    line(proxy).upgrade()
    assert page_of(alice, "alice").status == 200


def lasting_descriptors(pid):
    """Of a process, but for TCP connections: how many there are is the load's doing."""
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    connections = {f"socket:[{row[9]}]" for row in rows if row[3] != "0A"}       # not listening
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{name}") not in connections
        except FileNotFoundError:               # closed meanwhile
            pass
    return count


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees the descriptors of a closed process")
def test_an_upgrade_leaves_no_descriptor_open(origin, countermark, line):
    proxy = countermark(plain_config(origin.port))
    processes = line(proxy)
    counts = []
    for _ in range(3):
        processes.upgrade()
        assert page_of(signed_in(proxy.port, "alice"), "alice").status == 200
        counts.append(lasting_descriptors(processes.pids[-1]))
    wait_until(lambda: lasting_descriptors(processes.pids[-1]) <= counts[1], 10, f"no more than {counts}")


@pytest.mark.parametrize("script, word", [
    ("#!/bin/sh\nexit 7\n", "exit code 7"),
    ("#!/bin/sh\nkill -SEGV $$\n", "signal 11"),
    (None, "cannot be run"),
], ids=["ends", "crashes", "gone"])
def test_a_binary_that_does_not_come_to_serve_changes_nothing(origin, countermark, folder, line,
                                                              monkeypatch, script, word):
    path = os.path.join(folder, "countermark")
    shutil.copy2(BINARY, path)
    monkeypatch.setattr(support.countermark, "BINARY", path)
    proxy = countermark(plain_config(origin.port))
    alice = signed_in(proxy.port, "alice")
    os.unlink(path)
    if script:
        with open(path, "w", encoding="ascii") as file:
            file.write(script)
        os.chmod(path, 0o755)
    monkeypatch.setattr(support.countermark, "BINARY", BINARY)
    refused(proxy, word)
    goes_on(proxy, alice)
    shutil.copy2(BINARY, path + ".new")
    os.rename(path + ".new", path)
    line(proxy).upgrade()
    assert page_of(alice, "alice").status == 200


def test_a_second_upgrade_waits_for_the_first(origin, countermark, folder, line, monkeypatch):
    path = os.path.join(folder, "countermark")
    shutil.copy2(BINARY, path)
    monkeypatch.setattr(support.countermark, "BINARY", path)
    proxy = countermark(plain_config(origin.port))
    monkeypatch.setattr(support.countermark, "BINARY", BINARY)
    os.unlink(path)
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nread -r line < {folder}/go\nexec {BINARY} \"$@\"\n")
    os.chmod(path, 0o755)
    os.mkfifo(os.path.join(folder, "go"))
    proxy.child.signal(signal.SIGUSR2)
    wait_until(lambda: proxy.api("/upgrade")["state"] == "running", 10, "it is under way")
    refused(proxy, "under way already")
    assert "an upgrade is under way" in proxy.run("reload").stderr
    with open(os.path.join(folder, "go"), "w", encoding="ascii") as go:
        go.write("\n")
    processes = line(proxy)
    processes.note_successor()
    processes.wait_until_alone()
    assert proxy.run("reload").returncode == 0


def test_reloads_under_load_lose_no_request(jobcard, countermark):
    site, proxy = guarded(jobcard, countermark)
    traffic = Traffic(proxy.port, USERS)
    traffic.login_all()
    with traffic:
        for number in range(RELOADS):
            before = traffic.total()
            if number == RELOADS // 2:
                race_until_down(proxy, site, traffic)
            done = proxy.run("reload")
            assert done.returncode == 0, done.stdout + done.stderr
            wait_until(lambda: traffic.total() > before + 20, 30, "the load goes on")
    print(f"{RELOADS} reloads: {traffic.total()} requests, {len(traffic.failures)} failed, "
          f"personal {dict(traffic.statuses)}, {traffic.foreign_bytes} foreign bytes")
    assert not traffic.failures
    assert traffic.foreign_bytes == 0
    assert set(traffic.public_statuses) <= {200, 503}
