"""The second notice's site: members who help each other, and a list that shows too many of them.

Its report screen lists the partners of a viewer from `coordination`, by one condition where two
belong: the request is concluded, but whether this partner was chosen is not asked. The proxy's
grants ask both, from the same database, in a query of their own.
"""
import html
import http.server
import sqlite3
import threading
from urllib.parse import parse_qs

from .ports import free_port

PATH = "/reports/output"
SCREEN = "援助活動報告書の出力画面"
GRANTED = ("SELECT member_id FROM coordination WHERE user_id = :requester"
           " AND request_status = '成立' AND provider_status = '事前打合せ確定'")
# Subjects of each viewer: 131 providers see up to 78 (mean 14) users, 25 users up to 15 (mean 4).
PROVIDERS = [78] + [14] * 65 + [13] * 65
USERS = [15] + [4] * 13 + [3] * 11


def viewers():
    """{viewer: (class of what they see, subjects they may not see, partner they may see)}"""
    found = {}
    for number, count in enumerate(PROVIDERS):
        others = [f"riyo-{(number * 7 + i) % 100:03d}" for i in range(count)]
        found[f"teikyo-{number:03d}"] = ("user", others, f"riyo-{900 + number % 50:03d}")
    for number, count in enumerate(USERS):
        others = [f"teikyo-{(number * 5 + i) % 131:03d}" for i in range(count)]
        found[f"riyo-{number:03d}"] = ("provider", others, f"teikyo-{900 + number:03d}")
    return found


def make_database(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE coordination(user_id, member_id, request_status, provider_status)")
    for viewer, (_, others, partner) in viewers().items():
        db.executemany("INSERT INTO coordination VALUES(?, ?, '成立', '調整中')",
                       [(viewer, other) for other in others])
        db.execute("INSERT INTO coordination VALUES(?, ?, '成立', '事前打合せ確定')",
                   (viewer, partner))
    db.commit()
    db.close()


class Matching:
    def __init__(self, database):
        self.port = free_port()
        handler = type("Handler", (_Handler,), {"database": database})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    database = None

    def log_message(self, *unused):
        pass

    def _send(self, status, body=b"", fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):                                                      # noqa: N802
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = "session-of-" + form["userid"][0] + "-0123456789"
        self._send(303, fields=[("Location", "/mypage/top"),
                                ("Set-Cookie", f"JSESSIONID={token}; Path=/")])

    def do_GET(self):                                                       # noqa: N802
        cookie = self.headers.get("Cookie", "")
        viewer = cookie.partition("session-of-")[2][:-len("-0123456789")]
        kind = "user" if viewer.startswith("teikyo") else "provider"
        db = sqlite3.connect(self.database)
        # The accident: provider_status belongs into this condition.
        rows = db.execute("SELECT member_id FROM coordination WHERE user_id = ? AND"
                          " request_status = '成立'", (viewer,)).fetchall()
        db.close()
        options = "".join(f'<option data-{kind}-id="{html.escape(row[0])}">氏名 {row[0]}</option>'
                          for row in rows)
        page = (f'<html><head><meta name="user-marker" content="{viewer}"></head><body>'
                f"<select>{options}</select></body></html>")
        self._send(200, page.encode(), [("Cache-Control", "no-store, private")])


def config(port, database):
    return {
        "upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{port}"]}],
        "session": {"cookies": ["JSESSIONID"]},
        "login": {"request": ["POST /login"], "user_field": "userid",
                  "success": ["location:/mypage/**"]},
        "grants": [{"name": "matched", "sqlite": database, "query": GRANTED, "deadline": "30s"}],
        "markers": [{"name": "owner", "find": ["meta:user-marker"], "must_be": "requester"},
                    {"name": "user", "find": ["attr:data-user-id"], "must_be": "granted",
                     "grants": "matched"},
                    {"name": "provider", "find": ["attr:data-provider-id"], "must_be": "granted",
                     "grants": "matched"}],
        # The screen belongs to no feature: every member's request is judged, none is a 503.
        "features": [{"name": "login", "paths": ["/login"]}],
        "routes": [{"path": "/reports/**", "screen": SCREEN, "shows": ["会員氏名"],
                    "require": ["owner"], "unmarked": "refuse"}],
    }
