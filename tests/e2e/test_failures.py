"""What breaks around the proxy, and what it then does ("What must be shown", 4).

Each test is a row of the table of failures in proxy/README.md. In all of them: nothing of another
user gets out, a fault of the machine or the site is no incident, and what is not concerned goes on.
"""
import json
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import time

import pytest

from support.client import Browser, Client, Truncated
from support.plain_site import config, ending_of, feature_is_down, login, page_of, signed_in
from support.ports import free_port, wait_until
from support.sites import Origin

DISK_MIB = 4
IDLE_CLIENTS = int(os.environ.get("COUNTERMARK_IDLE_CLIENTS", "20000"))
IDLE_CLIENT_BYTES = 4096                # product, section 16: of an idle plain connection


def no_incident(proxy):
    metrics = proxy.metrics()
    assert metrics.value("countermark_incidents_open") == 0
    assert proxy.feature_is_up()


def status_or_cut(browser, path, user):
    """The status, or 0 when the connection was closed before the first byte."""
    try:
        return page_of(browser, user, path).status
    except Truncated as cut:
        assert cut.received == b"", "a page was begun"
        return 0


def asked(proxy, target, fields=(), timeout=20):
    with Client(proxy.port, timeout=timeout) as client:
        return client.get(target, fields)


# The ledger does not write

@pytest.fixture
def small_disk():
    """small_disk(proxy) moves its state to a disk of its own and starts it again."""
    mounted = []

    def move(proxy):
        assert proxy.stop() == []
        kept = proxy.state + ".kept"
        os.rename(proxy.state, kept)
        os.mkdir(proxy.state, 0o700)
        options = f"size={DISK_MIB}m,mode=0700,uid={os.getuid()}"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", proxy.state],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        mounted.append(proxy.state)
        for name in os.listdir(kept):
            shutil.copy2(os.path.join(kept, name), proxy.state)
        proxy.start()

    yield move
    for path in mounted:
        subprocess.run(["umount", "-l", path], check=True)


def fill(folder):
    """Not a byte is left on the disk of `folder`; the path to remove for room."""
    path = os.path.join(folder, "filler")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for size in (65536, 4096, 512, 1):
            try:
                while os.write(fd, b"\0" * size) > 0:
                    pass
            except OSError:
                pass
    finally:
        os.close(fd)
    return path


def a_finding_while_the_ledger_fails(proxy, browser):
    with pytest.raises(Truncated) as cut:
        browser_get_once(proxy, browser, "/mypage/top?marker=user002")
    assert cut.value.received == b"", "a page was sent that is not on disk"
    wait_until(lambda: proxy.metrics().value("countermark_ledger_failures_total") > 0, 5,
               "the failure is counted")


def browser_get_once(proxy, browser, target):
    """With the browser's cookies, on a connection of its own and without a second try."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return asked(proxy, target, [("Cookie", cookies)])


def the_rest_goes_on_as_stated(proxy, browser):
    """Down stays down, what requires a marker is 503, all else is served."""
    assert not proxy.feature_is_up()
    assert status_or_cut(browser, "/mypage/top", "user001") in (0, 503)
    assert asked(proxy, "/guarded/top").status == 503
    assert asked(proxy, "/news").status == 200
    assert proxy.admin("GET", "/readyz", role=None).status == 200


def test_on_a_full_disk_a_refusal_has_no_page_and_login_stays_down(origin, small_disk, countermark):
    proxy = countermark(config(origin.port))
    small_disk(proxy)
    browser = signed_in(proxy.port, "user001")
    filler = fill(proxy.state)
    a_finding_while_the_ledger_fails(proxy, browser)
    the_rest_goes_on_as_stated(proxy, browser)
    os.unlink(filler)
    wait_until(lambda: proxy.ledger().displays(), 15, "the late display is in the ledger")
    assert proxy.ledger().displays()[0]["subject"] == "user002"
    wait_until(lambda: asked(proxy, "/guarded/top").status == 502, 15,
               "the route is asked again, and its answer has no marker")
    assert feature_is_down(page_of(browser, "user001"))
    browser.close()


def test_what_went_down_on_a_full_disk_is_down_after_a_crash(origin, small_disk, countermark):
    proxy = countermark(config(origin.port))
    small_disk(proxy)
    browser = signed_in(proxy.port, "user001")
    filler = fill(proxy.state)
    a_finding_while_the_ledger_fails(proxy, browser)
    proxy.kill()
    os.unlink(filler)
    proxy.start()
    assert not proxy.feature_is_up()
    assert feature_is_down(page_of(browser, "user001"))
    browser.close()


def test_a_removed_ledger_counts_as_failed(origin, countermark):
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    shutil.rmtree(proxy.state)
    a_finding_while_the_ledger_fails(proxy, browser)
    the_rest_goes_on_as_stated(proxy, browser)
    browser.close()


def test_a_full_disk_by_itself_is_no_incident(origin, small_disk, countermark):
    proxy = countermark(config(origin.port))
    small_disk(proxy)
    browser = signed_in(proxy.port, "user001")
    filler = fill(proxy.state)
    for _ in range(20):
        assert status_or_cut(browser, "/mypage/top", "user001") in (200, 503)
        assert asked(proxy, "/news").status == 200
    assert proxy.feature_is_up()
    os.unlink(filler)
    wait_until(lambda: status_or_cut(browser, "/mypage/top", "user001") == 200, 15,
               "personal pages are served again")
    no_incident(proxy)
    browser.close()


def readiness(proxy):
    """What /readyz says: its status, and why."""
    reply = proxy.admin("GET", "/readyz", role=None)
    return reply.status, "" if reply.status == 200 else json.loads(reply.body)["detail"]


def reload(proxy, value):
    proxy.write_config({**proxy.config, **value})
    done = proxy.run("reload")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_not_ready_when_every_route_needs_the_ledger(origin, countermark):
    value = config(origin.port)
    value["routes"] = [{"path": "/**", "require": ["owner"], "unmarked": "release"}]
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    ledger = sqlite3.connect(os.path.join(proxy.state, "ledger.db"), isolation_level=None)
    ledger.execute("begin immediate")
    a_finding_while_the_ledger_fails(proxy, browser)
    assert asked(proxy, "/news").status == 503
    assert readiness(proxy) == (503, "Every route requires a marker, and the ledger fails.")
    assert proxy.run_json("status")["state"] == "no route can be served"
    ledger.execute("rollback")
    ledger.close()
    wait_until(lambda: readiness(proxy)[0] == 200, 15, "ready again, without a request")
    assert asked(proxy, "/news").status == 200
    assert not proxy.feature_is_up(), "and a feature that is down changes nothing"
    browser.close()


# The upstream

@pytest.mark.parametrize("checked", (False, True))
def test_it_is_not_ready_while_no_upstream_answers(origin, folder, countermark, checked):
    value = config(origin.port)
    port = free_port()
    value["upstreams"] = [{"name": "site", "servers": [f"http://127.0.0.1:{port}"],
                           "health": {"path": "/news", "interval": "200ms"} if checked
                                     else {"eject": "1s"}}]
    proxy = countermark(value)
    if checked:
        wait_until(lambda: readiness(proxy)[0] == 503, 10, "checks have failed")
        time.sleep(2)
    else:
        assert readiness(proxy)[0] == 200, "nobody knows yet"
        for _ in range(3):
            assert asked(proxy, "/news").status == 502
    assert readiness(proxy) == (503, "No server of any route's upstream answers.")
    # Another upstream lives: the routes to it are worth a client.
    value["upstreams"].append({"name": "other", "servers": [f"http://127.0.0.1:{origin.port}"]})
    value["routes"].insert(0, {"path": "/other/**", "upstream": "other"})
    reload(proxy, value)
    assert readiness(proxy)[0] == 200
    value["routes"].pop(0)
    reload(proxy, value)
    # It comes back, and is found although no balancer sends a client.
    back = Origin(folder, port)
    try:
        wait_until(lambda: readiness(proxy)[0] == 200, 10, "ready again, without a request")
        assert asked(proxy, "/news").status == 200
    finally:
        back.stop()
    no_incident(proxy)


@pytest.mark.sanitize
def test_an_upstream_that_is_down_is_502_until_it_is_back(origin, countermark):
    port = free_port()
    value = config(origin.port)
    value["upstreams"].append({"name": "down", "servers": [f"http://127.0.0.1:{port}"]})
    value["routes"].insert(0, {"path": "/down/**", "upstream": "down"})
    proxy = countermark(value)
    assert asked(proxy, "/down/page").status == 502
    assert ending_of(proxy, "/down/page") == "upstream-connect"
    assert asked(proxy, "/news").status == 200
    no_incident(proxy)
    with socket.create_server(("127.0.0.1", port)) as back:
        with Client(proxy.port) as client:
            client.send(b"GET /down/page HTTP/1.1\r\nHost: a\r\n\r\n")
            back.settimeout(10)
            served, _ = back.accept()
            served.recv(65536)
            served.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert client.read_reply().body == b"ok"
            served.close()


def test_a_name_that_does_not_resolve_is_502_and_concerns_no_other_upstream(origin, countermark):
    value = config(origin.port)
    value["upstreams"].append({"name": "gone", "servers": ["http://no-such-host.invalid:80"]})
    value["routes"].insert(0, {"path": "/gone/**", "upstream": "gone"})
    proxy = countermark(value)
    assert asked(proxy, "/news").status == 200
    assert asked(proxy, "/gone/page").status in (502, 504)
    assert ending_of(proxy, "/gone/page") in ("upstream-name", "upstream-connect-timeout",
                                              "queue-timeout")
    assert asked(proxy, "/news").status == 200
    no_incident(proxy)


BROKEN = [("close-now", 502, "upstream-closed"), ("cut-line", 502, "upstream-closed"),
          ("cut-head", 502, "upstream-closed"), ("cut-body", 502, "upstream-closed"),
          ("cut-chunk", 502, "upstream-closed"), ("cut-last", 502, "upstream-closed"),
          ("reset-body", 502, "upstream-closed"), ("hang", 504, "response-timeout"),
          ("hang-body", 504, "response-timeout"), ("garbage", 502, "upstream-malformed"),
          ("bad-chunk", 502, "upstream-malformed"), ("cl-te", 502, "upstream-malformed")]


@pytest.mark.sanitize
@pytest.mark.parametrize("order,status,ending", BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_answer_gives_our_page_and_nothing_of_its_own(origin, countermark, order, status,
                                                               ending):
    value = config(origin.port)
    if order.startswith("hang"):
        value["upstreams"][0]["timeouts"]["response"] = "2s"
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    reply = page_of(browser, "user001", "/mypage/broken", f"&do={order}&size=5000&hang=8000")
    assert reply.status == status
    assert b"xxxxxxxx" not in reply.received and b"user001" not in reply.received
    assert reply.field("Cache-Control") == "no-store"
    assert ending_of(proxy, "/mypage/broken") == ending
    assert page_of(browser, "user001").status == 200
    no_incident(proxy)
    browser.close()


@pytest.mark.sanitize
@pytest.mark.parametrize("order", ["cut-body", "cut-last", "reset-body"])
def test_a_streamed_answer_that_breaks_off_is_visibly_cut(origin, countermark, order):
    proxy = countermark(config(origin.port, hold_max="16KiB"))
    with pytest.raises(Truncated) as cut:
        asked(proxy, f"/news?do={order}&size=3000000&cut=2000000")
    assert cut.value.reply is not None and cut.value.reply.status == 200
    no_incident(proxy)


@pytest.mark.sanitize
def test_a_slow_upstream_is_waited_for(origin, countermark):
    value = config(origin.port)
    value["upstreams"][0]["timeouts"]["response"] = "3s"
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    slow = "&size=400&piece=40&pause=350&delay=1000"
    started = time.monotonic()
    assert page_of(browser, "user001", order=slow).status == 200
    assert time.monotonic() - started > 3, "slower as a whole than the time between two pieces"
    no_incident(proxy)
    browser.close()


def test_a_slow_upstream_delays_nobody_else(origin, countermark):
    value = config(origin.port)
    value["upstreams"][0]["timeouts"]["response"] = "60s"
    proxy = countermark(value)
    waiting = [Client(proxy.port) for _ in range(50)]
    for client in waiting:
        client.send(b"GET /slow?delay=20000 HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(20):
        assert asked(proxy, "/news", timeout=10).status == 200
    for client in waiting:
        assert client.nothing_more(0.001), "answered before the others"
        client.reset()


# Clients

def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.fixture
def many_descriptors():
    """As many as this machine lets the test have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def idle_clients(port, count):
    """Each has been served once; 500 from one address."""
    request = b"GET /news HTTP/1.1\r\nHost: a\r\n\r\n"
    clients = []
    for number in range(count):
        part = number // 500
        clients.append(Client(port, source=f"127.8.{part // 250}.{1 + part % 250}"))
        if number % 50 == 0:
            clients[-1].send(request)
            assert clients[-1].read_reply().status == 200
    return clients


def test_idle_clients_up_to_the_limit_cost_little_and_hinder_nobody(origin, countermark,
                                                                    many_descriptors):
    count = min(IDLE_CLIENTS, many_descriptors - 1000)
    limits = {"connections_max": count + 100, "header_timeout": "60s", "idle_timeout": "60s"}
    proxy = countermark(config(origin.port, limits=limits))
    assert asked(proxy, "/news").status == 200
    before = resident_bytes(proxy.child.pid)
    clients = idle_clients(proxy.port, count)
    wait_until(lambda: proxy.metrics().value("countermark_connections", side="client") >= count,
               10, "all are accepted")
    each = (resident_bytes(proxy.child.pid) - before) / count
    print(f"{count} idle clients, {each:.0f} bytes each")
    browser = signed_in(proxy.port, "user001")
    assert page_of(browser, "user001").status == 200
    assert asked(proxy, "/news").status == 200
    assert each <= IDLE_CLIENT_BYTES
    for client in clients:
        client.close()
    browser.close()
    wait_until(lambda: proxy.metrics().value("countermark_connections", side="client") < 50, 10,
               "their connections are gone")
    no_incident(proxy)


@pytest.mark.sanitize
def test_clients_past_the_limit_are_turned_away_and_counted(origin, countermark):
    proxy = countermark(config(origin.port, limits={"connections_max": 20}))
    clients = [Client(proxy.port) for _ in range(20)]
    for client in clients:
        assert client.get("/news").status == 200
    assert turned_away(proxy.port, "127.0.0.1")
    assert proxy.metrics().value("countermark_connections_refused_total") >= 1
    assert clients[0].get("/news").status == 200
    for client in clients:
        client.close()
    wait_until(lambda: served(proxy.port), 5, "new clients are served again")


def turned_away(port, source):
    """True when a new client gets 503, or is closed without a byte."""
    try:
        with Client(port, source=source) as client:
            return client.get("/news").status == 503
    except (Truncated, OSError) as error:
        return getattr(error, "received", b"") == b""


def served(port, timeout=2):
    try:
        with Client(port, timeout=timeout) as client:
            return client.get("/news").status == 200
    except (Truncated, OSError):
        return False


@pytest.mark.sanitize
def test_one_address_cannot_take_all_connections(origin, countermark):
    proxy = countermark(config(origin.port, limits={"connections_per_address_max": 5}))
    greedy = [Client(proxy.port, source="127.9.0.1") for _ in range(5)]
    for client in greedy:
        assert client.get("/news").status == 200
    assert turned_away(proxy.port, "127.9.0.1")
    with Client(proxy.port, source="127.9.0.2") as other:
        assert other.get("/news").status == 200
    for client in greedy:
        client.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_descriptors_kept_clients_are_served_and_it_does_not_spin(origin, countermark):
    proxy = countermark(config(origin.port))
    pid = proxy.child.pid
    kept = Client(proxy.port)
    assert kept.get("/news").status == 200
    used = len(os.listdir(f"/proc/{pid}/fd"))
    hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 10, hard))
    crowd = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(100)]
    time.sleep(0.3)
    before = cpu_seconds(pid)
    time.sleep(2)
    assert cpu_seconds(pid) - before < 1, "it spins on accept"
    assert kept.get("/news").status == 200
    for client in crowd:
        client.close()
    wait_until(lambda: served(proxy.port), 10, "new clients are served again")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
    kept.close()
    no_incident(proxy)


def test_without_a_descriptor_for_the_upstream_the_request_gets_an_error(origin, countermark):
    proxy = countermark(config(origin.port))
    pid = proxy.child.pid
    browser = signed_in(proxy.port, "user001")
    with Client(proxy.port) as client:
        wait_until(lambda: proxy.metrics().value("countermark_connections", side="client") >= 2, 5,
                   "the client is accepted")
        used = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
        hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, hard))
        fields = [("Cookie", "JSESSIONID=0123456789abcdef")]      # needs a connection of its own
        reply = client.get("/news?size=10", fields)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
        assert reply.status in (200, 502, 503)                   # 200: an idle one was closed for it
        assert client.get("/news", fields).status == 200
    assert page_of(browser, "user001").status == 200
    no_incident(proxy)
    browser.close()


@pytest.mark.sanitize
def test_a_slow_header_is_408_and_nothing_reaches_the_site(origin, countermark):
    proxy = countermark(config(origin.port, limits={"header_timeout": "1s"}))
    with Client(proxy.port) as client:
        client.send(b"GET /slow-header HTTP/1.1\r\nHost: a\r\n")
        for _ in range(8):
            time.sleep(0.25)
            try:
                client.send(b"X-A: b\r\n")
            except OSError:
                break
        try:
            assert client.read_reply().status == 408
        except Truncated as cut:
            assert cut.received == b""
    assert asked(proxy, "/news").status == 200
    targets = [request["target"] for connection in origin.connections()
               for request in connection["requests"]]
    assert "/slow-header" not in targets


@pytest.mark.sanitize
def test_a_body_that_stalls_is_408_and_its_upstream_connection_is_not_used_again(origin,
                                                                                countermark):
    proxy = countermark(config(origin.port, limits={"body_timeout": "1s"}))
    with Client(proxy.port) as client:
        client.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
        reply = client.read_reply("POST")
        assert reply.status == 408
        assert client.is_closed(), "the rest of the body would be read as a request"
    assert ending_of(proxy, "/upload") == "body-timeout"
    assert asked(proxy, "/news").status == 200
    for connection in origin.connections():
        targets = [request["target"] for request in connection["requests"]]
        assert "/upload" not in targets or targets[-1] == "/upload"


@pytest.mark.sanitize
def test_a_slow_body_that_keeps_coming_is_taken(origin, countermark):
    proxy = countermark(config(origin.port, limits={"body_timeout": "2s"}))
    body = b"0123456789" * 10
    with Client(proxy.port) as client:
        client.send(b"POST /upload?do=post-echo HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body))
        client.send_slowly(body, piece=10, pause=0.3)
        reply = client.read_reply("POST")
    assert (reply.status, reply.body) == (200, body)


@pytest.mark.sanitize
def test_slow_bodies_do_not_keep_others_from_the_site(origin, countermark):
    """They give back what they hold once somebody else waits for it, and not before."""
    settings = config(origin.port)
    settings["upstreams"][0].update(connections_max=2, queue="30s")
    proxy = countermark(settings)
    head = b"POST /upload?do=post-echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    fast, slow = Client(proxy.port), [Client(proxy.port) for _ in range(2)]
    try:
        for client in slow:
            client.send(head % 1000)
            client.send_slowly(b"0123456", piece=1, pause=0.4)      # 2.8 s, and nobody waits.
        assert proxy.metrics().value("countermark_exchange_endings_total", reason="body-timeout") == 0
        reply = asked(proxy, "/news")
        assert reply.status == 200
        # One was enough.
        wait_until(lambda: proxy.metrics().value("countermark_exchange_endings_total",
                                                 reason="body-timeout") == 1, 10, "it was counted")
        assert slow[0].read_reply("POST").status == 408
        slow[1].send(b"x" * 993)
        assert slow[1].read_reply("POST").status == 200
        # A body that comes fast enough is waited for.
        body = b"y" * 60000
        fast.send(head % len(body) + body[:40000])
        slow[1].send(head % len(body) + body[:40000])
        waiting = Client(proxy.port)
        waiting.send(b"GET /news HTTP/1.1\r\nHost: a\r\n\r\n")
        for client in (fast, slow[1]):
            client.send_slowly(body[40000:], piece=2000, pause=0.4)
            assert client.read_reply("POST").status == 200
        assert waiting.read_reply().status == 200
        waiting.close()
    finally:
        for client in (fast, *slow):
            client.close()


@pytest.mark.sanitize
def test_a_client_that_goes_away_takes_nobody_with_it(origin, countermark):
    proxy = countermark(config(origin.port))
    for _ in range(20):
        with Client(proxy.port) as client:
            client.send(b"GET /slow?delay=300 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert asked(proxy, "/news").status == 200
    # A FIN alone may be half a close: such a client is answered, and only a reset shows.
    def ended():
        metrics = proxy.metrics()
        return sum(metrics.value("countermark_exchange_endings_total", reason=reason)
                   for reason in ("client-gone", "released"))
    wait_until(lambda: ended() >= 21, 5, "all have ended")
    browser = Browser(proxy.port)
    assert login(browser, "user001").status == 303
    browser.close()
    no_incident(proxy)
