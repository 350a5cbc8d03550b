"""Large answers: constant memory in every framing, a late mismatch that clients notice, ranges,
and the bound of all held bytes under a load that tries to exceed it."""
import http.client
import os
import socket
import subprocess
import threading
import time
import zlib

import pytest

from support.client import Client, Truncated
from support.plain_site import config
from support.ports import wait_until
from support.scripted_site import ScriptedSite, page

MIB = 1048576
BLOCK = os.urandom(MIB // 2).hex().encode()     # 1 MiB that no coding makes small
META = b'<meta name="user-marker" content="bob">'
FRAMINGS = ["length", "chunked", "close"]


class Large:
    """`count` blocks in a framing, then `last`; coded when there is a `coder`."""

    def __init__(self, framing, count, last=b"", coder=None, block=BLOCK):
        self.framing, self.count, self.last, self.coder = framing, count, last, coder
        self.block = block

    def _pieces(self):
        coder = self.coder() if self.coder else None
        for number in range(self.count):
            yield coder.compress(self.block) if coder else self.block
        if coder:
            yield coder.compress(self.last) + coder.flush(zlib.Z_SYNC_FLUSH)
            yield coder.compress(b"x" * 5 * MIB) + coder.flush()
        else:
            yield self.last

    def __call__(self, peer):
        fields = ["Content-Encoding: gzip"] if self.coder else []
        if self.framing == "length":
            assert not self.coder
            fields.append(f"Content-Length: {self.count * len(self.block) + len(self.last)}")
        elif self.framing == "chunked":
            fields.append("Transfer-Encoding: chunked")
        else:
            fields.append("Connection: close")
        peer.head_of("text/html", *fields)
        for piece in self._pieces():
            if self.framing == "chunked":
                peer.chunk(piece)
            else:
                peer.say(piece)
        if self.framing == "chunked":
            peer.last_chunk()


def stored():
    """gzip that does not compress: as large as it is decoded."""
    return zlib.compressobj(0, zlib.DEFLATED, 31)


def packed():
    return zlib.compressobj(1, zlib.DEFLATED, 31)


def resident(proxy):
    with open(f"/proc/{proxy.child.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024


def download(port, path, fields=b""):
    """Bytes of the answer on the wire until it ends, with its head; read as fast as it goes."""
    total, head = 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: a\r\n" + fields
                           + b"Connection: close\r\n\r\n")
        buffer = bytearray(MIB)
        while True:
            count = connection.recv_into(buffer)
            if count == 0:
                return head, total
            if len(head) < 1000:
                head += bytes(buffer[:min(count, 1000)])
            total += count


@pytest.mark.parametrize("framing, coder, decoded", [
    ("length", None, "64MiB"), ("chunked", None, "64MiB"), ("close", None, "64MiB"),
    ("chunked", stored, "2GiB"), ("chunked", stored, "64MiB")])
def test_a_gibibyte_needs_no_more_memory_than_a_page(countermark, framing, coder, decoded):
    with ScriptedSite({"/large": Large(framing, 1024, coder=coder), "/a": page()}) as site:
        proxy = countermark(config(site.port, limits={"decoded_size_max": decoded}))
        with Client(proxy.port) as client:
            assert client.get("/a").status == 200
        before = resident(proxy)
        head, total = download(proxy.port, "/large", b"Accept-Encoding: gzip\r\n")
        assert b" 200 " in head.split(b"\r\n")[0]
        assert total > 1024 * MIB
        assert resident(proxy) - before < 24 * MIB
        assert proxy.wait_for_log(2)[-1]["ending"] == "released"


@pytest.mark.parametrize("framing, coder", [("length", None), ("chunked", None), ("close", None),
                                            ("chunked", stored), ("chunked", packed),
                                            ("close", packed)])
def test_a_late_mismatch_is_a_cut_that_clients_notice(countermark, framing, coder):
    count = 6
    with ScriptedSite({"/large": Large(framing, count, META + b"SECRET", coder)}) as site:
        proxy = countermark(config(site.port))
        fields = {"Accept-Encoding": "gzip"}
        done = subprocess.run(["curl", "-s", "-H", "Accept-Encoding: gzip",
                               f"http://127.0.0.1:{proxy.port}/large"],
                              capture_output=True, timeout=60, check=False)
        assert done.returncode in (18, 56), "transfer closed with outstanding data, or reset"
        assert len(done.stdout) > MIB
        text = done.stdout
        if coder:
            text = zlib.decompressobj(31).decompress(text)
        assert b"SECRET" not in text and META not in text
        assert text == (BLOCK * count)[:len(text)]
        # The client's own stack notices, whatever the order of data and reset.
        assert proxy.run("up", "login", "--reason", "a test", "--anyway").returncode == 0
        plain = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
        plain.request("GET", "/large", headers=fields)
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            plain.getresponse().read()
        plain.close()
        assert proxy.metrics().value("countermark_displays_total", outcome="cut") == 2


def test_a_client_that_could_not_tell_is_never_streamed_to(countermark):
    with ScriptedSite({"/large": Large("chunked", 4)}) as site:
        proxy = countermark(config(site.port))
        with Client(proxy.port) as client:
            client.send(b"GET /large HTTP/1.0\r\nHost: a\r\n\r\n")
            reply = client.read_reply()
        assert reply.status == 502 and BLOCK[:64] not in reply.body


# Ranges

def ranges(peer):
    """Takes every range for the first bytes, asked or not."""
    if "?ignore" not in peer.target and not peer.field("Range"):
        return page("alice", META.replace(b"bob", b"alice") + b"whole")(peer)
    kind = "multipart/byteranges; boundary=B" if "?many" in peer.target else "text/html"
    body = b"<p>part</p>" if "?foreign" not in peer.target else META
    if "?many" in peer.target:
        body = b"--B\r\nContent-Type: text/html\r\nContent-Range: bytes 0-9/99\r\n\r\n" + META \
            + b"\r\n--B--\r\n"
    if "?beyond" in peer.target:
        peer.head_of("text/html", "Content-Length: 0", "Content-Range: bytes */99",
                     status="416 Range Not Satisfiable")
        return True
    peer.head_of(kind, f"Content-Length: {len(body)}", "Content-Range: bytes 0-10/99",
                 status="206 Partial Content")
    peer.say(body)
    return True


RANGE = [("Range", "bytes=0-10"), ("If-Range", '"x"')]


def ranged(proxy, path):
    with Client(proxy.port) as client:
        return client.get(path, RANGE)


def test_ranges_pass_where_no_marker_is_required(countermark):
    with ScriptedSite({"/r": ranges}) as site:
        proxy = countermark(config(site.port))
        reply = ranged(proxy, "/r")
        assert reply.status == 206 and reply.body == b"<p>part</p>"
        assert "Range: bytes=0-10" in site.heads[-1] and "If-Range" in site.heads[-1]
        assert ranged(proxy, "/r?beyond").status == 416


@pytest.mark.parametrize("query", ["?foreign", "?many"])
def test_a_foreign_marker_in_a_part_is_refused(countermark, query):
    with ScriptedSite({"/r": ranges}) as site:
        proxy = countermark(config(site.port))
        reply = ranged(proxy, "/r" + query)
        assert reply.status == 502 and b"bob" not in reply.received


def test_ranges_are_not_asked_for_where_a_marker_is_required(countermark):
    with ScriptedSite({"/r": ranges, "/guarded/r": ranges, "/login": page()}) as site:
        value = config(site.port)
        value["login"] = {"logout": ["/logout"]}
        proxy = countermark(value)
        cookie = [("Cookie", "JSESSIONID=a-token-that-is-long-enough")]
        with Client(proxy.port) as client:
            reply = client.get("/guarded/r", RANGE + cookie)
            assert reply.status == 200 and b"whole" in reply.body
            assert "Range" not in site.heads[-1]
            reply = client.get("/guarded/r?ignore", RANGE + cookie)
            assert reply.status == 502, "a part shows no marker"
            assert b"part" not in reply.body


# All held bytes together

def test_held_bytes_stay_bounded_under_a_load_that_tries_to_exceed_them(countermark):
    """Large answers that come slowly, slow readers of streams, and many more that want room."""
    total = 8 * MIB
    def slowly(peer):
        peer.head_of("text/html", f"Content-Length: {2 * MIB}")
        for start in range(0, 2 * MIB, 65536):
            peer.say(BLOCK[start % MIB:start % MIB + 65536])
            time.sleep(0.04)
        return True

    with ScriptedSite({"/slow": slowly, "/stream": Large("length", 32), "/a": page()}) as site:
        value = config(site.port, hold_total_max="8MiB", hold_max="4MiB", hold_wait="500ms")
        value["upstreams"][0]["timeouts"]["response"] = "20s"
        proxy = countermark(value)
        before = resident(proxy)
        deaf = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(8)]
        for connection in deaf:
            connection.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        statuses = []

        def ask():
            for _ in range(4):
                try:
                    with Client(proxy.port, timeout=60) as client:
                        statuses.append(client.get("/slow").status)
                except (Truncated, OSError):
                    statuses.append(0)

        threads = [threading.Thread(target=ask) for _ in range(40)]
        for thread in threads:
            thread.start()
        worst = 0
        while any(thread.is_alive() for thread in threads):
            worst = max(worst, proxy.metrics().value("countermark_held_bytes"))
            time.sleep(0.05)
        assert set(statuses) <= {200, 503}, statuses
        assert 200 in statuses, "the oldest always ends"
        assert 503 in statuses, "the load was enough"
        # The oldest may go on past the bound, by one answer.
        assert worst <= total + 5 * MIB
        assert resident(proxy) - before < 40 * MIB
        endings = {line["ending"] for line in proxy.log_lines() if line["path"] == "/slow"}
        assert endings <= {"released", "hold_full"}
        for connection in deaf:
            connection.close()
        wait_until(lambda: proxy.metrics().value("countermark_held_bytes") == 0, 20,
                   "all memory came back")
        with Client(proxy.port) as client:
            assert client.get("/a").status == 200
