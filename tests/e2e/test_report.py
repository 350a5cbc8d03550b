"""The report: the first notice's figures out of its own accident, and every figure by plain SQL."""
import csv
import io
import json
import os
import sqlite3
import time

import pytest

from support import notice, plain_site
from support.client import Browser
from support.ports import wait_until
from support.sites import foreign_bytes, jobcard_config, login


def replay(proxy, site, cases):
    """Every case's viewer opens its screens and gets the subject's; all that was received."""
    received = []
    browsers = {}
    for viewer, subject, paths in cases:
        browser = browsers.get(viewer)
        if browser is None:
            browser = browsers[viewer] = Browser(proxy.port, source=f"127.0.1.{len(browsers) + 1}")
            assert login(browser, viewer).status in (303, 503)
        site.set(replay={viewer: subject})
        for path in paths:
            received.append((viewer, browser.get(path).received))
        site.set(replay={})
    for browser in browsers.values():
        browser.close()
    return received


def report(proxy, *words):
    done = proxy.run("report", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def part(rows, column):
    """What of `rows` had an outcome: a row has one."""
    rows = [row for row in rows if row[column]]
    cases = {row[:2] for row in rows if row[1]}
    return {"displays": sum(row[3] for row in rows), "cases": len(cases),
            "pairs": len({frozenset(case) for case in cases}),
            "mutual_pairs": len({frozenset(case) for case in cases if case[::-1] in cases}),
            "subjects": len({subject for _, subject in cases}),
            "viewers": len({row[0] for row in rows}),
            "viewers_unidentified": len({row[0] for row in rows if row[8] != "user"}),
            "both": len({viewer for viewer, _ in cases} & {subject for _, subject in cases})}


def independent(proxy, incident):
    """The same figures by queries of the test's own, counted in Python."""
    db = sqlite3.connect(f"file:{proxy.ledger().path()}?mode=ro", uri=True, timeout=10)
    rows = db.execute(
        "SELECT viewer_id, subject_id, screen, responses, withheld, cut, delivered, strong_count,"
        " viewer_kind, session, first_at FROM displays WHERE incident = ? AND drill = 0 AND"
        " one_of_two = 0", (incident,)).fetchall()
    cases = {(row[0], row[1]) for row in rows if row[1]}
    screens = {}
    for viewer, subject, screen, *_ in rows:
        screens.setdefault(screen, set()).add((viewer, subject))
    opened, closed = db.execute("SELECT opened_at, closed_at FROM incidents WHERE id = ?",
                                (incident,)).fetchone()
    people = {person for case in cases for person in case}
    sessions = {row[9] for row in rows if row[9]}
    writes = sum(count for session, user, count, last, first in db.execute(
        "SELECT session, user_id, count, last_at, first_at FROM writes")
        if (session in sessions or user in people) and last >= opened
        and (closed is None or first <= closed))
    doubts = db.execute("SELECT coalesce(sum(count), 0) FROM doubts WHERE last_at >= ? AND"
                        " first_at <= ?", (opened, closed or 1 << 62)).fetchone()[0]
    one_of_two = db.execute("SELECT coalesce(sum(responses), 0) FROM displays WHERE incident = ? AND"
                            " one_of_two = 1", (incident,)).fetchone()[0]
    db.close()
    return {
        "cases": len(cases),
        "pairs": len({frozenset(case) for case in cases}),
        "mutual_pairs": len({frozenset(case) for case in cases if case[::-1] in cases}),
        "subjects": len({subject for _, subject in cases}),
        "viewers": len({row[0] for row in rows}),
        "viewers_unidentified": len({row[0] for row in rows if row[8] != "user"}),
        "both": len({viewer for viewer, _ in cases} & {subject for _, subject in cases}),
        "displays": sum(row[3] for row in rows),
        "outcomes": {name: sum(row[3] for row in rows if row[column]) for name, column in
                     (("withheld", 4), ("cut", 5), ("delivered", 6))},
        "strong_cases": len({row[:2] for row in rows if row[1] and row[7]}),
        "screens": {name: len(seen) for name, seen in screens.items()},
        "shown": {name: sum(row[3] for row in rows if row[2] == name) for name in screens},
        "by_outcome": {name: part(rows, column) for name, column in
                       (("withheld", 4), ("cut", 5), ("delivered", 6))},
        "writes": writes,
        "upper_bound": doubts + one_of_two,
    }


def check_against_sql(proxy, made, incident=1):
    expected = independent(proxy, incident)
    assert {entry["screen"]: entry["cases"] for entry in made["screens"]} == expected.pop("screens")
    assert {entry["screen"]: entry["displays"] for entry in made["screens"]} == expected.pop("shown")
    assert made["weak_cases"] == expected["cases"] - expected["strong_cases"]
    assert {key: made[key] for key in expected} == expected


@pytest.fixture
def observed(countermark, jobcard):
    """The first notice's accident, replayed in observe mode through the real proxy."""
    site = jobcard(users=40)
    config = jobcard_config(site.port)
    config["mode"] = "observe"
    proxy = countermark(config)
    assert proxy.run("mark", "設定変更 2024-03-22 17:00").returncode == 0
    received = replay(proxy, site, notice.cases())
    wait_until(lambda: len(proxy.ledger().displays()) == 44, 20, "44 displays are in the ledger")
    return proxy, site, received


def test_the_first_notice_comes_out_as_the_notice_has_it(observed):
    proxy, _, received = observed
    made = report(proxy, "1", "--lang", "ja")

    assert {key: made[key] for key in notice.FIGURES} == notice.FIGURES
    by_path = {route["path"]: route["screen"] for route in proxy.config["routes"]}
    counts = {entry["screen"]: entry["cases"] for entry in made["screens"]}
    assert [counts[by_path[path]] for path in notice.SCREENS] == list(notice.CASES_PER_SCREEN)
    assert max(case["screens"] for case in made["case_list"]) == notice.MOST_SCREENS
    assert made["outcomes"] == {"withheld": 0, "cut": 0, "delivered": 44}
    assert ["氏名", "職務経歴"] == next(e["shows"] for e in made["screens"] if e["screen"] == "様式2の編集画面")
    assert sum(1 for viewer, bytes_ in received if foreign_bytes(bytes_, viewer)) == 44
    check_against_sql(proxy, made)
    assert proxy.run("ledger", "verify").returncode == 0


def test_the_time_line_tells_change_display_detection_and_closing(observed):
    proxy, _, _ = observed
    assert proxy.run("incidents", "close", "1").returncode == 2
    assert proxy.run("incidents", "close", "1", "--reason", "原因を除いた").returncode == 0
    assert proxy.run("incidents", "close", "1", "--reason", "again").returncode == 1
    made = report(proxy, "1")
    kinds = [entry["kind"] for entry in made["timeline"]]
    assert kinds == ["configuration-change", "mark", "first-display", "detection", "closing"]
    assert "設定変更 2024-03-22 17:00" in made["timeline"][1]["event"]
    assert [entry["at"] for entry in made["timeline"]] == sorted(e["at"] for e in made["timeline"])
    assert made["state"] == "closed" and made["stage"] == "final"


def test_what_the_viewers_sent_is_counted_as_possibly_written_elsewhere(observed):
    proxy, site, _ = observed
    browser = Browser(proxy.port)
    other = Browser(proxy.port)
    for who, name in ((browser, "user001"), (other, "user040")):
        login(who, name)
        assert who.get("/mypage/top").status == 200
        who.post("/mypage/inquiry", {"form_token": "wrong", "body": "hello"})
        who.post("/mypage/inquiry", {"form_token": "wrong", "body": "hello"})
    made = report(proxy, "1")
    assert made["writes"] == 2          # user040 saw nobody and was seen by nobody
    check_against_sql(proxy, made)


def test_unmarked_pages_and_closed_windows_make_the_upper_bound(countermark, origin):
    config = jobcard_config(origin.port)
    config["mode"] = "observe"
    proxy = countermark(config)
    browser = Browser(proxy.port)
    for _ in range(3):
        browser.get("/mypage/top")
    made = report(proxy, "--from", "2020-01-01")
    assert made["cases"] == 0 and made["upper_bound"] == 0 and made["timeline"] == []
    history = proxy.api("/coverage")["history"]
    assert [(e["route"], e["unmarked"]) for e in history] == [("/mypage/top", 3)]


def test_the_upper_bound_and_the_writes_keep_to_the_window(countermark, origin):
    config = plain_site.config(origin.port)
    config["routes"][0]["unmarked"] = "release"
    config["features"][0]["take_down"] = {"cases": 1000, "weak_cases": 0}
    proxy = countermark(config)
    alice = plain_site.signed_in(proxy.port, "alice")

    def unmarked_and_writes(count):
        time.sleep(1.1)                                 # a second is how exact the edge is
        for _ in range(count):
            assert alice.get("/mypage/goal").status == 200
            assert alice.post("/other/write", {"x": "y"}).status == 200

    unmarked_and_writes(4)
    time.sleep(1.1)
    assert plain_site.page_of(alice, "bob").status == 502
    unmarked_and_writes(2)
    time.sleep(1.1)
    assert proxy.run("incidents", "close", "1", "--reason", "x").returncode == 0
    unmarked_and_writes(5)
    wait_until(lambda: len(proxy.ledger().rows("doubts")) == 3, 10, "the last are in the ledger")

    made = report(proxy, "1")
    assert (made["upper_bound"], made["unmarked"], made["writes"]) == (2, 2, 2)
    check_against_sql(proxy, made)
    assert "within a second" in proxy.run("report", "1").stdout


@pytest.mark.parametrize("mode, counted", [("observe", 1), ("enforce", 0)])
def test_a_response_that_cannot_be_read_is_suspected_once_and_only_if_it_left(
        countermark, origin, mode, counted):
    config = plain_site.config(origin.port, mode=mode)
    config["features"][0]["take_down"] = {"cases": 1000, "weak_cases": 0}
    proxy = countermark(config)
    alice = plain_site.signed_in(proxy.port, "alice")
    plain_site.page_of(alice, "bob")
    reply = plain_site.page_of(alice, "alice", order="&field=Content-Encoding:foo")
    assert reply.status == (200 if counted else 502)
    made = report(proxy, "1")
    assert (made["uninspected"], made["unmarked"], made["upper_bound"]) == (counted, 0, counted)


def test_enforced_nothing_of_the_first_notice_is_delivered(countermark, jobcard):
    site = jobcard(users=40)
    config = jobcard_config(site.port)
    config["features"][0]["take_down"] = {"cases": 1000, "weak_cases": 0}
    proxy = countermark(config)
    received = replay(proxy, site, notice.cases())
    assert sum(foreign_bytes(bytes_, viewer) for viewer, bytes_ in received) == 0
    made = report(proxy, "1")
    assert made["outcomes"] == {"withheld": 44, "cut": 0, "delivered": 0}
    assert {key: made[key] for key in notice.FIGURES} == notice.FIGURES
    check_against_sql(proxy, made)


def test_a_take_down_and_its_reopening_are_on_the_time_line(countermark, jobcard):
    site = jobcard(users=8)
    proxy = countermark(jobcard_config(site.port))
    received = replay(proxy, site, [("user001", "user002", ["/mypage/top"])])
    assert foreign_bytes(received[0][1], "user001") == 0
    assert proxy.run("incidents", "close", "1", "--reason", "undone").returncode == 0
    assert proxy.run("up", "login", "--reason", "undone").returncode == 0
    made = report(proxy, "1")
    kinds = [entry["kind"] for entry in made["timeline"]]
    assert kinds == ["configuration-change", "first-display", "detection", "take-down", "closing",
                     "reopening"]
    assert made["cases"] == 1 and made["by_outcome"]["withheld"]["cases"] == 1
    assert made["deadlines"]["gdpr_33"] is not None


def test_names_are_for_operators_and_on_record(observed):
    proxy, _, _ = observed
    plain = proxy.run("report", "1").stdout + proxy.run("report", "1", "--format", "html").stdout
    assert "user001" not in plain and "u-" in plain
    assert proxy.admin("GET", "/api/v1/incidents/1/report?reveal=1", role="viewer").status == 403
    assert not [row for row in proxy.ledger().rows("accesses") if "report" in row["what"]]
    named = report(proxy, "1", "--reveal")
    assert "user001" in {person["person"] for person in named["persons"]}
    assert len(named["persons"]) == 33
    wait_until(lambda: [row["what"] for row in proxy.ledger().rows("accesses")] == [
        "report with names: incident 1"], 10, "the look is on record, once")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_html_is_one_file_without_outside_references(observed, lang):
    proxy, _, _ = observed
    page = proxy.run("report", "1", "--format", "html", "--lang", lang).stdout
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert f"<html lang={lang}>" in page
    assert page.count("<path d=") == 21 and page.count("<svg") == 1
    for reference in ("http:", "https:", "src=", "href=", "url(", "@import"):
        assert reference not in page.replace("http-equiv", "")


def test_csv_has_every_figure_of_the_json(observed):
    proxy, _, _ = observed
    rows = list(csv.DictReader(io.StringIO(proxy.run("report", "1", "--format", "csv").stdout)))
    figures = {row["name"]: int(row["value"]) for row in rows if row["section"] == "figures"}
    made = report(proxy, "1")
    assert {key: made[key] for key in figures} == figures
    assert len({row["item"] for row in rows if row["section"] == "case_list"}) == 21


def test_the_report_is_asked_for_as_the_manual_says(observed):
    proxy, _, _ = observed
    assert proxy.run("report").returncode == 2
    assert proxy.run("report", "1", "--from", "2024-01-01").returncode == 2
    assert proxy.run("report", "1", "--format", "pdf").returncode == 2
    assert proxy.run("report", "1", "--lang", "fr").returncode == 2
    assert proxy.run("report", "99").returncode == 1
    assert proxy.run("report", "--from", "yesterday").returncode == 2
    assert report(proxy, "--from", "2020-01-01")["cases"] == 21
    assert report(proxy, "--from", "2020-01-01", "--to", "2020-01-02")["cases"] == 0
    reply = proxy.admin("GET", "/api/v1/incidents/1/report?format=html&lang=ja", role="viewer")
    assert reply.status == 200 and "text/html" in reply.field("Content-Type")
    assert proxy.admin("GET", "/api/v1/incidents/1/report", role=None).status == 401


def test_the_ledger_is_verified_copied_and_printed_while_it_runs(observed, folder):
    proxy, _, _ = observed
    checked = proxy.run_json("ledger", "verify")
    assert checked["ok"] and checked["rows"] == 45
    copy = os.path.join(folder, "copy.db")
    assert proxy.run("ledger", "backup", copy).returncode == 0
    assert os.stat(copy).st_mode & 0o777 == 0o600
    assert proxy.run("ledger", "backup", copy).returncode == 2
    assert proxy.run("ledger", "verify", copy).returncode == 0
    rows = [json.loads(line) for line in proxy.run("ledger", "export").stdout.splitlines()]
    assert sum(1 for row in rows if row["table"] == "displays") == 44
    assert not any("user001" in str(row) for row in rows)
    for change, says in (
            ("UPDATE incidents SET displays = 43", "row 1 of the chain (in incidents): displays"),
            ("UPDATE displays SET screen = 'another' WHERE id = 7", "row 8")):
        db = sqlite3.connect(copy)
        db.execute(change)
        db.commit()
        db.close()
        broken = proxy.run("ledger", "verify", copy)
        assert broken.returncode == 1 and says in broken.stderr


def test_a_stopped_proxy_leaves_a_ledger_that_can_be_verified(observed):
    proxy, _, _ = observed
    assert proxy.run("ledger", "verify", proxy.state).returncode == 0
    assert proxy.stop() == []
    assert proxy.run("ledger", "verify").returncode == 3
    assert proxy.run("ledger", "verify", proxy.state).returncode == 0
    assert proxy.run("ledger", "verify", "--config", proxy.config_path).returncode == 0
    assert proxy.run("report", "1").returncode == 3


def test_unidentified_viewers_weak_and_uncertain_findings_are_told_apart(countermark, origin):
    config = plain_site.config(origin.port, mode="observe")
    proxy = countermark(config)
    for number in (1, 2):                               # nobody is logged in: known by address
        Browser(proxy.port, source=f"127.0.2.{number}").get("/mypage/top?marker=alice")
    first = Browser(proxy.port, source="127.0.2.3")     # adopted by its first marker, then another
    first.cookies["JSESSIONID"] = "a-token-from-before-the-proxy"
    first.get("/mypage/top?marker=bob")
    first.get("/mypage/top?marker=carol")
    known = plain_site.signed_in(proxy.port, "dave", source="127.0.2.4")
    plain_site.page_of(known, "erin")
    plain_site.page_of(known, "erin")
    wait_until(lambda: len(proxy.ledger().displays()) == 4, 20, "all are in the ledger")

    made = report(proxy, "1")
    assert (made["cases"], made["viewers"], made["viewers_unidentified"]) == (3, 3, 2)
    assert (made["displays"], made["subjects"], made["both"]) == (4, 2, 0)
    assert made["one_of_two"] == 1 and made["upper_bound"] >= 1
    assert made["strong_cases"] + made["weak_cases"] == made["cases"]
    check_against_sql(proxy, made)
    text = proxy.run("report", "1").stdout
    assert "a-" in text and "127.0.2.1" not in text
