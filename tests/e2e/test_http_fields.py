"""What of a message's fields goes on: hop-by-hop, forwarding, our own, conditions, codings."""
import re

import pytest

from support.client import Client
from support.exchanges import field_of, last_request
from support.plain_site import config, page_of, signed_in

pytestmark = [pytest.mark.sanitize, pytest.mark.one_thread]


def sent(proxy, origin, fields, target="/page"):
    """The request as it reached the origin, and the reply."""
    with Client(proxy.port) as client:
        reply = client.get(target, fields)
        assert reply.status == 200, reply.text[:200]
    return last_request(origin), reply


HOP = [("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("TE", "trailers"),
       ("Trailer", "X-T"), ("Upgrade", "websocket"), ("Proxy-Authorization", "Basic eA=="),
       ("HTTP2-Settings", "AAMAAABk")]


def test_hop_by_hop_fields_of_requests_end_here(origin, countermark):
    proxy = countermark(config(origin.port))
    request, _ = sent(proxy, origin, HOP + [("Connection", "X-Hop, Upgrade, HTTP2-Settings"),
                                            ("X-Hop", "1"), ("X-Kept", "2")])
    for name, _ in HOP + [("X-Hop", ""), ("Connection", "")]:
        assert field_of(request, name) == [], name
    assert field_of(request, "X-Kept") == ["2"]


def test_connection_cannot_name_away_what_identity_and_framing_rest_on(origin, countermark):
    proxy = countermark(config(origin.port))
    names = "Cookie, Host, Authorization, Content-Length, Content-Type, Countermark-Session, " \
            "Forwarded, X-Forwarded-For, Via"
    with Client(proxy.port) as client:
        reply = client.request("POST", "/page?do=post-echo",
                               [("Connection", names), ("Cookie", "JSESSIONID=0123456789abcdef"),
                                ("Authorization", "Bearer x"), ("Content-Type", "text/plain")],
                               b"body")
        assert reply.body == b"body"
    request = last_request(origin)
    for name in names.split(", "):
        assert len(field_of(request, name)) == 1, name


def test_hop_by_hop_fields_of_responses_end_here(origin, countermark):
    proxy = countermark(config(origin.port))
    fields = "&".join(f"field={name}:{value}" for name, value in (
        ("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout%3D5"), ("Trailer", "X-T"),
        ("Upgrade", "h2c"), ("Proxy-Authenticate", "Basic"), ("Proxy-Connection", "close"),
        ("X-Kept", "2"), ("Countermark-Session", "a"), ("countermark_request", "b"),
        ("Countermark-Echo", "c"), ("Set-Cookie", "a%3Db"), ("Set-Cookie", "c%3Dd")))
    _, reply = sent(proxy, origin, [], f"/page?{fields}&do=chunked&trailer=1")
    for name in ("X-Hop", "Keep-Alive", "Trailer", "Upgrade", "Proxy-Authenticate", "Connection",
                 "Proxy-Connection", "Countermark-Session", "Countermark_Request",
                 "Countermark-Echo", "X-Trailer"):
        assert reply.all(name) == [], name
    assert reply.field("X-Kept") == "2"
    assert reply.all("Set-Cookie") == ["a=b", "c=d"], "neither merged nor reordered"
    assert "countermark" not in str([name for name, _ in reply.fields]).lower()
    assert reply.all("Via") == ["1.1 countermark"]


def test_via_says_which_version_came_in(origin, countermark):
    proxy = countermark(config(origin.port))
    request, _ = sent(proxy, origin, [("Via", "1.1 edge")])
    assert ", ".join(field_of(request, "Via")) == "1.1 edge, 1.1 countermark"
    with Client(proxy.port) as client:
        client.send(b"GET /page?do=http10 HTTP/1.0\r\n\r\n")
        assert client.read_reply().all("Via") == ["1.0 countermark"]
    assert field_of(last_request(origin), "Via") == ["1.0 countermark"]
    assert "HTTP/1.1" in last_request(origin)["head"].split("\r\n")[0]


FORGED = [("X-Forwarded-For", "9.9.9.9"), ("X_Forwarded_For", "9.9.9.9"),
          ("x-forwarded-proto", "https"), ("X-Forwarded-Host", "evil.example"),
          ("X-Forwarded-Port", "1"), ("X-Forwarded-User", "root"), ("X-Real-IP", "9.9.9.9"),
          ("x_real_ip", "9.9.9.9"), ("Forwarded", "for=9.9.9.9;host=evil.example")]


def test_nobody_but_a_trusted_proxy_says_who_the_client_is(origin, countermark):
    proxy = countermark(config(origin.port))
    request, _ = sent(proxy, origin, FORGED)
    assert "9.9.9.9" not in request["head"] and "evil.example" not in request["head"]
    assert "root" not in request["head"] and "https" not in request["head"]
    assert field_of(request, "X-Forwarded-For") == ["127.0.0.1"]
    assert field_of(request, "X-Forwarded-Proto") == ["http"]
    assert field_of(request, "X-Forwarded-Host") == field_of(request, "Host")
    host = field_of(request, "Host")[0]
    assert field_of(request, "Forwarded") == [f'for=127.0.0.1;proto=http;host="{host}"']
    assert proxy.wait_for_log(1)[-1]["client"] == "127.0.0.1"


def test_a_trusted_proxy_is_believed_as_far_as_its_chain_is_trusted(origin, countermark):
    proxy = countermark(config(origin.port))
    value = dict(proxy.config)
    value["listen"] = [{**value["listen"][0], "trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"]}]
    assert proxy.stop() == []
    proxy.write_config(value)
    proxy.start()
    request, _ = sent(proxy, origin, [("X-Forwarded-For", "6.6.6.6, 203.0.113.7"),
                                      ("X-Forwarded-For", "10.1.1.1"),
                                      ("X-Forwarded-Proto", "https"),
                                      ("X-Forwarded-Host", "www.example.jp"),
                                      ("Forwarded", "for=203.0.113.7")])
    assert field_of(request, "X-Forwarded-For") == ["6.6.6.6, 203.0.113.7, 10.1.1.1, 127.0.0.1"]
    assert field_of(request, "X-Forwarded-Proto") == ["https"]
    assert field_of(request, "X-Forwarded-Host") == ["www.example.jp"]
    assert field_of(request, "Forwarded")[0].startswith("for=203.0.113.7, for=127.0.0.1;proto=")
    assert proxy.wait_for_log(1)[-1]["client"] == "203.0.113.7", "the last hop not trusted"


def test_a_trusted_proxy_that_says_nothing_leaves_no_room_for_forgery(origin, countermark):
    proxy = countermark(config(origin.port))
    value = dict(proxy.config)
    value["listen"] = [{**value["listen"][0], "trusted_proxies": ["127.0.0.0/8"]}]
    assert proxy.stop() == []
    proxy.write_config(value)
    proxy.start()
    request, _ = sent(proxy, origin, [("X_Forwarded_For", "9.9.9.9"),
                                      ("X-Forwarded-Proto", "https, http")])
    assert field_of(request, "X-Forwarded-For") == ["127.0.0.1"]
    assert proxy.wait_for_log(1)[-1]["client"] == "127.0.0.1"


OURS = ["Countermark-Session", "countermark-session", "COUNTERMARK-SESSION", "Countermark_Session",
        "countermark_session", "Countermark-Request", "countermark_request", "COUNTERMARK_REQUEST",
        "Countermark-Echo", "Countermark-Anything", "COUNTERMARK_ANYTHING"]


def test_our_own_fields_cannot_be_forged_in_any_spelling(origin, countermark):
    proxy = countermark(config(origin.port))
    request, _ = sent(proxy, origin, [(name, "f" * 32) for name in OURS])
    ours = [(name, value) for name, value in request["fields"]
            if name.lower().replace("_", "-").startswith("countermark")]
    assert [name for name, _ in ours] == ["Countermark-Session", "Countermark-Request"]
    assert ours[0][1] == "none"
    assert re.fullmatch("[0-9a-f]{32}", ours[1][1]) and ours[1][1] != "f" * 32


def test_the_session_is_named_by_its_fingerprint_and_every_request_anew(origin, countermark):
    proxy = countermark(config(origin.port))
    cookie = [("Cookie", "a=b; JSESSIONID=0123456789abcdef")]
    first, _ = sent(proxy, origin, cookie)
    second, _ = sent(proxy, origin, cookie)
    name = field_of(first, "Countermark-Session")
    assert re.fullmatch("[0-9a-f]{32}", name[0]) and field_of(second, "Countermark-Session") == name
    assert field_of(first, "Countermark-Request") != field_of(second, "Countermark-Request")
    assert field_of(first, "Cookie") == ["a=b; JSESSIONID=0123456789abcdef"]
    other, _ = sent(proxy, origin, [("Cookie", "JSESSIONID=another-0123456")])
    assert field_of(other, "Countermark-Session") != name
    browser = signed_in(proxy.port, "user001")
    names = set()
    for _ in range(3):
        assert page_of(browser, "user001", order="&token=JSESSIONID").status == 200
        names.update(field_of(last_request(origin, "/mypage"), "Countermark-Session"))
    browser.close()
    assert len(names) == 1, "a rotated token keeps the name of its session"


OTHER_PATH = ["X-Original-URL", "x_original_url", "X-REWRITE-URL", "X-Rewrite_URL", "X-Original-URI"]


@pytest.mark.parametrize("trusted", [[], ["127.0.0.0/8"]], ids=["a client", "a trusted proxy"])
def test_nobody_names_another_path_than_the_one_that_was_routed(origin, countermark, trusted):
    proxy = countermark(config(origin.port, listen=[{"trusted_proxies": trusted}]))
    request, _ = sent(proxy, origin, [(name, "/mypage/top") for name in OTHER_PATH]
                      + [("X-HTTP-Method-Override", "PUT")])
    assert "/mypage/top" not in request["head"]
    assert field_of(request, "X-HTTP-Method-Override") == ["PUT"], "APIs tunnel methods with it"


def test_several_cookie_fields_reach_the_site_as_the_one_that_we_read(origin, countermark):
    proxy = countermark(config(origin.port))
    request, _ = sent(proxy, origin, [("Cookie", "x=1"), ("X-Kept", "2"),
                                      ("cookie", "JSESSIONID=0123456789abcdef")])
    assert field_of(request, "Cookie") == ["x=1; JSESSIONID=0123456789abcdef"]
    named = field_of(request, "Countermark-Session")
    request, _ = sent(proxy, origin, [("Cookie", "x=1; JSESSIONID=0123456789abcdef")])
    assert field_of(request, "Countermark-Session") == named != ["none"]


def test_traceparent_is_kept_or_made(origin, countermark):
    proxy = countermark(config(origin.port))
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    request, _ = sent(proxy, origin, [("traceparent", given), ("tracestate", "a=b")])
    assert field_of(request, "traceparent") == [given]
    assert field_of(request, "tracestate") == ["a=b"]
    other = given.replace("4bf9", "5cf9")
    for broken in ([], ["xx"], [f"00-{'0' * 32}-00f067aa0ba902b7-01"], ["ff" + given[2:]],
                   [given, other]):
        fields = [("traceparent", value) for value in broken] + [("tracestate", "a=b")]
        request, _ = sent(proxy, origin, fields)
        made, = field_of(request, "traceparent")
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", made), broken
        assert made[3:35] not in (given[3:35], other[3:35], "0" * 32)
        assert field_of(request, "tracestate") == []


@pytest.mark.parametrize("asked,forwarded", [
    (None, "identity"), ("gzip", "gzip"), ("gzip, deflate, br, zstd", "gzip, deflate, br, zstd"),
    ("br", "br"), ("*", "identity"), ("gzip;q=0.5, br;q=1.0, dcz", "gzip;q=0.5, br;q=1.0"),
    ("compress, x-gzip, GZIP", None), ("", "identity")])
def test_accept_encoding_is_narrowed_to_what_can_be_read(origin, countermark, asked, forwarded):
    proxy = countermark(config(origin.port))
    request, _ = sent(proxy, origin, [] if asked is None else [("Accept-Encoding", asked)])
    got = field_of(request, "Accept-Encoding")
    assert len(got) == 1
    if forwarded is None:
        assert "compress" not in got[0].split(", ") and "GZIP" in got[0]
    else:
        assert got == [forwarded]


CONDITIONS = [("If-None-Match", '"1"'), ("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"),
              ("If-Range", '"1"'), ("Range", "bytes=0-9")]
VALIDATORS = "&field=ETag:%221%22&field=Last-Modified:Mon, 01 Jan 2024 00:00:00 GMT"


def test_a_route_that_requires_a_marker_is_asked_and_answered_without_conditions(origin,
                                                                                countermark):
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    target = "/mypage/top?marker=user001" + VALIDATORS.replace(" ", "%20")
    reply = browser.get(target, CONDITIONS)
    assert reply.status == 200
    assert reply.all("ETag") == [] and reply.all("Last-Modified") == []
    for name, _ in CONDITIONS:
        assert field_of(last_request(origin, "/mypage/top"), name) == [], name
    reply = browser.get(target.replace("/mypage/top", "/news"), CONDITIONS)
    browser.close()
    assert reply.field("ETag") == '"1"' and reply.field("Last-Modified")
    for name, value in CONDITIONS:
        assert field_of(last_request(origin, "/news"), name) == [value], name


def test_spellings_and_order_of_other_fields_are_kept(origin, countermark):
    proxy = countermark(config(origin.port))
    fields = [("x-Mixed-Case", "a  b"), ("Accept", "*/*"), ("X-Twice", "1"), ("X-Twice", "2"),
              ("X_Under_Score", "c"), ("X-Utf8", "caf\u00e9"), ("X-Empty", "")]
    with Client(proxy.port) as client:
        client.send("GET /page HTTP/1.1\r\nHost: a\r\n".encode() + b"".join(
            f"{name}: {value}\r\n".encode("latin-1") for name, value in fields) + b"\r\n")
        assert client.read_reply().status == 200
    got = last_request(origin)["fields"]
    assert [pair for pair in got if tuple(pair) in fields] == [list(pair) for pair in fields]
