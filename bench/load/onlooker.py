"""An open console and a Prometheus: what they ask, as often as they ask it, timed.

The lists are those of load() in proxy/admin/console/page_*.js and of refresh() in main.js; a test
compares them with a real browser's requests (tests/e2e/test_console.py)."""
import http.client
import socket
import threading
import time

FRESH_SECONDS = 5                       # FRESH_MS of main.js
SCRAPE_SECONDS = 1
FRAME = ("/api/v1/status", "/metrics")  # Asked anew with every page.
PAGES = {
    "overview": ("/api/v1/incidents?open=1",),
    "incidents": ("/api/v1/incidents",),
    "incidents/1": ("/api/v1/incidents/1",),
    "traffic": ("/api/v1/coverage",),
    "alerts": ("/api/v1/alerts", "/api/v1/drill"),
    "sessions": (),
    "config": ("/api/v1/changes",),
}
FIRST = {"incidents/1": ("/api/v1/incidents/1/report?format=json&lang=en",)}   # Once, then kept.
STREAM = "/api/v1/events?recent=50"


def requests_of(page):
    return FRAME + PAGES[page]


class Asker:
    """One kept connection; what each answer took."""

    def __init__(self, port, token):
        self._fields = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.taken_ms = []

    def ask(self, target):
        begun = time.monotonic()
        self._client.request("GET", target, headers=self._fields)
        reply = self._client.getresponse()
        body = reply.read()
        self.taken_ms.append((time.monotonic() - begun) * 1000)
        if reply.status != 200:
            raise RuntimeError(f"{target}: {reply.status} {body[:200]!r}")

    def close(self):
        self._client.close()


class Onlookers:
    """While it is open: one console with its event stream and its looks, one scrape a second."""

    def __init__(self, port, token, page):
        self._port, self._token, self._page = port, token, page
        self._over = threading.Event()
        self._faults = []
        self.taken_ms = {"console": [], "scrape": []}
        self._threads = [threading.Thread(target=self._guarded, args=work)
                         for work in ((self._look,), (self._scrape,), (self._listen,))]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._faults:
            raise RuntimeError(self._faults[0])

    def _guarded(self, work):
        try:
            work()
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            self._faults.append(f"{work.__name__}: {error}")

    def _repeat(self, name, token, seconds, targets):
        asker = Asker(self._port, token)
        due = time.monotonic()
        while not self._over.wait(max(0, due - time.monotonic())):
            for target in targets:
                asker.ask(target)
            due += seconds
        self.taken_ms[name] += asker.taken_ms
        asker.close()

    def _look(self):
        asker = Asker(self._port, self._token)
        for target in FIRST.get(self._page, ()):
            asker.ask(target)
        self.taken_ms["console"] += asker.taken_ms
        asker.close()
        self._repeat("console", self._token, FRESH_SECONDS, requests_of(self._page))

    def _scrape(self):
        self._repeat("scrape", None, SCRAPE_SECONDS, ("/metrics",))

    def _listen(self):
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as stream:
            stream.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
                           f"Authorization: Bearer {self._token}\r\n\r\n".encode())
            first = stream.recv(65536)
            if not first.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{STREAM}: {first[:80]!r}")
            stream.settimeout(0.2)
            while not self._over.is_set():
                try:
                    if not stream.recv(65536):
                        raise RuntimeError("the event stream has ended")
                except TimeoutError:
                    pass
