"""The origin that fails on command does fail as its table says: no proxy in between."""
import re

import pytest

from support.client import Client, Malformed, Truncated
from support.sites import FOLDER

pytestmark = pytest.mark.direct

CUT = ("cut-head", "cut-line", "cut-body", "cut-chunk", "cut-last", "close-now", "reset-body")
MALFORMED = ("cl-te", "two-cl", "empty-cl", "signed-cl", "bad-chunk", "bad-status", "status-lf",
             "bad-version", "bare-cr", "obs-fold", "nul", "space-name", "garbage")
TOO_MUCH = ("body-on-204", "body-on-304", "excess", "idle-bytes")
CORRECT = ("length", "chunked", "until-close", "http10", "no-content", "not-modified", "download",
           "sse", "early-413", "417", "100-then", "100-twice", "103-then", "no-100", "many-fields")


def get(origin, order, fields=()):
    with Client(origin.port, timeout=5) as client:
        reply = client.get(f"/page?do={order}&size=50&{'&'.join(fields)}")
        return reply, client.nothing_more(0.3)


def test_every_order_is_in_the_table():
    with open(f"{FOLDER}/origin.py", encoding="utf-8") as file:
        table, _, code = file.read().partition('"""\nimport')
    orders = [name.replace("_", "-") for name in re.findall(r"def do_(\w+)", code)]
    assert len(orders) > 40
    assert [order for order in orders if not re.search(rf"\s{order}\s", table)] == []


@pytest.mark.parametrize("order", CORRECT)
def test_a_correct_order_answers_whole(origin, order):
    _, silent = get(origin, order)
    assert silent


@pytest.mark.parametrize("order", CUT)
def test_a_cut_order_ends_too_early(origin, order):
    with pytest.raises(Truncated):
        get(origin, order)


@pytest.mark.parametrize("order", MALFORMED)
def test_a_malformed_order_is_not_http(origin, order):
    with pytest.raises(Malformed):
        get(origin, order)


@pytest.mark.parametrize("order", TOO_MUCH)
def test_an_excess_order_sends_bytes_nobody_asked_for(origin, order):
    _, silent = get(origin, order)
    assert not silent


def test_a_body_on_head_follows_the_head(origin):
    with Client(origin.port) as client:
        client.request("HEAD", "/page?do=body-on-head")
        assert not client.nothing_more()


def test_marker_and_codings_come_as_asked(origin):
    for coding in ("gzip", "deflate"):
        reply, _ = get(origin, "chunked", (f"coding={coding}", "marker=user007", "marker_at=20"))
        assert reply.field("Content-Encoding") == coding
        assert reply.body.index(b'content="user007"') > 20


def test_the_record_tells_which_session_used_which_connection(origin):
    for token in ("a", "b"):
        with Client(origin.port) as client:
            for _ in range(2):
                client.get("/page", [("Cookie", f"x=1; JSESSIONID={token}")])
    used = [[request["session"] for request in connection["requests"]]
            for connection in origin.connections() if connection["requests"]]
    assert sorted(used) == [["a", "a"], ["b", "b"]]
