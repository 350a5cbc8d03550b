"""The second notice's accident: a display condition that is wrong, behind the grants.

156 members open the report screen at once. What each of them may see and what each of them would
see is counted by queries of this file over the site's own database, not by the proxy.
"""
import re
import sqlite3
import threading
from collections import defaultdict

import pytest

from support.client import Browser
from support.ports import wait_until

REPORT = "/mypage/report"
NAMED = re.compile(r"SECRET-(\d{4})-name")
ASKED = """SELECT provider_id, user_id, provider_status = '事前打合せ確定'
           FROM request JOIN coordination ON request_id = request.id
           WHERE request_status = '成立'"""


class Truth:
    """{viewer: {subject}} from the database: shown by the wrong condition, and granted."""

    def __init__(self, database):
        self.granted, shown = defaultdict(set), defaultdict(set)
        db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        for provider, user, confirmed in db.execute(ASKED):
            for viewer, subject in ((provider, user), (user, provider)):
                shown[viewer].add(subject)
                if confirmed:
                    self.granted[viewer].add(subject)
        db.close()
        viewers = [f"2{number:03}" for number in range(1, 132)]
        viewers += [f"1{number:03}" for number in range(1, 26)]
        self.viewers = viewers
        self.ungranted = {viewer: shown[viewer] - self.granted[viewer] for viewer in viewers}


class Members:
    """All viewers, logged in; every one a thread and a connection of its own."""

    def __init__(self, port, viewers):
        self.browsers = {viewer: Browser(port, source=f"127.0.{10 + at // 200}.{1 + at % 200}",
                                         timeout=60)
                         for at, viewer in enumerate(viewers)}
        self.replies = {}
        self._each(self._login)

    def _login(self, viewer, browser):
        reply = browser.post("/login", {"member": viewer, "password": f"pass-{viewer}"})
        assert reply.status == 303, f"{viewer}: {reply.status}"

    def _each(self, action):
        barrier, errors = threading.Barrier(len(self.browsers)), []

        def run(viewer, browser):
            try:
                barrier.wait(60)
                action(viewer, browser)
            except Exception as error:      # shown in the test's own thread
                errors.append(f"{viewer}: {error!r}")

        threads = [threading.Thread(target=run, args=pair) for pair in self.browsers.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors, errors[:5]

    def open(self, target=REPORT):
        """Everybody opens the screen at the same time."""
        def get(viewer, browser):
            self.replies[viewer] = browser.get(target)
        self._each(get)
        return self

    def statuses(self):
        return sorted({reply.status for reply in self.replies.values()})

    def names_seen(self, viewer):
        return set(NAMED.findall(self.replies[viewer].text)) - {viewer}

    def close(self):
        for browser in self.browsers.values():
            browser.close()


def in_ledger(proxy):
    """{viewer: {subject}} as recorded, and what became of it."""
    seen, outcomes = defaultdict(set), set()
    for row in proxy.ledger().displays():
        assert row["detector"] == "granted-marker" and row["screen"] == "援助活動報告書の出力画面"
        assert row["marker_class"] == ("user" if row["viewer"].startswith("2") else "provider")
        seen[row["viewer"]].add(row["subject"])
        outcomes |= {word for word in ("withheld", "cut", "delivered") if row[word] > 0}
    return dict(seen), outcomes


def recorded(truth):
    return {viewer: subjects for viewer, subjects in truth.ungranted.items() if subjects}


def without_report_feature(config, **member):
    """Nothing is taken down, so that everybody's page is judged."""
    config["features"] = [feature for feature in config["features"] if feature["name"] == "login"]
    for marker in config["markers"][1:]:
        marker.update(member)
    return config


def test_the_rebuilt_site_shows_as_many_as_the_notice_says(childcare):
    truth = Truth(childcare().database)
    counts = {kind: [len(truth.ungranted[viewer]) for viewer in truth.viewers
                     if viewer.startswith(kind)] for kind in "12"}
    assert len(counts["2"]) == 131 and max(counts["2"]) == 78
    assert round(sum(counts["2"]) / 131) == 14
    assert len(counts["1"]) == 25 and max(counts["1"]) == 15
    assert round(sum(counts["1"]) / 25) == 4


@pytest.mark.direct
def test_without_the_proxy_everybody_sees_them(childcare):
    site = childcare(condition="request-only")
    truth = Truth(site.database)
    members = Members(site.port, truth.viewers).open()
    for viewer in truth.viewers:
        assert members.names_seen(viewer) == truth.granted[viewer] | truth.ungranted[viewer]
    members.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_with_the_right_condition_nothing_is_refused(childcare, countermark, workers):
    site = childcare()
    truth = Truth(site.database)
    proxy = countermark({**site.config(), "workers": workers})
    members = Members(proxy.port, truth.viewers)
    for target in (REPORT, REPORT + "/partners.json"):
        members.open(target)
        assert members.statuses() == [200]
        for viewer in truth.viewers:
            assert members.names_seen(viewer) == truth.granted[viewer]
    members.close()
    assert proxy.ledger().displays() == []
    assert proxy.feature_is_up("report")


@pytest.mark.parametrize("workers", [1, 2])
def test_with_the_wrong_condition_nobody_sees_an_ungranted_name(childcare, countermark, workers):
    site = childcare(condition="request-only")
    truth = Truth(site.database)
    proxy = countermark({**without_report_feature(site.config()), "workers": workers})
    members = Members(proxy.port, truth.viewers).open()
    for viewer in truth.viewers:
        expected = 502 if truth.ungranted[viewer] else 200
        assert members.replies[viewer].status == expected, viewer
        assert not members.names_seen(viewer) & truth.ungranted[viewer]
    members.close()
    assert in_ledger(proxy) == (recorded(truth), {"withheld"})
    assert proxy.feature_is_up("login")


@pytest.mark.parametrize("form", [{}, {"gzip": True}, {"chunked": True}])
def test_redacted_everybody_sees_just_the_granted_names(childcare, countermark, form):
    site = childcare(condition="request-only", **form)
    truth = Truth(site.database)
    proxy = countermark(without_report_feature(site.config(), action="redact"))
    members = Members(proxy.port, truth.viewers)
    for browser in members.browsers.values():
        browser._fields.append(("Accept-Encoding", "gzip"))
    for target in (REPORT, REPORT + "/partners.json"):
        members.open(target)
        assert members.statuses() == [200]
        for viewer in truth.viewers:
            assert members.names_seen(viewer) == truth.granted[viewer]
            if truth.ungranted[viewer]:
                assert members.replies[viewer].field("Content-Encoding") is None
    members.close()
    assert in_ledger(proxy) == (recorded(truth), {"withheld"})
    assert proxy.metrics().value("countermark_findings_total", action="redact") > 0


def test_observing_delivers_everything_and_records_everybody(childcare, countermark):
    site = childcare(condition="request-only")
    truth = Truth(site.database)
    proxy = countermark({**site.config(), "mode": "observe"})
    members = Members(proxy.port, truth.viewers).open()
    assert members.statuses() == [200]
    for viewer in truth.viewers:
        assert members.names_seen(viewer) == truth.granted[viewer] | truth.ungranted[viewer]
    members.close()
    count = sum(len(subjects) for subjects in truth.ungranted.values())
    wait_until(lambda: len(proxy.ledger().displays()) >= count, 20, "all displays on record")
    assert in_ledger(proxy) == (recorded(truth), {"delivered"})
    assert proxy.feature_is_up("report") and proxy.feature_is_up("login")


@pytest.mark.sanitize
def test_its_feature_goes_down_while_login_stays_up(childcare, countermark):
    site = childcare()
    proxy = countermark(site.config())
    browser = Browser(proxy.port)
    assert browser.post("/login", {"member": "2001", "password": "pass-2001"}).status == 303
    assert browser.get(REPORT).status == 200
    site.set(condition="request-only")
    refused = browser.get(REPORT)
    assert refused.status == 502 and not NAMED.search(refused.text)
    assert not proxy.feature_is_up("report") and proxy.feature_is_up("login")
    site.set(condition="both-states")
    assert browser.get(REPORT).status == 503
    assert browser.get("/mypage/top").status == 200
    other = Browser(proxy.port)
    assert other.post("/login", {"member": "1001", "password": "pass-1001"}).status == 303
    assert other.get("/mypage/top").status == 200
    (change,) = proxy.ledger().feature_changes()
    assert (change["feature"], change["state"], change["cause"]) == ("report", "down", "finding")
    assert {row["subject"] for row in proxy.ledger().displays()} == \
        Truth(site.database).ungranted["2001"]


@pytest.mark.sanitize
def test_a_database_that_is_gone_refuses_and_takes_nothing_down(childcare, countermark, folder):
    site = childcare()
    config = site.config()
    for grant in config["grants"]:
        grant["sqlite"] = f"{folder}/not-there.db"
    proxy = countermark(config)
    browser = Browser(proxy.port)
    assert browser.post("/login", {"member": "2001", "password": "pass-2001"}).status == 303
    assert browser.get(REPORT).status == 502
    assert browser.get("/mypage/top").status == 200
    assert proxy.feature_is_up("report")
    assert proxy.ledger().displays() == []
    assert proxy.metrics().value("countermark_grant_questions_total", result="failed") == 1
