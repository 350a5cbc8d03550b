"""`mode: observe` and break-glass: what is found is recorded and delivered, and the proxy says
what it would have done."""
import os
import socket
import time

import pytest

from support.client import Browser
from support.ports import wait_until
from support.webhook import SECRET

REASON = ("--reason", "checked by the test")


def state_of(proxy, name="login"):
    return next(row["state"] for row in proxy.api("/features")["features"] if row["name"] == name)


def stuck_site(origin, marker):
    """The origin marks every page with `marker`, whoever asks."""
    origin.control("PUT", "/default", {"do": "length", "marker": marker, "size": "200"})


def config_of(port, **more):
    return {"upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{port}"]}],
            "session": {"cookies": ["JSESSIONID"]},
            "login": {"request": ["POST /login"], "user_field": "userid"},
            "markers": [{"name": "owner", "find": ["meta:user-marker"]}],
            "features": [{"name": "login", "paths": ["/login", "/mypage/**"]}],
            "routes": [{"path": "/mypage/**", "require": ["owner"], "unmarked": "refuse",
                        "screen": "My page"}], **more}


def bound(proxy, origin, name):
    """A browser whose session is bound to `name` and confirmed."""
    browser = Browser(proxy.port)
    browser.cookies["JSESSIONID"] = f"session-token-of-{name}"
    stuck_site(origin, name)
    for _ in range(2):
        assert browser.get("/mypage/x").status == 200
        time.sleep(0.02)                # the second page must not overlap the first
    return browser


@pytest.mark.sanitize
def test_an_observed_finding_is_delivered_and_says_what_would_have_gone_down(origin, countermark):
    proxy = countermark(config_of(origin.port, mode="observe"))
    browser = bound(proxy, origin, "alice")
    stuck_site(origin, "bob")
    reply = browser.get("/mypage/x")
    assert reply.status == 200 and b"bob" in reply.body
    assert state_of(proxy) == "up"
    wait_until(lambda: proxy.ledger().displays(), 10, "the display is in the ledger")
    display = proxy.ledger().displays()[0]
    assert (display["outcome"], display["would_have"]) == ("delivered", "take-down")
    wait_until(lambda: proxy.log_lines() and proxy.log_lines()[-1].get("would_have") == "take-down", 10,
               "it is logged")
    status = proxy.run_json("status")
    assert status["mode"] == "observe" and status["break_glass"] is None
    assert status["would_have"] == {"refused": 1, "taken_down": 1}
    metrics = proxy.metrics()
    assert metrics.value("countermark_would_have_total", action="take-down") == 1
    assert metrics.value("countermark_displays_total", outcome="delivered") == 1
    assert metrics.value("countermark_mode_observe") == 1
    browser.close()


@pytest.mark.sanitize
def test_an_observing_route_takes_nothing_enforced_down(origin, countermark):
    config = config_of(origin.port)
    config["routes"].insert(0, {"path": "/mypage/trial/**", "mode": "observe"})
    proxy = countermark(config)
    browser = bound(proxy, origin, "alice")
    stuck_site(origin, "bob")
    for _ in range(5):
        assert browser.get("/mypage/trial/x").status == 200
    assert state_of(proxy) == "up"
    assert browser.get("/mypage/x").status == 502
    assert state_of(proxy) == "down"
    browser.close()


@pytest.mark.sanitize
def test_broken_glass_is_at_once_for_all_recorded_alerted_and_ends_by_itself(
        origin, countermark, webhooks, folder):
    receiver = webhooks()
    secret = os.path.join(folder, "soc.secret")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write(SECRET + "\n")
    proxy = countermark(config_of(origin.port, workers=2, alerts=[
        {"name": "soc", "webhook": receiver.url, "secret_file": secret}]))
    browsers = [bound(proxy, origin, f"alice{number}") for number in range(6)]
    stuck_site(origin, "bob")

    assert proxy.run("mode", "observe", "--for", "1h").returncode == 2
    assert proxy.run("mode", "observe", *REASON).returncode == 2
    assert proxy.run("mode", "observe", *REASON, "--for", "2d").returncode == 2
    assert proxy.run("mode", "sleep", *REASON).returncode == 2
    assert all(proxy.admin("POST", "/api/v1/mode", {"mode": "observe", "reason": "x", "for": "1h"},
                           role).status == code for role, code in ((None, 401), ("viewer", 403)))

    said = proxy.run("mode", "observe", "--reason", "the rule is wrong", "--for", "1h")
    assert said.returncode == 0 and "observe until" in said.stdout, said.stderr
    for browser in browsers:
        assert browser.get("/mypage/x").status == 200
    assert state_of(proxy) == "up"
    status = proxy.run_json("status")
    assert status["mode"] == "observe"
    assert status["break_glass"]["reason"] == "the rule is wrong" and status["break_glass"]["who"]
    assert "the rule is wrong" in proxy.run("status").stdout
    assert proxy.metrics().value("countermark_break_glass") == 1
    wait_until(lambda: any(row["summary"] == "mode observe for 3600 s: the rule is wrong"
                           for row in proxy.ledger().rows("config_changes")), 10, "it is noted")

    assert proxy.run("mode", "observe", "--reason", "shorter", "--for", "1s").returncode == 0
    wait_until(lambda: proxy.run_json("status")["mode"] == "enforce", 20, "it ends by itself")
    assert proxy.metrics().value("countermark_break_glass") == 0
    wait_until(lambda: "its time is over" in proxy.ledger().rows("config_changes")[-1]["summary"],
               10, "its end is in the ledger")
    assert browsers[0].get("/mypage/x").status == 502
    assert state_of(proxy) == "down"
    wait_until(lambda: {"mode.observe", "mode.enforce"} <= {d.type for d in receiver.deliveries},
               20, "its beginning and its end are alerted")
    told = next(d for d in receiver.deliveries if d.type == "mode.observe").body["data"]
    assert told["reason"] == "the rule is wrong" and told["until"] and told["who"]
    ended = next(d for d in receiver.deliveries if d.type == "mode.enforce").body["data"]
    assert ended["reason"] == "its time is over"
    assert proxy.run("mode", "observe", "--for", "1h", "--reason", "broken again").returncode == 0
    assert proxy.run("mode", "enforce", "--reason", "repaired").returncode == 0
    wait_until(lambda: any(d.type == "mode.enforce" and d.body["data"]["reason"] == "repaired"
                           for d in receiver.deliveries), 20, "the reason of its end is alerted")
    for browser in browsers:
        browser.close()


@pytest.mark.sanitize
def test_broken_glass_ends_by_order_and_by_a_restart(origin, countermark):
    proxy = countermark(config_of(origin.port))
    order = ("mode", "observe", *REASON, "--for", "1h")
    assert proxy.run(*order).returncode == 0
    ended = proxy.run("mode", "enforce")                    # Without a reason.
    assert ended.returncode == 0 and "enforce" in ended.stdout
    assert proxy.run_json("status")["break_glass"] is None
    wait_until(lambda: proxy.ledger().rows("config_changes")[-1]["summary"] == "mode as configured: ",
               10, "its end is noted")
    assert proxy.run(*order).returncode == 0
    proxy.kill()
    proxy.start()
    assert proxy.run_json("status")["mode"] == "enforce"
    browser = bound(proxy, origin, "alice")
    stuck_site(origin, "bob")
    assert browser.get("/mypage/x").status == 502
    browser.close()


def test_enforce_cannot_be_ordered_where_the_configuration_observes(origin, countermark):
    proxy = countermark(config_of(origin.port, mode="observe"))
    said = proxy.run("mode", "enforce", *REASON)
    assert said.returncode == 1 and "The configuration observes" in said.stderr
    assert proxy.run_json("status")["mode"] == "observe"


@pytest.mark.sanitize
def test_an_observed_page_arrives_while_it_still_comes(origin, countermark):
    proxy = countermark(config_of(origin.port, mode="observe"))
    request = (b"GET /public?do=chunked&size=400&chunk=100&piece=150&pause=400 HTTP/1.1\r\n"
               b"Host: site.example\r\n\r\n")
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as client:
        client.sendall(request)
        heard, pieces = b"", 0
        while not heard.endswith(b"0\r\n\r\n"):
            more = client.recv(65536)
            assert more, heard
            heard += more
            pieces += 1
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert pieces > 1, "it came in one piece"
