"""How users get each other's data, each cause played once in front of the real binary.

A row of HAZARDS is a cause, what the origin does, the detectors that see it, and what becomes of
it. `play` does it and returns (what was seen, what became of it); both are observed, never taken
from the row. A row without detectors is prevented: nothing has to see it.
"""
import os
import sqlite3
import time
from dataclasses import dataclass
from typing import Callable
from urllib.parse import urlencode

from .client import Browser, Client
from .exchanges import connections_of, field_of, raw_status, requests_at

PRIVATE = "field=Cache-Control:private"
HEAD = b"GET /public/x HTTP/1.1\r\nHost: site.example\r\n"


def config_for(port, folder, off=()):
    """Every detector has something to do; those in `off` are switched off."""
    grants = os.path.join(folder, "matching.db")
    if not os.path.exists(grants):
        with sqlite3.connect(grants) as db:
            db.execute("CREATE TABLE matches(viewer TEXT, member TEXT)")
            db.execute("INSERT INTO matches VALUES('alice', 'm-1')")
    config = {
        "upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{port}"]}],
        "session": {"cookies": ["JSESSIONID"], "path_parameter": "jsessionid"},
        "login": {"request": ["POST /login"], "user_field": "userid"},
        "grants": [{"name": "matched", "sqlite": grants,
                    "query": "SELECT member FROM matches WHERE viewer = :requester"}],
        "markers": [{"name": "owner", "find": ["meta:user-marker", "header:X-User-Marker"]},
                    {"name": "trap", "find": ["attr:data-trap"], "must_be": "nobody"},
                    {"name": "member", "find": ["attr:data-member-id"], "must_be": "granted",
                     "grants": "matched"}],
        "features": [{"name": "login", "paths": ["/login", "/mypage/**"]},
                     {"name": "matching", "paths": ["/matching/**"]}],
        "routes": [{"path": "/mypage/**", "require": ["owner"], "unmarked": "refuse",
                    "echo": "expect"},
                   {"path": "/matching/**", "require": ["owner"], "unmarked": "refuse"}],
    }
    if off:
        config["detectors_off"] = list(off)
    return config


class Scene:
    def __init__(self, origin, proxy):
        self.origin, self.proxy = origin, proxy
        self.alice = self.bound("alice")
        self.before = self.counts()

    def counts(self):
        found = {}
        for labels, value in self.proxy.metrics().samples.get("countermark_findings_total", []):
            found[labels["detector"]] = found.get(labels["detector"], 0) + value
        return found

    def seen(self):
        """The detectors that found something since the scene was set."""
        now = self.counts()
        return sorted(name for name, value in now.items() if value > self.before.get(name, 0))

    @staticmethod
    def ask(browser, path, order, method="GET"):
        return browser.request(method, path, [("X-Do", f"{order}; {PRIVATE}")])

    def bound(self, name):
        """A browser whose session is the confirmed one of `name`."""
        browser = Browser(self.proxy.port)
        browser.cookies["JSESSIONID"] = f"token-of-{name}-0123456789"
        for _ in range(2):
            assert self.ask(browser, "/mypage/x", f"length; marker={name}; echo=right").status == 200
            time.sleep(0.02)            # the second page must not overlap the first
        return browser

    def outcome(self, reply):
        down = [row["name"] for row in self.proxy.api("/features")["features"]
                if row["state"] != "up"]
        what = "delivered" if reply.status not in (502, 503) else f"withheld ({reply.status})"
        return what + (f", {' and '.join(down)} down" if down else "")

    def connections(self):
        return len(self.origin.connections())

    def is_open(self, path):
        """Is the connection that had the last request for `path` open at the site?"""
        last = connections_of(self.origin, path)[-1]
        return any(connection["open"] for connection in self.origin.connections()
                   if connection["id"] == last)

    def reused(self):
        """Is the connection of alice's last request used for her next one?"""
        before = self.connections()
        assert self.ask(self.alice, "/public/next", "length").status == 200
        return self.connections() == before


def page(order, path="/mypage/x"):
    def play(scene):
        reply = scene.ask(scene.alice, path, order)
        return scene.seen(), scene.outcome(reply)
    return play


def closes(order, method="GET"):
    """The answer leaves, its connection ends."""
    def play(scene):
        reply = scene.ask(scene.alice, "/public/x", order, method)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline and scene.is_open("/public/x"):
            time.sleep(0.02)
        kept = scene.reused()
        outcome = scene.outcome(reply) + ", connection " + ("kept" if kept else "closed")
        return scene.seen(), outcome
    return play


def early_error(scene):
    """The answer comes while the rest of the request is still to be sent."""
    cookie = f"JSESSIONID={scene.alice.cookies['JSESSIONID']}"
    with Client(scene.proxy.port) as client:
        client.send(b"POST /public/x HTTP/1.1\r\nHost: site.example\r\nX-Do: early-413\r\n"
                    b"Content-Length: 1000\r\nCookie: " + cookie.encode() + b"\r\n\r\npart")
        reply = client.read_reply("POST")
    kept = scene.reused()
    assert reply.status == 413
    return scene.seen(), scene.outcome(reply) + ", connection " + ("kept" if kept else "closed")


def anonymous(scene):
    stranger = Browser(scene.proxy.port)
    reply = scene.ask(stranger, "/public/x", "length; marker=bob")
    stranger.close()
    return scene.seen(), scene.outcome(reply)


def stolen_session(field):
    """An answer in whose `field` is the session of bob."""
    def play(scene):
        bob = scene.bound("bob")
        scene.before = scene.counts()
        order = [("do", "length"), ("field", field + bob.cookies["JSESSIONID"]),
                 ("field", "Cache-Control:private")]
        reply = scene.alice.get("/public/x?" + urlencode(order))
        bob.close()
        return scene.seen(), scene.outcome(reply)
    return play


def cached_session(scene):
    """The first reader's new session, kept by a cache, is set for the second as well."""
    order = "length; field=Set-Cookie:JSESSIONID=the-same-for-everybody-0123"
    first = Browser(scene.proxy.port, source="127.0.0.2")
    assert scene.ask(first, "/public/login", order).status == 200
    reply = scene.ask(scene.alice, "/public/login", order)
    first.close()
    return scene.seen(), scene.outcome(reply)


def cacheable(scene):
    reply = scene.alice.request("GET", "/public/x", [
        ("X-Do", "length; marker=alice; field=Cache-Control:max-age=60; field=Expires:0; "
                 "field=CDN-Cache-Control:max-age=60")])
    corrected = reply.all("Cache-Control") == ["private, no-store"] and not reply.all("Expires") \
        and not reply.all("CDN-Cache-Control")
    return scene.seen(), scene.outcome(reply) + (", corrected" if corrected else ", as it came")


def upgrade_to_h2c(scene):
    scene.origin.forget()
    reply = scene.alice.request("GET", "/public/x", [
        ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__")])
    sent = requests_at(scene.origin)[-1]
    asked = [name for name in ("upgrade", "http2-settings") if field_of(sent, name)]
    assert reply.status == 200
    return scene.seen(), "forwarded" if asked else "answered in HTTP/1.1, never forwarded"


def bound_connection(scene):
    """NTLM of alice; the same session over another client gets a connection of its own."""
    reply = scene.ask(scene.alice, "/public/x", "ntlm")
    assert reply.status == 401
    hers = [c["id"] for c in scene.origin.connections() if c["requests"]][-1]
    other = Browser(scene.proxy.port)
    other.cookies.update(scene.alice.cookies)
    scene.origin.forget()
    assert scene.ask(other, "/public/y", "length").status == 200
    assert scene.ask(scene.alice, "/public/z", "length").status == 200
    used = {request["target"]: c["id"] for c in scene.origin.connections()
            for request in c["requests"]}
    other.close()
    alone = used["/public/y"] != hers and used["/public/z"] == hers
    return scene.seen(), "private to one client" if alone else "shared"


def leftover(scene):
    assert scene.ask(scene.alice, "/public/x", "length").status == 200
    reply = scene.ask(scene.alice, "/public/x", "leftover")
    return scene.seen(), scene.outcome(reply)


SMUGGLED_REQUESTS = {
    "CL and TE": b"POST /public/s HTTP/1.1\r\nHost: s\r\nContent-Length: 4\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two Content-Length": b"POST /public/s HTTP/1.1\r\nHost: s\r\nContent-Length: 1\r\n"
                          b"Content-Length: 2\r\n\r\nab",
    "the same Content-Length twice": b"POST /public/s HTTP/1.1\r\nHost: s\r\nContent-Length: 1\r\n"
                                     b"Content-Length: 1\r\n\r\na",
    "empty Content-Length": b"POST /public/s HTTP/1.1\r\nHost: s\r\nContent-Length:\r\n\r\n",
    "signed Content-Length": b"POST /public/s HTTP/1.1\r\nHost: s\r\nContent-Length: +1\r\n\r\na",
    "bare CR": HEAD + b"X-A: a\rX-B: b\r\n\r\n",
    "bare LF": b"GET /public/s HTTP/1.1\nHost: s\n\n",
    "obs-fold": HEAD + b"X-A: a\r\n b\r\n\r\n",
    "blank before the colon": HEAD + b"X-A : a\r\n\r\n",
    "chunk extension": b"POST /public/s HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"1;a=b\r\nx\r\n0\r\n\r\n",
    "HTTP/1.0 with TE": b"POST /public/s HTTP/1.0\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"0\r\n\r\n",
    "TE of another coding": b"POST /public/s HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: xchunked"
                            b"\r\n\r\n0\r\n\r\n",
}
SMUGGLED_ANSWERS = ("cl-te", "two-cl", "same-cl", "empty-cl", "signed-cl", "te-unknown", "bare-cr",
                    "status-lf", "obs-fold", "nul", "space-name", "bad-chunk", "chunked; ext=1")


def smuggled_requests(scene):
    scene.origin.forget()
    statuses = {name: raw_status(scene.proxy.port, data)
                for name, data in SMUGGLED_REQUESTS.items()}
    wrong = {name: status for name, status in statuses.items() if status not in (400, 501)}
    whole = [request for request in requests_at(scene.origin) if request["complete"]]
    refused = not wrong and not whole
    return scene.seen(), "refused with 400, never forwarded whole" if refused else f"{wrong} {whole}"


def smuggled_answers(scene):
    wrong = []
    for order in SMUGGLED_ANSWERS:
        client = Client(scene.proxy.port)
        reply = client.get("/public/s", [("X-Do", f"{order}; close=1")])
        client.close()
        wrong += [order] if reply.status != 502 else []
    return scene.seen(), "refused with 502" if not wrong else f"delivered: {wrong}"


@dataclass
class Hazard:
    cause: str
    origin: str
    detectors: tuple
    outcome: str
    play: Callable


DOWN = "withheld (502), login down"
HAZARDS = {
    "swap": Hazard("configuration or global state swaps concurrent users",
                   "another user's page, right echo", ("owner-marker",), DOWN,
                   page("length; marker=bob; echo=right")),
    "cache-client": Hazard("driver or cache client gets out of step",
                           "another user's content in a right page", ("owner-marker",), DOWN,
                           page("chunked; size=9000; marker=bob; marker_at=8000; echo=right")),
    "shared-request": Hazard("request object shared between threads",
                             "another user's session cookie is set", ("session-cookie",),
                             DOWN, stolen_session("Set-Cookie:JSESSIONID=")),
    "pooled-thread": Hazard("anonymous request served by a thread that still has an identity",
                            "marked page, no session", ("owner-marker",), DOWN, anonymous),
    "many-servers": Hazard("single-server code on several servers",
                           "another user's document", ("canary",), DOWN,
                           page("length; attr=data-trap:planted-7", "/public/doc")),
    "display-condition": Hazard("wrong display condition",
                                "right user, list of people not yet to be known",
                                ("granted-marker",), "withheld (502), matching down",
                                page("length; marker=alice; attr=data-member-id:m-2",
                                     "/matching/report")),
    "response-reused": Hazard("response object reused", "a page for another request",
                              ("session-echo",), DOWN,
                              page("length; marker=alice; echo=wrong")),
    "h2c": Hazard("h2c upgrade duplicates a response", "Upgrade: h2c from a client", (),
                  "answered in HTTP/1.1, never forwarded", upgrade_to_h2c),
    "split-body": Hazard("body split over two responses", "bytes after the end",
                         ("excess-bytes",), "delivered, connection closed",
                         closes("excess; size=50")),
    "split-body-late": Hazard("body split over two responses", "the next response starts with junk",
                              ("excess-bytes",), "withheld (502)", leftover),
    "body-on-head": Hazard("body on HEAD", "bytes after the header block", ("excess-bytes",),
                           "delivered, connection closed", closes("body-on-head", "HEAD")),
    "body-on-204": Hazard("body on 204", "bytes after the header block", ("excess-bytes",),
                          "delivered, connection closed", closes("body-on-204")),
    "body-on-304": Hazard("body on 304", "bytes after the header block", ("excess-bytes",),
                          "delivered, connection closed", closes("body-on-304")),
    "early-error": Hazard("early error without draining the request",
                          "413 before the request is sent", ("early-response",),
                          "delivered, connection closed",
                          early_error),
    "unsolicited": Hazard("unsolicited response on an idle connection", "bytes nobody asked for",
                          ("idle-bytes",), "delivered, connection closed", closes("idle-bytes")),
    "stale-cookie": Hazard("stale fields of the previous response", "foreign Set-Cookie",
                           ("session-cookie",), DOWN, stolen_session("Set-Cookie:JSESSIONID=")),
    "stale-address": Hazard("stale fields of the previous response", "foreign Location",
                            ("session-cookie",), "withheld (502)",
                            stolen_session("Location:/mypage/x;jsessionid=")),
    "stale-fields": Hazard("stale fields of the previous response", "foreign marker in a field",
                           ("owner-marker",), DOWN,
                           page("length; field=X-User-Marker:bob", "/public/x")),
    "ntlm": Hazard("connection-bound authentication reused", "401 with NTLM", (),
                   "private to one client", bound_connection),
    "cached-page": Hazard("personal page cached", "Age, another user's marker",
                          ("owner-marker", "shared-cache"), DOWN,
                          page("length; marker=bob; echo=right; field=Age:5")),
    "cached-own-page": Hazard("personal page cached", "X-Cache: HIT, her own marker",
                              ("shared-cache",), "delivered",
                              page("length; marker=alice; echo=right; field=X-Cache:HIT")),
    "cached-cookie": Hazard("Set-Cookie cached", "the same session for everybody",
                            ("session-cookie",), "withheld (502)", cached_session),
    "cacheable": Hazard("cacheable personal page", "no private, no Vary: Cookie", ("cacheable",),
                        "delivered, corrected", cacheable),
    "smuggling": Hazard("request smuggling: " + ", ".join(SMUGGLED_REQUESTS),
                        "one party sees two requests", (),
                        "refused with 400, never forwarded whole", smuggled_requests),
    "smuggled-answers": Hazard("the same in answers: " + ", ".join(SMUGGLED_ANSWERS),
                               "one party sees two answers", (), "refused with 502",
                               smuggled_answers),
}


def table(results):
    """The page HAZARDS.md: {key: (seen, outcome)} as they were observed."""
    lines = ["# Hazards and what sees them", "",
             "Written by `tests/e2e/test_hazards.py`, which plays every row against the real "
             "binary: set `COUNTERMARK_WRITE_HAZARDS=1` to write it anew. With the detectors of "
             "a row switched off (`detectors_off`) the row fails.", "",
             "| cause | the origin | seen by | outcome |", "|---|---|---|---|"]
    for key, (seen, outcome) in results.items():
        hazard = HAZARDS[key]
        names = ", ".join(f"`{name}`" for name in seen) or "prevented"
        lines.append(f"| {hazard.cause} | {hazard.origin} | {names} | {outcome} |")
    return "\n".join(lines) + "\n"
