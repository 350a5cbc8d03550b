"""The data plane as an upstream meets it: whose connection, when again, what is never believed."""
import socket
import struct
import time

import pytest

from support.client import Client, Truncated
from support.exchanges import (HOST, Scripted, connections_of, raw, raw_status, requests_at)
from support.plain_site import config, ending_of, page_of, signed_in
from support.ports import wait_until

pytestmark = pytest.mark.sanitize

GET = b"GET /page HTTP/1.1\r\n" + HOST


def cookie(number):
    return [("Cookie", f"JSESSIONID=session-number-{number:04}")]


# Whose connection

def test_sessions_never_share_a_connection(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as one, Client(proxy.port) as two:
        for number in range(30):
            client = one if number % 2 else two
            assert client.get("/page", cookie(number % 5) if number % 5 else []).status == 200
    used = [{request["session"] for request in connection["requests"]}
            for connection in origin.connections() if connection["requests"]]
    assert len(used) == 5 and all(len(sessions) == 1 for sessions in used), used
    assert all(len(connection["requests"]) == 6 for connection in origin.connections()
               if connection["requests"]), "each session keeps its own"


def test_the_connection_of_a_session_outlives_its_tokens(origin, countermark):
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    for _ in range(4):
        assert page_of(browser, "user001", order="&token=JSESSIONID").status == 200
    browser.close()
    assert len(set(connections_of(origin, "/mypage/top"))) == 1


def test_anonymous_requests_share(origin, countermark):
    proxy = countermark(config(origin.port))
    for _ in range(4):
        with Client(proxy.port) as client:
            assert client.get("/page").status == 200
    assert len(set(connections_of(origin, "/page"))) == 1


@pytest.mark.parametrize("what", ["login", "unsafe", "token", "remembered", "ambiguous"])
def test_what_may_have_touched_a_session_leaves_the_anonymous_pool(origin, countermark, what):
    value = config(origin.port)
    value["session"]["remember"] = ["remember_me"]
    proxy = countermark(value)
    with Client(proxy.port) as client:
        if what == "login":
            form = [("Content-Type", "application/x-www-form-urlencoded")]
            client.request("POST", "/login?mine", form, b"userid=user001")
        elif what == "unsafe":
            client.request("POST", "/page?mine", [], b"a=b")
        elif what == "token":
            client.get("/page?mine&token=JSESSIONID")
        elif what == "remembered":
            client.get("/page?mine", [("Cookie", "remember_me=user001")])
        else:
            client.get("/page?mine", [("Cookie", "JSESSIONID=session-a; JSESSIONID=session-b")])
        for _ in range(3):
            assert client.get("/page?later").status == 200
    mine = [connection["id"] for connection in origin.connections()
            for request in connection["requests"] if "mine" in request["target"]]
    assert len(mine) == 1
    assert mine[0] not in connections_of(origin, "/page?later")


def test_a_session_goes_on_where_its_token_was_issued_or_elsewhere_but_alone(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        reply = client.get("/page?issue&token=JSESSIONID")
        token = reply.field("Set-Cookie").split(";")[0]
        assert client.get("/page?own", [("Cookie", token)]).status == 200
        assert client.get("/page?anonymous").status == 200
    own, anonymous = connections_of(origin, "/page?own"), connections_of(origin, "/page?anonymous")
    assert set(own).isdisjoint(anonymous)


@pytest.mark.parametrize("kind,count", [("shared", 1), ("none", 6)])
def test_connections_shared_and_none_do_as_they_say(origin, countermark, kind, count):
    value = config(origin.port)
    value["upstreams"][0]["connections"] = kind
    proxy = countermark(value)
    with Client(proxy.port) as client:
        for number in range(6):
            assert client.get("/page", cookie(number % 3)).status == 200
    assert len(set(connections_of(origin, "/page"))) == count


def test_at_the_bound_the_connection_idle_longest_is_closed(origin, countermark):
    value = config(origin.port)
    value["upstreams"][0]["connections_max"] = 2
    proxy = countermark(value)
    with Client(proxy.port) as client:
        for number in (1, 2, 1, 3, 1):
            assert client.get(f"/page?{number}", cookie(number)).status == 200
    assert connections_of(origin, "/page?1") == [connections_of(origin, "/page?1")[0]] * 3
    closed = wait_until(lambda: [connection for connection in origin.connections()
                                 if connection["requests"] and not connection["open"]], 5, "closed")
    assert [request["target"] for request in closed[0]["requests"]] == ["/page?2"]


def test_a_request_that_waits_gets_the_connection_that_becomes_free(origin, countermark):
    value = config(origin.port)
    value["upstreams"][0]["connections_max"] = 1
    proxy = countermark(value)
    with Client(proxy.port) as one, Client(proxy.port) as two:
        one.send(GET.replace(b"/page", b"/page?delay=300") + b"\r\n")
        wait_until(lambda: requests_at(origin), 5, "the first is asked")
        assert two.get("/page", cookie(2)).status == 200
        assert one.read_reply().status == 200


def test_idle_connections_are_closed_in_time(origin, countermark):
    value = config(origin.port)
    value["upstreams"][0]["timeouts"]["idle"] = "300ms"
    proxy = countermark(value)
    assert raw_status(proxy.port, GET + b"\r\n") == 200
    wait_until(lambda: not [1 for connection in origin.connections()
                            if connection["open"] and connection["requests"]], 5, "it is closed")


@pytest.mark.parametrize("order", ["close=1", "do=http10", "do=until-close", "do=ntlm"])
def test_a_connection_that_may_not_be_clean_is_not_used_again(origin, countermark, order):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.get(f"/page?first&{order}", cookie(1))
    with Client(proxy.port) as client:
        assert client.get("/page?second", cookie(1)).status == 200
    assert set(connections_of(origin, "/page?first")).isdisjoint(
        connections_of(origin, "/page?second"))


# Once more

def closing_on(second):
    """Answers the first request of each connection; `second(peer)` decides about the next ones."""
    def serve(peer):
        peer.read_head()
        peer.answer()
        peer.read_head()
        second(peer)
    return serve


def heads_of(server, word):
    return sum(word in head for peer in server.peers for head in peer.heads)


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"DELETE"])
def test_an_idempotent_request_is_sent_once_more_when_a_kept_connection_closes(countermark, method):
    with Scripted(closing_on(lambda peer: None)) as server:
        proxy = countermark(config(server.port))
        with Client(proxy.port) as client:
            assert client.get("/first").status == 200
            client.send(method + b" /again HTTP/1.1\r\n" + HOST + b"\r\n")
            assert client.read_reply(method.decode()).status == 200
        assert heads_of(server, b"/again") == 2
        assert proxy.metrics().value("countermark_upstream_retries_total") == 1


@pytest.mark.parametrize("request_", [b"POST /again HTTP/1.1\r\n" + HOST + b"\r\n",
                                      b"PUT /again HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc",
                                      b"PATCH /again HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n"])
def test_what_may_have_had_an_effect_is_never_sent_twice(countermark, request_):
    with Scripted(closing_on(lambda peer: None)) as server:
        value = config(server.port)
        value["upstreams"][0]["connections"] = "shared"
        proxy = countermark(value)
        with Client(proxy.port) as client:
            assert client.get("/first").status == 200
            client.send(request_)
            assert client.read_reply("POST").status == 502
        assert heads_of(server, b"/again") == 1
        assert ending_of(proxy, "/again") == "upstream-closed"


def test_a_request_is_sent_twice_at_most_and_not_after_the_first_byte(countermark):
    with Scripted(lambda peer: (peer.read_head(), peer.number == 0 and (peer.answer(),
                                                                        peer.read_head()))) as server:
        proxy = countermark(config(server.port))
        with Client(proxy.port) as client:
            assert client.get("/first").status == 200
            assert client.get("/again").status == 502
        assert heads_of(server, b"/again") == 2
    with Scripted(closing_on(lambda peer: peer.send(b"HTTP/1.1 2"))) as server:
        proxy = countermark(config(server.port))
        with Client(proxy.port) as client:
            assert client.get("/first").status == 200
            assert client.get("/again").status == 502
        assert heads_of(server, b"/again") == 1


def test_a_fresh_connection_that_closes_is_no_reason_to_try_again(origin, countermark):
    proxy = countermark(config(origin.port))
    assert raw_status(proxy.port, GET.replace(b"/page", b"/page?do=close-now") + b"\r\n") == 502
    assert len(requests_at(origin)) == 1


def test_an_unsafe_request_takes_a_connection_used_just_now_or_a_fresh_one(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        for _ in range(20):             # Until both come within a second, whatever the machine does.
            origin.forget()
            began = time.monotonic()
            assert client.get("/page?1", cookie(1)).status == 200
            assert client.request("POST", "/page?2", cookie(1), b"a").status == 200
            if time.monotonic() - began < 0.9:
                break
        time.sleep(1.3)
        assert client.request("POST", "/page?3", cookie(1), b"a").status == 200
    first, second, third = (connections_of(origin, f"/page?{number}")[0] for number in (1, 2, 3))
    assert first == second and third != second


# What is never believed

AMBIGUOUS = ("cl-te", "two-cl", "same-cl", "empty-cl", "signed-cl", "te-unknown", "bad-chunk",
             "big-chunk", "bad-status", "status-lf", "bad-version", "bare-cr", "obs-fold", "nul",
             "space-name", "garbage", "switch", "many-fields")


def test_an_answer_with_two_readings_is_502_and_nothing_of_it_is_seen(origin, countermark):
    proxy = countermark(config(origin.port))
    got = {}
    for order in AMBIGUOUS:
        reply = raw(proxy.port, GET.replace(b"/page", b"/page?size=4000&do=" + order.encode())
                    + b"\r\n")
        got[order] = reply.status
        assert b"xxxx" not in reply.received
    assert got == dict.fromkeys(AMBIGUOUS, 502)
    endings = {line["ending"] for line in proxy.wait_for_log(len(AMBIGUOUS))}
    assert endings == {"upstream-malformed", "upstream-upgrade", "upstream-head-too-large"} or \
        endings == {"upstream-malformed", "upstream-upgrade"}


BAD_ANSWERS = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok0\r\n\r\n",
               b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100000 + b"\r\n\r\n"]


@pytest.mark.parametrize("answer", BAD_ANSWERS, ids=["lengths", "ext", "chunk", "101", "large"])
def test_after_a_bad_answer_the_connection_is_closed_by_us(countermark, answer):
    ended = []

    def serve(peer):
        peer.read_head()
        peer.send(answer)
        try:
            ended.append(peer.socket.recv(100))
        except ConnectionError:
            ended.append(b"")

    with Scripted(serve) as server:
        proxy = countermark(config(server.port))
        assert raw_status(proxy.port, GET + b"\r\n") == 502
        wait_until(lambda: ended, 5, "the upstream hears of the end")
        assert ended == [b""]


def reset_by(peer):
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.socket.close()


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("size", [1000, 3000000], ids=["held", "streamed"])
@pytest.mark.parametrize("framing", [b"Content-Length: 9000000\r\n", b"Transfer-Encoding: chunked\r\n",
                                     b""], ids=["length", "chunked", "reset-until-close"])
def test_a_cut_body_is_never_delivered_as_complete(countermark, framing, size, version):
    body = b"x" * size
    if b"chunked" in framing:
        body = b"%x\r\n%s\r\n" % (size, body)

    def serve(peer):
        peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + framing + b"\r\n" + body)
        time.sleep(0.3)
        reset_by(peer)

    with Scripted(serve) as server:
        proxy = countermark(config(server.port))
        with Client(proxy.port) as client:
            client.send(b"GET /cut HTTP/" + version + b"\r\n" + HOST + b"\r\n")
            try:
                reply = client.read_reply()
                assert reply.status == 502 and b"xxxx" not in reply.received
            except Truncated as cut:
                assert size > 1000 and (version == b"1.1" or b"Length" in framing), "never streamed"
                assert cut.reply.status == 200


TOO_MUCH = [("GET", "excess"), ("GET", "body-on-204"), ("GET", "body-on-304"),
            ("HEAD", "body-on-head"), ("GET", "idle-bytes")]


@pytest.mark.parametrize("method,order", TOO_MUCH, ids=[row[1] for row in TOO_MUCH])
def test_bytes_that_nobody_asked_for_reach_nobody(origin, countermark, method, order):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        reply = client.request(method, f"/page?first&do={order}&marker=user009", cookie(1))
        assert reply.status in (200, 204, 304, 502)
        if order == "idle-bytes":
            wait_until(lambda: proxy.metrics().value("countermark_upstream_desync_total") == 1, 10,
                       "they have come")
        for _ in range(3):
            reply = client.get("/page?second&size=5", cookie(1))
            assert (reply.status, reply.body) == (200, b"xxxxx")
    wait_until(lambda: proxy.metrics().value("countermark_upstream_desync_total") == 1, 5,
               "it is counted")
    assert set(connections_of(origin, "/page?first")).isdisjoint(
        connections_of(origin, "/page?second"))


def test_an_early_answer_is_delivered_although_the_upload_goes_on(origin, countermark):
    proxy = countermark(config(origin.port))
    with Client(proxy.port) as client:
        client.send(b"POST /upload?do=early-413 HTTP/1.1\r\n" + HOST
                    + b"Content-Length: 300000\r\n\r\n" + b"x" * 100000)
        assert client.read_reply("POST").status == 413
    with Client(proxy.port) as client:
        assert client.get("/page").status == 200
    assert set(connections_of(origin, "/upload")).isdisjoint(connections_of(origin, "/page"))


def test_a_head_in_any_pieces_is_the_same_head(countermark):
    text = (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nT: x\r\n\r\n")

    def serve(peer):
        while True:
            number = int(peer.read_head().split(b"?")[1].split(b" ")[0])
            if number == 0:
                for at in range(len(text)):
                    peer.send(text[at:at + 1])
            else:
                peer.send(text[:number])
                time.sleep(0.005)
                peer.send(text[number:])

    with Scripted(serve) as server:
        proxy = countermark(config(server.port))
        with Client(proxy.port) as client:
            for number in range(len(text)):
                reply = client.get(f"/page?{number}")
                assert (reply.status, reply.body, reply.field("X-A")) == (200, b"hello world", "b")
        assert len(server.peers) == 1, "the connection stayed clean"
