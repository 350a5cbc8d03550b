"""HTTP/1.1 as the tests need it: raw bytes out, strict reading in, nothing repaired.

Client    one connection; send() any bytes, read_reply() one response, strictly framed.
Browser   a user: cookies, keep-alive, its own 127.x source address; follows nothing by itself.
"""
import gzip
import socket
import struct
import time
import zlib
from urllib.parse import urlencode


class Truncated(Exception):
    """The peer ended inside a response; `reply` holds what came, or None without a head."""

    def __init__(self, reply, received):
        super().__init__(f"cut after {len(received)} bytes")
        self.reply = reply
        self.received = received


class Malformed(Exception):
    """A response that HTTP/1.1 does not allow."""


class Reply:
    def __init__(self, version, status, reason, fields, raw_head):
        self.version = version
        self.status = status
        self.reason = reason
        self.fields = fields            # list of (name as sent, value)
        self.raw_head = raw_head
        self.raw_body = b""             # as framed, coding not undone
        self.interim = []               # 1xx replies before this one

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    @property
    def body(self):
        coding = (self.field("Content-Encoding") or "identity").lower()
        if coding == "gzip":
            return gzip.decompress(self.raw_body) if self.raw_body else b""
        if coding == "deflate":
            return zlib.decompress(self.raw_body)
        return self.raw_body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def received(self):
        return self.raw_head + self.raw_body


class Client:
    def __init__(self, port, host="127.0.0.1", source=None, timeout=20, tls=None, name=None,
                 preface=b""):
        """`tls`: an ssl context, to a server called `name`; `preface`: sent before all else;
        `port`: or the path of a Unix socket."""
        if isinstance(port, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(port)
            port = 80
        else:
            self.socket = socket.create_connection((host, port), timeout=timeout,
                                                   source_address=(source, 0) if source else None)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(preface)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name or host)
        self.host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._pending = b""
        self._ended = False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a reset: what was asked is given up at once."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_slowly(self, data, piece=1, pause=0.0):
        for at in range(0, len(data), piece):
            self.socket.sendall(data[at:at + piece])
            time.sleep(pause)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, method, target, fields=(), body=None):
        self.send(request_bytes(method, target, self.host, fields, body))
        return self.read_reply(method)

    def get(self, target, fields=()):
        return self.request("GET", target, fields)

    # Reading

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self._ended = not data
        self._pending += data
        return bool(data)

    def _take(self, count):
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    def read_reply(self, method="GET"):
        """The next final response; 1xx before it are in `.interim`."""
        interim = []
        while True:
            reply = self._read_head()
            if 100 <= reply.status < 200 and reply.status != 101:
                interim.append(reply)
                continue
            reply.interim = interim
            self._read_body(reply, method)
            return reply

    def _read_head(self):
        while b"\r\n\r\n" not in self._pending:
            if not self._more():
                raise Truncated(None, self._pending)
        head = self._take(self._pending.index(b"\r\n\r\n") + 4)
        lines = head[:-4].decode("latin-1").split("\r\n")
        if any(bad in line for line in lines for bad in "\r\n\0"):
            raise Malformed("bare CR, bare LF or NUL in the head")
        version, _, rest = lines[0].partition(" ")
        status, _, reason = rest.partition(" ")
        if version not in ("HTTP/1.1", "HTTP/1.0") or not status.isdigit() or len(status) != 3:
            raise Malformed(lines[0])
        fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Malformed(line)
            fields.append((name, value.strip(" \t")))
        return Reply(version, int(status), reason, fields, head)

    def _read_body(self, reply, method):
        if method == "HEAD" or reply.status in (204, 304):
            return
        codings, lengths = reply.all("Transfer-Encoding"), reply.all("Content-Length")
        if codings and lengths or len(set(lengths)) > 1:
            raise Malformed("two framings")
        if lengths and not (lengths[0].isascii() and lengths[0].isdigit()):
            raise Malformed(f"length {lengths[0]!r}")
        if codings:
            self._read_chunks(reply)
        elif lengths:
            self._read_exactly(reply, int(lengths[0]))
        else:
            while self._more():
                pass
            reply.raw_body = self._take(len(self._pending))

    def _read_exactly(self, reply, count):
        while len(self._pending) < count:
            if not self._more():
                reply.raw_body += self._pending
                raise Truncated(reply, reply.received)
        reply.raw_body += self._take(count)

    def _read_chunks(self, reply):
        while True:
            size = self._read_line(reply)
            if not size or any(digit not in b"0123456789abcdefABCDEF" for digit in size):
                raise Malformed(f"chunk size {size!r}")
            if int(size, 16) == 0:
                break
            self._read_exactly(reply, int(size, 16))
            if self._read_line(reply):
                raise Malformed("chunk longer than its size")
        while self._read_line(reply):
            raise Malformed("trailers were sent")

    def _read_line(self, reply):
        while b"\r\n" not in self._pending:
            if not self._more():
                raise Truncated(reply, reply.received + self._pending)
        line = self._take(self._pending.index(b"\r\n") + 2)
        return line[:-2]

    def nothing_more(self, seconds=0.2):
        """True when the peer sends no byte for a while, or has closed without one."""
        if self._pending:
            return False
        self.socket.settimeout(seconds)
        try:
            return not self._more()
        except TimeoutError:
            return True

    def is_closed(self, seconds=20):
        """True when the peer closes within `seconds` and sends nothing before that."""
        self.socket.settimeout(seconds)
        try:
            return not self._more()
        except TimeoutError:
            return False


def request_bytes(method, target, host, fields=(), body=None):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


class Browser:
    """Cookies of one site by name (path and expiry are not looked at, deletion is)."""

    def __init__(self, port, host="127.0.0.1", source=None, fields=(), timeout=20):
        self.cookies = {}
        self._port, self._host, self._source, self._timeout = port, host, source, timeout
        self._fields = list(fields)
        self._client = None

    def close(self):
        if self._client:
            self._client.close()
            self._client = None

    def get(self, target, fields=()):
        return self.request("GET", target, fields)

    def post(self, target, form, fields=()):
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        return self.request("POST", target, kind + list(fields), urlencode(form).encode())

    def request(self, method, target, fields=(), body=None):
        fields = self._fields + list(fields)
        if self.cookies:
            fields.append(("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items())))
        reply = self._exchange(method, target, fields, body)
        for line in reply.all("Set-Cookie"):
            self._take_cookie(line)
        return reply

    def _exchange(self, method, target, fields, body):
        """One try more when a kept connection was closed before the first byte of an answer."""
        kept = self._client is not None
        try:
            reply = self._on_connection(method, target, fields, body)
        except (Truncated, OSError) as error:
            self.close()
            if not kept or getattr(error, "received", b""):
                raise
            reply = self._on_connection(method, target, fields, body)
        except Malformed:
            self.close()
            raise
        if "close" in ",".join(reply.all("Connection")).lower() or reply.version == "HTTP/1.0":
            self.close()
        return reply

    def _on_connection(self, method, target, fields, body):
        if self._client is None:
            self._client = Client(self._port, self._host, self._source, self._timeout)
        return self._client.request(method, target, fields, body)

    def _take_cookie(self, line):
        pair, *attributes = line.split(";")
        name, _, value = pair.strip().partition("=")
        gone = any(a.strip().lower() in ("max-age=0",) or "01 jan 1970" in a.lower()
                   or "01-jan-1970" in a.lower() for a in attributes)
        if gone or value in ("", "deleted"):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
