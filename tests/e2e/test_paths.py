"""Paths: matched on a normal form, forwarded as received, refused where servers differ."""
import pytest

from support.client import Client
from support.exchanges import HOST, last_request, raw_status, requests_at
from support.plain_site import config, signed_in

pytestmark = [pytest.mark.sanitize, pytest.mark.one_thread]

# Forwarded unchanged, and the route that the access log names
FORWARDED = [
    ("/mypage/top", "/mypage/**"), ("/mypage", "/mypage/**"), ("/mypage/", "/mypage/**"),
    ("//mypage/top", "/mypage/**"), ("/mypage//top", "/mypage/**"),
    ("/mypage;x=1/top", "/mypage/**"), ("/mypage/top;jsessionid=abc", "/mypage/**"),
    ("/;a/mypage/top", "/mypage/**"), ("/%6Dypage/top", "/mypage/**"),
    ("/%6dypage%3bx=1/top", "/mypage/**"), ("/mypage/%74op", "/mypage/**"),
    ("/mypage/top?a=/../b", "/mypage/**"), ("/mypage?x", "/mypage/**"),
    ("/MyPage/top", "/**"), ("/mypages", "/**"), ("/mypage-x/top", "/**"), ("/", "/**"),
    ("/a...b/c..", "/**"), ("/a%20b", "/**"), ("/%E3%81%82", "/**"), ("/one/two", "/one/*"),
    ("/one/two/three", "/**"), ("/one", "/**"), ("/one/two/", "/one/*"), ("/a?b?c=%00", "/**"),
    ("/files/a%2Fb", "/files/**"), ("/files/a%5cb", "/files/**"), ("/files/100%2525", "/files/**"),
]

REJECTED = [
    "/mypage/../top", "/..", "/.", "/./mypage", "/mypage/.", "/a/..;x=1/b", "/a/.;/b",
    "/%2e%2e/a", "/.%2e/a", "/%2E/a", "/a/%2e%2e;x/b", "/a\\b", "/\\mypage", "/a%00b", "/a%0d%0ab",
    "/a%1fb", "/a%7fb", "/a%", "/a%2", "/a%zz", "/a%u0041", "/mypage%2Ftop", "/mypage%2ftop",
    "/mypage%5Ctop", "/%256dypage/top", "/a%252e%252e/b", "/a%252fb", "/a#b", "mypage/top",
    "/files/..%2fb", "/files/a%2f..%2fb", "/files/%2e%2e%2fb", "/files/a%252f..%252fb",
    "/files/..%5cb", "ftp://a/b", "http:///a", "*",
]


@pytest.fixture
def proxy(origin, countermark):
    value = config(origin.port)
    value["routes"] = [{"path": "/mypage/**"}, {"path": "/one/*"},
                       {"path": "/files/**", "encoded_slash": "keep"}]
    return countermark(value)


def asked(proxy, target, method=b"GET"):
    return raw_status(proxy.port, method + b" " + target.encode("latin-1") + b" HTTP/1.1\r\n" + HOST
                      + b"\r\n")


def test_a_path_is_matched_in_its_normal_form_and_forwarded_as_received(origin, proxy):
    with Client(proxy.port) as client:
        for target, _ in FORWARDED:
            assert client.get(target).status == 200, target
    assert [request["target"] for request in requests_at(origin)] == [t for t, _ in FORWARDED]
    routes = [line["route"] for line in proxy.wait_for_log(len(FORWARDED))]
    assert list(zip([t for t, _ in FORWARDED], routes)) == FORWARDED


def test_what_servers_read_in_different_ways_is_400_and_not_forwarded(origin, proxy):
    got = {target: asked(proxy, target) for target in REJECTED}
    assert got == {target: 400 for target in REJECTED}
    assert requests_at(origin) == []
    endings = {line["ending"] for line in proxy.wait_for_log(len(REJECTED))}
    assert endings <= {"bad-path", "malformed"}


def test_bytes_that_no_target_may_have_are_400(origin, proxy):
    for byte in b"\x01\t\x7f\x80\xff":
        data = b"GET /a" + bytes([byte]) + b"b HTTP/1.1\r\n" + HOST + b"\r\n"
        assert raw_status(proxy.port, data) in (400, 200 if byte > 0x7f else 400), byte
    assert all("/a" in request["target"] for request in requests_at(origin))


def test_absolute_form_is_forwarded_in_origin_form(origin, proxy):
    assert asked(proxy, "http://site.example/mypage/top?a=b") == 200
    request = last_request(origin)
    assert request["target"] == "/mypage/top?a=b"
    assert ["Host", "site.example"] in request["fields"]
    assert proxy.wait_for_log(1)[-1]["route"] == "/mypage/**"
    assert asked(proxy, "http://site.example") == 200
    assert last_request(origin)["target"] == "/"
    assert asked(proxy, "http://other.example/mypage/top") == 400


def test_options_of_the_whole_server_is_forwarded(origin, proxy):
    assert asked(proxy, "*", b"OPTIONS") == 200
    assert last_request(origin)["target"] == "*"


def test_another_spelling_never_gets_around_a_feature_that_is_down(origin, countermark):
    proxy = countermark(config(origin.port))
    assert proxy.run("down", "login", "--reason", "a test").returncode == 0
    spellings = ["/mypage/top", "//mypage/top", "/mypage;a=b/top", "/%6dypage/top", "/mypage/",
                 "/mypage", "/mypage/%74op", "/;x/mypage", "/login", "/login;x=1", "//login",
                 "/%6cogin", "/login/", "/mypage?a", "http://site.example/mypage/top"]
    assert {target: asked(proxy, target) for target in spellings} == dict.fromkeys(spellings, 503)
    assert requests_at(origin) == []
    assert asked(proxy, "/news") == 200


def test_with_ignore_case_any_case_is_the_same_path(origin, countermark):
    proxy = countermark(config(origin.port, ignore_case=True))
    assert proxy.run("down", "login", "--reason", "a test").returncode == 0
    for target in ("/MYPAGE/top", "/Login", "/%4dypage", "/mypAGE"):
        assert asked(proxy, target) == 503, target
    assert requests_at(origin) == []


def test_a_kept_encoded_slash_is_gated_by_both_readings(origin, countermark):
    value = config(origin.port)
    value["routes"] = [{"path": "/**", "encoded_slash": "keep"}]
    proxy = countermark(value)
    assert asked(proxy, "/a%2Fb") == 200
    assert proxy.run("down", "login", "--reason", "a test").returncode == 0
    for target in ("/mypage%2Ftop", "/%2Fmypage/top", "/mypage%5Ctop", "/%252Fmypage", "/x%2F..%2Fmypage"):
        assert asked(proxy, target) in (503, 400), target
    assert asked(proxy, "/a%2Fb") == 200


def test_the_route_as_received_says_whether_an_encoded_slash_is_kept(origin, countermark):
    value = config(origin.port)
    value["routes"] = [{"path": "/only/*", "encoded_slash": "keep"}, {"path": "/mypage/**"}]
    proxy = countermark(value)
    assert asked(proxy, "/only/a%2Fb") == 200
    assert last_request(origin)["target"] == "/only/a%2Fb"
    assert asked(proxy, "/mypage%2Fonly") == 400


def test_an_encoded_slash_leads_around_no_required_marker(origin, countermark):
    value = config(origin.port)
    value["routes"] = [{"path": "/mypage/top", "require": ["owner"], "unmarked": "refuse"},
                       {"path": "/**", "encoded_slash": "keep"}]
    proxy = countermark(value)
    alice = signed_in(proxy.port, "alice")
    assert alice.get("/mypage%2Ftop?marker=alice").status == 200
    assert alice.get("/mypage%2Ftop?size=200").status == 502
    assert proxy.run("down", "login", "--reason", "a test").returncode == 0
    assert asked(proxy, "/mypage%2Ftop") == 503
