"""The data plane as a client meets it: keep-alive, framing, bodies, 1xx, pipelining, half-close."""
import hashlib
import os
import threading
import time

import pytest

from support.client import Client, Truncated
from support.exchanges import HOST, Scripted, last_request, raw, requests_at, resident_kib
from support.plain_site import config

pytestmark = pytest.mark.sanitize

MIB = 1 << 20


def posted(body, fields=b"", target=b"/upload"):
    return (b"POST " + target + b" HTTP/1.1\r\n" + HOST + fields
            + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def in_chunks(body, size):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


# Keep-alive

def test_one_connection_of_http_1_1_carries_many_requests(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for number in range(20):
            reply = client.get(f"/page?size={number}")
            assert (reply.status, len(reply.body)) == (200, number)
            assert reply.field("Connection") is None
        reply = client.get("/page", [("Connection", "close")])
        assert reply.field("Connection") == "close"
        assert client.is_closed()


def test_http_1_0_ends_the_connection_unless_it_asks_to_keep_it(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send(b"GET /page HTTP/1.0\r\n\r\n")
        reply = client.read_reply()
        assert reply.status == 200 and len(reply.body) == 100
        assert client.is_closed()
    with Client(proxy.port) as client:
        for order in ("length", "chunked", "until-close"):
            client.send(b"GET /page?do=%s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                        % order.encode())
            reply = client.read_reply()
            assert reply.field("Content-Length") == "100", "the whole body was in the hold"
            assert reply.field("Connection") == "keep-alive"
            assert reply.field("Transfer-Encoding") is None
            assert len(reply.body) == 100


def test_http_1_1_without_host_is_400_and_http_1_0_without_it_is_served(origin, countermark):
    proxy = countermark(config(origin.port))
    assert raw(proxy.port, b"GET /page HTTP/1.1\r\n\r\n").status == 400
    assert raw(proxy.port, b"GET /page HTTP/1.0\r\n\r\n").status == 200


def test_empty_lines_before_a_request_are_let_through(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for _ in range(2):
            client.send(b"\r\nGET /page HTTP/1.1\r\n" + HOST + b"\r\n")
            assert client.read_reply().status == 200


def test_a_request_that_comes_byte_by_byte_is_the_same_request(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send_slowly(posted(b"a=1&b=2", target=b"/upload?do=post-echo"), piece=1)
        assert client.read_reply("POST").body == b"a=1&b=2"
        client.send_slowly(b"POST /upload?do=post-echo HTTP/1.1\r\n" + HOST
                           + b"Transfer-Encoding: chunked\r\n\r\n" + in_chunks(b"a=1&b=2", 3))
        assert client.read_reply("POST").body == b"a=1&b=2"
        assert client.get("/page").status == 200


# Bodies

@pytest.mark.parametrize("order", ["length", "chunked&chunk=7", "until-close", "http10"])
def test_a_body_arrives_whole_in_every_framing(origin, countermark, order):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for size in (0, 1, 100, 65536, 300000):
            reply = client.get(f"/page?size={size}&do={order}")
            assert reply.status == 200
            assert reply.body == b"x" * size


@pytest.mark.parametrize("order", ["length", "chunked", "http10"])
def test_head_has_no_body_and_leaves_the_connection_in_step(origin, countermark, order):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for _ in range(3):
            reply = client.request("HEAD", f"/page?do={order}&size=5000")
            assert reply.status == 200 and reply.raw_body == b""
            if order == "length":
                assert reply.field("Content-Length") == "5000"
            assert client.nothing_more(0.05)
            client.socket.settimeout(10)
            assert len(client.get("/page?size=10").body) == 10


@pytest.mark.parametrize("order,status", [("no-content", 204), ("not-modified", 304)])
def test_204_and_304_have_no_body_and_leave_the_connection_in_step(origin, countermark, order,
                                                                   status):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for _ in range(3):
            reply = client.get(f"/page?do={order}")
            assert reply.status == status and reply.raw_body == b""
            assert reply.field("Transfer-Encoding") is None
            if status == 204:
                assert reply.field("Content-Length") is None
            assert len(client.get("/page?size=10").body) == 10


def test_uploads_of_10_mib_arrive_unchanged_in_both_framings(origin, countermark):
    proxy = countermark(config(origin.port))
    body = os.urandom(10 * MIB)
    with Client(proxy.port) as client:
        client.send(posted(body, target=b"/upload?a"))
        assert client.read_reply("POST").status == 200
        client.send(b"POST /upload?b HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
                    + in_chunks(body, 70001))
        assert client.read_reply("POST").status == 200
    for target in ("/upload?a", "/upload?b"):
        request = last_request(origin, target)
        assert request["body_len"] == len(body)
        assert request["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_an_upload_is_read_no_faster_than_the_upstream_takes_it(countermark):
    """48 MiB: more than the kernel's buffers on the way can ever hold."""
    size = 48 * MIB
    measured = threading.Event()

    def slow(peer):
        peer.read_head()
        left = size - len(peer.pending)
        measured.wait(20)
        while left > 0:
            data = peer.socket.recv(1 << 20)
            if not data:
                return
            left -= len(data)
        peer.answer()

    with Scripted(slow) as server:
        proxy = countermark(config(server.port))
        before = resident_kib(proxy.child.pid)
        with Client(proxy.port) as client:
            request = posted(b"\0" * size)
            client.socket.setblocking(False)
            sent = send_what_is_taken(client, request, 0.5)
            assert sent < size, "the proxy swallowed everything at once"
            waiting = resident_kib(proxy.child.pid)
            measured.set()
            client.socket.settimeout(20)
            client.send(request[sent:])
            assert client.read_reply("POST").status == 200
        grown = max(waiting, resident_kib(proxy.child.pid)) - before
        # A sanitizer keeps what was freed for a while; the upload itself is 10 MiB.
        sanitized = any(name in os.environ.get("COUNTERMARK_BINARY", "")
                        for name in ("asan", "tsan"))
        assert grown < (8192 if sanitized else 2048), f"{grown} KiB more for one upload"


def send_what_is_taken(client, data, seconds):
    """Sends without waiting for at most `seconds`; how much the other side took."""
    sent, deadline = 0, time.monotonic() + seconds
    while sent < len(data) and time.monotonic() < deadline:
        try:
            sent += client.socket.send(data[sent:sent + 65536])
        except BlockingIOError:
            time.sleep(0.005)
    return sent


# Expect and 1xx

def expecting(body, target):
    return (b"POST " + target + b" HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n"
            + b"Content-Length: %d\r\n\r\n" % len(body))


@pytest.mark.parametrize("order", ["100-then", "100-twice"])
def test_one_100_reaches_a_client_that_waits_for_it(origin, countermark, order):
    proxy = countermark(config(origin.port))
    body = b"0123456789" * 1000
    with Client(proxy.port) as client:
        client.send(expecting(body, f"/upload?do={order}".encode()))
        assert client.socket.recv(25, 2) == b"HTTP/1.1 100 Continue\r\n\r\n"     # 2: MSG_PEEK
        client.send(body)
        reply = client.read_reply("POST")
        assert reply.status == 200
        assert [early.status for early in reply.interim] == [100]
        assert client.get("/page").status == 200
    assert last_request(origin, "/upload")["body_len"] == len(body)


def test_a_client_that_does_not_wait_for_100_is_served_as_well(origin, countermark):
    proxy = countermark(config(origin.port))
    body = b"0123456789" * 1000
    for order in (b"100-then", b"no-100"):
        with Client(proxy.port) as client:
            client.send(expecting(body, b"/upload?do=" + order) + body)
            reply = client.read_reply("POST")
            assert reply.status == 200
            assert len(reply.interim) <= 1
        assert last_request(origin, "/upload")["body_len"] == len(body)


@pytest.mark.parametrize("order,status", [("early-413", 413), ("417", 417)])
def test_a_refused_expectation_comes_at_once_and_both_connections_end(origin, countermark, order,
                                                                      status):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send(expecting(b"x" * 1000, f"/upload?do={order}".encode()))
        reply = client.read_reply("POST")
        assert reply.status == status and reply.interim == [], "before a byte of the body"
        assert reply.field("Connection") == "close", "the body may still come"
        client.send(b"x" * 1000)
        assert client.is_closed()
    with Client(proxy.port) as client:
        assert client.get("/page").status == 200
    for connection in origin.connections():
        targets = [request["target"] for request in connection["requests"]]
        assert not targets or "/upload" not in targets[0] or len(targets) == 1


def test_an_expectation_that_is_not_known_is_417_and_not_forwarded(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        reply = client.request("POST", "/upload", [("Expect", "200-ok")], b"x")
        assert reply.status == 417
    assert requests_at(origin) == []
    assert proxy.wait_for_log(1)[0]["ending"] == "expectation"


def test_http_1_0_gets_no_interim_response(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send(b"POST /upload?do=100-then HTTP/1.0\r\nExpect: 100-continue\r\n"
                    b"Content-Length: 3\r\n\r\nabc")
        reply = client.read_reply("POST")
        assert reply.status == 200 and reply.interim == []


def test_103_and_a_100_that_nobody_waits_for_are_dropped(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for order in ("103-then", "100-then"):
            reply = client.get(f"/page?do={order}")
            assert reply.status == 200 and reply.interim == []
            assert reply.field("Link") is None
        client.send(posted(b"x" * 100, target=b"/upload?do=100-then"))
        reply = client.read_reply("POST")
        assert reply.status == 200 and reply.interim == []


# Pipelining and half-close

def test_pipelined_requests_are_answered_in_order(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send(b"".join(b"GET /page?size=%d&delay=%d HTTP/1.1\r\n%s\r\n"
                             % (number, 200 if number == 1 else 0, HOST)
                             for number in range(1, 21)))
        for number in range(1, 21):
            assert len(client.read_reply().body) == number


def test_pipelined_bodies_belong_to_their_own_requests(origin, countermark):
    proxy = countermark(config(origin.port))
    echo = b"/upload?do=post-echo"
    with Client(proxy.port) as client:
        client.send(posted(b"first", target=echo) + b"GET /page?size=7 HTTP/1.1\r\n" + HOST
                    + b"\r\nPOST " + echo + b" HTTP/1.1\r\n" + HOST
                    + b"Transfer-Encoding: chunked\r\n\r\n" + in_chunks(b"second", 4)
                    + posted(b"third", target=echo))
        bodies = [client.read_reply("POST").body for _ in range(4)]
    assert bodies == [b"first", b"x" * 7, b"second", b"third"]


def test_nothing_is_pipelined_to_the_upstream(countermark):
    early = []

    def serve(peer):
        while True:
            peer.read_head()
            time.sleep(0.1)
            peer.socket.setblocking(False)
            try:
                peer.pending += peer.socket.recv(65536)
            except BlockingIOError:
                pass
            peer.socket.setblocking(True)
            early.append(peer.pending)
            peer.answer()

    with Scripted(serve) as server:
        proxy = countermark(config(server.port))
        with Client(proxy.port) as client:
            client.send((b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n") * 5)
            for _ in range(5):
                assert client.read_reply().body == b"ok"
        assert early == [b""] * 5


def test_what_follows_a_request_that_ends_the_connection_is_not_read(origin, countermark):
    proxy = countermark(config(origin.port))
    for first in (b"GET /a HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
                  b"GET /../a HTTP/1.1\r\n" + HOST + b"\r\n",
                  b"GET /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n"):
        with Client(proxy.port) as client:
            client.send(first + b"GET /second HTTP/1.1\r\n" + HOST + b"\r\n")
            client.read_reply()
            assert client.is_closed()
    assert not [1 for request in requests_at(origin) if request["target"] == "/second"]


def test_many_pipelined_requests_do_not_grow_the_proxy(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        assert client.get("/page").status == 200
        before = resident_kib(proxy.child.pid)
        client.socket.setblocking(False)
        send_what_is_taken(client, b"GET /page?delay=400 HTTP/1.1\r\n" + HOST + b"\r\n"
                           + (b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n") * 100000, 0.3)
        assert resident_kib(proxy.child.pid) - before < 1024


def test_a_half_closed_client_is_still_answered(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send(b"".join(b"GET /page?size=%d&delay=200 HTTP/1.1\r\n%s\r\n" % (size, HOST)
                             for size in (3, 4, 5)))
        client.half_close()
        assert [len(client.read_reply().body) for _ in range(3)] == [3, 4, 5]
        assert client.is_closed()
    with Client(proxy.port) as client:
        client.send(posted(b"whole", target=b"/upload?do=post-echo&delay=200"))
        client.half_close()
        assert client.read_reply("POST").body == b"whole"


def test_a_body_cut_by_a_half_close_is_no_whole_request(origin, countermark):
    proxy = countermark(config(origin.port))
    for body in (b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
        with Client(proxy.port) as client:
            client.send(b"POST /cut HTTP/1.1\r\n" + HOST + body)
            client.half_close()
            try:
                assert client.read_reply("POST").status == 400
            except Truncated as cut:
                assert cut.received == b""
    time.sleep(0.1)
    assert not [1 for request in requests_at(origin) if request["complete"]]
