"""The same rule from every kind of source: CSV, HTTP endpoint, real Redis. One member looks at a
page with a partner, then the site's condition is the wrong one, then the source is gone."""
import json
import os
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.client import Browser
from support.ports import accepts, free_port, wait_until
from support.processes import Child

REPORT = "/mypage/report"
RULE = """SELECT provider_id, user_id FROM request JOIN coordination ON request_id = request.id
          WHERE request_status = '成立' AND provider_status = '事前打合せ確定'"""


def granted_pairs(database):
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows = db.execute(RULE).fetchall()
    finally:
        db.close()
    return rows + [(user, provider) for provider, user in rows]


class Csv:
    def __init__(self, folder, pairs):
        self._path = os.path.join(folder, "grants.csv")
        with open(self._path, "w", encoding="utf-8") as out:
            out.write("requester,subject\n" + "".join(f"{a},{b}\n" for a, b in pairs))
        self.settings = {"csv": self._path}

    def end(self):
        os.unlink(self._path)


class Endpoint:
    def __init__(self, folder, pairs):
        known = set(pairs)
        self.says = None
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                granted = [subject for subject in asked["subjects"]
                           if (asked["requester"], subject) in known]
                body = json.dumps(endpoint.says or {"granted": granted}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.settings = {"http": f"http://127.0.0.1:{self._server.server_port}/grants"}

    def end(self):
        self._server.shutdown()
        self._server.server_close()


class Redis:
    def __init__(self, folder, pairs):
        import redis
        port = free_port()
        self._child = Child("redis", ["/usr/bin/redis-server", "--port", str(port), "--bind",
                                      "127.0.0.1", "--save", "", "--dir", folder], folder)
        wait_until(lambda: accepts(port), 10, "redis listens")
        client = redis.Redis(port=port)
        for requester, subject in pairs:
            client.sadd(f"partners:{requester}", subject)
        client.close()
        self.settings = {"redis": f"redis://127.0.0.1:{port}", "key": "partners:{requester}"}

    def end(self):
        self._child.stop()


@pytest.mark.sanitize
@pytest.mark.parametrize("kind", [Csv, Endpoint, Redis])
def test_every_kind_of_source_says_the_same(childcare, countermark, folder, kind):
    site = childcare()
    source = kind(folder, granted_pairs(site.database))
    config = site.config()
    config["grants"] = [{"name": "partners", "cache": "0", **source.settings}]
    config["features"] = config["features"][:1]
    for marker in config["markers"][1:]:
        marker["grants"] = "partners"
    proxy = countermark(config)
    try:
        browser = Browser(proxy.port)
        assert browser.post("/login", {"member": "2001", "password": "pass-2001"}).status == 303
        assert browser.get(REPORT).status == 200
        site.set(condition="request-only")
        refused = browser.get(REPORT)
        assert refused.status == 502 and "SECRET" not in refused.text
        assert len(proxy.ledger().displays()) == 78
        site.set(condition="both-states")
        assert browser.get(REPORT).status == 200
    finally:
        source.end()
    assert browser.get(REPORT).status == 502
    assert len(proxy.ledger().displays()) == 78


def test_endpoint_that_tells_of_its_own_trouble_takes_nothing_down(childcare, countermark, folder):
    """Status 200 with an error in JSON is no answer: it refuses, and is no case."""
    site = childcare()
    source = Endpoint(folder, granted_pairs(site.database))
    config = site.config()
    config["grants"] = [{"name": "partners", "cache": "0", **source.settings}]
    for marker in config["markers"][1:]:
        marker["grants"] = "partners"
    proxy = countermark(config)
    try:
        browser = Browser(proxy.port)
        assert browser.post("/login", {"member": "2001", "password": "pass-2001"}).status == 303
        source.says = {"error": "database locked"}
        assert browser.get(REPORT).status == 502
        assert not proxy.ledger().displays()
        source.says = None
        assert browser.get(REPORT).status == 200
    finally:
        source.end()
