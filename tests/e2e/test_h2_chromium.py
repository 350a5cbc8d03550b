"""HTTP/2 as a browser speaks it: Chromium without a screen, over TLS."""
import os
import socket
import subprocess
import tempfile
import threading

import pytest

from support.certificates import Authority
from support.plain_site import config
from support.sites import jobcard_config

CHROMIUM = "/usr/bin/chromium"


def dump(port, path, folder, *words):
    """The page as Chromium has it after its scripts ran."""
    profile = tempfile.mkdtemp(dir=folder)
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         f"--user-data-dir={profile}", "--ignore-certificate-errors", "--virtual-time-budget=5000",
         *words, "--dump-dom", f"https://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "HOME": profile})
    return done.stdout


@pytest.fixture
def listener(folder):
    certificate, key = Authority(folder).issue("site.test", "DNS:site.test,IP:127.0.0.1")
    return {"tls": {"certificate": certificate, "key": key}}


class Pages:
    """A server of HTTP/1.1 whose every request is answered by `serve(connection, request)`."""

    def __init__(self, serve):
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._socket.close()

    def _accept(self):
        try:
            while True:
                threading.Thread(target=self._talk, args=(self._socket.accept()[0],),
                                 daemon=True).start()
        except OSError:
            pass

    def _talk(self, connection):
        request = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in request:
                    data = connection.recv(65536)
                    if not data:
                        return
                    request += data
                head, _, request = request.partition(b"\r\n\r\n")
                self._serve(connection, head)


PROTOCOLS = """<html><body><p id="p">none</p>
<script>
Promise.all([...Array(30).keys()].map(n => fetch("/page?size=20000&n=" + n).then(r => r.text())))
  .then(texts => {
    const used = performance.getEntriesByType("resource").map(e => e.nextHopProtocol);
    document.getElementById("p").textContent =
      "protocols " + [...new Set(used)].join(",") + " bytes " +
      texts.reduce((sum, text) => sum + text.length, 0);
  });
</script></body></html>"""


def test_chromium_fetches_side_by_side_over_http_2(countermark, listener, folder):
    page = PROTOCOLS.encode()

    def serve(connection, request):
        body = page if b"GET /start " in request else b"x" * 20000
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                           % len(body) + body)

    with Pages(serve) as site:
        proxy = countermark(config(site.port, listen=[listener]))
        text = dump(proxy.port, "/start", folder)
    assert "protocols h2 bytes 600000" in text, text[-2000:]
    assert proxy.metrics().value("countermark_h2_floods_total") == 0


def test_chromium_sees_the_public_site(jobcard, countermark, listener, folder):
    site = jobcard()
    value = jobcard_config(site.port)
    value["listen"] = [listener]
    proxy = countermark(value)
    text = dump(proxy.port, "/", folder)
    assert "</html>" in text and "502" not in text[:200]
    assert proxy.metrics().value("countermark_exchange_endings_total", reason="released") >= 1
