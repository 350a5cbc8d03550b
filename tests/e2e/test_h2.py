"""HTTP/2 to clients: real clients, every request with an exchange of its own, and what becomes of
a connection that does too much."""
import os
import re
import signal
import subprocess
import threading

import pytest

from support.certificates import Authority
from support.client import Client
from support.exchanges import field_of, last_request, requests_at
from support.h2 import (ACK, CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM,
                        ENHANCE_YOUR_CALM, GOAWAY, HEADERS, INTERNAL_ERROR, NO_ERROR, PING, PREFACE,
                        PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, Connection, Frames, Gone,
                        H2Browser, Reset, frame)
from support.plain_site import config, ending_of, login
from support.ports import wait_until

pytestmark = pytest.mark.sanitize

PRIOR = {"http2": "prior-knowledge"}


@pytest.fixture
def proxy(origin, countermark):
    return countermark(config(origin.port, listen=[PRIOR]))


@pytest.fixture(params=["plain", "tls"])
def either(request, origin, countermark, folder):
    """A proxy, and what opens connections to it."""
    if request.param == "plain":
        proxy = countermark(config(origin.port, listen=[PRIOR]))
        return proxy, lambda **more: Connection(proxy.port, **more)
    certificate, key = Authority(folder).issue("site.test", "DNS:site.test,IP:127.0.0.1")
    proxy = countermark(config(origin.port,
                               listen=[{"tls": {"certificate": certificate, "key": key}}]))
    return proxy, lambda **more: Connection(proxy.port, tls=True, **more)


def curl(port, *words, path="/page"):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", *words,
                           f"http://127.0.0.1:{port}{path}"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# Real clients

def test_curl_gets_posts_and_heads(proxy, origin):
    assert len(curl(proxy.port, path="/page?size=5000")) == 5000
    assert curl(proxy.port, "-d", "a=b", path="/form?do=post-echo") == b"a=b"
    head = curl(proxy.port, "-I", path="/page?size=77").decode().lower()
    assert head.startswith("http/2 200") and "content-length: 77\r\n" in head
    assert "connection:" not in head and "transfer-encoding:" not in head
    assert {request["method"] for request in requests_at(origin)} == {"GET", "POST", "HEAD"}


def test_curl_hears_why_a_body_is_not_taken(origin, countermark, folder):
    value = config(origin.port, listen=[PRIOR], limits={"body_size_max": "64KiB"})
    proxy = countermark(value)
    path = os.path.join(folder, "body")
    with open(path, "wb") as out:
        out.write(b"x" * 1_000_000)
    said = curl(proxy.port, "--data-binary", f"@{path}", "-o", os.devnull, "-w", "%{http_code}")
    assert said == b"413"
    said = curl(proxy.port, "-T", path, "-H", "Content-Length:", "-o", os.devnull, "-w",
                "%{http_code}")
    assert said == b"413"


def test_curl_and_h2load_speak_it_over_tls(origin, countermark, folder):
    authority = Authority(folder)
    certificate, key = authority.issue("site.test", "DNS:site.test")
    proxy = countermark(config(origin.port,
                               listen=[{"tls": {"certificate": certificate, "key": key}}]))
    done = subprocess.run(["curl", "-sS", "--cacert", authority.pem, "--resolve",
                           f"site.test:{proxy.port}:127.0.0.1", "-w", "%{http_version}",
                           f"https://site.test:{proxy.port}/page?size=70000"],
                          capture_output=True, timeout=30, check=False)
    assert done.stdout[70000:] == b"2", done.stderr
    done = subprocess.run(["h2load", "-n", "400", "-c", "4", "-m", "25",
                           f"https://127.0.0.1:{proxy.port}/page?size=100000"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert "Application protocol: h2" in done.stdout, done.stdout
    assert re.search(r" 0 failed, 0 errored, 0 timeout", done.stdout), done.stdout


@pytest.mark.parametrize("order", ["size=1000", "size=100000", "do=chunked&size=300000",
                                   "size=3000000"])
def test_h2load_has_no_failure(proxy, order):
    done = subprocess.run(["h2load", "-n", "400" if "3000000" not in order else "60", "-c", "4",
                           "-m", "25", f"http://127.0.0.1:{proxy.port}/page?{order}"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert re.search(r" 0 failed, 0 errored, 0 timeout", done.stdout), done.stdout
    wait_until(lambda: proxy.metrics().value("countermark_h2_streams") == 0, 5, "streams end")


# What goes on

def test_fields_are_those_of_http_1(either, origin):
    proxy, connect = either
    with connect() as client:
        reply = client.get("/page?field=X-Own:%20v", [("x-a", "b"), ("cookie", "a=1"),
                                                      ("cookie", "b=2"), ("te", "trailers"),
                                                      ("countermark-session", "forged")])
    request = last_request(origin)
    assert request["head"].startswith("GET /page?field=X-Own:%20v HTTP/1.1\r\nHost: 127.0.0.1:")
    assert field_of(request, "Cookie") == ["a=1; b=2"]
    assert field_of(request, "Via") == ["2.0 countermark"]
    assert field_of(request, "TE") == []
    assert field_of(request, "Countermark-Session") == ["none"]
    assert len(field_of(request, "traceparent")) == 1
    scheme = "https" if proxy.config["listen"][0].get("tls") else "http"
    assert f"proto={scheme};" in field_of(request, "Forwarded")[0]
    assert reply.field("x-own") == "v"
    assert reply.field("via") == "1.1 countermark"


def test_the_access_log_has_each_stream(proxy):
    with Connection(proxy.port) as client:
        for stream in [client.begin("GET", f"/log/{number}") for number in range(5)]:
            client.wait(stream)
    for number in range(5):
        assert ending_of(proxy, f"/log/{number}") == "released"


def test_bodies_go_both_ways_at_once(either):
    _, connect = either
    with connect() as client:
        bodies = [bytes([65 + number]) * 700_000 for number in range(6)]
        threads, replies = [], {}
        for number, body in enumerate(bodies):
            def post(number=number, body=body):
                replies[number] = client.request("POST", "/form?do=post-echo", (), body)
            threads.append(threading.Thread(target=post))
            threads[-1].start()
        for thread in threads:
            thread.join(60)
        assert all(replies[number].body == body for number, body in enumerate(bodies))


def test_a_slow_answer_delays_no_other_stream(proxy):
    with Connection(proxy.port) as client:
        slow = client.begin("GET", "/slow?delay=1800")
        assert client.get("/page").status == 200
        assert not client.is_answered(slow)
        for _ in range(19):
            assert client.get("/page").status == 200
        assert client.wait(slow).status == 200


def test_only_100_of_the_interim_answers_passes_and_no_trailer(proxy):
    with Connection(proxy.port) as client:
        assert client.get("/page?do=103-then").interim == []
        reply = client.request("POST", "/page?do=100-then", [("expect", "100-continue")], b"body")
        assert reply.status == 200 and reply.interim == ["100"]
        assert client.get("/page?do=chunked&trailer=1&size=5000").status == 200


# Whose answer

def test_sessions_of_one_connection_are_kept_apart(either, origin):
    proxy, connect = either
    with connect() as client:
        users = {f"user{number:03}": H2Browser(client) for number in range(8)}
        for user, browser in users.items():
            assert login(browser, user).status == 303
        for _ in range(3):
            streams = {}
            for user, browser in users.items():
                cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
                streams[user] = client.begin("GET", f"/mypage/top?marker={user}",
                                             [("cookie", cookie)])
            for user, stream in streams.items():
                reply = client.wait(stream)
                assert reply.status == 200
                assert re.findall('content="(user[0-9]+)"', reply.text) == [user]
    used = [{request["session"] for request in connection["requests"] if request["session"]}
            for connection in origin.connections()]
    assert all(len(sessions) <= 1 for sessions in used), used
    assert proxy.feature_is_up()


def test_a_foreign_page_is_withheld_on_its_stream_alone(either):
    proxy, connect = either
    with connect() as client:
        browser = H2Browser(client)
        assert login(browser, "user001").status == 303
        assert browser.get("/mypage/top?marker=user001").status == 200
        public = client.begin("GET", "/page?delay=700&size=900")
        reply = browser.get("/mypage/top?marker=user002")
        assert reply.status == 502 and "user002" not in reply.text
        assert client.wait(public).status == 200
        assert browser.get("/mypage/top?marker=user001").status == 503
        assert client.goaways == []
    assert not proxy.feature_is_up()


def test_a_late_mismatch_is_a_reset_and_never_an_end(either):
    _, connect = either
    with connect() as client:
        browser = H2Browser(client)
        assert login(browser, "user001").status == 303
        assert browser.get("/mypage/top?marker=user001").status == 200
        with pytest.raises(Reset) as cut:
            browser.get("/page?do=chunked&size=4000000&marker=user002&marker_at=3000000")
        assert cut.value.code == INTERNAL_ERROR
        assert cut.value.reply.status == 200 and b"user002" not in cut.value.received
        assert client.get("/page").status == 200


@pytest.mark.parametrize("order", ["cut-body", "cut-chunk", "cut-last", "reset-body"])
def test_a_streamed_answer_that_breaks_off_is_a_reset(either, order):
    _, connect = either
    with connect() as client:
        with pytest.raises(Reset) as cut:
            client.get(f"/page?do={order}&size=4000000&cut=3000000")
        assert cut.value.code == INTERNAL_ERROR
        assert client.get("/page").status == 200


@pytest.mark.parametrize("order", ["cut-body", "cut-last", "garbage", "bad-chunk", "close-now"])
def test_a_held_answer_that_breaks_off_is_our_page(proxy, order):
    with Connection(proxy.port) as client:
        reply = client.get(f"/page?do={order}")
        assert reply.status == 502 and "xxxx" not in reply.text


# Rules

@pytest.mark.parametrize("fields, status, ending", [
    ([(":path", "/a/../b")], 400, "bad-path"),
    ([("host", "other.example")], 400, "ambiguous"),
    ([(":method", "TRACE")], 501, "method"),
    ([(":path", "/" + "a" * 9000)], 414, "target-too-long"),
    ([("x-large", "v" * 40000)], 431, "fields-too-large"),
    ([(f"x-{number}", "v") for number in range(120)], 431, "fields-too-large"),
    ([("expect", "magic")], 417, "expectation"),
])
def test_what_breaks_rules_is_answered_as_in_http_1(proxy, origin, fields, status, ending):
    with Frames(proxy.port) as client:
        client.hello()
        changed = dict(fields) if len(fields) == 1 else {}
        head = [(name, changed.pop(name, value)) for name, value in client.head()]
        extra = list(changed.items()) if len(fields) == 1 else fields
        block = client.encoder.encode(head + extra)
        client.send(frame(HEADERS, END_STREAM | (END_HEADERS if len(block) <= 16384 else 0), 1,
                          block[:16384]))
        for at in range(16384, len(block), 16384):
            client.send(frame(CONTINUATION, END_HEADERS if at + 16384 >= len(block) else 0, 1,
                              block[at:at + 16384]))
        assert client.status(1) == status
        client.get(3)
        assert client.status(3) == 200
    assert proxy.metrics().value("countermark_rejected_total", reason=ending) == 1
    assert len(requests_at(origin)) == 1


def test_an_unknown_host_is_421_whatever_the_connection_was_for(origin, countermark):
    proxy = countermark(config(origin.port, listen=[PRIOR], hosts=["site.example"]))
    with Frames(proxy.port) as client:
        client.hello()
        for stream, name, status in ((1, "site.example", 200), (3, "other.example", 421)):
            client.headers(stream, [(":method", "GET"), (":scheme", "http"), (":path", "/page"),
                                    (":authority", name)])
            assert client.status(stream) == status


def test_without_prior_knowledge_the_preface_is_no_request(origin, countermark):
    for mode in ("on", "off"):
        proxy = countermark(config(origin.port, listen=[{"http2": mode}]))
        with Client(proxy.port) as client:
            client.send(PREFACE)
            assert client.read_reply().status == 505
    assert requests_at(origin) == []


def test_an_upgrade_to_h2c_is_not_followed(proxy, origin):
    with Client(proxy.port) as client:
        reply = client.get("/page", [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
                                     ("HTTP2-Settings", "AAMAAABkAAQAAP__")])
        assert reply.status == 200 and reply.version == "HTTP/1.1"
        assert client.get("/page").status == 200
    request = requests_at(origin)[0]
    assert not field_of(request, "Upgrade") and not field_of(request, "HTTP2-Settings")


# Life and end

def test_an_idle_connection_is_ended_with_a_goaway(origin, countermark):
    proxy = countermark(config(origin.port, listen=[PRIOR], limits={"idle_timeout": "1s"}))
    with Connection(proxy.port) as client:
        assert client.get("/page").status == 200
        assert client.closed.wait(10)
        assert client.goaways == [(NO_ERROR, 1)]


def test_sigterm_lets_what_is_under_way_end(origin, countermark):
    """python3-h2 takes nothing after a GOAWAY, so frames are read here."""
    proxy = countermark(config(origin.port, listen=[PRIOR]))
    with Frames(proxy.port) as client:
        client.hello()
        client.get(1, path="/slow?delay=1500")
        wait_until(lambda: requests_at(origin), 5, "it has reached the site")
        proxy.child.process.send_signal(signal.SIGTERM)
        warned = client.wait(lambda f: f[0] == GOAWAY)
        asked = client.wait(lambda f: f[0] == PING)
        client.send(frame(PING, ACK, 0, asked[3]))
        ended = client.wait(lambda f: f[0] == GOAWAY)
        assert warned[3] == b"\x7f\xff\xff\xff" + b"\0" * 4
        assert ended[3] == b"\0\0\0\1" + b"\0" * 4
        assert client.status(1) == 200
        assert client.wait(lambda f: f[0] == DATA and f[1] & END_STREAM)
        assert client.wait(lambda f: False) is None
    assert proxy.child.process.wait(20) == 0
    proxy.start()


def test_a_reset_stream_ends_its_request_at_the_site(either, origin):
    proxy, connect = either
    with connect() as client:
        stream = client.begin("GET", "/slow?do=hang")
        wait_until(lambda: requests_at(origin), 5, "it has reached the site")
        client.reset(stream)
        assert ending_of(proxy, "/slow") == "client-gone"
        wait_until(lambda: not origin.connections()[0]["open"], 5, "its connection closes")
        assert client.get("/page").status == 200


# Too much

def flood(client, data, most=200_000):
    """Sends `data` again and again until the connection is ended."""
    for _ in range(most // len(data) + 1):
        client.send(data)
        if client.ended:
            break


FLOODS = {
    "pings": frame(PING, 0, 0, b"12345678") * 100,
    "settings": frame(SETTINGS, 0, 0) * 100,
    "priorities": frame(PRIORITY, 0, 1, b"\0\0\0\0\x10") * 1000,
    "window-updates": frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") * 2000,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_floods_of_frames_end_the_connection(proxy, kind):
    with Frames(proxy.port) as client, Connection(proxy.port) as other:
        client.hello()
        client.send(FLOODS[kind])
        assert client.connection_error() == ENHANCE_YOUR_CALM
        assert other.get("/page").status == 200
    assert proxy.metrics().value("countermark_h2_floods_total", kind=kind) == 1


def test_rapid_resets_end_the_connection_and_their_requests(proxy):
    with Frames(proxy.port) as client, Connection(proxy.port) as other:
        client.hello()
        client.headers(1, client.head(path="/hang?do=hang"))
        head = client.encoder.encode(client.head(path="/hang?do=hang"))     # Indexed by now.
        client.send(b"".join(frame(HEADERS, END_HEADERS | END_STREAM, stream, head) +
                             frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
                             for stream in range(3, 2003, 2)))
        assert client.connection_error() == ENHANCE_YOUR_CALM
        assert other.get("/page").status == 200
    metrics = proxy.metrics()
    assert metrics.value("countermark_h2_floods_total", kind="resets") == 1
    assert metrics.value("countermark_requests_total") < 40     # Most never came to be.
    wait_until(lambda: proxy.metrics().value("countermark_connections", side="upstream",
                                             state="active") == 0,
               10, "every request at the site is given up")


def test_a_head_in_endless_pieces_ends_the_connection(proxy):
    with Frames(proxy.port) as client:
        client.hello()
        client.send(frame(HEADERS, END_STREAM, 1, client.encoder.encode(client.head())))
        for _ in range(50):
            client.send(frame(CONTINUATION, 0, 1, client.encoder.encode([("x", "y")])))
        assert client.connection_error() == ENHANCE_YOUR_CALM
    assert proxy.metrics().value("countermark_h2_floods_total", kind="continuations") == 1


def test_a_head_that_never_ends_is_given_up(origin, countermark):
    proxy = countermark(config(origin.port, listen=[PRIOR], limits={"header_timeout": "1s"}))
    with Frames(proxy.port) as client:
        client.hello()
        client.send(frame(HEADERS, END_STREAM, 1, client.encoder.encode(client.head())))
        assert client.connection_error(10) == "closed"
    assert proxy.metrics().value("countermark_rejected_total", reason="header-timeout") == 1


def test_a_packed_head_costs_no_more_than_its_limit(proxy):
    """A field of 4000 bytes goes into the table; each mention of it is one byte."""
    with Frames(proxy.port) as client:
        client.hello()
        block = client.encoder.encode(client.head() + [("x", "b" * 4000)]) + b"\xbe" * 12000
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block))
        assert client.connection_error() == ENHANCE_YOUR_CALM
    assert proxy.metrics().value("countermark_h2_floods_total", kind="headers") == 1


def test_empty_frames_end_the_connection(proxy):
    with Frames(proxy.port) as client:
        client.hello()
        client.headers(1, client.head(method="POST"), END_HEADERS)
        client.send(frame(DATA, 0, 1) * 1000)
        assert client.connection_error() == ENHANCE_YOUR_CALM
    assert proxy.metrics().value("countermark_h2_floods_total", kind="empty-frames") == 1


def test_a_client_that_reads_nothing_is_bounded_and_hinders_nobody(origin, countermark):
    value = config(origin.port, listen=[PRIOR], hold_total_max="16MiB", hold_wait="1s")
    proxy = countermark(value)
    with Frames(proxy.port, settings=b"\0\x04\0\0\0\0") as client, \
            Connection(proxy.port, source="127.0.9.9") as other:
        client.hello()
        for stream in range(1, 120, 2):
            client.get(stream, path="/page?size=300000")
        metrics = proxy.metrics
        wait_until(lambda: metrics().value("countermark_exchange_endings_total",
                                           reason="client-slow") > 0, 10,
                   "answers past the share of its address are cut")
        assert metrics().value("countermark_held_bytes") <= 4 * 1024 * 1024
        for _ in range(10):
            assert other.get("/page?size=300000").status == 200


def test_many_slow_streams_leave_others_alone(origin, countermark):
    proxy = countermark(config(origin.port, listen=[PRIOR], limits={"body_timeout": "2s"}))
    with Frames(proxy.port) as client, Connection(proxy.port, source="127.0.9.9") as other:
        client.hello()
        for stream in range(1, 150, 2):
            client.headers(stream, client.head(method="POST"), END_HEADERS)
            client.send(frame(DATA, 0, stream, b"x"))
        for _ in range(20):
            assert other.get("/page").status == 200
        wait_until(lambda: proxy.metrics().value("countermark_exchange_endings_total",
                                                 reason="body-timeout") > 0, 15,
                   "bodies that stall are given up")


def test_what_is_no_http_2_ends_only_its_connection(proxy):
    with Frames(proxy.port, hello=False) as client:
        client.send(PREFACE + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        assert client.connection_error() != NO_ERROR
    with Connection(proxy.port) as other:
        assert other.get("/page").status == 200
