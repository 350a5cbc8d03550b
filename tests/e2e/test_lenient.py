"""A visitor whose session the site reads and we do not, or not in that spelling: what he finds is
refused, and login stays up ("What must be shown", 7)."""
import re
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


def decoding_value(target, fields):
    return unquote(strict(target, fields) or "")


def unquoting(target, fields):
    return (strict(target, fields) or "").strip('"')


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


def restart(proxy):
    proxy.stop()
    proxy.start()


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


def test_a_login_with_two_tokens_of_one_name_begins_a_new_session(countermark):
    with LenientSite(strict) as site:                    # takes the last one, we know the first
        proxy = countermark(config(site.port, session=COOKIE))
        victim, token = at_home(proxy.port), session_of(proxy.port, "SID", "alice")
        twice = [("Cookie", "SID=x; SID={}")]
        assert asked(proxy.port, "/login", twice, token, b"userid=bob").status == 303
        assert site.users[token] == "alice"
        reply = asked(proxy.port, "/mypage/top", [("Cookie", "SID={}")], token)
        assert reply.status == 200 and b"alice" in reply.received
        login_is_up(proxy, victim)


# One token in two spellings

def spelled(token, number):
    return token[:number] + f"%{ord(token[number]):02x}" + token[number + 1:]


def test_a_token_in_an_escaped_spelling_is_refused_and_counts_nothing(countermark):
    with LenientSite(decoding_value) as site:
        proxy = countermark(config(site.port, session=COOKIE))
        victim, token = at_home(proxy.port), session_of(proxy.port, "SID", "alice")
        other = [("Cookie", "SID=" + spelled(token, 3))]
        assert asked(proxy.port, "/mypage/top", other, "").status == 502
        assert asked(proxy.port, "/login", other, "", b"userid=bob").status == 303
        assert site.users[token] == "alice"
        plain = [("Cookie", "SID={}")]
        assert asked(proxy.port, "/login", plain, token, b"userid=bob").status == 303
        assert asked(proxy.port, "/mypage/top", plain, token).status == 200
        assert asked(proxy.port, "/mypage/top", other, token).status == 502
        login_is_up(proxy, victim)


def test_a_token_with_reserved_bytes_in_another_spelling_counts_nothing(countermark):
    def reads(target, fields):
        return decoding_value(target, fields).removesuffix("/=")

    with LenientSite(reads, spelled="{}%2F%3D") as site:
        proxy = countermark(config(site.port, session=COOKIE))
        victim, token = at_home(proxy.port), session_of(proxy.port, "SID", "alice")
        token = token.removesuffix("%2F%3D")
        for other in ("SID={}/%3D", "SID={}%2f%3D", "SID={}%2F="):
            other = [("Cookie", other)]
            assert asked(proxy.port, "/mypage/top", other, token).status == 502
            assert asked(proxy.port, "/login", other, token, b"userid=bob").status == 303
            assert site.users[token] == "alice"
        reply = asked(proxy.port, "/mypage/top", [("Cookie", "SID={}%2F%3D")], token)
        assert reply.status == 200 and b"alice" in reply.received
        login_is_up(proxy, victim)


@pytest.mark.parametrize("restarted", [False, True], ids=["known", "restarted"])
def test_a_token_issued_to_another_spelling_is_another_session(countermark, restarted):
    with LenientSite(strict) as site:                    # knows nothing of quotes
        proxy = countermark(config(site.port, session=COOKIE))
        victim, token = at_home(proxy.port), session_of(proxy.port, "SID", "alice")
        if restarted:                                    # how tokens are spelled is forgotten
            restart(proxy)
        reply = asked(proxy.port, "/news", [("Cookie", 'SID="{}"')], token)
        second = reply.field("Set-Cookie").partition(";")[0].partition("=")[2]
        assert asked(proxy.port, "/login", [("Cookie", "SID={}")], second,
                     b"userid=bob").status == 303
        assert site.users[second] == "bob"
        for one, user in ((token, b"alice"), (second, b"bob"), (token, b"alice")):
            reply = asked(proxy.port, "/mypage/top", [("Cookie", "SID={}")], one)
            assert reply.status == 200 and user in reply.received
        login_is_up(proxy, victim)


def test_a_site_that_issues_quoted_tokens_goes_on_working(countermark):
    with LenientSite(unquoting, spelled='"{}"') as site:
        proxy = countermark(config(site.port, session=COOKIE))
        victim = at_home(proxy.port)
        for user in ("alice", "bob"):
            token = session_of(proxy.port, "SID", user)
            assert token.startswith('"')
            reply = asked(proxy.port, "/mypage/top", [("Cookie", "SID={}")], token)
            assert reply.status == 200
        restart(proxy)
        reply = asked(proxy.port, "/mypage/top", [("Cookie", "SID={}")], token)
        assert reply.status == 200 and b"bob" in reply.received
        assert proxy.metrics().value("countermark_incidents_open") == 0
        login_is_up(proxy, victim)
