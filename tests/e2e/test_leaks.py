"""A site that shows Alice what is Bob's, in every way of saying it that we could think of.

Each answer has Bob's marker or his session somewhere, and a word that is his. On a guarded route
nothing of it reaches Alice; where nothing is required that holds for all that is read there.
"""
import gzip
import re
import socket
import time
import zlib

import pytest

from support.client import Client
from support.exchanges import Scripted

pytestmark = pytest.mark.sanitize

BOB = b"token-of-bob-0123456789"
HTML = b"Content-Type: text/html\r\n"
PAGE = b'<html><head><meta name="user-marker" content="bob"></head><body>SECRET</body></html>'
MINE = PAGE.replace(b"bob", b"alice").replace(b"SECRET", b"mine")
JSON = b'{"user":{"id":"bob"},"x":"SECRET"}'
TEXT = b'x,"wgUserName":"bob",SECRET'


def answer(body, fields=HTML, status=b"200 OK"):
    return (b"HTTP/1.1 " + status + b"\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body)
            + body)


def typed(body, name):
    return answer(body, b"Content-Type: " + name + b"\r\n")


def coded(body, coding):
    return answer(body, HTML + b"Content-Encoding: " + coding + b"\r\n")


def chunked(body, size=1, fields=HTML, trailer=b""):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return (b"HTTP/1.1 200 OK\r\n" + fields + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
            + b"0\r\n" + trailer + b"\r\n")


def flushed(body, bits):
    """Every byte in a block of its own."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return b"".join(packer.compress(body[at:at + 1]) + packer.flush(zlib.Z_SYNC_FLUSH)
                    for at in range(len(body))) + packer.flush()


def sets(text, status=b"200 OK"):
    return answer(b"", b"Set-Cookie: " + text + b"\r\n", status)


def without_body(status, fields):
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n"


def events(body, more=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + more + b"\r\n" + body


FOREIGN = b"X-User-Marker: bob\r\nSet-Cookie: JSESSIONID=" + BOB + b"\r\nX-More: SECRET\r\n"

# Seen everywhere.
LEAKS = {
    "at the very end of 1.5 MiB": answer(b"<p>" + b"x" * 1500000 + PAGE),
    "the same in chunks": chunked(b"<p>" + b"x" * 1500000 + PAGE, 30000),
    "chunks of one byte": chunked(PAGE),
    "gzip flushed after each byte": coded(flushed(PAGE, 31), b"gzip"),
    "deflate flushed after each byte": coded(flushed(PAGE, 15), b"deflate"),
    "deflate without its header": coded(flushed(PAGE, -15), b"deflate"),
    "a gzip member for each byte": coded(b"".join(gzip.compress(PAGE[at:at + 1])
                                                  for at in range(len(PAGE))), b"GZIP"),
    "x-gzip": coded(gzip.compress(PAGE), b"x-gzip"),
    "gzip twice": coded(gzip.compress(gzip.compress(PAGE)), b"gzip, gzip"),
    "coding identity": coded(PAGE, b"identity"),
    "part of a page": answer(PAGE, HTML + b"Content-Range: bytes 0-9/1000\r\n",
                             b"206 Partial Content"),
    "parts of a page": answer(b"--b\r\n" + HTML + b"\r\n" + PAGE + b"\r\n--b--\r\n",
                              b"Content-Type: multipart/byteranges; boundary=b\r\n",
                              b"206 Partial Content"),
    "an error page": answer(PAGE, HTML, b"500 Internal Server Error"),
    "a page not found": answer(PAGE, HTML, b"404 Not Found"),
    "a page behind a login": answer(PAGE, HTML, b"401 Unauthorized"),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + HTML + b"\r\n" + PAGE,
    "two documents": answer(MINE + PAGE),
    "field of an image": answer(b"SECRET", b"Content-Type: image/png\r\nX-User-Marker: bob\r\n"),
    "field of a 304": without_body(b"304 Not Modified", b"X-User-Marker: bob\r\n"),
    "the second of two fields": answer(b"SECRET", HTML + b"X-User-Marker: alice\r\n"
                                                         b"X-User-Marker: bob\r\n"),
    "cookie with his name": sets(b"login_name=bob"),
    "session in a redirect": sets(b"JSESSIONID=" + BOB, b"302 Found"),
    "session in a page not found": sets(b"JSESSIONID=" + BOB, b"404 Not Found"),
    "session in a 304": without_body(b"304 Not Modified", b"Set-Cookie: JSESSIONID=" + BOB
                                     + b"\r\n"),
    "session in a 204": without_body(b"204 No Content", b"Set-Cookie: JSESSIONID=" + BOB
                                     + b"\r\n"),
    "session in quotes": sets(b'JSESSIONID="' + BOB + b'"'),
    "session with blanks": sets(b"  JSESSIONID = " + BOB + b" ; Path=/"),
    "session of another path": sets(b"JSESSIONID=" + BOB + b"; Path=/other"),
    "the second of two sessions": answer(b"", b"Set-Cookie: JSESSIONID=new-token-0123456789\r\n"
                                              b"Set-Cookie: JSESSIONID=" + BOB + b"\r\n"),
    "session after twenty cookies": answer(b"", b"Set-Cookie: a=b\r\n" * 20
                                           + b"Set-Cookie: JSESSIONID=" + BOB + b"\r\n"),
    "session with a prefix": sets(b"__Host-sid=" + BOB),
    "session that ends and does not": sets(b"JSESSIONID=" + BOB + b"; Expires=Thu, 01 Jan 1970 "
                                           b"00:00:00 GMT; Max-Age=1000"),
    "session in an address": answer(b"", b"Location: /x;jsessionid=" + BOB + b"?a#b\r\n",
                                    b"302 Found"),
    "session in a whole address": answer(b"", b"Location: http://s/x/y;a=b;jsessionid=" + BOB
                                         + b"/z\r\n", b"302 Found"),
    "no type": answer(PAGE, b""),
    "octets": typed(PAGE, b"application/octet-stream"),
    "two types": answer(PAGE, b"Content-Type: image/png\r\n" + HTML),
    "a list of types": typed(PAGE, b"image/png, text/html"),
    "an empty type": typed(PAGE, b""),
    "any type": typed(PAGE, b"*/*"),
    "a type in capitals": typed(PAGE, b"TEXT/HTML;"),
    "XHTML": typed(PAGE, b"application/xhtml+xml"),
    "XHTML behind an empty script": typed(b"<html><script src='a'/>" + PAGE + b"</html>",
                                          b"application/xhtml+xml"),
    "JSON": typed(JSON, b"application/json; charset=iso-8859-1"),
    "JSON as a page": typed(JSON, b"text/html"),
    "JSON as a script": typed(b")]}',\n" + JSON, b"text/javascript"),
    "JSON by an old name": typed(JSON, b"text/x-json"),
    "JSON by lines": typed(b'{"user":{"id":"alice"}}\n' + JSON, b"application/x-ndjson"),
    "JSON with its key twice": typed(b'{"user":{"id":"alice","id":"bob"},"x":"SECRET"}',
                                     b"application/hal+json"),
    "JSON with its key escaped": typed(b'{"us\\u0065r":{"\\u0069d":"bob"},"x":"SECRET"}',
                                       b"application/json"),
    "CSV": typed(TEXT, b"text/csv"),
    "CSV to keep": answer(TEXT, b"Content-Type: text/csv\r\nContent-Disposition: attachment\r\n"),
    "plain text": typed(TEXT, b"text/plain"),
    "plain text in UTF-16": typed(TEXT.decode().encode("utf-16"), b"text/plain"),
    "UTF-16 without mark": answer(("\n" + PAGE.decode()).encode("utf-16-le")),
    "UTF-16 called UTF-8": typed(PAGE.decode().encode("utf-16"), b"text/html; charset=utf-8"),
    "JSON in UTF-16 without mark": typed(JSON.decode().encode("utf-16-be"), b"application/json"),
    "ISO-2022-JP undeclared": answer(b"<title>\x1b$B%\"<p'\x1b(B</title>" + PAGE),
    "entities": answer(b'<meta name="user&#45;marker" content="b&#x6f;b">SECRET'),
    "capitals and lines": answer(b"<META\nCONTENT\n=\nbob\nNAME=USER-MARKER>SECRET"),
    "behind an odd comment": answer(b"<!-- x --!>" + PAGE),
    "beside his own": answer(b'<meta name="user-marker" content="alice"><p data-user-id="bob">'
                             b"SECRET"),
    "event": events(b"data: " + JSON + b"\n\n"),
    "event in gzip": events(flushed(b"data: " + JSON + b"\n\n", 31), b"Content-Encoding: gzip\r\n"),
    "event in two lines": events(b'\xef\xbb\xbfdata: {"user":{"id":\rdata: "bob"},"x":"SECRET"}\r\r'),
    "early hints": b"HTTP/1.1 103 Early Hints\r\n" + FOREIGN + b"\r\n" + answer(MINE),
    "a 102": b"HTTP/1.1 102 Processing\r\n" + FOREIGN + b"\r\n" + answer(MINE),
    "trailers": chunked(MINE, 100, HTML + b"Trailer: X-User-Marker\r\n", FOREIGN),
}

# Not read: these say nothing where nothing is required, and are refused where something is.
UNREAD = {
    "gzip that nobody declares": answer(gzip.compress(PAGE)),
    "a page as an image": typed(PAGE, b"image/png"),
    "a page as JSON": typed(PAGE, b"application/json"),
    "JSON as plain text": typed(JSON, b"text/plain"),
    "a coding that nobody knows": coded(PAGE, b"compress"),
    "UTF-7": typed(b"+ADw-meta name=user-marker content=bob+AD4-SECRET", b"text/html; charset=utf-7"),
    "UTF-32": answer(PAGE.decode().encode("utf-32")),
    "his page in a frame": answer(b"<iframe srcdoc=\"<meta name='user-marker' content='bob'>"
                                  b"SECRET\"></iframe>"),
}


def config(port):
    find = ["meta:user-marker", "header:X-User-Marker", "json:/user/id", "attr:data-user-id",
            "cookie:login_name", 'regex:"wgUserName":"([^"]+)"']
    return {
        "upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{port}"]}],
        "session": {"cookies": ["JSESSIONID", "__Host-sid"], "path_parameter": "jsessionid"},
        "login": {"request": ["POST /login"], "user_field": "userid"},
        "markers": [{"name": "owner", "find": find}],
        "features": [{"name": "login", "paths": ["/login", "/mypage/**"],
                      "take_down": {"cases": 1000, "weak_cases": 0}}],
        "routes": [{"path": "/mypage/**", "require": ["owner"], "unmarked": "refuse"}],
    }


class Site:
    """Says `next` to whoever asks, or on /own the page of the user that the query names."""

    def __init__(self):
        self.next = b""

    def serve(self, peer):
        while True:
            line = peer.read_head().split(b"\r\n")[0]
            if b"/own?" in line:
                peer.send(answer(MINE.replace(b"alice", line.split(b"?")[1].split(b" ")[0])))
                continue
            peer.send(self.next)
            if self.next.startswith(b"HTTP/1.0") or b"text/event-stream" in self.next:
                time.sleep(0.05)
                return


def ask(port, target, token):
    """All bytes that came back."""
    with Client(port) as client:
        client.send(b"GET %s HTTP/1.1\r\nHost: s\r\nConnection: close\r\n"
                    b"Accept-Encoding: gzip, deflate\r\nCookie: JSESSIONID=%s\r\n\r\n"
                    % (target, token))
        received = b""
        try:
            while data := client.socket.recv(1 << 20):
                received += data
        except (ConnectionError, socket.timeout):
            pass
        return received


def know(port, user, token):
    for _ in range(2):
        assert b"mine" in ask(port, b"/own?" + user, token)
        time.sleep(0.02)                # the second page must not overlap the first


def unpacked(body, bits):
    """What all members give, up to the first error."""
    plain = b""
    try:
        while body:
            unpacker = zlib.decompressobj(bits)
            plain += unpacker.decompress(body)
            body = unpacker.unused_data
    except zlib.error:
        pass
    return plain


def told(received):
    """What is Bob's among the bytes: in chunks, in codings or in a wide encoding too."""
    body = received.partition(b"\r\n\r\n")[2]
    once = [unpacked(body, bits) for bits in (31, 15, -15)]
    joined = re.sub(rb"\r\n[0-9a-f]{1,4}\r\n", b"", b"\r\n" + body)
    texts = [received, joined, unpacked(once[0], 31)] + once
    return [word for word in (b"SECRET", b"bob")
            if any(word in text.replace(b"\0", b"") for text in texts)]


@pytest.mark.parametrize("target", [b"/mypage/x", b"/free/x"])
def test_nothing_of_bob_s_reaches_alice_however_the_site_says_it(countermark, target):
    site = Site()
    with Scripted(site.serve) as server:
        proxy = countermark(config(server.port))
        know(proxy.port, b"bob", BOB)
        leaks = {**LEAKS, **(UNREAD if target.startswith(b"/mypage") else {})}
        leaked = {}
        for number, (name, said) in enumerate(leaks.items()):
            token = b"token-of-alice-0123%06d" % number
            know(proxy.port, b"alice", token)
            site.next = said
            words = told(ask(proxy.port, target, token))
            if words:
                leaked[name] = words
        assert not leaked


# What is no part of an answer never reaches anybody.
PREVENTED = {"early hints", "a 102", "trailers"}


def test_where_it_only_observes_all_of_them_reach_her(countermark):
    """So that the test above can fail."""
    site = Site()
    with Scripted(site.serve) as server:
        value = config(server.port)
        value["mode"] = "observe"
        proxy = countermark(value)
        kept = set()
        for name, site.next in {**LEAKS, **UNREAD}.items():
            if not told(ask(proxy.port, b"/free/x", b"token-of-alice-012345")):
                kept.add(name)
        assert kept - {"a coding that nobody knows"} == PREVENTED
