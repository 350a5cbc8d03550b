"""Who is the requester, in depth: classes of markers that need no user name, planted accounts."""
from urllib.parse import quote

import pytest

from support.client import Browser
from support.exchanges import field_of, last_request
from support.plain_site import config, page_of, signed_in

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
