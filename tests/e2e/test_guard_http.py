"""The guard on the wire: streams, limits, codings, splits, life of the process, login down."""
import gzip
import hashlib
import json
import os
import signal
import socket
import threading
import time

import pytest

from support.client import Browser, Client, Truncated
from support.exchanges import HOST, Scripted, field_of, last_request, raw, requests_at, resident_kib
from support.plain_site import config, ending_of, feature_is_down, login, page_of, signed_in
from support.ports import wait_until

pytestmark = pytest.mark.sanitize

MIB = 1 << 20
SLACK_KIB = 12 * 1024                   # a few pieces of a stream, and the allocator's
if any(name in os.environ.get("COUNTERMARK_BINARY", "") for name in ("asan", "tsan")):
    SLACK_KIB *= 8


# Large answers

@pytest.mark.parametrize("order", ["length", "chunked&chunk=30000", "until-close", "download"])
def test_a_download_of_20_mib_streams_in_constant_memory(origin, countermark, order):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        assert client.get("/page").status == 200
        before = resident_kib(proxy.child.pid)
        client.send(b"GET /file?size=%d&do=%s HTTP/1.1\r\n" % (20 * MIB, order.encode()) + HOST
                    + b"\r\n")
        peak, stop = [0], threading.Event()

        def watch():
            while not stop.wait(0.01):
                peak[0] = max(peak[0], resident_kib(proxy.child.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        reply = client.read_reply()
        stop.set()
        watcher.join()
        assert reply.status == 200 and len(reply.body) == 20 * MIB
        assert peak[0] - before < SLACK_KIB
        assert client.get("/page").status == 200


def test_http_1_0_gets_a_large_answer_with_length_and_a_refusal_without(origin, countermark):
    proxy = countermark(config(origin.port))
    old = b"GET /file?size=3000000&do=%s HTTP/1.0\r\n\r\n"
    assert len(raw(proxy.port, old % b"length").body) == 3000000
    for order in (b"chunked", b"until-close"):
        reply = raw(proxy.port, old % order)
        assert reply.status == 502 and b"xxxx" not in reply.received
    wait_until(lambda: ending_of(proxy, "/file") == "over-limit", 5, "the last one is in the log")


def test_past_the_hold_a_route_may_refuse_and_a_guarded_one_does_without_its_marker(origin,
                                                                                    countermark):
    value = config(origin.port, hold_max="64KiB")
    value["routes"].append({"path": "/small/**", "over_limit": "refuse"})
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    assert browser.get("/small/a?size=60000").status == 200
    assert browser.get("/small/a?size=70000").status == 502
    assert len(page_of(browser, "user001", order="&size=300000").body) > 300000
    late = page_of(browser, "user001", order="&size=300000&marker_at=250000")
    assert late.status == 502 and b"xxxx" not in late.received
    assert proxy.feature_is_up()
    browser.close()


def test_a_foreign_marker_late_in_a_stream_cuts_it_visibly(origin, countermark):
    proxy = countermark(config(origin.port, hold_max="64KiB"))
    browser = signed_in(proxy.port, "user001")
    for order in ("length", "chunked"):
        with pytest.raises(Truncated) as cut:
            page_of(browser, "user002", "/news", f"&size=3000000&marker_at=2000000&do={order}")
        assert cut.value.reply.status == 200 and b"user002" not in cut.value.received
        assert ending_of(proxy, "/news") == "cut"
        browser.close()
        wait_until(lambda: [row["outcome"] for row in proxy.ledger().displays()][-1:] == ["cut"], 5,
                   "the cut is in the ledger")
        proxy.run("up", "login", "--reason", "a test", "--anyway")
        browser = signed_in(proxy.port, "user001")
    browser.close()


def test_a_client_that_reads_slowly_costs_little_and_hinders_nobody(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as warm:
        assert warm.get("/page?size=2000000").status == 200
        before = resident_kib(proxy.child.pid)
        slow = [Client(proxy.port) for _ in range(8)]
        for client in slow:
            client.send(b"GET /file?size=%d HTTP/1.1\r\n" % (20 * MIB) + HOST + b"\r\n")
        time.sleep(0.7)
        assert resident_kib(proxy.child.pid) - before < SLACK_KIB + 8 * 2048
        assert warm.get("/page").status == 200
        assert len(slow[0].read_reply().body) == 20 * MIB
        for client in slow:
            client.close()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_every_byte_of_a_stream_arrives_in_its_place_however_slowly_it_is_taken(countermark,
                                                                               framing):
    body = os.urandom(8 * MIB)

    def serve(peer):
        peer.read_head()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        if framing == "length":
            peer.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            return
        peer.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), 9973):
            piece = body[at:at + 9973]
            peer.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        peer.send(b"0\r\n\r\n")

    with Scripted(serve) as server:
        proxy = countermark(config(server.port, hold_max="64KiB"))
        for pause in (0, 0.0005, 0.002):
            with Client(proxy.port) as client:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20000)
                client.send(b"GET /file HTTP/1.1\r\n" + HOST + b"\r\n")
                take = client._more

                def slowly():
                    time.sleep(pause)
                    return take()

                client._more = slowly
                got = hashlib.sha256(client.read_reply().body).digest()
                assert got == hashlib.sha256(body).digest()


def test_all_held_bytes_are_bounded_and_one_response_always_ends(origin, countermark):
    proxy = countermark(config(origin.port, hold_total_max="1MiB", hold_wait="2s"))
    clients = [Client(proxy.port) for _ in range(8)]
    for client in clients:
        client.send(b"GET /page?size=600000&piece=100000&pause=20 HTTP/1.1\r\n" + HOST + b"\r\n")
    replies = [client.read_reply() for client in clients]
    statuses = [reply.status for reply in replies]
    assert 200 in statuses and set(statuses) <= {200, 503}
    assert all(len(reply.body) == 600000 for reply in replies if reply.status == 200)
    endings = [line["ending"] for line in proxy.wait_for_log(8)]
    assert endings.count("hold_full") == statuses.count(503)
    wait_until(lambda: proxy.metrics().value("countermark_held_bytes") == 0, 5, "all is given back")
    for client in clients:
        client.close()


# Codings and splits

@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate", "br", "zstd", "gzip+br",
                                    "zstd+zstd", "br+gzip+zstd"])
def test_a_foreign_marker_inside_a_coding_is_refused(origin, countermark, coding):
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    order = f"&coding={coding.replace('+', '%2B')}&marker_at=50000&size=60000&piece=37&pause=0"
    own = page_of(browser, "user001", order=order)
    assert own.status == 200
    assert own.field("Content-Encoding") == coding.split("-")[-1].replace("+", ", ")
    reply = page_of(browser, "user002", order=order)
    assert reply.status == 502 and b"user002" not in reply.received
    assert reply.field("Content-Encoding") is None
    assert not proxy.feature_is_up()
    browser.close()


@pytest.mark.parametrize("order", ["coding=lie", "coding=bomb", "coding=bomb%2Bbr",
                                   "coding=bomb%2Bzstd", "coding=bomb%2Bgzip%2Bgzip",
                                   "coding=bomb%2Bgzip%2Bbr%2Bzstd", "field=Content-Encoding:br",
                                   "field=Content-Encoding:x-unknown",
                                   "field=Content-Encoding:gzip,gzip"])
def test_what_cannot_be_decoded_is_refused_where_a_marker_is_required(origin, countermark, order):
    value = config(origin.port)
    value["upstreams"][0]["timeouts"]["response"] = "60s"       # The site takes its time over bombs.
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    reply = page_of(browser, "user001", order="&" + order)
    assert reply.status == 502 and b"xxxx" not in reply.received
    assert proxy.feature_is_up(), "no display, no take-down"
    assert page_of(browser, "user001").status == 200
    assert page_of(browser, "user001", "/news", "&" + order).status == 200
    assert proxy.metrics().value("countermark_uninspected_total", route="/**") >= 1
    browser.close()


def test_a_marker_split_anywhere_is_found(countermark):
    page = b'<html><head><meta name="user-marker" content="user002"></head>abc</html>'
    packed = gzip.compress(page)

    def serve(peer):
        while True:
            head = peer.read_head()
            how, at = head.split(b"split=")[1].split(b" ")[0].split(b",")
            body = packed if how == b"gzip" else page
            at = int(at)
            fields = b"Content-Type: text/html\r\n"
            fields += b"Content-Encoding: gzip\r\n" if how == b"gzip" else b""
            if how == b"chunk":
                pieces = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:at], body[at:])]
                peer.send(b"HTTP/1.1 200 OK\r\n" + fields + b"Transfer-Encoding: chunked\r\n\r\n"
                          + pieces[0])
                time.sleep(0.002)
                peer.send(pieces[1] + b"0\r\n\r\n")
            else:
                peer.send(b"HTTP/1.1 200 OK\r\n" + fields
                          + b"Content-Length: %d\r\n\r\n" % len(body) + body[:at])
                time.sleep(0.002)
                peer.send(body[at:])

    with Scripted(serve) as server:
        value = config(server.port)
        value["features"][0]["take_down"] = {"cases": 1000, "weak_cases": 0}
        proxy = countermark(value)
        with Client(proxy.port) as client:
            cases = [(how, at) for how, size in (("chunk", len(page)), ("packet", len(page)),
                                                 ("gzip", len(packed))) for at in range(1, size)]
            for how, at in cases:
                reply = client.get(f"/news?split={how},{at}")
                assert reply.status == 502 and b"user002" not in reply.received, (how, at)


@pytest.mark.parametrize("order", ["coding=lie", "field=Content-Encoding:br",
                                   "coding=gzip&do=chunked", "coding=lie&do=chunked"])
def test_a_large_answer_that_cannot_be_decoded_passes_where_nothing_is_required(origin, countermark,
                                                                               order):
    proxy = countermark(config(origin.port, hold_max="64KiB"))
    with Client(proxy.port) as client:
        reply = client.get("/news?size=3000000&" + order)
        assert reply.status == 200
        assert len(reply.raw_body) == 3000000 or "gzip&" in order and len(reply.body) == 3000000


@pytest.mark.parametrize("order", ["size=3000000", "size=3000000&field=Content-Encoding:br",
                                   "size=3000000&do=chunked&marker=user002", "coding=lie"])
def test_where_it_only_observes_everything_is_delivered(origin, countermark, order):
    value = config(origin.port, hold_max="64KiB", mode="observe")
    value["routes"][0]["over_limit"] = "refuse"
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    reply = browser.get("/mypage/top?" + order)
    assert reply.status == 200
    assert len(reply.raw_body) >= (3000000 if "size" in order else 100), "and whole"
    assert proxy.feature_is_up()
    browser.close()


# The life of the process

def said_by(proxy):
    said = proxy.child.errors()
    return said.decode() if isinstance(said, bytes) else said


def load(proxy, over, results):
    """GETs on kept connections; every reply's (status, length) into `results`."""
    while not over.is_set():
        try:
            with Client(proxy.port) as client:
                for _ in range(50):
                    reply = client.get("/page?size=3000&delay=1")
                    results.append((reply.status, len(reply.body)))
        except (Truncated, OSError) as error:
            results.append(("cut", str(error)))


def test_reloads_under_traffic_lose_no_request(origin, countermark):
    proxy = countermark(config(origin.port))
    results, over = [], threading.Event()
    threads = [threading.Thread(target=load, args=(proxy, over, results)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(8):
        value = dict(proxy.config)
        value["hold_max"] = 200000 + number
        proxy.write_config(value)
        proxy.hangup()
        so_far = len(results)
        wait_until(lambda: len(results) > so_far + 25, 20, "the traffic goes on")
    over.set()
    for thread in threads:
        thread.join()
    assert set(results) == {(200, 3000)}
    assert proxy.metrics().value("countermark_config_last_reload_successful") == 1
    assert sum(value for _, value in proxy.metrics().samples["countermark_config_info"]) == 1


def test_a_bad_reload_keeps_what_is_in_force_and_says_so(origin, countermark):
    proxy = countermark(config(origin.port))
    assert raw(proxy.port, b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n").status == 200
    info = proxy.metrics().samples["countermark_config_info"]
    value = dict(proxy.config)
    value["hosts"] = ["nowhere.example"]
    value["hold_maxx"] = 5
    proxy.write_config(value)
    proxy.hangup()
    wait_until(lambda: proxy.metrics().value("countermark_config_last_reload_successful") == 0, 5,
               "the metric says it")
    assert raw(proxy.port, b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n").status == 200
    assert proxy.metrics().samples["countermark_config_info"] == info
    said = [line for line in said_by(proxy).splitlines() if "hold_maxx" in line]
    assert said and "countermark.yaml:" in said[0], "file, line and column"
    proxy.write_config(proxy.config)
    proxy.hangup()
    wait_until(lambda: proxy.metrics().value("countermark_config_last_reload_successful") == 1, 5,
               "a good one is taken again")


def test_sigterm_finishes_what_is_under_way_and_takes_nothing_new(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as idle, Client(proxy.port) as held, Client(proxy.port) as stream:
        assert idle.get("/page").status == 200
        held.send(b"GET /page?size=5000&delay=1800 HTTP/1.1\r\n" + HOST + b"\r\n")
        stream.send(b"GET /file?size=3000000&piece=100000&pause=30 HTTP/1.1\r\n" + HOST + b"\r\n")
        wait_until(lambda: len(requests_at(origin)) == 3, 5, "both are under way")
        proxy.child.signal(signal.SIGTERM)
        assert idle.is_closed()
        reply = held.read_reply()
        assert reply.status == 200 and len(reply.body) == 5000
        assert reply.field("Connection") == "close" and held.is_closed()
        assert len(stream.read_reply().body) == 3000000
    wait_until(lambda: not proxy.child.running(), 5, "it ends")
    assert proxy.child.process.returncode == 0
    with pytest.raises(OSError):
        Client(proxy.port)


def test_sigusr1_opens_the_log_anew(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        assert client.get("/before").status == 200
        assert proxy.wait_for_log(1)[0]["path"] == "/before"
        os.rename(proxy.access_log, proxy.access_log + ".1")
        proxy.child.signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(proxy.access_log), 5, "a new file")
        assert client.get("/after").status == 200
        assert [line["path"] for line in proxy.wait_for_log(1)] == ["/after"]


def test_the_access_log_is_json_without_secrets(origin, countermark):
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    browser.get("/mypage/a%22b;jsessionid=SECRETPATH?marker=user001&q=SECRETQ",
                [("Authorization", "Bearer SECRETAUTH"), ("User-Agent", "SECRETAGENT")])
    page_of(browser, "user002")
    token = browser.cookies["JSESSIONID"]
    browser.close()
    lines = proxy.wait_for_log(4)
    assert lines[2]["path"] == "/mypage/a%22b"
    assert {"time", "request", "client", "method", "path", "route", "status", "bytes",
            "duration_us", "ending"} <= set(lines[0])
    with open(proxy.access_log, encoding="utf-8") as file:
        text = file.read() + said_by(proxy)
    for secret in ("SECRET", token, "user001", "user002", "?", "marker="):
        assert secret not in text, secret
    assert lines[-1]["detector"] == "owner-marker" and lines[-1]["incident"] >= 1
    assert json.dumps(lines[-1])


# While login is down

@pytest.fixture
def down(origin, countermark):
    """A proxy whose login is down, with a browser that was signed in."""
    value = config(origin.port)
    value["session"].update(remember=["remember_me"], url_names=["jsessionid"])
    proxy = countermark(value)
    browser = signed_in(proxy.port, "user001")
    done = proxy.run("down", "login", "--reason", "a test")
    assert done.returncode == 0, done.stderr
    yield proxy, browser
    browser.close()


def test_while_login_is_down_its_paths_are_503_before_any_body_is_read(origin, down):
    proxy, browser = down
    origin.forget()
    assert feature_is_down(page_of(browser, "user001"))
    assert feature_is_down(raw(proxy.port, b"POST /login HTTP/1.1\r\n" + HOST
                               + b"Content-Length: 100000\r\n\r\n", method="POST"))
    reply = browser.get("/mypage/top", [("Accept-Language", "ja"), ("Accept", "text/html")])
    assert reply.field("Cache-Control") == "no-store"
    assert requests_at(origin) == []


def test_while_login_is_down_the_rest_is_asked_as_anonymous(origin, down):
    proxy, browser = down
    fields = [("Cookie", f"a=b; JSESSIONID={browser.cookies['JSESSIONID']}; remember_me=x; c=d")]
    with Client(proxy.port) as client:
        assert client.get("/news", fields).status == 200
    request = last_request(origin, "/news")
    assert field_of(request, "Cookie") == ["a=b; c=d"]
    assert field_of(request, "Countermark-Session") == ["none"]
    with Client(proxy.port) as client:
        assert client.get("/news;jsessionid=abcdef?x=1&jsessionid=abcdef&y=2").status == 200
    assert "abcdef" not in last_request(origin)["target"]
    assert "x=1" in last_request(origin)["target"] and "y=2" in last_request(origin)["target"]


def test_while_login_is_down_no_session_is_given_to_who_had_one(origin, down):
    _, browser = down
    issue = "/news?token=JSESSIONID&field=Set-Cookie:theme=dark&field=Set-Cookie:remember_me=x"
    reply = browser.get(issue.replace("=dark", "%3Ddark").replace("me=x", "me%3Dx"))
    assert reply.status == 200
    assert reply.all("Set-Cookie") == ["theme=dark"]
    reply = browser.get("/news?field=Set-Cookie:JSESSIONID%3D;Max-Age%3D0".replace(";", "%3B"))
    assert "JSESSIONID=" in reply.field("Set-Cookie", ""), "deletions pass"


def test_while_login_is_down_tokens_given_to_nobody_pass_in_both_directions(origin, down):
    proxy, _ = down
    browser = Browser(proxy.port)
    reply = browser.get("/contact?token=JSESSIONID")
    assert reply.status == 200 and "JSESSIONID" in browser.cookies
    token = browser.cookies["JSESSIONID"]
    assert browser.post("/contact", {"text": "hello"}).status == 200
    assert last_request(origin, "/contact")["session"] == token
    assert browser.get("/contact?marker=user001").status == 502, "detectors stay on"
    browser.close()


def test_logout_works_while_login_is_down(origin, down):
    _, browser = down
    token = browser.cookies["JSESSIONID"]
    reply = browser.get("/logout?marker=user001&size=500")
    assert reply.status == 200 and b"user001" not in reply.received and b"xxxx" not in reply.body
    assert any("JSESSIONID=" in line and "Max-Age=0" in line for line in reply.all("Set-Cookie"))
    assert last_request(origin, "/logout")["session"] == token
    assert "JSESSIONID" not in browser.cookies


def test_nothing_that_was_asked_before_the_take_down_is_released_after_it(origin, countermark):
    proxy = countermark(config(origin.port, hold_max="64KiB"))
    browser, other = signed_in(proxy.port, "user001"), signed_in(proxy.port, "user002")
    cookie = [("Cookie", f"JSESSIONID={browser.cookies['JSESSIONID']}")]
    origin.forget()
    names = ["/mypage/top?marker=user001&delay=1800", "/news?delay=1800",
             "/news?size=4000000&piece=50000&pause=40"]
    clients = [Client(proxy.port) for _ in names]
    for client, target in zip(clients, names):
        client.send((f"GET {target} HTTP/1.1\r\nHost: a\r\n{cookie[0][0]}: {cookie[0][1]}\r\n\r\n"
                     ).encode())
    anonymous = Client(proxy.port)
    anonymous.send(b"GET /news?delay=1800&size=50 HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until(lambda: len(requests_at(origin)) == 4, 5, "all are under way")
    assert clients[2].socket.recv(1, socket.MSG_PEEK), "the stream has begun"
    assert page_of(other, "user003").status == 502
    assert feature_is_down(clients[0].read_reply())
    assert clients[1].read_reply().status == 503, "forwarded with a session, though public"
    with pytest.raises(Truncated):
        clients[2].read_reply()
    assert len(anonymous.read_reply().body) == 50
    for thing in clients + [anonymous, browser, other]:
        thing.close()


def test_up_again_the_same_sessions_go_on(down):
    proxy, browser = down
    assert feature_is_down(page_of(browser, "user001"))
    assert proxy.run("up", "login", "--reason", "checked").returncode == 0
    assert page_of(browser, "user001").status == 200
    assert login(browser, "user001").status == 303


@pytest.mark.parametrize("order", ["&echo=right&field=Countermark-Echo:" + "0" * 32,
                                   "&echo=wrong"])
def test_the_echo_of_another_request_beside_the_right_one_is_refused(origin, countermark, order):
    value = config(origin.port)
    value["routes"][0]["echo"] = "expect"
    proxy = countermark(value)
    browser = Browser(proxy.port)
    assert login(browser, "user001").status == 303
    assert page_of(browser, "user001", order="&echo=right").status == 200
    assert page_of(browser, "user001", order=order).status == 502
    assert proxy.ledger().displays()[-1]["detector"] == "session-echo"
    browser.close()


def test_a_missing_echo_counts_against_coverage(origin, countermark):
    value = config(origin.port)
    value["routes"][0]["echo"] = "expect"
    value["routes"].append({"path": "/shop/**", "echo": "expect"})
    proxy = countermark(value)
    browser = Browser(proxy.port)
    assert login(browser, "user001").status == 303
    for order in ("&echo=right", ""):
        assert page_of(browser, "user001", order=order).status == 200
    for path in ("/shop/a", "/shop/a", "/shop/a", "/shop/a?echo=right"):
        assert browser.get(path).status == 200
    browser.close()
    metrics = proxy.metrics()
    for route, ratio, missing in (("/mypage/**", 0.5, 1), ("/shop/**", 0.25, 3)):
        assert metrics.value("countermark_marker_coverage_ratio", route=route) == ratio
        assert metrics.value("countermark_unechoed_total", route=route) == missing
        assert metrics.value("countermark_unmarked_total", route=route) == 0
    shop, = [row for row in proxy.api("/coverage")["coverage"] if row["route"] == "/shop/**"]
    assert (shop["ratio"], shop["unechoed"], shop["required"]) == (0.25, 3, False)
