"""A site that reads its session as a usual application server does, and keeps it at login."""
import os
from urllib.parse import parse_qs

from .exchanges import Scripted


class LenientSite:
    """`reads(target, fields)` is the session of a request: what it returns and is unknown, or "",
    gets a new one. `fields`: (name, value), as text."""

    def __init__(self, reads, cookie="SID", spelled="{}"):
        self.reads = reads
        self.spelled = spelled                           # the value of Set-Cookie
        self.cookie = cookie
        self.users = {}                                  # token to user; "": nobody
        self.server = Scripted(self._serve)
        self.port = self.server.port

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.server.__exit__()

    def _serve(self, peer):
        while True:
            lines = peer.read_head().decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
            length = int(dict((name.lower(), value) for name, value in fields)
                         .get("content-length", 0))
            form = parse_qs(peer.read_exactly(length).decode())
            token = self.reads(target, fields) or ""
            issued = b""
            if token not in self.users:
                token = os.urandom(16).hex()
                self.users[token] = ""
                value = self.spelled.format(token)
                issued = f"Set-Cookie: {self.cookie}={value}; Path=/\r\n".encode()
            if method == "POST":
                self.users[token] = form["userid"][0]
                peer.answer(b"", b"303 See Other", issued + b"Location: /mypage/top\r\n")
            else:
                user = self.users[token]
                peer.answer(f'<meta name="user-marker" content="{user}">'.encode(), fields=issued)


def cookies_of(fields):
    """The value of the one Cookie field, or ""."""
    return "; ".join(value for name, value in fields if name.lower() == "cookie")
