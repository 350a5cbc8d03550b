"""What the person on call hears: a template that loses its marker, and one page for many displays."""
import shutil
import subprocess
import time

import pytest

from support.console import secret_file
from support.plain_site import config, signed_in
from support.ports import wait_until

LOOK_SECONDS = 15                       # COVERAGE_MS of app/graph_run.c.
DISPLAYS, SUBJECTS = 10000, 40


def alerting(origin, receiver, folder, **top):
    return config(origin.port, alerts=[{
        "name": "soc", "webhook": receiver.url, "secret_file": secret_file(folder)}], **top)


def test_a_marker_that_is_dropped_is_alerted_with_its_route(origin, countermark, folder, webhooks):
    receiver = webhooks()
    value = alerting(origin, receiver, folder)
    value["routes"][0]["unmarked"] = "release"
    proxy = countermark(value)
    alice = signed_in(proxy.port, "alice")
    end = time.monotonic() + LOOK_SECONDS + 5                   # One look sees marked pages alone.
    while time.monotonic() < end:
        assert alice.get("/mypage/top?marker=alice").status == 200
    assert not receiver.of_type("coverage.lost")

    def heard():
        assert alice.get("/mypage/top?size=200").status == 200
        return receiver.of_type("coverage.lost")

    data = wait_until(heard, 4 * LOOK_SECONDS, "the loss is alerted")[0].body["data"]
    assert data["route"] == "/mypage/**" and data["screen"] == "my page" and data["ratio"] < 0.9
    assert proxy.feature_is_up() and receiver.all_verified()


def test_a_users_session_that_is_evicted_is_alerted(origin, countermark, folder, webhooks):
    receiver = webhooks()
    proxy = countermark(alerting(origin, receiver, folder,
                                 session={"cookies": ["JSESSIONID"], "max": 3}))
    for number in range(5):
        signed_in(proxy.port, f"user{number}")
    data = wait_until(lambda: receiver.of_type("sessions.evicted"), 3 * LOOK_SECONDS,
                      "the eviction is alerted")[0].body["data"]
    assert data["evicted"] == 2 and data["session_max"] == 3 and "session.max" in data["reason"]


def test_ten_thousand_displays_are_one_page_and_all_of_them_in_the_ledger(origin, countermark, webhooks,
                                                                         folder):
    if shutil.which("h2load") is None:
        pytest.skip("h2load (nghttp2-client) is not installed")
    receiver = webhooks()
    proxy = countermark(alerting(origin, receiver, folder, mode="observe"))
    alice = signed_in(proxy.port, "alice")
    path = f"{folder}/addresses.txt"
    with open(path, "w", encoding="ascii") as out:
        out.writelines(f"http://127.0.0.1:{proxy.port}/mypage/top?marker=user{number}\n"
                       for number in range(SUBJECTS))
    done = subprocess.run(
        ["h2load", "--h1", "-n", str(DISPLAYS), "-c", "8", "-i", path, "-H",
         f"Cookie: JSESSIONID={alice.cookies['JSESSIONID']}"],
        capture_output=True, text=True, timeout=120, check=False)
    assert f"{DISPLAYS} succeeded" in done.stdout, done.stdout + done.stderr
    wait_until(lambda: proxy.api("/incidents/1")["displays"] == DISPLAYS, 60, "all are in the ledger")
    incident = proxy.api("/incidents/1")
    assert incident["outcomes"] == {"withheld": 0, "cut": 0, "delivered": DISPLAYS}
    assert incident["cases"] == SUBJECTS == len(incident["rows"])
    assert sum(row["count"] for row in incident["rows"]) == DISPLAYS
    assert proxy.metrics().value("countermark_displays_total", outcome="delivered") == DISPLAYS

    wait_until(lambda: any(update.body["data"]["displays"] == DISPLAYS
                           for update in receiver.of_type("incident.updated")), 60, "the last update came")
    assert len(receiver.of_type("incident.opened")) == 1
    assert len(receiver.of_type("incident.updated")) <= 7        # One each ten seconds, at most.
