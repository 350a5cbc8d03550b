"""Who is the requester, in depth: classes of markers that need no user name, planted accounts."""
import base64
import hashlib
import hmac
import json
import os
import re
import time
from urllib.parse import quote

import pytest

from support.client import Browser, Client
from support.exchanges import field_of, last_request
from support.plain_site import config, login, page_of, signed_in
from support.ports import wait_until
from support.written_site import WrittenSite

pytestmark = pytest.mark.sanitize


def with_class(port, marker, route=None, **top):
    """The plain site with one more class of markers and, perhaps, a route before the others."""
    value = config(port, **top)
    value["markers"].append(marker)
    if route:
        value["routes"].insert(0, route)
    return value


def sent(origin, name):
    """A field of the last request that the site received."""
    return field_of(last_request(origin), name)[0]


# Planted accounts

def test_a_planted_account_in_anybody_s_page_is_refused_and_takes_login_down(origin, countermark):
    canary = {"name": "planted", "find": ["header:X-Row"], "must_be": "nobody"}
    proxy = countermark(with_class(origin.port, canary))
    own = signed_in(proxy.port, "canary07")
    assert page_of(own, "canary07", order="&field=X-Row:canary07").status == 200
    alice = signed_in(proxy.port, "alice")
    reply = page_of(alice, "alice", order="&field=X-Row:canary07")
    assert reply.status == 502 and b"canary07" not in reply.received
    assert not proxy.feature_is_up()
    display = proxy.ledger().displays()[-1]
    assert display["detector"] == "canary" and display["subject"] == "canary07"
    assert proxy.metrics().value("countermark_findings_total", detector="canary",
                                 action="refuse") == 1
    own.close()
    alice.close()


# The fingerprint that we sent

def test_a_page_that_carries_the_fingerprint_of_another_session_is_refused(origin, countermark):
    page = {"name": "page", "find": ["header:X-Page"], "must_be": "session"}
    route = {"path": "/app/**", "require": ["page"], "unmarked": "refuse"}
    proxy = countermark(with_class(origin.port, page, route, login={}))
    alice, bob = Browser(proxy.port), Browser(proxy.port)
    names = []
    for browser in (alice, bob):
        assert browser.get("/hello?token=JSESSIONID").status == 200
        assert browser.get("/hello").status == 200
        names.append(sent(origin, "countermark-session"))
    assert names[0] != names[1] and all(len(name) == 32 for name in names)
    assert alice.get("/app/top?field=X-Page:" + names[0]).status == 200
    assert alice.get("/app/top").status == 502, "a required one is missing"
    assert alice.get("/app/top?field=X-Page:none").status == 502
    assert proxy.feature_is_up()
    reply = bob.get("/app/top?field=X-Page:" + names[0] + "&field=" + quote("X-Secret:alice"))
    assert reply.status == 502 and b"alice" not in reply.received
    assert not proxy.feature_is_up()
    alice.close()
    bob.close()


# First markers

def test_two_pages_in_succession_confirm_a_session_however_fast_they_came(origin, countermark):
    proxy = countermark(config(origin.port, login={}))
    for number in range(5):
        browser = Browser(proxy.port)
        user = f"user{number}"
        assert browser.get("/hello?token=JSESSIONID").status == 200
        for _ in range(2):
            assert page_of(browser, user).status == 200
        assert page_of(browser, "alice").status == 502
        assert not proxy.feature_is_up(), "a confirmed requester's finding is strong"
        proxy.run("up", "login", "--reason", "test", "--anyway")
        browser.close()


# Tokens that are older than the proxy

def renewing(port, **session):
    value = config(port)
    value["session"] = dict({"cookies": ["JSESSIONID"], "unknown": "renew"}, **session)
    return value


OLD = "0123456789abcdef0123456789abcdef"


def test_an_unknown_token_is_removed_and_the_client_told_to_forget_it(origin, countermark):
    proxy = countermark(renewing(origin.port, cookies=["JSESSIONID", "SID*"]))
    with Client(proxy.port) as client:
        cookie = f"theme=dark; JSESSIONID={OLD}; SIDx={OLD}; lang=ja"
        reply = client.get("/hello", [("Cookie", cookie)])
        assert reply.status == 200
        assert sorted(reply.all("Set-Cookie")) == [
            "JSESSIONID=; Path=/; Max-Age=0; HttpOnly", "SIDx=; Path=/; Max-Age=0; HttpOnly"]
        request = last_request(origin)
        assert request["cookie"] == "theme=dark; lang=ja"
        assert field_of(request, "countermark-session") == ["none"]
        reply = client.get("/hello?token=JSESSIONID", [("Cookie", cookie)])
        assert [line.split("=")[0] for line in reply.all("Set-Cookie")] == ["JSESSIONID", "SIDx"]
        fresh = reply.all("Set-Cookie")[0].split(";")[0]
        assert len(fresh) > 30, "the new token goes through, and no deletion beside it"
        reply = client.get("/hello", [("Cookie", f"{fresh}; SIDx={OLD}")])
        assert reply.all("Set-Cookie") == ["SIDx=; Path=/; Max-Age=0; HttpOnly"]
        assert last_request(origin)["cookie"] == fresh, "only the unknown one goes"
    assert proxy.metrics().value("countermark_tokens_removed_total", reason="unknown") == 3


def test_an_unknown_token_goes_from_paths_and_fields_too(origin, countermark):
    proxy = countermark(renewing(origin.port, path_parameter="jsessionid", suffix=".",
                                 header="X-Token", remember=["remember_me"],
                                 url_names=["sid"]))
    with Client(proxy.port) as client:
        assert client.get(f"/a;jsessionid={OLD}.node1;v=1/b?side=7").status == 200
        assert last_request(origin)["target"] == "/a;v=1/b?side=7"
        # With another token in the query nobody can say which one the site takes.
        target = f"/a;jsessionid={OLD}.node1;v=1/b?sid=7"
        assert client.get(target).status == 200
        assert last_request(origin)["target"] == target
        assert client.get("/a;v=1/b", [("X-Token", OLD), ("Authorization", "Bearer abc"),
                                       ("Cookie", "remember_me=1")]).status == 200
        request = last_request(origin)
        assert field_of(request, "x-token") == []
        assert field_of(request, "authorization") == ["Bearer abc"]
        assert request["cookie"] == "remember_me=1"


def test_a_user_whose_old_token_was_removed_logs_in_and_goes_on(origin, countermark):
    proxy = countermark(renewing(origin.port))
    browser = Browser(proxy.port)
    browser.cookies["JSESSIONID"] = OLD
    assert page_of(browser, "alice").status == 502, "an anonymous request, a marked page"
    proxy.run("up", "login", "--reason", "a test", "--anyway")
    assert login(browser, "alice").status == 303
    assert page_of(browser, "alice").status == 200
    assert last_request(origin)["session"] not in (OLD, None)
    browser.close()


# Quarantine

def quarantined_world(origin, countermark, words):
    """Alice saw bob's page, which was refused, and login is up again."""
    proxy = countermark(config(origin.port, quarantine=words))
    people = {name: signed_in(proxy.port, name) for name in ("alice", "bob", "carol")}
    assert page_of(people["alice"], "bob").status == 502
    proxy.run("up", "login", "--reason", "a test", "--anyway")
    return proxy, people


@pytest.mark.parametrize("words, away", [("none", []), ("viewer", ["alice"]),
                                         ("both", ["alice", "bob"])])
def test_after_a_finding_the_sessions_have_to_log_in_again(origin, countermark, words, away):
    proxy, people = quarantined_world(origin, countermark, words)
    for name, browser in people.items():
        before = browser.cookies["JSESSIONID"]
        reply = browser.get("/hello")
        assert reply.status == 200
        if name in away:
            assert last_request(origin)["cookie"] == ""
            assert reply.all("Set-Cookie") == ["JSESSIONID=; Path=/; Max-Age=0; HttpOnly"]
            with Client(proxy.port) as client:
                client.get("/hello", [("Cookie", f"JSESSIONID={before}")])
                assert last_request(origin)["cookie"] == "", "a client that does not obey"
        else:
            assert last_request(origin)["session"] == before
        if name not in away:
            assert page_of(browser, name).status == 200
        assert login(browser, name).status == 303
        assert page_of(browser, name).status == 200, "a new login ends it"
        browser.close()
    metrics = proxy.metrics()
    for side, user in (("viewer", "alice"), ("subject", "bob")):
        marked = metrics.value("countermark_sessions_quarantined_total", side=side)
        assert (marked or 0) == (1 if user in away else 0)


def test_quarantine_survives_a_kill_once_the_page_is_out(origin, countermark):
    """It is on disk with the refusal, which the session itself need not be for long."""
    proxy = countermark(config(origin.port, quarantine="viewer"))
    for _ in range(5):
        people = {name: signed_in(proxy.port, name) for name in ("alice", "bob")}
        token = people["alice"].cookies["JSESSIONID"]
        assert page_of(people["alice"], "bob").status == 502
        proxy.kill()
        for browser in people.values():
            browser.close()
        proxy.start()
        assert proxy.run("up", "login", "--reason", "a test", "--anyway").returncode == 0
        with Client(proxy.port) as client:
            client.get("/hello", [("Cookie", f"JSESSIONID={token}")])
            assert last_request(origin)["cookie"] == ""


def test_an_observed_site_gets_every_token_and_nobody_a_deletion(origin, countermark):
    value = renewing(origin.port)
    value.update(mode="observe", quarantine="both")
    proxy = countermark(value)
    alice = signed_in(proxy.port, "alice")
    assert page_of(alice, "bob").status == 200
    reply = alice.get("/hello")
    assert reply.all("Set-Cookie") == []
    assert last_request(origin)["session"] == alice.cookies["JSESSIONID"]
    alice.close()


# Login by one name, marked by another

def aliased(origin, **login):
    value = config(origin.port)
    value["login"].update(user_is="alias", **login)
    return value


def logged_in_as(proxy, name, marker, pages=2):
    browser = Browser(proxy.port)
    assert login(browser, name).status == 303
    for _ in range(pages):
        assert page_of(browser, marker).status == 200
    browser.close()


def test_a_mail_address_stands_for_its_number_after_two_logins(origin, countermark):
    proxy = countermark(aliased(origin))
    for _ in range(2):
        logged_in_as(proxy, "alice@site.example", "1001")
    for _ in range(3):
        browser = Browser(proxy.port)
        login(browser, "alice@site.example")
        reply = page_of(browser, "2002")
        assert reply.status == 502 and b"2002" not in reply.received
        browser.close()
    assert proxy.feature_is_up(), "a changed alias never takes anything down"
    assert proxy.ledger().displays()[-1]["reason"] == "alias-changed"
    logged_in_as(proxy, "alice@site.example", "1001")
    proxy.wait_until_stored("aliases", "logins >= 2")
    proxy.kill()
    proxy.start()
    browser = Browser(proxy.port)
    login(browser, "alice@site.example")
    assert page_of(browser, "2002").status == 502, "it is kept over a restart"
    browser.close()
    assert proxy.run("forget", "--login", "nobody@site.example").returncode == 1
    done = proxy.run("forget", "--login", "alice@site.example")
    assert done.returncode == 0 and "alice@site.example" in done.stdout
    logged_in_as(proxy, "alice@site.example", "2002")
    wait_until(lambda: [row for row in proxy.ledger().rows("accesses")
                        if re.fullmatch("alias [0-9a-f]{32} forgotten", row["what"])],
               10, "the order is on record")
    stored = b""
    for name in ("aliases.db", "aliases.db-wal", "sessions.db", "sessions.db-wal",
                 "ledger.db", "ledger.db-wal"):
        path = os.path.join(os.path.dirname(proxy.ledger().path()), name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                stored += file.read()
    assert b"alice@site" not in stored


def test_an_aliased_user_who_sees_another_s_page_takes_login_down(origin, countermark):
    proxy = countermark(aliased(origin))
    for name, number in (("alice@site.example", "1001"), ("bob@site.example", "2002")):
        logged_in_as(proxy, name, number)
    browser = Browser(proxy.port)
    login(browser, "alice@site.example")
    for _ in range(3):
        assert page_of(browser, "1001").status == 200
        time.sleep(0.02)                # a second page that did not overlap the first
    assert page_of(browser, "2002").status == 502
    assert not proxy.feature_is_up()
    browser.close()


# Staff

def test_staff_sees_anybody_on_its_routes_and_nowhere_else(origin, countermark):
    value = config(origin.port)
    value["routes"].insert(0, {"path": "/admin/**", "require": ["owner"], "unmarked": "refuse"})
    value["staff"] = [{"requesters": ["help-*", "regex:ops[0-9]"], "routes": ["/admin/**"]}]
    proxy = countermark(value)
    for name in ("help-7", "ops3"):
        staff = signed_in(proxy.port, name)
        for subject in ("alice", "bob", name):
            assert page_of(staff, subject, "/admin/people").status == 200
        staff.close()
    carol = signed_in(proxy.port, "carol")
    assert page_of(carol, "alice", "/admin/people").status == 502
    proxy.run("up", "login", "--reason", "a test", "--anyway")
    staff = signed_in(proxy.port, "help-7")
    assert page_of(staff, "alice").status == 502, "not on other routes"
    assert not proxy.feature_is_up()
    staff.close()
    carol.close()


# Values that belong to one session

def form(browser, value, path="/form"):
    return browser.get(f"{path}?field={quote('X-Form:' + value)}")


def test_a_form_token_of_another_session_is_refused_and_takes_login_down(origin, countermark):
    token = {"name": "form", "find": ["header:X-Form"], "must_be": "own"}
    proxy = countermark(with_class(origin.port, token))
    guest = Browser(proxy.port)
    assert guest.get(f"/form?token=JSESSIONID&field={quote('X-Form:kept-over-login')}").status == 200
    assert login(guest, "alice").status == 303
    assert form(guest, "kept-over-login").status == 200, "many sites keep it"
    bob = signed_in(proxy.port, "bob")
    assert form(bob, "bob-1").status == 200
    assert form(guest, "alice-1").status == 200
    assert form(bob, "bob-1").status == 200
    asked = bob.get(f"/form?field={quote('X-Form:alice-1')}", [("X-Csrf", "alice-1")])
    assert asked.status == 502 and proxy.feature_is_up(), "he asked for it: refused, never counted"
    double = bob.get(f"/form?field={quote('X-Form:alice-1')}", [("Cookie", "csrf=alice-1")])
    assert double.status == 200, "his own cookie brought it"
    origin.control("PUT", "/default", {"do": "length", "field": "X-Form:alice-1"})
    assert guest.get("/form").status == 200
    reply = bob.get("/form")
    assert reply.status == 502 and b"alice-1" not in reply.received
    assert not proxy.feature_is_up()
    display = proxy.ledger().displays()[-1]
    assert display["detector"] == "own-marker" and display["viewer"] == "bob"
    assert display["subject"] == "alice"
    bob.close()
    guest.close()


# Requesters that every request names

JWT_SECRET = b"0123456789abcdef0123456789abcdef"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(user, secret=JWT_SECRET, algorithm="HS256", **claims):
    text = base64url(json.dumps({"alg": algorithm}).encode()) + "." \
        + base64url(json.dumps({"sub": user, **claims}).encode())
    if algorithm == "none":
        return text + "."
    return text + "." + base64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def stateless(origin, folder, key=True, **session):
    value = config(origin.port)
    value["session"] = {"cookies": ["JSESSIONID"], **session}
    if key and "jwt" in session:
        path = os.path.join(folder, "jwt.key")
        with open(path, "wb") as file:
            file.write(JWT_SECRET + b"\n")
        value["session"]["jwt"]["key_file"] = path
    return value


def shown(port, fields, marker, path="/mypage/top"):
    with Client(port) as client:
        return client.get(f"{path}?marker={marker}", fields)


@pytest.mark.parametrize("place", ["cookie", "header", "basic"])
def test_whom_a_request_names_sees_only_his_own_page(origin, countermark, folder, place):
    if place == "basic":
        proxy = countermark(stateless(origin, folder, basic=True))

        def fields(user):
            text = base64.b64encode(f"{user}:pass:word".encode()).decode()
            return [("Authorization", f"Basic {text}")]
    else:
        where = {"cookie": "auth"} if place == "cookie" else {"header": "Authorization"}
        proxy = countermark(stateless(origin, folder, jwt=where))

        def fields(user):
            token = jwt(user, exp=int(time.time()) + 600)
            return [("Cookie", f"auth={token}")] if place == "cookie" \
                else [("Authorization", f"Bearer {token}")]

    for user in ("alice", "bob"):
        assert shown(proxy.port, fields(user), user).status == 200
    names = [field_of(request, "countermark-session")[0]
             for connection in origin.connections() for request in connection["requests"]]
    assert len(set(names)) == 2 and "none" not in names
    assert len([c for c in origin.connections() if c["requests"]]) == 2, "a connection each"
    reply = shown(proxy.port, fields("alice"), "bob")
    assert reply.status == 502 and b'content="bob"' not in reply.received
    assert not proxy.feature_is_up()
    display = proxy.ledger().displays()[-1]
    assert (display["viewer"], display["subject"]) == ("alice", "bob")
    with Client(proxy.port) as client:
        assert client.get("/hello", fields("alice")).status == 200
    request = last_request(origin)
    assert field_of(request, "authorization") == [] and request["cookie"] == ""
    assert field_of(request, "countermark-session") == ["none"]


def test_a_token_that_is_not_valid_is_nobody_s_and_takes_nothing_down(origin, countermark, folder):
    proxy = countermark(stateless(origin, folder, jwt={"header": "X-Token"}))
    for token in (jwt("alice", algorithm="none"), jwt("alice", secret=b"x" * 32),
                  jwt("alice", exp=1), jwt("alice", algorithm="RS256"), "nonsense"):
        assert shown(proxy.port, [("X-Token", token)], "alice").status == 502
        assert shown(proxy.port, [("X-Token", token)], "bob").status == 502
    assert proxy.feature_is_up()


def test_a_token_of_another_user_is_stopped_at_its_cookie(origin, countermark, folder):
    proxy = countermark(stateless(origin, folder, jwt={"cookie": "auth"}))
    fields = [("Cookie", "auth=" + jwt("alice"))]
    for user, status in (("alice", 200), ("bob", 502)):
        fresh = quote(f"Set-Cookie:auth={jwt(user, iat=1)}; Path=/")
        with Client(proxy.port) as client:
            assert client.get(f"/hello?field={fresh}", fields).status == status
    assert not proxy.feature_is_up()
    assert proxy.ledger().displays()[-1]["detector"] == "session-cookie"


def test_without_a_key_another_s_page_is_refused_and_nothing_counts(origin, countermark, folder):
    proxy = countermark(stateless(origin, folder, key=False, jwt={"header": "X-Token"}))
    for _ in range(3):
        assert shown(proxy.port, [("X-Token", jwt("alice"))], "alice").status == 200
        assert shown(proxy.port, [("X-Token", jwt("alice"))], "bob").status == 502
    assert proxy.feature_is_up()


def test_a_credential_beside_another_user_s_session_is_ambiguous(origin, countermark, folder):
    proxy = countermark(stateless(origin, folder, jwt={"header": "X-Token"}))
    bob = signed_in(proxy.port, "bob")
    cookie = ("Cookie", "JSESSIONID=" + bob.cookies["JSESSIONID"])
    for marker in ("alice", "bob"):
        assert shown(proxy.port, [cookie, ("X-Token", jwt("alice"))], marker).status == 502
    assert proxy.feature_is_up()
    assert shown(proxy.port, [cookie, ("X-Token", jwt("bob"))], "bob").status == 200
    bob.close()


# Caches between the proxy and the site

def test_a_cache_that_hands_out_another_s_session_is_stopped_at_the_cookie(origin, countermark,
                                                                           caching_nginx):
    nginx = caching_nginx(origin.port)
    proxy = countermark(config(nginx.port))
    alice, bob = Browser(proxy.port), Browser(proxy.port)
    path = "/welcome?token=JSESSIONID"
    assert alice.get(path).status == 200
    token = alice.cookies["JSESSIONID"]
    assert len(token) == 32
    reply = bob.get(path)               # the same answer, from the cache, before she logs in
    assert reply.status == 502 and token.encode() not in reply.received
    assert "JSESSIONID" not in bob.cookies
    assert proxy.ledger().displays()[-1]["detector"] == "session-cookie"
    assert login(alice, "alice").status in (303, 503)
    alice.close()
    bob.close()


def test_a_cached_personal_page_with_its_cookie_is_not_let_through_by_the_anonymous_rule(
        origin, countermark):
    proxy = countermark(config(origin.port))
    alice = Browser(proxy.port)
    assert login(alice, "alice").status == 303
    token = alice.cookies["JSESSIONID"]
    assert page_of(alice, "alice").status == 200
    stale = f"/cached?marker=alice&field={quote(f'Set-Cookie:JSESSIONID={token}; Path=/')}"
    guest = Browser(proxy.port)         # without Age: nothing says that it is from a cache
    reply = guest.get(stale)
    assert reply.status == 502 and token.encode() not in reply.received
    assert b'content="alice"' not in reply.received
    assert not proxy.feature_is_up()
    alice.close()
    guest.close()


def test_nor_is_one_that_answers_a_login(origin, countermark):
    proxy = countermark(config(origin.port))
    alice = signed_in(proxy.port, "alice")
    token = alice.cookies["JSESSIONID"]
    guest = Browser(proxy.port)
    answer = f"/login?marker=alice&field={quote(f'Set-Cookie:JSESSIONID={token}; Path=/')}"
    reply = guest.post(answer, {"userid": "bob", "password": "x"})
    assert reply.status == 502 and token.encode() not in reply.received
    alice.close()
    guest.close()


# Changes of user that are legitimate: no false alarm

class Site:
    """How a site treats its tokens; each page and login is an order to the origin."""

    def __init__(self, proxy, style):
        self.proxy, self.style, self.user, self.count = proxy, style, None, 0

    def browser(self):
        browser = Browser(self.proxy.port)
        if self.style == "never":       # one token from the first visit on, kept at login
            assert browser.get("/hello?token=JSESSIONID").status == 200
        return browser

    def log_in(self, browser, user):
        answer = f"?status=303&field={quote('Location:/mypage/top')}"
        if self.style != "never":
            answer += "&token=JSESSIONID"
        if self.style == "second":
            self.count += 1
            answer += "&field=" + quote(f"Set-Cookie:AUTH={self.count:032x}; Path=/")
        reply = browser.post("/login" + answer, {"userid": user, "password": "x"})
        assert reply.status == 303, reply.text[:200]

    def page(self, browser, user, path="/mypage/top"):
        order = "&token=JSESSIONID" if self.style == "every" else ""
        reply = page_of(browser, user, path, order)
        assert reply.status == 200, (self.style, user, reply.text[:200])

    def log_out(self, browser):
        gone = quote("Set-Cookie:JSESSIONID=; Path=/; Max-Age=0")
        order = "" if self.style == "never" else f"&field={gone}"
        if self.style == "second":
            order += "&field=" + quote("Set-Cookie:AUTH=; Path=/; Max-Age=0")
        assert browser.get("/logout?status=303" + order).status == 303


@pytest.mark.parametrize("style", ["every", "at-login", "never", "second"])
def test_no_legitimate_change_of_user_alarms(origin, countermark, style):
    value = config(origin.port)
    value["session"]["cookies"] = ["AUTH", "JSESSIONID"]
    value["login"]["callback"] = ["GET /sso/callback"]
    proxy = countermark(value)
    site = Site(proxy, style)
    alice, terminal = site.browser(), site.browser()
    for _ in range(2):                  # several devices of one user
        site.log_in(alice, "alice")
        site.page(alice, "alice")
        site.log_in(terminal, "alice")
        site.page(terminal, "alice")
        site.log_in(terminal, "bob")    # somebody else, without a logout
        for _ in range(3):
            site.page(terminal, "bob")
        site.log_out(terminal)
        assert terminal.get("/hello").status == 200
        site.log_in(terminal, "carol")
        site.page(terminal, "carol")
        site.page(alice, "alice")
    for user in ("alice", "bob"):       # two tabs, one after the other
        assert terminal.get("/login").status == 200
    site.log_in(terminal, "alice")
    site.log_in(terminal, "bob")
    site.page(terminal, "bob")
    failed = terminal.post("/login?status=200", {"userid": "carol", "password": "wrong"})
    assert failed.status == 200
    site.page(terminal, "bob")
    assert alice.get("/mypage/error?status=404").status == 404, "without a marker"
    assert alice.get(f"/mypage/move?status=302&field={quote('Location:/x')}").status == 302
    guest = site.browser()
    order = f"/sso/callback?status=303&field={quote('Location:/mypage/top')}" \
        + ("" if style == "never" else "&token=JSESSIONID")
    assert guest.get(order).status == 303
    site.page(guest, "dora")
    site.page(guest, "dora")
    assert proxy.feature_is_up()
    assert proxy.ledger().displays() == []
    for browser in (alice, terminal, guest):
        browser.close()


@pytest.mark.parametrize("location", [
    "/mypage/top#news", "//127.0.0.1/mypage/top", "mypage/top?a#b", "./mypage/top",
    "HTTP://127.0.0.1:1/mypage/top"])
def test_a_login_succeeds_where_a_browser_would_go(origin, countermark, location):
    proxy = countermark(config(origin.port))
    answer = f"/login?status=302&token=JSESSIONID&field={quote('Location:' + location)}"
    for user in ("alice", "bob"):
        browser = Browser(proxy.port)
        assert browser.post(answer, {"userid": user, "password": "x"}).status == 302
        assert page_of(browser, user).status == 200
        browser.close()
    assert proxy.feature_is_up() and proxy.ledger().displays() == []


@pytest.mark.parametrize("location, told", [
    ("https://127.0.0.1/mypage/top", True), ("https://other.example/mypage/top", False)])
def test_a_login_that_leads_to_another_host_is_told_by_its_first_page(origin, countermark,
                                                                      location, told):
    proxy = countermark(config(origin.port))
    answer = f"/login?status=302&token=JSESSIONID&field={quote('Location:' + location)}"
    alice, bob = Browser(proxy.port), Browser(proxy.port)
    for browser, user in ((alice, "alice"), (bob, "bob")):
        assert browser.post(answer, {"userid": user, "password": "x"}).status == 302
    assert page_of(alice, "alice").status == 200
    assert page_of(bob, "carol").status == 502
    assert proxy.feature_is_up() == (not told)
    alice.close()
    bob.close()


def test_the_deletion_of_a_cookie_with_a_user_s_name_alarms_nobody(origin, countermark):
    value = config(origin.port)
    value["markers"][0]["find"].append("cookie:login_name")
    proxy = countermark(value)
    gone = "=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/"
    order = "".join(f"&field={quote('Set-Cookie:' + name + gone)}"
                    for name in ("login_name", "JSESSIONID"))
    alice = signed_in(proxy.port, "alice")
    assert alice.get("/logout?status=200" + order).status == 200
    assert Browser(proxy.port).get("/hello?status=200" + order).status == 200
    assert proxy.feature_is_up() and proxy.ledger().displays() == []
    alice.close()


def test_a_remembered_user_and_an_expired_session_alarm_nobody(origin, countermark):
    value = config(origin.port)
    value["session"]["remember"] = ["remember_me"]
    proxy = countermark(value)
    browser = Browser(proxy.port)
    browser.cookies["remember_me"] = "0123456789abcdef"
    assert page_of(browser, "alice", order="&token=JSESSIONID").status == 200
    assert page_of(browser, "alice").status == 200
    browser.cookies["JSESSIONID"] = OLD         # an old one: the page loads again, signed out
    assert browser.get("/hello?token=JSESSIONID").status == 200
    assert page_of(browser, "alice").status == 200
    assert proxy.feature_is_up() and proxy.ledger().displays() == []
    browser.close()


# Names in the encoding of the site

@pytest.mark.parametrize("charset", ["Shift_JIS", "EUC-JP", "ISO-2022-JP"])
@pytest.mark.parametrize("declared", ["by the field", "by a meta element"])
def test_a_name_is_the_same_in_form_and_page_of_one_encoding(countermark, charset, declared):
    """As a browser sends the form: the bytes of the page, percent-encoded."""
    by_field = declared == "by the field"
    kind = "text/html" + ("; charset=" + charset if by_field else "")
    meta = "" if by_field else f'<meta charset="{charset}">'

    def page_of_user(user):
        text = f'{meta}<title>表能</title><meta name="user-marker" content="{user}">'
        body = text.encode(charset)
        return (f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n".encode(), [body])

    site = WrittenSite()
    with site.server:
        proxy = countermark(config(site.port))
        for user in ("山田ソ能あ", "予&quot;表x"):
            browser = Browser(proxy.port)
            name = user.replace("&quot;", '"').encode(charset)
            assert browser.post("/login", {"userid": name, "password": "x"}).status == 303
            site.page = lambda path, request, user=user: page_of_user(user)
            for _ in range(2):
                reply = browser.get("/mypage/top")
                assert reply.status == 200 and "表能".encode(charset) in reply.body
            browser.close()
        assert not proxy.ledger().displays()
        browser = Browser(proxy.port)
        assert browser.post("/login", {"userid": name, "password": "x"}).status == 303
        site.page = lambda path, request: page_of_user("山田")
        assert browser.get("/mypage/top").status == 502
        assert proxy.ledger().displays()[-1]["subject"] == \
            "山田".encode(charset).decode("utf-8", "replace")
        browser.close()
