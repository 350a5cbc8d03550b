"""Standard Webhooks at verifiers of somebody else's making, and receivers that fail."""
import base64
import json
import os

import pytest

from support import npm
from support.plain_site import config, page_of, signed_in
from support.ports import free_port, wait_until
from support.webhook import Receiver

OLD, NEW, OTHER = ("whsec_" + base64.b64encode(letter * 24).decode() for letter in (b"o", b"n", b"x"))


def write_secrets(folder, *secrets):
    """The new one first, as `secret_file` has them."""
    path = os.path.join(folder, "soc.secret")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        out.write("\n".join(secrets) + "\n")
    return path


def verdicts(*asked):
    """What the npm package says to each (secret, delivery): "" or why it is refused."""
    npm.package("standardwebhooks")
    return json.loads(npm.run("verify_webhooks.js", json.dumps([
        {"secret": secret, "headers": delivery.headers, "body": delivery.raw}
        for secret, delivery in asked])))


def told(proxy, receiver, kind, count):
    """Sends a test; the newest delivery of that type once there are `count`."""
    assert proxy.run("alert-test").returncode == 0
    return wait_until(lambda: receiver.of_type(kind)[count - 1:], 15, f"{count} {kind} came")[0]


@pytest.fixture
def receiver():
    server = Receiver(free_port())
    yield server
    server.stop()


def test_the_package_standardwebhooks_accepts_what_is_sent_and_nothing_else(origin, countermark,
                                                                            receiver, folder):
    proxy = countermark(config(origin.port, alerts=[
        {"name": "soc", "webhook": receiver.url, "secret_file": write_secrets(folder, OLD)}]))
    page_of(signed_in(proxy.port, "alice"), "bob")
    assert proxy.run("alert-test").returncode == 0
    sent = wait_until(lambda: len(receiver.deliveries) >= 3 and list(receiver.deliveries), 15, "all came")
    assert {delivery.type for delivery in sent} == {"incident.opened", "feature.down", "ping"}
    assert verdicts(*((OLD, delivery) for delivery in sent)) == [""] * 3

    altered, renamed, late = (receiver_copy(sent[0]) for _ in range(3))
    altered.raw = altered.raw.replace("login", "shop")
    renamed.headers["webhook-id"] = "msg_another"
    late.headers["webhook-timestamp"] = str(int(late.headers["webhook-timestamp"]) - 3600)
    refused = verdicts((OTHER, sent[0]), (OLD, altered), (OLD, renamed), (OLD, late))
    assert all(refused), refused


def receiver_copy(delivery):
    copy = type(delivery)(delivery.headers, delivery.verified, delivery.raw.encode())
    assert copy.raw == delivery.raw
    return copy


def test_during_a_rotation_the_package_accepts_both_secrets_and_then_the_new_one(origin, countermark,
                                                                                 receiver, folder):
    path = write_secrets(folder, OLD)
    proxy = countermark(config(origin.port, alerts=[
        {"name": "soc", "webhook": receiver.url, "secret_file": path}]))
    before = told(proxy, receiver, "ping", 1)
    write_secrets(folder, NEW, OLD)
    assert proxy.run("reload").returncode == 0
    during = told(proxy, receiver, "ping", 2)
    write_secrets(folder, NEW)
    assert proxy.run("reload").returncode == 0
    after = told(proxy, receiver, "ping", 3)
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    accepted = [verdict == "" for verdict in verdicts(*(
        (secret, delivery) for delivery in (before, during, after) for secret in (OLD, NEW)))]
    assert accepted == [True, False, True, True, False, True]


def settled(proxy):
    """The deliveries by alert once none is waiting any more, else None."""
    rows = {row["alert"]: row for row in proxy.ledger().rows("deliveries")}
    return None if any(row["state"] == "waiting" for row in rows.values()) else rows


def test_receivers_that_fail_get_it_later_with_the_same_id_and_hinder_nobody(origin, countermark, folder):
    """The hour's outage is tests/notify/test_notifier_outage.c; this is the first retry, of all kinds."""
    answers = {"well": (200,), "failing": (500, 200), "busy": (429, 200), "moved": (301, 200),
               "gone": (410,)}
    receivers = {name: Receiver(free_port(), given) for name, given in answers.items()}
    secret = write_secrets(folder, OLD)
    try:
        proxy = countermark(config(origin.port, alerts=[
            {"name": name, "webhook": server.url, "secret_file": secret}
            for name, server in receivers.items()]))
        assert proxy.run("alert-test").returncode == 1       # Not everybody has it yet.
        for name in ("well", "failing", "busy", "moved"):
            wait_until(lambda server=receivers[name]: server.of_type("ping"), 30, f"{name} has it")
        # A receiver has its alert a moment before the ledger knows that it has.
        rows = wait_until(lambda: settled(proxy), 30, "every delivery came to an end")
        assert {name: (row["state"], row["tries"]) for name, row in rows.items()} == {
            "well": ("done", 1), "failing": ("done", 2), "busy": ("done", 2), "moved": ("done", 2),
            "gone": ("stopped", 1)}
        assert len({server.of_type("ping")[0].id for name, server in receivers.items()
                    if name != "gone"}) == 1
        assert rows["well"]["done_at"] < min(rows[name]["done_at"] for name in ("failing", "busy", "moved"))
        undelivered = proxy.api("/alerts?state=stopped")["deliveries"]
        assert [(row["alert"], row["status"]) for row in undelivered] == [("gone", 410)]
    finally:
        for server in receivers.values():
            server.stop()
