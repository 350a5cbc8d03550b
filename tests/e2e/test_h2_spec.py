"""What RFC 9113 and RFC 7541 ask of a server that meets a client which breaks their rules.

The cases are those of h2spec, which is not packaged for Debian, made anew with hpack and frames by
hand. A stream error may be answered by ending the connection, any error by closing it.
"""
import pytest

from support.client import Client
from support.h2 import (ACK, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM,
                        FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS,
                        PADDED, PING, PREFACE, PRIORITY, PRIORITY_FLAG, PROTOCOL_ERROR,
                        PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED,
                        WINDOW_UPDATE, Frames, frame)
from support.plain_site import config

pytestmark = [pytest.mark.sanitize, pytest.mark.one_thread]


@pytest.fixture
def client(origin, countermark):
    proxy = countermark(config(origin.port, listen=[{"http2": "prior-knowledge"}]))
    with Frames(proxy.port) as frames:
        yield frames.hello()


def block(client, *extra, **head):
    return client.encoder.encode(client.head(*extra, **head))


def opened(client, stream=1):
    """A request whose body is still to come."""
    client.send(frame(HEADERS, END_HEADERS, stream, block(client, method="POST")))


def closed(client, stream=1):
    """A request that was answered whole."""
    client.get(stream)
    assert client.wait(lambda f: f[2] == stream and f[0] == DATA and f[1] & END_STREAM)


def setting(number, value):
    return number.to_bytes(2, "big") + value.to_bytes(4, "big")


# What is allowed

ALLOWED = {
    "5.1.2 streams": lambda c: [c.get(stream) for stream in range(3, 30, 2)],
    "4.1 an unknown type": lambda c: c.send(frame(0x16, 0, 0, b"\0" * 8)),
    "4.1 an unknown flag of PING": lambda c: c.send(frame(PING, 0x16, 0, b"\0" * 8)),
    "4.2 a large DATA frame": lambda c: (opened(c, 3), c.send(frame(DATA, END_STREAM, 3,
                                                                   b"x" * 16384))),
    "5.5 an unknown extension in a stream": lambda c: (opened(c, 3), c.send(
        frame(0x16, 0, 3, b"\0" * 8) + frame(DATA, END_STREAM, 3, b"x"))),
    "6.1 padded DATA": lambda c: (opened(c, 3), c.send(
        frame(DATA, END_STREAM | PADDED, 3, b"\x06abc" + b"\0" * 6))),
    "6.2 padded HEADERS with priority": lambda c: c.send(frame(
        HEADERS, END_HEADERS | END_STREAM | PADDED | PRIORITY_FLAG, 3,
        b"\x04" + b"\0\0\0\1\xff" + block(c) + b"\0" * 4)),
    "6.3 PRIORITY for a stream to come": lambda c: c.send(frame(PRIORITY, 0, 9, b"\0\0\0\0\x10")),
    "6.5 an unknown setting": lambda c: c.send(frame(SETTINGS, 0, 0, setting(0xff, 1))),
    "6.9 WINDOW_UPDATE of a connection": lambda c: c.send(frame(WINDOW_UPDATE, 0, 0, b"\0\0\1\0")),
    "6.10 a head in three pieces": lambda c: (lambda b: c.send(
        frame(HEADERS, END_STREAM, 3, b[:4]) + frame(CONTINUATION, 0, 3, b[4:8]) +
        frame(CONTINUATION, END_HEADERS, 3, b[8:])))(block(c)),
    "8.1 trailers": lambda c: (opened(c, 3), c.send(
        frame(DATA, 0, 3, b"x" * 20) + frame(HEADERS, END_HEADERS | END_STREAM, 3,
                                             c.encoder.encode([("x-trailer", "v")])))),
    "7 GOAWAY of an unknown code": lambda c: c.send(frame(RST_STREAM, 0, 1, b"\0\0\0\xff")),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_is_allowed_leaves_the_connection_alone(client, case):
    closed(client)
    ALLOWED[case](client)
    assert client.is_alive()
    client.get(101)
    assert client.status(101) == 200


# Errors of the connection

def after_half_closed(client, data):
    client.get(1, path="/slow?delay=1000")
    client.send(data)


CONNECTION = {
    "4.2 a DATA frame too large": (
        lambda c: (opened(c), c.send(frame(DATA, END_STREAM, 1, b"x" * 16385))),
        {FRAME_SIZE_ERROR}),
    "4.2 a HEADERS frame too large": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, b"x" * 16385)),
        {FRAME_SIZE_ERROR}),
    "4.3 a block that cannot be decoded": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x7f\xff\xff\xff\xff\xff")),
        {COMPRESSION_ERROR}),
    "4.3 another frame inside a head": (
        lambda c: c.send(frame(HEADERS, END_STREAM, 1, block(c)) + frame(PING, 0, 0, b"\0" * 8)),
        {PROTOCOL_ERROR}),
    "4.3 another stream inside a head": (
        lambda c: c.send(frame(HEADERS, END_STREAM, 1, block(c)) +
                         frame(HEADERS, END_HEADERS | END_STREAM, 3, block(c))), {PROTOCOL_ERROR}),
    "5.1 DATA on an idle stream": (lambda c: c.send(frame(DATA, END_STREAM, 1, b"x")),
                                   {PROTOCOL_ERROR}),
    "5.1 RST_STREAM on an idle stream": (lambda c: c.send(frame(RST_STREAM, 0, 1, b"\0\0\0\x08")),
                                         {PROTOCOL_ERROR}),
    "5.1 WINDOW_UPDATE on an idle stream": (
        lambda c: c.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\x64")), {PROTOCOL_ERROR}),
    "5.1 CONTINUATION on an idle stream": (
        lambda c: c.send(frame(CONTINUATION, END_HEADERS, 1, block(c))), {PROTOCOL_ERROR}),
    "5.1.1 an even stream": (lambda c: c.get(2), {PROTOCOL_ERROR}),
    "5.1.1 a stream that goes back": (lambda c: (c.get(5), c.get(3)),
                                      {PROTOCOL_ERROR, STREAM_CLOSED}),
    "6.1 DATA on stream 0": (lambda c: c.send(frame(DATA, 0, 0, b"x" * 20)), {PROTOCOL_ERROR}),
    "6.1 padding longer than DATA": (
        lambda c: (opened(c), c.send(frame(DATA, END_STREAM | PADDED, 1, b"\x64abcd"))),
        {PROTOCOL_ERROR}),
    "6.2 HEADERS on stream 0": (lambda c: c.get(0), {PROTOCOL_ERROR}),
    "6.2 padding longer than HEADERS": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 1, b"\xff" + block(c))),
        {PROTOCOL_ERROR, COMPRESSION_ERROR}),
    "6.3 PRIORITY on stream 0": (lambda c: c.send(frame(PRIORITY, 0, 0, b"\0\0\0\1\x10")),
                                 {PROTOCOL_ERROR}),
    "6.4 RST_STREAM on stream 0": (lambda c: c.send(frame(RST_STREAM, 0, 0, b"\0\0\0\x08")),
                                   {PROTOCOL_ERROR}),
    "6.4 RST_STREAM of three bytes": (
        lambda c: (opened(c), c.send(frame(RST_STREAM, 0, 1, b"\0\0\0"))), {FRAME_SIZE_ERROR}),
    "6.5 SETTINGS ACK with a payload": (lambda c: c.send(frame(SETTINGS, ACK, 0, b"\0")),
                                        {FRAME_SIZE_ERROR}),
    "6.5 SETTINGS on a stream": (lambda c: c.send(frame(SETTINGS, 0, 1, setting(3, 100))),
                                 {PROTOCOL_ERROR}),
    "6.5 SETTINGS of five bytes": (lambda c: c.send(frame(SETTINGS, 0, 0, b"\0\3\0\0\0")),
                                   {FRAME_SIZE_ERROR}),
    "6.5.2 ENABLE_PUSH of 2": (lambda c: c.send(frame(SETTINGS, 0, 0, setting(2, 2))),
                               {PROTOCOL_ERROR}),
    "6.5.2 INITIAL_WINDOW_SIZE past its maximum": (
        lambda c: c.send(frame(SETTINGS, 0, 0, setting(4, 1 << 31))), {FLOW_CONTROL_ERROR}),
    "6.5.2 MAX_FRAME_SIZE below its minimum": (
        lambda c: c.send(frame(SETTINGS, 0, 0, setting(5, 16383))), {PROTOCOL_ERROR}),
    "6.5.2 MAX_FRAME_SIZE past its maximum": (
        lambda c: c.send(frame(SETTINGS, 0, 0, setting(5, 1 << 24))), {PROTOCOL_ERROR}),
    "6.6 PUSH_PROMISE of a client": (
        lambda c: c.send(frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block(c))),
        {PROTOCOL_ERROR}),
    "6.7 PING on a stream": (lambda c: c.send(frame(PING, 0, 1, b"\0" * 8)), {PROTOCOL_ERROR}),
    "6.7 PING of six bytes": (lambda c: c.send(frame(PING, 0, 0, b"\0" * 6)), {FRAME_SIZE_ERROR}),
    "6.8 GOAWAY on a stream": (lambda c: c.send(frame(GOAWAY, 0, 1, b"\0" * 8)), {PROTOCOL_ERROR}),
    "6.9 WINDOW_UPDATE of 0": (lambda c: c.send(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0")),
                               {PROTOCOL_ERROR}),
    "6.9 WINDOW_UPDATE of three bytes": (lambda c: c.send(frame(WINDOW_UPDATE, 0, 0, b"\0\0\1")),
                                         {FRAME_SIZE_ERROR}),
    "6.9.1 a window past its maximum": (
        lambda c: c.send(frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2),
        {FLOW_CONTROL_ERROR}),
    "6.10 CONTINUATION on stream 0": (
        lambda c: c.send(frame(HEADERS, END_STREAM, 1, block(c)[:4]) +
                         frame(CONTINUATION, END_HEADERS, 0, b"")), {PROTOCOL_ERROR}),
    "6.10 CONTINUATION after the end of a head": (
        lambda c: (opened(c), c.send(frame(CONTINUATION, END_HEADERS, 1, block(c)))),
        {PROTOCOL_ERROR}),
    "hpack 2.3.3 an index that is not there": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(c) + b"\xff\x80\x7f")),
        {COMPRESSION_ERROR}),
    "hpack 4.2 a table resized at the end": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(c) + b"\x3f\xe1\x1f")),
        {COMPRESSION_ERROR}),
    "hpack 5.2 Huffman padding of more than seven bits": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                               block(c) + b"\x00\x81\xf3\x81\xff")), {COMPRESSION_ERROR}),
    "hpack 6.1 index 0": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(c) + b"\x80")),
        {COMPRESSION_ERROR}),
    "hpack 6.3 a table larger than agreed": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x3f\xe1\xff\x03" + block(c))),
        {COMPRESSION_ERROR}),
}


@pytest.mark.parametrize("case", CONNECTION)
def test_an_error_of_the_connection_ends_it(client, case):
    act, codes = CONNECTION[case]
    act(client)
    assert client.connection_error() in codes | {"closed"}


# Errors of a stream

HALF_CLOSED = {"DATA": frame(DATA, END_STREAM, 1, b"x"),
               "CONTINUATION": frame(CONTINUATION, END_HEADERS, 1, b"")}

STREAM = {
    "5.3.1 a stream that depends on itself": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM | PRIORITY_FLAG, 1,
                               b"\0\0\0\1\x10" + block(c))), {PROTOCOL_ERROR}),
    "6.3 PRIORITY of four bytes": (lambda c: (opened(c), c.send(frame(PRIORITY, 0, 1, b"\0" * 4))),
                                   {FRAME_SIZE_ERROR}),
    "6.9 WINDOW_UPDATE of 0": (
        lambda c: (opened(c), c.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\0"))), {PROTOCOL_ERROR}),
    "6.9.1 a window past its maximum": (
        lambda c: (opened(c), c.send(frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2)),
        {FLOW_CONTROL_ERROR}),
    "8.1 a second head without an end": (
        lambda c: (opened(c), c.send(frame(HEADERS, END_HEADERS, 1, block(c, method="POST")))),
        {PROTOCOL_ERROR}),
    "8.2.1 capital letters": (
        lambda c: c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(c) + b"\x00\x01X\x01v")),
        {PROTOCOL_ERROR}),
    "8.3 pseudo-field in a trailer": (
        lambda c: (opened(c), c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                           c.encoder.encode([(":method", "GET")])))),
        {PROTOCOL_ERROR}),
    "8.1.1 content-length that DATA exceeds": (
        lambda c: (c.headers(1, c.head(("content-length", "1"), method="POST"), END_HEADERS),
                   c.send(frame(DATA, END_STREAM, 1, b"test"))), {PROTOCOL_ERROR}),
    "8.1.1 content-length that two DATA frames miss": (
        lambda c: (c.headers(1, c.head(("content-length", "9"), method="POST"), END_HEADERS),
                   c.send(frame(DATA, 0, 1, b"te") + frame(DATA, END_STREAM, 1, b"st"))),
        {PROTOCOL_ERROR}),
}


@pytest.mark.parametrize("case", STREAM)
def test_an_error_of_a_stream_ends_at_least_it(client, case):
    act, codes = STREAM[case]
    act(client)
    assert client.stream_error(1) in codes | {"closed"}


MALFORMED = {
    "8.2.2 connection": ([("connection", "keep-alive")], None),
    "8.2.2 te": ([("te", "trailers, deflate")], None),
    "8.2.2 transfer-encoding": ([("transfer-encoding", "chunked")], None),
    "8.2.2 upgrade": ([("upgrade", "h2c")], None),
    "8.2.1 a value with CR and LF": ([("x", "a\r\nb: c")], None),
    "8.2.1 a value with NUL": ([("x", "a\0b")], None),
    "8.3 an unknown pseudo-field": ([(":test", "ok")], None),
    "8.3 a pseudo-field of answers": ([(":status", "200")], None),
    "8.3 a pseudo-field after a field": ([("x", "y"), (":path", "/")], None),
    "8.3.1 an empty :path": ([], {":path": ""}),
    "8.3.1 no :method": ([], {":method": None}),
    "8.3.1 no :scheme": ([], {":scheme": None}),
    "8.3.1 no :path": ([], {":path": None}),
    "8.3.1 :method twice": ([(":method", "GET")], None),
    "8.3.1 :scheme twice": ([(":scheme", "http")], None),
    "8.3.1 :path twice": ([(":path", "/")], None),
    "8.5 extended CONNECT": ([(":protocol", "websocket")], {":method": "CONNECT"}),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_is_an_error_and_never_reaches_the_site(client, origin, case):
    """An answer of 400 may come before the reset, and instead of it where nothing is left to read
    (RFC 9113 section 8.1.1)."""
    extra, changed = MALFORMED[case]
    changed = changed or {}
    head = [(name, changed.get(name, value)) for name, value in client.head()]
    client.headers(1, [field for field in head if field[1] is not None] + extra)
    found = client.wait(lambda f: f[2] == 1 and f[0] in (HEADERS, RST_STREAM) or f[0] == GOAWAY)
    if found is not None and found[0] == HEADERS:
        assert client.heads[1][":status"] in ("400", "501")
    elif found is not None:
        code = found[3][:4] if found[0] == RST_STREAM else found[3][4:8]
        assert int.from_bytes(code, "big") == PROTOCOL_ERROR
    assert not any(connection["requests"] for connection in origin.connections())


# States

@pytest.mark.parametrize("kind", ["DATA", "HEADERS"])
def test_what_comes_after_the_end_of_a_request_is_an_error(client, kind):
    client.get(1, path="/slow?delay=1000")
    client.send(frame(DATA, END_STREAM, 1, b"x") if kind == "DATA" else
                frame(HEADERS, END_HEADERS | END_STREAM, 1, block(client)))
    assert client.stream_error(1) in (STREAM_CLOSED, PROTOCOL_ERROR, "closed")


@pytest.mark.parametrize("end", ["answered", "reset by the client"])
@pytest.mark.parametrize("kind", ["DATA", "HEADERS"])
def test_what_comes_for_a_closed_stream_is_an_error(client, kind, end):
    """nghttp2 alone would ignore it (RFC 9113 section 5.1)."""
    if end == "answered":
        closed(client)
    else:
        opened(client)
        client.send(frame(RST_STREAM, 0, 1, (8).to_bytes(4, "big")))
    client.send(frame(DATA, END_STREAM, 1, b"x") if kind == "DATA" else
                frame(HEADERS, END_HEADERS | END_STREAM, 1, block(client)))
    assert client.connection_error() in (STREAM_CLOSED, "closed")


def test_what_was_on_its_way_to_a_stream_that_was_refused_is_no_error(client):
    opened(client, 1)
    client.send(frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff"))     # Past the largest window
    assert client.wait(lambda f: f[0] == RST_STREAM and f[2] == 1)
    client.send(frame(DATA, 0, 1, b"x" * 100) + frame(DATA, END_STREAM, 1, b"x"))
    assert client.is_alive()


def test_more_streams_than_agreed_are_refused(client):
    for stream in range(1, 220, 2):
        client.get(stream, path="/slow?do=hang")
    refused = client.wait(lambda f: f[0] in (RST_STREAM, GOAWAY))
    code = refused[3][:4] if refused[0] == RST_STREAM else refused[3][4:8]
    assert int.from_bytes(code, "big") in (REFUSED_STREAM, PROTOCOL_ERROR)


# Windows and settings of the client

def test_settings_and_pings_are_acknowledged(client):
    client.send(frame(SETTINGS, 0, 0, setting(3, 100)))
    assert client.wait(lambda f: f[0] == SETTINGS and f[1] & ACK)
    client.send(frame(PING, 0, 0, b"12345678"))
    assert client.wait(lambda f: f[0] == PING and f[1] & ACK)[3] == b"12345678"


def test_a_window_of_one_byte_is_kept_to(client):
    client.send(frame(SETTINGS, 0, 0, setting(4, 1)))
    client.get(1)
    found = client.wait(lambda f: f[0] == DATA and f[2] == 1)
    assert len(found[3]) == 1


def test_a_window_may_shrink_below_zero(client):
    client.send(frame(SETTINGS, 0, 0, setting(4, 3)))
    client.get(1)
    assert len(client.wait(lambda f: f[0] == DATA and f[2] == 1)[3]) == 3
    client.send(frame(SETTINGS, 0, 0, setting(4, 2)) + frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\2"))
    assert len(client.wait(lambda f: f[0] == DATA and f[2] == 1)[3]) == 1


def test_frames_of_the_size_that_is_agreed_are_kept_to(client):
    client.send(frame(SETTINGS, 0, 0, setting(5, 20000)))
    client.get(1, path="/page?size=60000")
    sizes = []
    while sum(sizes) < 60000:
        sizes.append(len(client.wait(lambda f: f[0] == DATA)[3]))
    assert max(sizes) <= 20000


def test_a_preface_that_is_none_ends_the_connection(client):
    with Frames(int(client.authority.rsplit(":", 1)[1]), hello=False) as other:
        other.send(PREFACE[:-2] + b"XX")
        assert other.connection_error() in (PROTOCOL_ERROR, "closed")
    assert client.is_alive()


def test_what_names_no_version_of_http_is_told_so_in_http2(client):
    with Frames(int(client.authority.rsplit(":", 1)[1]), hello=False) as other:
        other.send(b"INVALID CONNECTION PREFACE\r\n\r\n")
        assert other.connection_error() == PROTOCOL_ERROR


def test_a_malformed_request_of_http1_is_told_so_in_http1(client):
    with Client(int(client.authority.rsplit(":", 1)[1])) as other:
        other.send(b"GET / HTTP/1.1\r\nno field\r\n\r\n")
        assert other.read_reply().status == 400
    with Client(int(client.authority.rsplit(":", 1)[1])) as other:
        other.send(b"GET / HTTP/1.1\r\nHost: site.example\r\n\r\nINVALID\r\n\r\n")
        assert [other.read_reply().status for _ in range(2)] == [200, 400]
