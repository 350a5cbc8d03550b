#!/usr/bin/python3
"""The origin that fails on command: `origin.py --port 9000 --control-port 9002`.

The query of the request (`/any/path?do=chunked&size=100000`) or, stronger, an `X-Do: chunked;
size=100000` field says what to answer. Bytes go out exactly as written here, right or wrong.

Common parameters

    size=N            bytes of body (default 100)      status=N         status code (200)
    type=T            Content-Type (text/html; charset=utf-8; `type=` for none)
    marker=USER       <meta name="user-marker" content="USER"> in front of the body
    marker_at=N       ... after N bytes of the body
    attr=NAME:VALUE   <i NAME="VALUE"> in front of the body; may be given often
    field=NAME:VALUE  one more field; may be given often (Set-Cookie, duplicates, X-User-Marker)
    echo=right|wrong|missing    Countermark-Echo (default missing)
    delay=MS          before the first byte            piece=N, pause=MS  write in pieces, slowly
    close=1           Connection: close, and close     coding=gzip|deflate|raw-deflate|br|zstd
                                                     several with `+`, in order; lie; bomb
    token=NAME        a new session cookie of that name in this response

do=...            what the answer is

    length            Content-Length (default)
    chunked           chunked, in chunks of chunk=N (1000); ext=1 extension, trailer=1 trailer
    until-close       neither; the end of the connection is the end of the body
    http10            an HTTP/1.0 response ended by closing
    no-content        204               not-modified    304, with ETag and Content-Length of a 200
    body-on-head      bytes after the head of an answer to HEAD (any method)
    body-on-204       204 with a body   body-on-304     304 with a body
    excess            excess=N (10) bytes after a complete response, in the same write
    leftover          excess=N (10) bytes of the answer before, then a complete response
    idle-bytes        a complete response, then after delay2=MS (50) a second one unasked
    cut-head          closes in the middle of the head         cut-line    ... of the status line
    cut-body          closes after cut=N (half) bytes of a Content-Length body
    cut-chunk         closes inside a chunk                     cut-last    no last chunk
    reset-body        as cut-body, with a TCP reset             close-now   closes without a byte
    hang              never answers (until hang=MS, 60000)      hang-body   stops half way
    early-413         413 at once, the request body is not read; the connection is kept
    100-then          100 Continue, then the answer             100-twice   two of them
    103-then          103 Early Hints with a Link, then the answer
    no-100            waits for the body although Expect: 100-continue was sent
    417               417 Expectation Failed without reading the body
    cl-te             Content-Length and Transfer-Encoding      two-cl      two different lengths
    same-cl           the same length twice                     empty-cl    an empty Content-Length
    signed-cl         Content-Length: +N                        te-unknown  Transfer-Encoding: x
    bad-chunk         chunk size that is no number              big-chunk   size of 17 digits
    bad-status        `HTTP/1.1 2OO OK`                         status-lf   status line ended by LF
    bad-version       `HTTP/3.7 200 OK`                         garbage     no HTTP at all
    bare-cr           a CR inside a field                       obs-fold    a folded field
    nul               a NUL inside a field                      space-name  space before the colon
    many-fields       fields=N (1000) of them                   long-field  a field of size bytes
    switch            101 Switching Protocols                   ntlm        401 with NTLM
    sse               text/event-stream: events=N (3), pause=MS between; marker in each
    download          attachment (Content-Disposition) of `size` bytes
    post-echo         the request body comes back as text/plain

Control port (loopback, JSON)

    GET    /connections    [{"id", "open", "ended", "requests": [{"method", "target", "fields",
                           "cookie", "session", "body_len", "body_sha256", "at", "head",
                           "complete"}]}]; `session` is the JSESSIONID that travelled, `head` the
                           received head as Latin-1, `at` a monotonic time in seconds
    DELETE /connections    forget closed ones, and the requests of open ones
    PUT    /default        {"do": ..., ...}: parameters for requests that bring none of their own
"""
import argparse
import gzip
import hashlib
import json
import secrets
import signal
import socket
import threading
import time
import zlib
from urllib.parse import parse_qsl, urlsplit

from wire import Stop, Wire


class Order:
    """What a request asks this origin to do."""

    def __init__(self, pairs):
        self._pairs = pairs

    def text(self, name, default=""):
        return next((value for key, value in self._pairs if key == name), default)

    def number(self, name, default):
        return int(self.text(name, str(default)))

    def all(self, name):
        return [value for key, value in self._pairs if key == name]


class Request:
    def __init__(self, head):
        lines = head[:-4].decode("latin-1").split("\r\n")
        self.head = head.decode("latin-1")
        self.method, self.target, self.version = lines[0].split(" ", 2)
        self.fields = [[part.strip() for part in line.split(":", 1)] for line in lines[1:]]
        self.body = None                # None while it was not read
        self.at = time.monotonic()
        self.complete = False

    def field(self, name):
        return next((value for key, value in self.fields if key.lower() == name), "")

    def has_body(self):
        return bool(self.field("transfer-encoding") or self.field("content-length").strip("0"))

    def order(self, default):
        asked = self.field("x-do")
        if asked:
            first, *rest = [part.strip() for part in asked.split(";")]
            return Order([("do", first)] + [tuple(part.split("=", 1)) for part in rest if part])
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
        return Order(pairs or list(default.items()))

    def session(self):
        for pair in self.field("cookie").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == "JSESSIONID":
                return value
        return None

    def as_record(self):
        body = self.body or b""
        return {"method": self.method, "target": self.target, "fields": self.fields,
                "cookie": self.field("cookie"), "session": self.session(), "head": self.head,
                "body_len": len(body), "body_sha256": hashlib.sha256(body).hexdigest(),
                "at": self.at, "complete": self.complete}


def read_body(wire, request):
    if request.field("transfer-encoding"):
        request.body = wire.chunks()
    else:
        request.body = wire.exactly(int(request.field("content-length") or 0))
    request.complete = True


# The pieces of an answer

def plain_body(order):
    size = order.number("size", 100)
    body = b"x" * size
    marker = order.text("marker")
    if marker:
        at = order.number("marker_at", 0)
        line = f'<meta name="user-marker" content="{marker}">\n'.encode()
        body = body[:at] + line + body[at:]
    for extra in order.all("attr"):
        name, _, value = extra.partition(":")
        body = f'<i {name}="{value}"></i>\n'.encode() + body
    return body


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def brotli_of(body):
    import brotli                           # only here: the demo does without
    return brotli.compress(body, quality=5)


def zstd_of(body):
    import zstandard
    return zstandard.compress(body, 3)


CODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "raw-deflate": raw_deflate,
          "br": brotli_of, "zstd": zstd_of}


def coded_body(order):
    """(body as sent, Content-Encoding or None)."""
    body, coding = plain_body(order), order.text("coding")
    if coding == "lie":
        return body, "gzip"
    names = []
    for word in coding.split("+") if coding else ():
        if word == "bomb":                  # of what follows, or alone of gzip
            body = b"\0" * (128 << 20)
            word = "gzip" if coding == "bomb" else ""
        if word:
            body = CODERS[word](body)
            names.append("deflate" if word == "raw-deflate" else word)
    return body, ", ".join(names) or None


def common_fields(order, request):
    fields = []
    media_type = order.text("type", "text/html; charset=utf-8")
    if media_type:
        fields.append(("Content-Type", media_type))
    asked = request.field("countermark-request")
    echo = {"right": asked, "wrong": "0" * 32}.get(order.text("echo"))
    if echo:
        fields.append(("Countermark-Echo", echo))
    if order.text("token"):
        fields.append(("Set-Cookie", f"{order.text('token')}={secrets.token_hex(16)}; Path=/"))
    if order.text("close"):
        fields.append(("Connection", "close"))
    for extra in order.all("field"):
        fields.append(tuple(extra.split(":", 1)))
    return fields


def head_of(status, fields, version="HTTP/1.1"):
    lines = [f"{version} {status}"] + [f"{name}: {value.strip()}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def status_of(order, default="200 OK"):
    code = order.text("status")
    return f"{code} Status" if code else default


class Answer:
    """Sends what the order says. One method for each `do`, `-` written as `_`."""

    def __init__(self, wire, request, order):
        self.wire, self.request, self.order = wire, request, order
        self.body, coding = coded_body(order)
        self.fields = common_fields(order, request)
        if coding:
            self.fields.append(("Content-Encoding", coding))

    def go(self):
        time.sleep(self.order.number("delay", 0) / 1000)
        name = self.order.text("do", "length").replace("-", "_")
        method = getattr(self, "do_" + name, None)
        if method is None:
            self.fields, self.body = [], f"no such order: {name}\n".encode()
            self.plain("500 No Such Order")
            return
        method()
        if self.order.text("close"):
            raise Stop

    def plain(self, status=None, extra=(), body=None):
        """A correct response with Content-Length; no body on HEAD."""
        body = self.body if body is None else body
        fields = self.fields + list(extra) + [("Content-Length", str(len(body)))]
        sent = b"" if self.request.method == "HEAD" else body
        self.wire.send(head_of(status or status_of(self.order), fields) + sent, self.order)

    def raw(self, head, body=b""):
        """Whatever it is; then the connection is closed."""
        self.wire.send(head + body, self.order)
        raise Stop

    def chunk_bytes(self):
        size = self.order.number("chunk", 1000)
        ext = b";name=value" if self.order.text("ext") else b""
        pieces = [self.body[at:at + size] for at in range(0, len(self.body), size)]
        return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), ext, piece) for piece in pieces)

    def chunked_head(self, extra=()):
        return head_of(status_of(self.order),
                       self.fields + list(extra) + [("Transfer-Encoding", "chunked")])

    # Correct ones

    def do_length(self):
        self.plain()

    def do_chunked(self):
        end = b"0\r\nX-Trailer: 1\r\n\r\n" if self.order.text("trailer") else b"0\r\n\r\n"
        body = b"" if self.request.method == "HEAD" else self.chunk_bytes() + end
        self.wire.send(self.chunked_head() + body, self.order)

    def do_until_close(self):
        self.raw(head_of(status_of(self.order), self.fields), self.body)

    def do_http10(self):
        self.raw(head_of(status_of(self.order), self.fields, "HTTP/1.0"), self.body)

    def do_no_content(self):
        self.wire.send(head_of("204 No Content", self.fields))

    def do_not_modified(self):
        self.wire.send(head_of("304 Not Modified", self.fields + [
            ("ETag", '"1"'), ("Content-Length", str(len(self.body)))]))

    def do_download(self):
        self.plain(extra=[("Content-Disposition", 'attachment; filename="file.bin"')])

    def do_post_echo(self):
        self.fields = [("Content-Type", "text/plain; charset=utf-8")]
        self.plain(body=self.request.body or b"")

    def do_sse(self):
        self.fields[0] = ("Content-Type", "text/event-stream")
        self.wire.send(self.chunked_head())
        for number in range(self.order.number("events", 3)):
            event = b"data: %d %s\n\n" % (number, self.body.replace(b"\n", b" "))
            self.wire.send(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(self.order.number("pause", 0) / 1000)
        self.wire.send(b"0\r\n\r\n")

    # Too much

    def do_body_on_head(self):
        head = head_of("200 OK", self.fields + [("Content-Length", str(len(self.body)))])
        self.wire.send(head + self.body)

    def do_body_on_204(self):
        self.wire.send(head_of("204 No Content", self.fields) + self.body)

    def do_body_on_304(self):
        self.wire.send(head_of("304 Not Modified", self.fields + [
            ("Content-Length", str(len(self.body)))]) + self.body)

    def do_excess(self):
        head = head_of("200 OK", self.fields + [("Content-Length", str(len(self.body)))])
        self.wire.send(head + self.body + b"y" * self.order.number("excess", 10), self.order)

    def do_leftover(self):
        self.wire.send(b"y" * self.order.number("excess", 10))
        self.plain()

    def do_idle_bytes(self):
        self.plain()
        time.sleep(self.order.number("delay2", 50) / 1000)
        self.plain()

    # Too little

    def do_cut_head(self):
        self.raw(head_of("200 OK", self.fields + [("Content-Length", "100")])[:-6])

    def do_cut_line(self):
        self.raw(b"HTTP/1.1 20")

    def cut(self):
        head = head_of("200 OK", self.fields + [("Content-Length", str(len(self.body)))])
        self.wire.send(head + self.body[:self.order.number("cut", len(self.body) // 2)], self.order)

    def do_cut_body(self):
        self.cut()
        raise Stop

    def do_reset_body(self):
        self.cut()
        time.sleep(0.05)
        self.wire.reset()

    def do_hang_body(self):
        self.cut()
        self.do_hang()

    def do_cut_chunk(self):
        self.raw(self.chunked_head(), self.chunk_bytes()[:-10])

    def do_cut_last(self):
        self.raw(self.chunked_head(), self.chunk_bytes())

    def do_close_now(self):
        raise Stop

    def do_hang(self):
        time.sleep(self.order.number("hang", 60000) / 1000)
        raise Stop

    # Before the body of the request

    def do_early_413(self):
        self.plain("413 Content Too Large")

    def do_417(self):
        self.plain("417 Expectation Failed")

    def do_100_then(self):
        self.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.read_late()
        self.plain()

    def do_100_twice(self):
        self.wire.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        self.read_late()
        self.plain()

    def do_103_then(self):
        self.wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
        self.plain()

    def do_no_100(self):
        self.read_late()
        self.plain()

    def read_late(self):
        if self.request.body is None:
            read_body(self.wire, self.request)

    # Framing that means two things, heads that mean nothing

    def framed(self, *fields, body=None):
        self.raw(head_of("200 OK", self.fields + list(fields)), self.body if body is None else body)

    def do_cl_te(self):
        self.framed(("Content-Length", str(len(self.body))), ("Transfer-Encoding", "chunked"),
                    body=self.chunk_bytes() + b"0\r\n\r\n")

    def do_two_cl(self):
        self.framed(("Content-Length", str(len(self.body))), ("Content-Length", "5"))

    def do_same_cl(self):
        self.framed(*[("Content-Length", str(len(self.body)))] * 2)

    def do_empty_cl(self):
        self.framed(("Content-Length", ""))

    def do_signed_cl(self):
        self.framed(("Content-Length", f"+{len(self.body)}"))

    def do_te_unknown(self):
        self.framed(("Transfer-Encoding", "x"))

    def do_bad_chunk(self):
        self.framed(("Transfer-Encoding", "chunked"), body=b"zz\r\n" + self.body + b"\r\n0\r\n\r\n")

    def do_big_chunk(self):
        self.framed(("Transfer-Encoding", "chunked"), body=b"1" + b"0" * 16 + b"\r\n" + self.body)

    def with_line(self, line):
        self.raw(line + head_of("", self.fields + [("Content-Length", str(len(self.body)))])
                 .split(b"\r\n", 1)[1], self.body)

    def do_bad_status(self):
        self.with_line(b"HTTP/1.1 2OO OK\r\n")

    def do_status_lf(self):
        self.with_line(b"HTTP/1.1 200 OK\n")

    def do_bad_version(self):
        self.with_line(b"HTTP/3.7 200 OK\r\n")

    def do_bare_cr(self):
        self.with_line(b"HTTP/1.1 200 OK\r\nX-Field: a\rX-Other: b\r\n")

    def do_obs_fold(self):
        self.with_line(b"HTTP/1.1 200 OK\r\nX-Field: a\r\n b\r\n")

    def do_nul(self):
        self.with_line(b"HTTP/1.1 200 OK\r\nX-Field: a\0b\r\n")

    def do_space_name(self):
        self.with_line(b"HTTP/1.1 200 OK\r\nX-Field : a\r\n")

    def do_garbage(self):
        self.raw(b"\x00\x01\x02 this is not HTTP\r\n\r\n")

    def do_many_fields(self):
        self.plain(extra=[(f"X-Field-{n}", "v") for n in range(self.order.number("fields", 1000))])

    def do_long_field(self):
        self.plain(extra=[("X-Long", "v" * self.order.number("size", 100))])

    def do_switch(self):
        self.raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
                 self.body)

    def do_ntlm(self):
        self.plain("401 Unauthorized", [("WWW-Authenticate", "NTLM")])


# Orders that are answered before the body of the request is read
BODY_LATER = ("early-413", "417", "100-then", "100-twice", "no-100")


class Origin:
    def __init__(self):
        self.default = {}
        self._lock = threading.Lock()
        self._records = []              # dicts; "requests" holds Request objects
        self._next_id = 1

    def open(self):
        with self._lock:
            record = {"id": self._next_id, "open": True, "ended": None, "requests": []}
            self._next_id += 1
            self._records.append(record)
            return record

    def records(self):
        with self._lock:
            return [{**record, "requests": [r.as_record() for r in record["requests"]]}
                    for record in self._records]

    def forget(self):
        with self._lock:
            self._records = [record for record in self._records if record["open"]]
            for record in self._records:
                record["requests"].clear()

    def serve(self, sock):
        record = self.open()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            wire = Wire(sock)
            while True:
                self._serve_one(wire, record)
        except Stop:
            record["ended"] = "closed"
        except (OSError, ValueError) as error:
            record["ended"] = type(error).__name__
        finally:
            record["open"] = False
            sock.close()

    def _serve_one(self, wire, record):
        request = Request(wire.until(b"\r\n\r\n"))
        with self._lock:
            record["requests"].append(request)
        order = request.order(self.default)
        if order.text("do") not in BODY_LATER:
            if request.field("expect") and request.has_body():
                wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            read_body(wire, request)
        Answer(wire, request, order).go()
        if "close" in request.field("connection").lower():
            raise Stop

    def control(self, sock):
        wire = Wire(sock)
        try:
            while True:
                request = Request(wire.until(b"\r\n\r\n"))
                read_body(wire, request)
                status, value = self._control(request)
                body = json.dumps(value).encode()
                wire.send(head_of(status, [("Content-Type", "application/json"),
                                           ("Content-Length", str(len(body)))]) + body)
        except (Stop, OSError, ValueError):
            sock.close()

    def _control(self, request):
        if request.target == "/connections" and request.method == "DELETE":
            self.forget()
            return "200 OK", {}
        if request.target == "/connections":
            return "200 OK", self.records()
        if request.target == "/default" and request.method == "PUT":
            self.default = json.loads(request.body)
            return "200 OK", self.default
        return "404 Not Found", {"error": "no such path"}


def listen(address, port, serve):
    listener = socket.create_server((address, port), backlog=1024)

    def accept():
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description="the origin that fails on command")
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--control-port", type=int, default=9002)
    options = parser.parse_args()
    origin = Origin()
    port = listen(options.listen, options.port, origin.serve)
    control = listen("127.0.0.1", options.control_port, origin.control)
    print(f"origin: {options.listen}:{port}, control 127.0.0.1:{control}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
