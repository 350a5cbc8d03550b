"""Visitors who try to take the site down by what they send ("What must be shown", 7).

In every test nobody but the abuser is harmed and no feature goes down.
"""
import os
import secrets
import socket
import threading
import time

import pytest

from support.client import Browser, Client, request_bytes
from support.load import source_of
from support.nginx import Nginx
from support.plain_site import config, feature_is_down, page_of, signed_in
from support.plain_site import login as plain_login
from support.ports import free_port, wait_until
from support.sites import foreign_bytes, jobcard_config, login

TOKENS = int(os.environ.get("COUNTERMARK_TOKENS", "30000"))      # a million for the record
PIPELINED = 100
ABUSER, VICTIM, READERS = "user001", "user002", ("user003", "user004", "user005", "user006")


def nobody_is_harmed(proxy, *victims, incidents=0):
    """Each of `victims`, (browser, user), still gets a page of their own.

    `incidents`: at most so many; what the abuser mixed up in the abuser's own accounts is recorded.
    """
    for browser, user in victims:
        reply = browser.get("/mypage/top")
        assert reply.status == 200, f"{user}: {reply.status}"
        assert foreign_bytes(reply.received, user) == 0
        browser.close()
    assert proxy.feature_is_up()
    metrics = proxy.metrics()
    assert metrics.value("countermark_incidents_open") <= incidents
    assert metrics.value("countermark_take_downs_total") == 0


def at_home(proxy, user, number):
    """A user of the jobcard site, logged in from a network of their own."""
    browser = Browser(proxy.port, source=source_of(number))
    assert login(browser, user).status == 303
    assert browser.get("/mypage/top").status == 200
    return browser


# Wrong passwords for other names

@pytest.mark.sanitize
@pytest.mark.parametrize("success", [True, False], ids=["success-is-told", "success-by-token"])
def test_wrong_passwords_for_other_names_bind_nothing(jobcard, countermark, success):
    value = jobcard_config(jobcard().port)
    if not success:
        del value["login"]["success"]
    proxy = countermark(value)
    victim = at_home(proxy, VICTIM, 2)
    abuser = at_home(proxy, ABUSER, 1)
    stranger = Browser(proxy.port, source=source_of(7))
    for name in (VICTIM, *READERS, "nobody-of-that-name", "", "x" * 300):
        for browser in (abuser, stranger):
            assert login(browser, name, "wrong").status == 200
        assert abuser.get("/mypage/top").status == 200, f"after {name!r}"
    assert stranger.get("/mypage/top").status == 303
    stranger.close()
    nobody_is_harmed(proxy, (victim, VICTIM), (abuser, ABUSER))


@pytest.mark.sanitize
def test_a_wrong_password_on_a_shared_browser_leaves_its_user_logged_in(jobcard, countermark):
    proxy = countermark(jobcard_config(jobcard().port))
    browser = at_home(proxy, VICTIM, 1)
    assert login(browser, ABUSER, "wrong").status == 200
    assert browser.get("/mypage/top").status == 200
    assert login(browser, ABUSER).status == 303
    nobody_is_harmed(proxy, (browser, ABUSER))


# Two accounts on one cookie

@pytest.mark.sanitize
def test_two_accounts_that_begin_with_one_cookie_harm_only_themselves(jobcard, countermark):
    proxy = countermark(jobcard_config(jobcard().port))
    victim = at_home(proxy, READERS[0], 3)
    first = Browser(proxy.port, source=source_of(1))
    second = Browser(proxy.port, source=source_of(2))
    assert first.get("/seminar").status == 200           # issues an anonymous session
    second.cookies = dict(first.cookies)
    assert login(first, ABUSER).status == 303
    assert login(second, VICTIM).status in (303, 502)
    for _ in range(10):
        for browser, user in ((first, ABUSER), (second, VICTIM)):
            reply = browser.get("/mypage/top")
            assert reply.status in (200, 303, 502)
            assert foreign_bytes(reply.received, user) == 0
    first.close()
    second.close()
    nobody_is_harmed(proxy, (victim, READERS[0]), incidents=1)


@pytest.mark.sanitize
def test_a_login_by_another_method_that_keeps_the_token_takes_nothing_down(origin, countermark):
    proxy = countermark(config(origin.port))
    victim = signed_in(proxy.port, VICTIM, source_of(2))
    abuser = signed_in(proxy.port, ABUSER, source_of(1))
    other = READERS[0]
    reply = abuser.get(f"/login?userid={other}&status=303&field=Location:/mypage/top")
    assert reply.status == 303
    assert page_of(abuser, other).status == 200
    assert page_of(victim, VICTIM).status == 200
    assert proxy.feature_is_up()
    assert proxy.metrics().value("countermark_incidents_open") == 0
    reply = victim.get("/login?next=x&status=303&field=Location:/mypage/top")
    assert reply.status == 303
    assert page_of(victim, other).status == 502, "a form that is shown is no login"
    abuser.close()
    victim.close()


def test_two_accounts_logging_in_at_once_on_one_cookie_harm_only_themselves(jobcard, countermark):
    proxy = countermark(jobcard_config(jobcard().port))
    victim = at_home(proxy, READERS[0], 3)
    statuses = set()

    def abuse(user, number, cookies):
        browser = Browser(proxy.port, source=source_of(number))
        for _ in range(15):
            browser.cookies = dict(cookies)
            statuses.add(login(browser, user).status)
            statuses.add(browser.get("/mypage/top").status)
            cookies.update(browser.cookies)
        browser.close()

    jar = {}
    threads = [threading.Thread(target=abuse, args=(user, number, jar))
               for number, user in enumerate((ABUSER, VICTIM, ABUSER, VICTIM))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses <= {200, 303, 502}
    nobody_is_harmed(proxy, (victim, READERS[0]), incidents=1)


@pytest.mark.sanitize
def test_a_request_with_the_cookies_of_two_accounts_is_refused_when_marked(jobcard, countermark):
    proxy = countermark(jobcard_config(jobcard().port))
    victim, abuser = at_home(proxy, VICTIM, 2), at_home(proxy, ABUSER, 1)
    other = at_home(proxy, READERS[0], 1)
    tokens = [browser.cookies["JSESSIONID"] for browser in (abuser, other)]
    for first, second in (tokens, tokens[::-1]):
        with Client(proxy.port, source=source_of(1)) as client:
            reply = client.get("/mypage/top", [
                ("Cookie", f"JSESSIONID={first}; JSESSIONID={second}")])
        assert reply.status == 502
        assert foreign_bytes(reply.received, None) == 0
    other.close()
    nobody_is_harmed(proxy, (victim, VICTIM), (abuser, ABUSER), incidents=1)


# A login path in another spelling

SPELLINGS = ("/login;x=1", "//login", "/%6cogin", "/login/", "/%6C%6fgin;a;b=c", "///login//")
NOT_FORWARDED = ("/./login", "/a/../login", "/%2e/login", "/login%00", "/%256cogin", "/login%2f",
                 "/\\login", "/login%", "/%5clogin")


@pytest.mark.sanitize
@pytest.mark.parametrize("path", SPELLINGS)
def test_a_login_in_another_spelling_is_a_login(origin, countermark, path):
    proxy = countermark(config(origin.port))
    victim = signed_in(proxy.port, VICTIM, source_of(2))
    browser = signed_in(proxy.port, ABUSER, source_of(1))
    assert plain_login(browser, READERS[0], path).status == 303
    assert page_of(browser, READERS[0]).status == 200, "the second account is not known"
    assert page_of(victim, VICTIM).status == 200
    targets = [request["target"].split("?")[0] for connection in origin.connections()
               for request in connection["requests"]]
    assert path in targets, "the received target is what is forwarded"
    assert proxy.feature_is_up()
    assert proxy.metrics().value("countermark_incidents_open") == 0
    victim.close()
    browser.close()


@pytest.mark.sanitize
def test_no_spelling_gets_through_while_login_is_down(origin, countermark):
    proxy = countermark(config(origin.port))
    done = proxy.run("down", "login", "--reason", "drill")
    assert done.returncode == 0, done.stdout + done.stderr
    with Client(proxy.port) as client:
        for path in SPELLINGS + ("/mypage", "/mypage;x/top", "//mypage//top", "/mypage/%74op"):
            assert feature_is_down(client.get(path)), path
        assert client.get("/news").status == 200
        assert client.get("/loginx").status == 200, "another path"
    for path in NOT_FORWARDED:
        with Client(proxy.port) as client:
            assert client.get(path).status == 400, path
    targets = {request["target"] for connection in origin.connections()
               for request in connection["requests"]}
    assert targets == {"/news", "/loginx"}


# Marker text typed into a form and shown to many

TYPED = ('<meta name="user-marker" content="user002">', 'user-marker: user002',
         'X-User-Marker: user002\r\nX-User-Marker: user002',
         '"><meta name="user-marker" content="user002"><p a="',
         '--><meta name=user-marker content=user002><!--',
         "</title></head><meta name='user-marker' content='user002'>",
         '"wgUserName":"user002"')
SELECTORS = {
    "meta": ["meta:user-marker", "header:X-User-Marker"],
    "attribute": ["meta:user-marker", "header:X-User-Marker", "attr:data-user"],
    "regex": ["meta:user-marker", "header:X-User-Marker", "regex:user-marker: (\\w+)"],
}


@pytest.mark.sanitize
@pytest.mark.parametrize("selectors", SELECTORS.values(), ids=SELECTORS)
def test_typed_marker_text_takes_nothing_down_however_many_read_it(jobcard, countermark, selectors):
    value = jobcard_config(jobcard().port)
    value["markers"][0]["find"] = selectors
    proxy = countermark(value)
    readers = [at_home(proxy, user, number) for number, user in enumerate(READERS)]
    abuser = at_home(proxy, ABUSER, 9)
    for text in TYPED:
        assert abuser.post("/contact", {"body": text}).status == 200
    statuses = set()
    for _ in range(3):
        for browser in readers:
            reply = browser.get("/voices")
            statuses.add(reply.status)
            assert reply.status != 200 or "user-marker" in reply.text
    with Client(proxy.port, source=source_of(20)) as guest:
        statuses.add(guest.get("/voices").status)
    # Only a pattern that escaped text can match may cost the page that shows it
    assert statuses <= ({200, 502} if selectors is SELECTORS["regex"] else {200})
    assert proxy.feature_is_up()
    assert proxy.metrics().value("countermark_take_downs_total") == 0
    for browser, user in zip(readers + [abuser], READERS + (ABUSER,)):
        reply = browser.get("/mypage/top")
        assert reply.status == 200, user
        browser.close()


@pytest.mark.sanitize
def test_marker_text_typed_into_ones_own_record_harms_nobody(jobcard, countermark):
    value = jobcard_config(jobcard().port)
    value["markers"][0]["find"].append("regex:user-marker: (\\w+)")
    proxy = countermark(value)
    victim, abuser = at_home(proxy, VICTIM, 2), at_home(proxy, ABUSER, 1)
    page = abuser.get("/mypage/account/edit")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    name = page.text.split("<form")[1].split('name="')[1].split('"')[0]
    for text in TYPED:
        sent = abuser.post("/mypage/account/edit", {name: text, "form_token": token})
        assert sent.status == 303, sent.text[:300]
        assert abuser.get("/mypage/account/edit").status == 200
    nobody_is_harmed(proxy, (victim, VICTIM), (abuser, ABUSER))


# A million random tokens

TOKEN_SITE = """
    keepalive_requests 1000000000;
    absolute_redirect off;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location = /login {{
            add_header Set-Cookie "JSESSIONID=0123456789abcdef0123456789abcdef; Path=/";
            return 303 /mypage/top;
        }}
        location /mypage/ {{
            if ($cookie_JSESSIONID != 0123456789abcdef0123456789abcdef) {{ rewrite ^ /elsewhere last; }}
            add_header X-User-Marker user002;
            default_type text/html;
            return 200 "<html>page of user002</html>";
        }}
        location = /elsewhere {{ return 303 /login; }}
        location / {{ default_type text/html; return 200 "<html>news</html>"; }}
    }}
"""


@pytest.fixture
def token_site(folder):
    site = Nginx(folder, free_port(), TOKEN_SITE)
    yield site
    site.stop()


def resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def random_tokens(port, count, source, faults):
    """`count` requests with a token each, pipelined; every answer has to be 200 or a redirect."""
    with Client(port, source=source) as client:
        for _ in range(count // PIPELINED):
            client.send(b"".join(
                request_bytes("GET", ("/news", "/mypage/top")[number % 2], client.host,
                              [("Cookie", f"JSESSIONID={secrets.token_hex(16)}")])
                for number in range(PIPELINED)))
            for number in range(PIPELINED):
                status = client.read_reply().status
                if status != (200, 303)[number % 2]:
                    faults.append(status)
                    return


def test_random_tokens_make_no_entries_and_push_nobody_out(token_site, countermark):
    proxy = countermark(config(token_site.port, session={"cookies": ["JSESSIONID"], "max": 1000}))
    victim = Browser(proxy.port, source=source_of(2))
    assert victim.post("/login", {"userid": VICTIM}).status == 303
    for _ in range(2):
        assert victim.get("/mypage/top").status == 200
    warm = []
    random_tokens(proxy.port, 1000, source_of(1), warm)
    sessions, memory = proxy.metrics().value("countermark_sessions"), resident_mib(proxy.child.pid)
    faults = []
    threads = [threading.Thread(target=random_tokens, args=(proxy.port, TOKENS // 4,
                                                            source_of(number), faults))
               for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults + warm
    metrics = proxy.metrics()
    assert metrics.value("countermark_sessions") == sessions
    assert metrics.value("countermark_sessions_evicted_total") == 0
    assert resident_mib(proxy.child.pid) - memory <= 16
    nobody_is_harmed(proxy, (victim, VICTIM))


# Forged fields

FORGED = "0123456789abcdef" * 2


@pytest.mark.sanitize
def test_forged_fields_of_ours_reach_neither_the_site_nor_another_client(origin, countermark):
    proxy = countermark(config(origin.port))
    victim = signed_in(proxy.port, VICTIM, source_of(2))
    abuser = signed_in(proxy.port, ABUSER, source_of(1))
    names = ("Countermark-Session", "countermark-request", "COUNTERMARK-ECHO", "Countermark-Other")
    origin.forget()
    reply = abuser.get("/mypage/top?marker=user001&field=Countermark-Session:" + FORGED
                       + "&field=Countermark-Other:" + FORGED + "&echo=right",
                       [(name, FORGED) for name in names]
                       + [("Connection", "Countermark-Session"), ("Forwarded", "for=10.9.9.9")])
    assert reply.status == 200
    assert "countermark-" not in reply.raw_head.decode("latin-1").lower()
    (request,) = [request for connection in origin.connections()
                  for request in connection["requests"] if "user001" in request["target"]]
    fields = [name.lower() for name, _ in request["fields"]]
    assert fields.count("countermark-session") == 1, "removed by what Connection named"
    assert fields.count("countermark-request") == 1
    assert "countermark-echo" not in fields and "countermark-other" not in fields
    values = [value for name, value in request["fields"] if name.lower().startswith("countermark-")]
    assert FORGED not in values
    assert "10.9.9.9" not in request["head"], "a client that is no proxy was believed"
    assert page_of(victim, VICTIM).status == 200
    assert proxy.feature_is_up()
    victim.close()
    abuser.close()


@pytest.mark.sanitize
def test_a_forged_echo_takes_nothing_down(origin, countermark):
    value = config(origin.port)
    value["routes"][0]["echo"] = "expect"
    proxy = countermark(value)
    abuser = Browser(proxy.port, source=source_of(1), fields=[("Countermark-Request", FORGED),
                                                              ("Countermark-Echo", FORGED)])
    assert plain_login(abuser, ABUSER).status == 303
    assert page_of(abuser, ABUSER, order="&echo=right").status == 200
    assert proxy.feature_is_up()
    assert proxy.metrics().value("countermark_incidents_open") == 0
    abuser.close()


# A slow reader of a held page

PAGE_BYTES = 5 << 20                    # more than sockets on loopback take
HOLD_TOTAL = 64 << 20


class SlowReader:
    """Asks for a page and does not read it."""

    def __init__(self, port, source, target):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.bind((source, 0))
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

    def close(self):
        self.socket.close()


def test_slow_readers_of_held_pages_keep_nobody_from_theirs(origin, countermark):
    proxy = countermark(config(origin.port, hold_max="6MiB", hold_total_max="64MiB"))
    victim = signed_in(proxy.port, VICTIM, source_of(2))
    target = f"/news?size={PAGE_BYTES}"
    slow = [SlowReader(proxy.port, "127.7.0.1", target) for _ in range(20)]
    time.sleep(1)
    for number in range(3):
        assert proxy.metrics().value("countermark_held_bytes") <= HOLD_TOTAL
        assert page_of(victim, VICTIM).status == 200
        with Client(proxy.port, source=f"127.7.1.{number + 1}") as other:
            reply = other.get(target)
        assert (reply.status, len(reply.body)) == (200, PAGE_BYTES)
    for reader in slow:
        reader.close()
    wait_until(lambda: proxy.metrics().value("countermark_held_bytes") == 0, 10,
               "what they did not take is given back")
    assert proxy.feature_is_up()
    victim.close()


def test_a_reader_that_takes_its_page_slowly_gets_it_whole(origin, countermark):
    proxy = countermark(config(origin.port, hold_max="6MiB"))
    reader = SlowReader(proxy.port, "127.7.0.1", f"/news?size={PAGE_BYTES}")
    received = reader.socket.recv(1 << 16)
    while len(received) < PAGE_BYTES // 8:
        time.sleep(0.002)
        received += reader.socket.recv(1 << 14)
    head_size = received.index(b"\r\n\r\n") + 4
    received = len(received)
    while received < head_size + PAGE_BYTES:
        piece = reader.socket.recv(1 << 16)
        assert piece, f"cut after {received} bytes"
        received += len(piece)
    assert received == head_size + PAGE_BYTES
    reader.close()
    assert proxy.feature_is_up()
