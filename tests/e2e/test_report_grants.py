"""The report on the second notice: members who were listed for others before they might be."""
import os

import pytest

from support import matching
from support.client import Browser
from support.ports import wait_until
from test_report import report

GRANTS = [{"marker": "provider", "viewers": 25, "subjects_max": 15, "subjects_mean": 4},
          {"marker": "user", "viewers": 131, "subjects_max": 78, "subjects_mean": 14}]
FORBIDDEN = sum(matching.PROVIDERS) + sum(matching.USERS)


@pytest.fixture
def site(folder):
    database = os.path.join(folder, "matching.db")
    matching.make_database(database)
    running = matching.Matching(database)
    running.database = database
    yield running
    running.stop()


def visit(proxy):
    """Every member logs in and opens the screen once: {member: reply}."""
    replies = {}
    for member in matching.viewers():
        browser = Browser(proxy.port)
        assert browser.post("/login", {"userid": member}).status == 303
        replies[member] = browser.get(matching.PATH)
        browser.close()
    return replies


def shown(reply, names):
    return sum(1 for name in names if name.encode() in reply.received)


def test_the_second_notice_comes_out_as_the_notice_has_it(countermark, site):
    config = matching.config(site.port, site.database)
    config["mode"] = "observe"
    proxy = countermark(config)
    replies = visit(proxy)
    assert all(reply.status == 200 for reply in replies.values())
    assert sum(shown(replies[member], others)
               for member, (_, others, _) in matching.viewers().items()) == FORBIDDEN
    wait_until(lambda: len(proxy.ledger().displays()) == FORBIDDEN, 60, "all are in the ledger")

    made = report(proxy, "1", "--lang", "ja")
    assert made["grants"] == GRANTS
    assert made["viewers"] == 156 and made["cases"] == FORBIDDEN
    assert made["outcomes"] == {"withheld": 0, "cut": 0, "delivered": FORBIDDEN}
    rows = {}
    for row in proxy.ledger().displays():
        rows.setdefault((row["marker_class"], row["viewer_id"]), set()).add(row["subject_id"])
    for grant in made["grants"]:
        counts = [len(seen) for (kind, _), seen in rows.items() if kind == grant["marker"]]
        assert len(counts) == grant["viewers"] and max(counts) == grant["subjects_max"]
        assert int(sum(counts) / len(counts) + 0.5) == grant["subjects_mean"]
    page = proxy.run("report", "1", "--format", "html", "--lang", "ja").stdout
    assert "会員氏名" in page and page.count("<path d=") > 0


def test_enforced_nothing_of_the_second_notice_is_delivered(countermark, site):
    proxy = countermark(matching.config(site.port, site.database))
    replies = visit(proxy)
    assert {reply.status for reply in replies.values()} == {502}
    assert sum(shown(replies[member], others)
               for member, (_, others, _) in matching.viewers().items()) == 0
    made = report(proxy, "1")
    assert made["grants"] == GRANTS
    assert made["outcomes"] == {"withheld": FORBIDDEN, "cut": 0, "delivered": 0}
