"""Up again, step by step: a trial for named networks, a time to come up; and alerts that failed."""
import datetime
import json
import time

import pytest

from support.client import Browser
from support.plain_site import config, feature_is_down, page_of, signed_in
from support.ports import free_port, wait_until
from support.webhook import SECRET, Receiver

REASON = ("--reason", "checked by the test")
INSIDE, OUTSIDE = "127.0.0.2", "127.0.1.1"


def with_trial(port, **top):
    value = config(port, **top)
    value["features"] = [{"name": "login", "paths": ["/login", "/mypage/**"],
                          "trial": ["127.0.0.0/24"]},
                         {"name": "shop", "paths": ["/shop/**"]}]
    return value


def state_of(proxy, name="login"):
    return next(row for row in proxy.api("/features")["features"] if row["name"] == name)


@pytest.mark.sanitize
def test_a_trial_lets_named_networks_in_and_nobody_else(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    assert proxy.run("down", "login", *REASON).returncode == 0
    assert proxy.run("trial", "login", *REASON).returncode == 0
    assert state_of(proxy)["state"] == "trial"
    assert proxy.metrics().value("countermark_feature_up", feature="login") == 0

    insider = signed_in(proxy.port, "alice", source=INSIDE)
    assert page_of(insider, "alice").status == 200
    outsider = Browser(proxy.port, source=OUTSIDE)
    assert feature_is_down(page_of(outsider, "bob"))
    assert outsider.get("/news").status == 200

    # Survives a crash, and a finding ends it for everybody.
    proxy.kill()
    proxy.start()
    assert state_of(proxy)["state"] == "trial"
    assert feature_is_down(page_of(Browser(proxy.port, source=OUTSIDE), "bob"))
    insider = signed_in(proxy.port, "alice", source=INSIDE)
    assert page_of(insider, "bob").status == 502
    assert state_of(proxy)["state"] == "down"
    assert feature_is_down(page_of(insider, "alice"))


def test_a_trial_is_told_as_still_down_and_only_up_as_up(origin, countermark, webhooks, folder):
    receiver = webhooks()
    proxy = countermark(receiver_config(with_trial(origin.port), receiver, folder))
    for change in ("down", "trial", "up", "trial"):
        assert proxy.run(change, "login", *REASON).returncode == 0
    wait_until(lambda: len(receiver.of_type("feature.down")) == 2, 15, "all arrived")
    told = [(delivery.type, delivery.body["data"]["state"]) for delivery in receiver.deliveries]
    assert sorted(told) == [("feature.down", "down"), ("feature.down", "trial"),
                            ("feature.trial", "trial"), ("feature.up", "up")]


def test_a_trial_without_networks_is_refused(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    done = proxy.run("trial", "shop", *REASON)
    assert done.returncode == 1 and "`features[].trial`" in done.stderr
    assert state_of(proxy, "shop")["state"] == "up"
    assert proxy.run("trial", "nothing", *REASON).returncode == 1


def test_a_feature_that_a_reload_took_out_cannot_be_changed(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    proxy.config["features"].pop()
    proxy.write_config(proxy.config)
    assert proxy.run("reload", "--accept-weaker", "no shop").returncode == 0
    for words in (("down",), ("trial",), ("up",), ("up", "--at", in_seconds(60))):
        done = proxy.run(words[0], "shop", *words[1:], *REASON)
        assert done.returncode == 1 and "(404)" in done.stderr, done.stdout


def in_seconds(count):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=count)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_feature_comes_up_at_its_time(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    assert proxy.run("up", "shop", "--at", in_seconds(60), *REASON).returncode == 1   # It is up.
    assert proxy.run("down", "shop", *REASON).returncode == 0
    assert proxy.run("up", "shop", "--at", "soon", *REASON).returncode == 2
    assert proxy.run("up", "shop", "--at", in_seconds(-5), *REASON).returncode == 1
    assert proxy.run("up", "shop", "--at", in_seconds(5), *REASON).returncode == 0
    shown = state_of(proxy, "shop")
    assert shown["state"] == "down" and shown["up_at"]
    wait_until(lambda: state_of(proxy, "shop")["state"] == "up", 20, "shop is up")
    assert state_of(proxy, "shop")["up_at"] is None
    rows = proxy.ledger().feature_changes()
    assert [row["state"] for row in rows] == ["down", "up"]
    assert rows[1]["reason"] == "checked by the test"


def test_a_time_to_come_up_does_not_outweigh_a_finding_or_an_open_incident(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    alice = signed_in(proxy.port, "alice", source=INSIDE)
    assert page_of(alice, "bob").status == 502                   # Incident 1, login down.
    done = proxy.run("up", "login", "--at", in_seconds(4), *REASON)
    assert done.returncode == 1 and "The incident is open" in done.stderr
    answer = proxy.admin("POST", "/api/v1/features/login/up",
                         {"reason": "x", "at": in_seconds(4)}, "operator")
    assert answer.status == 409 and json.loads(answer.body)["incident"] == 1
    assert state_of(proxy)["up_at"] is None
    assert proxy.run("up", "login", "--at", in_seconds(60), "--anyway", *REASON).returncode == 0
    assert proxy.run("incidents", "close", "1", *REASON).returncode == 0
    assert proxy.run("up", "login", "--at", in_seconds(4), *REASON).returncode == 0
    wait_until(lambda: state_of(proxy)["state"] == "up", 20, "login is up")


def test_an_incident_may_be_closed_without_a_reason(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    alice = signed_in(proxy.port, "alice", source=INSIDE)
    assert page_of(alice, "bob").status == 502
    assert proxy.run("incidents", "close", "1").returncode == 2       # People are asked for one.
    assert proxy.api("/incidents/1/close", "POST") == {"id": 1, "state": "closed"}
    assert proxy.api("/incidents/1")["closed_reason"] == ""
    assert proxy.run("ledger", "verify").returncode == 0
    assert proxy.run("report", "1").returncode == 0


def test_an_operator_who_decides_anew_cancels_the_time(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    assert proxy.run("down", "login", *REASON).returncode == 0
    for again in ("down", "trial"):
        assert proxy.run("up", "login", "--at", in_seconds(60), *REASON).returncode == 0
        assert state_of(proxy)["up_at"]
        assert proxy.run(again, "login", *REASON).returncode == 0       # Down: it is so already.
        assert state_of(proxy)["up_at"] is None
    assert proxy.run("up", "login", "--at", in_seconds(2), *REASON).returncode == 0
    assert proxy.run("up", "login", *REASON).returncode == 0
    assert proxy.run("down", "login", *REASON).returncode == 0          # For another reason.
    time.sleep(4)
    assert state_of(proxy)["state"] == "down"


def test_an_up_that_is_refused_decides_nothing(origin, countermark):
    proxy = countermark(with_trial(origin.port))
    alice = signed_in(proxy.port, "alice", source=INSIDE)
    assert page_of(alice, "bob").status == 502                   # Incident 1, login down.
    assert proxy.run("up", "login", "--at", in_seconds(60), "--anyway", *REASON).returncode == 0
    assert proxy.run("up", "login", *REASON).returncode == 1             # The incident is open.
    assert state_of(proxy)["up_at"]
    assert proxy.run("up", "login", "--anyway", *REASON).returncode == 0
    time.sleep(2.5)                                                      # A look each second.
    assert page_of(signed_in(proxy.port, "alice", source=INSIDE), "bob").status == 502
    assert state_of(proxy)["state"] == "down" and state_of(proxy)["up_at"] is None


def receiver_config(proxy_config, receiver, folder):
    path = f"{folder}/soc.secret"
    with open(path, "w", encoding="ascii") as out:
        out.write(SECRET + "\n")
    proxy_config["alerts"] = [{"name": "soc", "webhook": receiver.url, "secret_file": path}]
    return proxy_config


def test_alert_test_says_whether_it_arrived(origin, countermark, folder):
    receiver = Receiver(free_port(), answers=(200, 200, 500, 410))
    try:
        proxy = countermark(receiver_config(config(origin.port), receiver, folder))
        done = proxy.run("alert-test", "soc")
        assert done.returncode == 0 and "arrived" in done.stdout, done.stderr
        assert receiver.of_type("ping") and receiver.all_verified()
        assert proxy.run_json("alert-test")["deliveries"][0]["state"] == "done"
        assert proxy.run("alert-test", "nobody").returncode == 1
        done = proxy.run("alert-test")
        assert done.returncode == 1 and "did not arrive" in done.stdout
        assert "(status 500); it is tried again" in done.stdout
        done = proxy.run("alert-test")
        assert done.returncode == 1
        assert "(status 410); it is not tried again" in done.stdout
    finally:
        receiver.stop()


def test_a_dead_letter_is_listed_and_sent_again(origin, countermark, folder):
    receiver = Receiver(free_port(), answers=(410, 200))
    try:
        proxy = countermark(receiver_config(config(origin.port), receiver, folder))
        assert proxy.run("down", "login", *REASON).returncode == 0

        def undelivered():
            return proxy.api("/alerts?state=stopped")["deliveries"]

        letter = wait_until(undelivered, 15, "410 stopped it")[0]
        assert letter["type"] == "feature.down" and letter["status"] == 410
        listed = proxy.run("alerts")
        assert listed.returncode == 0 and "stopped" in listed.stdout
        assert proxy.run("alerts", "retry", "999").returncode == 1
        assert proxy.admin("POST", f"/api/v1/alerts/{letter['id']}/retry", {},
                           "viewer").status == 403
        assert proxy.run("alerts", "retry", str(letter["id"])).returncode == 0
        wait_until(lambda: receiver.of_type("feature.down"), 15, "it arrived")
        assert receiver.of_type("feature.down")[0].id == letter["message"]
        wait_until(lambda: not undelivered(), 10, "nothing is undelivered")
        assert proxy.run("alerts", "retry", "all").returncode == 1
    finally:
        receiver.stop()
