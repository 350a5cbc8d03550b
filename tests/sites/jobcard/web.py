"""A small threaded HTTP/1.1 server: keep-alive, Content-Length and chunked in both directions."""
import gzip
import socket
import socketserver
from urllib.parse import parse_qs, urlsplit

LINE_MAX = 16384
BODY_MAX = 1 << 20
REASONS = {200: "OK", 303: "See Other", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 413: "Content Too Large", 500: "Internal Server Error"}


class BadRequest(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


class Request:
    def __init__(self, method, target, version, fields):
        parts = urlsplit(target)
        self.method = method
        self.path = parts.path
        self.query = parse_qs(parts.query)
        self.version = version
        self.fields = fields            # list of (lower-case name, value)
        self.body = b""

    def field(self, name, default=""):
        return next((value for key, value in self.fields if key == name), default)

    def form(self):
        pairs = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}

    def cookie(self, wanted):
        for key, value in self.fields:
            if key != "cookie":
                continue
            for pair in value.split(";"):
                name, _, content = pair.strip().partition("=")
                if name == wanted:
                    return content
        return None

    def keeps_alive(self):
        tokens = self.field("connection").lower()
        return "close" not in tokens if self.version == "HTTP/1.1" else "keep-alive" in tokens


class Response:
    def __init__(self, status=200, body="", media_type="text/html; charset=utf-8"):
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.fields = [("Content-Type", media_type)] if self.body else []

    def add(self, name, value):
        self.fields.append((name, value))
        return self


class Connection(socketserver.StreamRequestHandler):
    """One client connection; a thread of its own. `server.answer(request)` gives the response."""
    disable_nagle_algorithm = True
    rbufsize = 65536

    def handle(self):
        try:
            while self._serve_one():
                pass
        except (ConnectionError, socket.timeout, ValueError):
            pass
        finally:
            self.server.thread_ends()

    def _serve_one(self):
        try:
            request = self._read_request()
        except BadRequest as bad:
            self._send(None, Response(bad.status, "bad request\n", "text/plain"), False)
            return False
        if request is None:
            return False
        keep = request.keeps_alive()
        self._send(request, self.server.answer(request), keep)
        return keep

    def _read_line(self):
        line = self.rfile.readline(LINE_MAX + 1)
        if line and not line.endswith(b"\r\n"):
            raise BadRequest(400)
        return line[:-2].decode("latin-1")

    def _read_request(self):
        first = self.rfile.readline(LINE_MAX + 1)
        if not first:
            return None
        parts = first.decode("latin-1").rstrip("\r\n").split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadRequest(400)
        fields = []
        while line := self._read_line():
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequest(400)
            fields.append((name.lower(), value.strip(" \t")))
        request = Request(*parts, fields)
        request.body = self._read_body(request)
        return request

    def _read_body(self, request):
        if request.field("transfer-encoding"):
            if request.field("expect"):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return self._read_chunks()
        length = request.field("content-length", "0")
        if not length.isdigit():
            raise BadRequest(400)
        if int(length) > BODY_MAX:
            raise BadRequest(413)
        if request.field("expect") and int(length):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise ConnectionError("request cut short")
        return body

    def _read_chunks(self):
        body = b""
        while True:
            try:
                size = int(self._read_line().split(";")[0], 16)
            except ValueError as error:
                raise BadRequest(400) from error
            if size == 0:
                while self._read_line():
                    pass
                return body
            body += self.rfile.read(size)
            self._read_line()
            if len(body) > BODY_MAX:
                raise BadRequest(413)

    def _send(self, request, response, keep):
        settings = self.server.settings
        body, fields = response.body, list(response.fields)
        if settings.gzip and body and request and "gzip" in request.field("accept-encoding"):
            body = gzip.compress(body, 1)
            fields += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        chunked = settings.chunked and request and request.version == "HTTP/1.1"
        if chunked:
            fields.append(("Transfer-Encoding", "chunked"))
        else:
            fields.append(("Content-Length", str(len(body))))
        if not keep:
            fields.append(("Connection", "close"))
        elif request.version == "HTTP/1.0":
            fields.append(("Connection", "keep-alive"))
        head = f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Status')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
        if request and request.method == "HEAD":
            body = b""
        elif chunked:
            body = in_chunks(body)
        self.wfile.write(head.encode("utf-8") + body)


def in_chunks(body, size=997):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address, settings, answer, thread_ends=lambda: None):
        self.settings = settings
        self.answer = answer
        self.thread_ends = thread_ends
        super().__init__(address, Connection)
