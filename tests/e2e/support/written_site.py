"""A site whose pages a test writes itself, behind a login that lets everybody in."""
import os

from .exchanges import Scripted


class WrittenSite:
    """Answers a login, and any other request with `page(path, request)`, which may be changed.
    A page is text, or bytes in pieces with fields of their own: (fields, pieces)."""

    def __init__(self):
        self.page = None
        self.server = Scripted(self._serve)
        self.port = self.server.port
        self.last = None

    def _serve(self, peer):
        while True:
            head = peer.read_head()
            fields = {name.strip().lower(): value.strip() for name, _, value in
                      (line.partition(b":") for line in head.split(b"\r\n")[1:])}
            if b"content-length" in fields:
                peer.read_exactly(int(fields[b"content-length"]))
            self.last = fields[b"countermark-request"].decode()
            if head.startswith(b"POST"):
                token = os.urandom(16).hex().encode()
                peer.send(b"HTTP/1.1 303 See Other\r\nLocation: /mypage/top\r\nSet-Cookie: "
                          b"JSESSIONID=%s\r\nContent-Length: 0\r\n\r\n" % token)
                continue
            page = self.page(head.split(b" ")[1].decode(), self.last)
            if isinstance(page, str):
                body = page.encode()
                page = (b"Content-Type: text/html; charset=utf-8\r\n"
                        b"Content-Length: %d\r\n" % len(body), [body])
            peer.send(b"HTTP/1.1 200 OK\r\n" + page[0] + b"\r\n")
            for piece in page[1]:
                peer.send(piece)
