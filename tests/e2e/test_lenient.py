"""A visitor whose session the site reads and we do not, or not in that spelling: what he finds is
refused, and login stays up ("What must be shown", 7)."""
import re
from http.cookies import _unquote
from urllib.parse import unquote

import pytest

from support.client import Browser, Client
from support.lenient_site import LenientSite, cookies_of
from support.load import source_of
from support.plain_site import config

pytestmark = pytest.mark.sanitize


def pairs(text, separator):
    return [part.partition("=")[::2] for part in re.split(separator, text)]


def strict(target, fields):
    return dict(pairs(cookies_of(fields), "; *")).get("SID")


def tomcat(target, fields):
    found = re.search(r";jsessionid=([^;/?]*)", target, re.I)
    return strict(target, fields) or (found and found.group(1))


def in_query(target, fields):
    found = re.search(r"[?&]sid=([^&]*)", target)
    return strict(target, fields) or (found and found.group(1))


def php(target, fields):
    for name, value in pairs(cookies_of(fields), "; *"):
        if re.sub(r"[ .\[]", "_", unquote(name)).lstrip("_") == "SID_x":
            return unquote(value)
    return None


def perl(target, fields):
    return dict(pairs(cookies_of(fields), "[;,] ?")).get("SID")


def python(target, fields):
    return dict(pairs(cookies_of(fields), '[; "]+')).get("SID")


def cgi(target, fields):
    names = {name.upper().replace("-", "_"): value for name, value in fields}
    return names.get("X_SESSION_TOKEN") or strict(target, fields)


def decoding(target, fields):
    return {unquote(name): value for name, value in pairs(cookies_of(fields), "; *")}.get("SID")


COOKIE, HEADER = {"cookies": ["SID"]}, {"cookies": ["SID"], "header": "X-Session-Token"}
VARIANTS = {
    "tomcat": (tomcat, COOKIE, "SID", "/mypage/top;jsessionid={}", []),
    "query": (in_query, {"cookies": ["SID"], "url_names": ["sid"]}, "SID",
              "/mypage/top?sid={}", []),
    "php-dot": (php, {"cookies": ["SID_x"]}, "SID_x", None, [("Cookie", "SID.x={}")]),
    "php-bracket": (php, {"cookies": ["SID_x"]}, "SID_x", None, [("Cookie", "SID[x={}")]),
    "php-blank": (php, {"cookies": ["SID_x"]}, "SID_x", None, [("Cookie", "SID x={}")]),
    "perl": (perl, COOKIE, "SID", None, [("Cookie", "x=1,SID={}")]),
    "python": (python, COOKIE, "SID", None, [("Cookie", "x=1 SID={}")]),
    "python-quotes": (python, COOKIE, "SID", None, [("Cookie", 'x="1 SID={} "')]),
    "cgi": (cgi, HEADER, "SID", None, [("X_Session_Token", "{}")]),
    "nominated": (cgi, HEADER, "SID", None,
                  [("Connection", "X-Session-Token"), ("X-Session-Token", "{}")]),
    "encoded": (decoding, COOKIE, "SID", None, [("Cookie", "%53ID={}")]),
}


def asked(port, target, fields, token, form=None):
    with Client(port, source=source_of(1)) as client:
        fields = [(name, value.format(token)) for name, value in fields]
        if form is None:
            return client.get(target.format(token), fields)
        fields.append(("Content-Type", "application/x-www-form-urlencoded"))
        return client.request("POST", target.format(token), fields, form)


def session_of(port, cookie, user):
    """A token of a confirmed session of `user`."""
    browser = Browser(port, source=source_of(1))
    assert browser.post("/login", {"userid": user}).status == 303
    for _ in range(2):
        assert browser.get("/mypage/top").status == 200
    browser.close()
    return browser.cookies[cookie]


def login_is_up(proxy, victim):
    assert proxy.feature_is_up()
    assert proxy.metrics().value("countermark_take_downs_total") == 0
    assert victim.get("/mypage/top").status == 200
    victim.close()


def at_home(port):
    victim = Browser(port, source=source_of(2))
    assert victim.post("/login", {"userid": "victim"}).status == 303
    assert victim.get("/mypage/top").status == 200
    return victim


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_session_that_only_the_site_reads_is_refused_and_counts_nothing(countermark, variant):
    reads, session, cookie, target, fields = VARIANTS[variant]
    with LenientSite(reads, cookie) as site:
        proxy = countermark(config(site.port, session=session))
        victim, token = at_home(proxy.port), session_of(proxy.port, cookie, "alice")
        if variant == "nominated":
            reply = asked(proxy.port, "/mypage/top", fields, token)
            assert reply.status == 200 and b"alice" in reply.received
        else:
            reply = asked(proxy.port, target or "/mypage/top", fields, token)
            assert reply.status == 502 and b"alice" not in reply.received
        login_is_up(proxy, victim)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "nominated"])
def test_a_login_by_a_spelling_that_only_the_site_reads_begins_a_new_session(countermark, variant):
    reads, session, cookie, target, fields = VARIANTS[variant]
    with LenientSite(reads, cookie) as site:
        proxy = countermark(config(site.port, session=session))
        victim, token = at_home(proxy.port), session_of(proxy.port, cookie, "alice")
        target = target.replace("/mypage/top", "/login") if target else "/login"
        assert asked(proxy.port, target, fields, token, b"userid=bob").status == 303
        assert site.users[token] == "alice", "the site got the session"
        reply = asked(proxy.port, "/mypage/top", [("Cookie", cookie + "={}")], token)
        assert reply.status == 200 and b"alice" in reply.received
        login_is_up(proxy, victim)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "nominated"])
def test_a_spelling_that_only_the_site_reads_goes_while_login_is_down(countermark, variant):
    reads, session, cookie, target, fields = VARIANTS[variant]
    with LenientSite(reads, cookie) as site:
        proxy = countermark(config(site.port, session=session))
        token = session_of(proxy.port, cookie, "alice")
        done = proxy.run("down", "login", "--reason", "drill")
        assert done.returncode == 0, done.stdout + done.stderr
        target = target.replace("/mypage/top", "/news") if target else "/news"
        reply = asked(proxy.port, target, fields, token)
        assert reply.status == 200 and b"alice" not in reply.received
