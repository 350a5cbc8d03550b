"""Bodies of hostile size or form: each ends as it says here, in bounded time and memory."""
import gzip
import io
import socket
import threading
import time

import brotli
import pytest
import zstandard

from support.exchanges import resident_kib
from support.plain_site import config, signed_in
from support.written_site import WrittenSite

pytestmark = [pytest.mark.sanitize, pytest.mark.one_thread]

MIB = 1 << 20
MARKER = '<meta name="user-marker" content="alice">'
MOST_SECONDS = 60                       # for one answer, on a busy machine, under sanitizers
MOST_KIB = 48 * 1024                    # a window, a hold and the allocator's


@pytest.fixture(name="site")
def fixture_site():
    site = WrittenSite()
    with site.server:
        yield site


@pytest.fixture(name="started")
def fixture_started(site, countermark):
    """(proxy, browser of alice); JSON is looked into as well."""
    value = config(site.port, hold_max="4MiB")
    value["markers"][0]["find"].append("json:/*/user")
    proxy = countermark(value)
    site.page = lambda path, request: MARKER
    browser = signed_in(proxy.port, "alice")
    yield proxy, browser
    browser.close()


def answered(proxy, get):
    """The reply, within bounds of time and of the proxy's memory."""
    before, peak, stop = resident_kib(proxy.child.pid), [0], threading.Event()

    def watch():
        while not stop.wait(0.005):
            peak[0] = max(peak[0], resident_kib(proxy.child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    try:
        return get()
    finally:
        stop.set()
        watcher.join()
        assert time.monotonic() - began < MOST_SECONDS
        assert peak[0] - before < MOST_KIB


def serve(site, body, media=b"text/html", coding=b""):
    fields = b"Content-Type: %s\r\nContent-Length: %d\r\n" % (media, len(body))
    if coding:
        fields += b"Content-Encoding: %s\r\n" % coding
    site.page = lambda path, request: (fields, [body])


def expect(site, started, guarded, public, **page):
    """Status on a route that requires a marker, and on one that does not."""
    proxy, browser = started
    serve(site, **page)
    for path, status in (("/mypage/top", guarded), ("/news", public)):
        reply = answered(proxy, lambda path=path: browser.get(path))
        assert reply.status == status, path
    assert proxy.feature_is_up()
    site.page = lambda path, request: MARKER
    assert browser.get("/mypage/top").status == 200, "the next page is as ever"


def gzip_bomb(size):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(size // MIB):
            file.write(b"\0" * MIB)
    return out.getvalue()


BOMBS = {
    "gzip": lambda: (gzip_bomb(512 * MIB), b"gzip"),
    "br": lambda: (brotli.compress(b"\0" * (512 * MIB), quality=1), b"br"),
    "zstd": lambda: (zstandard.compress(b"\0" * (512 * MIB), 1), b"zstd"),
    "gzip, gzip": lambda: (gzip.compress(gzip_bomb(512 * MIB)), b"gzip, gzip"),
    "br, zstd": lambda: (zstandard.compress(brotli.compress(b"\0" * (512 * MIB), quality=1)),
                         b"br, zstd"),
    "nothing in it": lambda: (gzip.compress(zstandard.compress(b"") * (96 * MIB // 9)), b"zstd, gzip"),
    "four in a row": lambda: (b"x", b"gzip, gzip, gzip, gzip"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_where_a_marker_is_required_and_else_counted(site, started, name):
    body, coding = BOMBS[name]()
    expect(site, started, 502, 200, body=body, coding=coding)
    proxy, _ = started
    assert proxy.metrics().value("countermark_uninspected_total", route="/**") >= 1


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_page_of_her_own_in_a_dense_coding_passes(site, started, coding):
    page = (MARKER + "".join(f"<p>line {i}</p>" for i in range(20000))).encode()
    packed = {"gzip": gzip.compress, "br": lambda body: brotli.compress(body, quality=4),
              "zstd": zstandard.compress}[coding](page)
    expect(site, started, 200, 200, body=packed, coding=coding.encode())


MANY = {
    "ten thousand users": (lambda: MARKER + "".join(
        f'<meta name="user-marker" content="u{i}">' for i in range(10000)), 502),
    "ten thousand times herself": (lambda: MARKER * 10000, 502),
    "a thousand times herself": (lambda: MARKER * 1000, 200),
    "an attribute of 1 MiB": (lambda: f'<p title="{"x" * MIB}" data-a=\'{"<" * MIB}\'>' + MARKER, 200),
    "a marker of 1 MiB": (lambda: MARKER.replace("alice", "a" * MIB), 502),
    "a name of 1 MiB": (lambda: f"<{'p' * MIB} {'a' * MIB}=1>{MARKER}", 200),
    "a tag without end": (lambda: MARKER[:-1] + " x" * MIB, 502),
    "a tag without end behind the marker": (lambda: MARKER + "<p " + "x=1 " * (MIB // 4), 200),
    "a comment without end": (lambda: "<!--" + MARKER + "-" * MIB, 502),
    "a million tags": (lambda: "<a>" * MIB + MARKER, 200),
    "a million things that begin like a marker": (lambda: "<meta " * (MIB // 2) + ">" + MARKER, 200),
    "a script without end": (lambda: MARKER + "<script>" + "<" * MIB, 200),
    "svg in svg": (lambda: "<svg><desc>" * 1000 + MARKER, 502),
}


@pytest.mark.parametrize("name", MANY)
def test_html_of_hostile_size_has_an_outcome(site, started, name):
    page, guarded = MANY[name]
    proxy, browser = started
    serve(site, page().encode())
    reply = answered(proxy, lambda: browser.get("/mypage/top"))
    assert reply.status == guarded
    site.page = lambda path, request: MARKER


JSON = {
    "arrays 10,000 deep": ("[" * 10000 + "]" * 10000, 502),
    "objects 10,000 deep": ('{"a":' * 10000 + "1" + "}" * 10000, 502),
    "500 deep behind the marker": ('{"x":{"user":"alice"},"deep":' + "[" * 500 + "]" * 500 + "}", 200),
    "duplicate keys": ('{"x":{"user":"alice","user":"alice"}}', 200),
    "1 MiB that is no marker": ('{"x":{"user":"alice"},"y":[{"user":"' + "b" * MIB + '"}]}', 200),
    "a marker of 1 MiB": ('{"x":{"user":"' + "b" * MIB + '"}}', 502),
    "no end": ('{"x":{"user":"alice"}', 502),
}


@pytest.mark.parametrize("name", JSON)
def test_json_of_hostile_depth_or_size_has_an_outcome(site, started, name):
    text, guarded = JSON[name]
    expect(site, started, guarded, 200, body=text.encode(), media=b"application/json")


def long_line(site, first, last):
    """A page of one line of 100 MiB between two pieces; its size."""
    size = 100 * MIB + len(first) + len(last)
    fields = b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n" % size
    site.page = lambda path, request: (
        fields, [first.encode()] + [b"x" * MIB] * 100 + [last.encode()])
    return size


def body_size(port, path, cookies=None):
    """(status, bytes of the body, its last 100) as they come; nothing is kept."""
    field = "".join(f"Cookie: {name}={value}\r\n" for name, value in (cookies or {}).items())
    with socket.create_connection(("127.0.0.1", port), timeout=MOST_SECONDS) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n{field}Connection: close\r\n\r\n".encode())
        head, size, tail = b"", 0, b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        tail = head.split(b"\r\n\r\n", 1)[1]
        while True:
            size += len(tail)
            try:
                data = client.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return int(head.split(b" ")[1]), size, tail[-100:]
            tail = data


def test_a_line_of_100_mib_streams_behind_its_marker_in_constant_memory(site, started):
    proxy, browser = started
    size = long_line(site, MARKER, "")
    status, got, _ = answered(proxy, lambda: body_size(proxy.port, "/mypage/top", browser.cookies))
    assert (status, got) == (200, size)
    assert proxy.feature_is_up()


def test_a_line_of_100_mib_before_its_marker_is_refused(site, started):
    proxy, browser = started
    long_line(site, "", MARKER)
    status, _, _ = answered(proxy, lambda: body_size(proxy.port, "/mypage/top", browser.cookies))
    assert status == 502
    assert proxy.feature_is_up()


def test_a_foreign_marker_behind_100_mib_cuts_a_public_answer(site, started):
    proxy, _ = started
    size = long_line(site, "", MARKER + "Alice's address")
    status, got, tail = answered(proxy, lambda: body_size(proxy.port, "/news"))
    assert status == 200 and 50 * MIB < got < size
    assert b"alice" not in tail and b"address" not in tail
    assert not proxy.feature_is_up(), "some of it had left: a display"
