"""Every limit and deadline with its status, and every request with two readings refused.

A refused request reaches no upstream, ends its connection, and is counted and logged by a name.
"""
import socket
import threading
import time

import pytest

from support.client import Client, Truncated
from support.exchanges import HOST, Scripted, last_request, raw, raw_status, requests_at
from support.plain_site import config, ending_of
from support.ports import free_port, wait_until

pytestmark = pytest.mark.sanitize

GET = b"GET /page HTTP/1.1\r\n" + HOST
POST = b"POST /page HTTP/1.1\r\n" + HOST

# name: (bytes, status, word in the log)
REFUSED = {
    "length-and-chunked": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"0\r\n\r\n", 400, "ambiguous"),
    "chunked-and-length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                           b"0\r\n\r\n", 400, "ambiguous"),
    "two-lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "ambiguous"),
    "same-length-twice": (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
                          "ambiguous"),
    "list-of-lengths": (POST + b"Content-Length: 1, 1\r\n\r\na", 400, None),
    "empty-length": (POST + b"Content-Length: \r\n\r\n", 400, None),
    "signed-length": (POST + b"Content-Length: +1\r\n\r\na", 400, None),
    "negative-length": (POST + b"Content-Length: -1\r\n\r\na", 400, None),
    "length-with-space": (POST + b"Content-Length: 1 0\r\n\r\na", 400, None),
    "hex-length": (POST + b"Content-Length: 0x1\r\n\r\na", 400, None),
    "length-of-21-digits": (POST + b"Content-Length: 1" + b"0" * 20 + b"\r\n\r\na", 400, None),
    "space-before-colon": (POST + b"Content-Length : 1\r\n\r\na", 400, None),
    "space-before-name": (GET + b" X-A: b\r\n\r\n", 400, None),
    "obs-fold": (GET + b"X-A: b\r\n c\r\n\r\n", 400, None),
    "obs-fold-tab": (GET + b"X-A: b\r\n\tc\r\n\r\n", 400, None),
    "bare-lf-line": (b"GET /page HTTP/1.1\n" + HOST + b"\r\n", 400, None),
    "bare-lf-field": (GET + b"X-A: b\nX-C: d\r\n\r\n", 400, None),
    "bare-lf-end": (GET + b"X-A: b\r\n\n", 400, None),
    "bare-cr": (GET + b"X-A: b\rX-C: d\r\n\r\n", 400, None),
    "nul-in-value": (GET + b"X-A: b\0c\r\n\r\n", 400, None),
    "control-in-value": (GET + b"X-A: b\x01c\r\n\r\n", 400, None),
    "nul-in-name": (GET + b"X\0A: b\r\n\r\n", 400, None),
    "empty-name": (GET + b": b\r\n\r\n", 400, None),
    "no-colon": (GET + b"X-A\r\n\r\n", 400, None),
    "name-in-brackets": (GET + b"X(A): b\r\n\r\n", 400, None),
    "two-hosts": (GET + b"Host: other.example\r\n\r\n", 400, None),
    "bad-host": (b"GET /page HTTP/1.1\r\nHost: a b\r\n\r\n", 400, None),
    "host-with-user": (b"GET /page HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, None),
    "host-against-target": (b"GET http://a.example/page HTTP/1.1\r\nHost: b.example\r\n\r\n", 400,
                            None),
    "coding-unknown": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
                       "transfer-coding"),
    "coding-not-last": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400, None),
    "coding-alone": (POST + b"Transfer-Encoding: gzip\r\n\r\n", 400, None),
    "coding-identity": (POST + b"Transfer-Encoding: identity\r\n\r\n", 400, None),
    "coding-twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"0\r\n\r\n", 400, "ambiguous"),
    "coding-chunked-chunked": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400,
                               None),
    "coding-with-tab": (POST + b"Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n", 400, None),
    "coding-empty": (POST + b"Transfer-Encoding: \r\n\r\n", 400, None),
    "coding-in-1.0": (b"POST /page HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                      None),
    "connection-with-tab": (GET + b"Connection: close\t,a\r\n\r\n", 400, None),
    "version-2": (b"GET /page HTTP/2.0\r\n" + HOST + b"\r\n", 505, "version"),
    "version-1.2": (b"GET /page HTTP/1.2\r\n" + HOST + b"\r\n", 505, "version"),
    "version-0.9": (b"GET /page HTTP/0.9\r\n" + HOST + b"\r\n", 505, "version"),
    "version-lower": (b"GET /page http/1.1\r\n" + HOST + b"\r\n", 400, None),
    "no-version": (b"GET /page\r\n\r\n", 505, "version"),
    "two-spaces": (b"GET  /page HTTP/1.1\r\n" + HOST + b"\r\n", 400, None),
    "space-in-target": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400, None),
    "space-after-version": (b"GET /page HTTP/1.1 \r\n" + HOST + b"\r\n", 400, None),
    "space-first": (b" GET /page HTTP/1.1\r\n" + HOST + b"\r\n", 400, None),
    "method-unknown": (b"FROB /page HTTP/1.1\r\n" + HOST + b"\r\n", 501, "method"),
    "method-connect": (b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", 501,
                       None),
    "preface-of-http-2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, None),
    "tls-hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, None),
    "target-too-long": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414,
                        "target-too-long"),
    "target-far-too-long": (b"GET /" + b"a" * 200000, 414, "target-too-long"),
    "fields-too-many": (GET + b"".join(b"X-%d: a\r\n" % n for n in range(150)) + b"\r\n", 431,
                        "fields-too-large"),
    "fields-too-large": (GET + b"X-A: " + b"a" * 40000 + b"\r\n\r\n", 431, "fields-too-large"),
    "fields-without-end": (GET + b"X-A: " + b"a" * 200000, 431, "fields-too-large"),
    "length-too-large": (POST + b"Content-Length: 134217729\r\n\r\n", 413, "body-too-large"),
}


def test_every_ambiguous_or_oversized_head_is_refused_with_its_status(origin, countermark):
    proxy = countermark(config(origin.port))
    got = {name: raw_status(proxy.port, data) for name, (data, _, _) in REFUSED.items()}
    assert got == {name: status for name, (_, status, _) in REFUSED.items()}
    assert requests_at(origin) == [], "something was forwarded"
    lines = proxy.wait_for_log(len(REFUSED))
    assert len(lines) == len(REFUSED)
    words = {name: line["ending"] for name, line in zip(REFUSED, lines)}
    for name, (_, _, word) in REFUSED.items():
        assert word is None or words[name] == word, name
    assert proxy.metrics().value("countermark_rejected_total") == len(REFUSED)
    assert proxy.metrics().value("countermark_rejected_total", reason="ambiguous") >= 5


def test_a_refused_request_ends_its_connection(origin, countermark):
    proxy = countermark(config(origin.port))
    for name, (data, _, _) in REFUSED.items():
        with Client(proxy.port) as client:
            try:
                client.send(data + GET + b"\r\n")
                reply = client.read_reply()
            except (Truncated, OSError):
                continue
            assert reply.field("Connection") == "close", name
            assert client.is_closed(), name
    assert requests_at(origin) == []


CHUNKS = {
    "no-number": b"zz\r\nabc\r\n0\r\n\r\n", "signed": b"+3\r\nabc\r\n0\r\n\r\n",
    "prefixed": b"0x3\r\nabc\r\n0\r\n\r\n", "empty-size": b"\r\nabc\r\n0\r\n\r\n",
    "17-digits": b"1" + b"0" * 16 + b"\r\nabc", "space": b"3 \r\nabc\r\n0\r\n\r\n",
    "bare-lf": b"3\nabc\n0\n\n", "too-long": b"3\r\nabcd\r\n0\r\n\r\n",
    "extension": b"3;a=b\r\nabc\r\n0\r\n\r\n", "bare-cr": b"3\r\nabc\r0\r\n\r\n",
    "bad-trailer": b"0\r\nX A: b\r\n\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_a_malformed_chunk_is_400_and_the_upstream_never_sees_a_whole_request(origin, countermark,
                                                                              name):
    proxy = countermark(config(origin.port))
    assert raw_status(proxy.port, POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS[name]) == 400
    assert raw_status(proxy.port, GET + b"\r\n") == 200
    assert not [1 for request in requests_at(origin)
                if request["complete"] and request["method"] == "POST"]


def test_a_chunked_body_past_its_limit_is_413_and_not_delivered(origin, countermark):
    proxy = countermark(config(origin.port, limits={"body_size_max": "64KiB"}))
    body = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    whole = POST + b"Transfer-Encoding: chunked\r\n\r\n" + body
    assert raw_status(proxy.port, whole + b"0\r\n\r\n") == 200
    assert raw_status(proxy.port, whole + b"1\r\na\r\n0\r\n\r\n") == 413
    assert raw_status(proxy.port, POST + b"Content-Length: 65537\r\n\r\n") == 413
    assert len([1 for request in requests_at(origin) if request["complete"]]) == 1
    assert proxy.wait_for_log(3)[-1]["ending"] == "body-too-large"


def test_limits_are_those_of_the_configuration(origin, countermark):
    proxy = countermark(config(origin.port, limits={
        "target_size_max": 256, "head_size_max": "1KiB",
        "field_count_max": 10}))
    target = b"/" + b"a" * 255
    assert raw_status(proxy.port, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n") == 200
    assert raw_status(proxy.port, b"GET " + target + b"a HTTP/1.1\r\n" + HOST + b"\r\n") == 414
    assert raw_status(proxy.port, GET + b"X-A: " + b"a" * 900 + b"\r\n\r\n") == 200
    assert raw_status(proxy.port, GET + b"X-A: " + b"a" * 1100 + b"\r\n\r\n") == 431
    assert raw_status(proxy.port, GET + b"X-A: b\r\n" * 9 + b"\r\n") == 200
    assert raw_status(proxy.port, GET + b"X-A: b\r\n" * 10 + b"\r\n") == 431


def test_the_largest_head_allowed_arrives_whole(origin, countermark):
    proxy = countermark(config(origin.port))
    value = "a" * 30000
    with Client(proxy.port) as client:
        assert client.get("/page?" + "b" * 8000, [("X-Long", value)]).status == 200
    request = last_request(origin)
    assert len(request["target"]) == 8006
    assert ["X-Long", value] in request["fields"]


def test_an_unknown_host_is_421_and_a_known_one_served(origin, countermark):
    proxy = countermark(config(origin.port, hosts=["site.example", "*.sub.example"]))
    for host, status in (("site.example", 200), ("SITE.example:8080", 200), ("other.example", 421),
                         ("a.sub.example", 200), ("sub.example", 421), ("127.0.0.1", 421),
                         ("site.example.", 421), ("[::1]", 421)):
        data = b"GET /page HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n"
        got = raw_status(proxy.port, data)
        assert got == status or host == "site.example." and got in (200, 400), host
    assert raw_status(proxy.port, b"GET /page HTTP/1.0\r\n\r\n") == 421
    lines = proxy.wait_for_log(9)
    assert "unknown-host" in {line["ending"] for line in lines}


# Deadlines

def test_an_idle_client_is_closed_without_a_word(origin, countermark):
    proxy = countermark(config(origin.port, limits={"idle_timeout": "500ms"}))
    with Client(proxy.port) as fresh, Client(proxy.port) as used:
        assert used.get("/page").status == 200
        started = time.monotonic()
        assert used.is_closed(20) and fresh.is_closed(20)
        assert time.monotonic() - started > 0.3


def test_a_head_that_takes_too_long_is_408_in_the_log(origin, countermark):
    proxy = countermark(config(origin.port, limits={"header_timeout": "500ms"}))
    with Client(proxy.port) as client:
        client.send(b"GET /page HTTP/1.1\r\n")
        reply = client.read_reply()
        assert reply.status == 408 and reply.field("Connection") == "close"
        assert client.is_closed()
    assert proxy.wait_for_log(1)[0]["ending"] == "header-timeout"
    assert proxy.metrics().value("countermark_rejected_total", reason="header-timeout") == 1


def test_a_login_whose_body_stalls_is_408_before_anything_is_forwarded(origin, countermark):
    proxy = countermark(config(origin.port, limits={"body_timeout": "500ms"}))
    data = (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nuserid=")
    assert raw_status(proxy.port, data) == 408
    assert requests_at(origin) == []


def unreachable_listener():
    """A listener that accepts nothing any more: connects to it hang."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    held = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        held.append(filler)
    return listener, held, port


def test_an_upstream_that_does_not_accept_is_504(countermark):
    listener, held, port = unreachable_listener()
    value = config(port)
    value["upstreams"][0]["timeouts"] = {"connect": "500ms", "response": "2s"}
    proxy = countermark(value)
    assert raw_status(proxy.port, GET + b"\r\n") == 504
    assert ending_of(proxy, "/page") == "upstream-connect-timeout"
    for one in held + [listener]:
        one.close()


def test_an_upstream_that_refuses_is_502_and_one_that_is_silent_504(origin, countermark):
    value = config(free_port())
    value["upstreams"].append({"name": "silent", "servers": [f"http://127.0.0.1:{origin.port}"],
                               "timeouts": {"response": "500ms"}})
    value["routes"].append({"path": "/silent", "upstream": "silent"})
    proxy = countermark(value)
    assert raw_status(proxy.port, GET + b"\r\n") == 502
    assert raw_status(proxy.port, b"GET /silent?do=hang HTTP/1.1\r\n" + HOST + b"\r\n") == 504
    assert [line["ending"] for line in proxy.wait_for_log(2)] == ["upstream-connect",
                                                                  "response-timeout"]


def test_requests_wait_for_a_connection_and_get_503_when_none_comes(countermark):
    free = threading.Event()

    def serve(peer):
        while True:
            peer.read_head()
            free.wait(20)
            peer.answer()

    with Scripted(serve) as server:
        value = config(server.port)
        value["upstreams"][0].update(connections_max=1, queue="2500ms")
        value["upstreams"][0]["timeouts"]["response"] = "20s"
        proxy = countermark(value)

        def ask(client, number):
            client.send(GET + b"Cookie: JSESSIONID=session-number-%d\r\n\r\n" % number)

        def asked(count):
            wait_until(lambda: sum(len(peer.heads) for peer in server.peers) == count, 10,
                       f"{count} came to the site")

        with Client(proxy.port) as one, Client(proxy.port) as two:
            ask(one, 1)
            asked(1)
            ask(two, 2)
            assert two.read_reply().status == 503
            ask(two, 2)
            assert two.nothing_more(0.1), "it waits"
            free.set()
            two.socket.settimeout(20)
            assert [one.read_reply().status, two.read_reply().status] == [200, 200]
        endings = [line["ending"] for line in proxy.wait_for_log(3)]
        assert endings.count("queue-timeout") == 1


def test_of_503_one_says_when_to_try_again(countermark):
    over = threading.Event()

    def serve(peer):
        peer.read_head()
        over.wait(20)

    with Scripted(serve) as server:
        value = config(server.port)
        value["upstreams"][0].update(connections_max=1, queue="100ms")
        proxy = countermark(value)
        with Client(proxy.port) as first:
            first.send(GET + b"\r\n")
            wait_until(lambda: server.peers and server.peers[0].heads, 5, "the first is asked")
            reply = raw(proxy.port, GET + b"\r\n")
            over.set()
        assert reply.status == 503 and int(reply.field("Retry-After")) > 0
        assert reply.field("Cache-Control") == "no-store"


def test_our_own_pages_are_html_or_json_by_what_the_client_wants(origin, countermark):
    proxy = countermark(config(origin.port))
    bad = b"GET /a/../b HTTP/1.1\r\n" + HOST
    page = raw(proxy.port, bad + b"Accept: text/html,application/json;q=0.9\r\n\r\n")
    assert page.field("Content-Type").startswith("text/html")
    problem = raw(proxy.port, bad + b"Accept: application/json\r\n\r\n")
    assert problem.field("Content-Type").startswith("application/problem+json")
    head = raw(proxy.port, bad.replace(b"GET", b"HEAD") + b"\r\n", method="HEAD")
    assert head.status == 400 and head.raw_body == b""
