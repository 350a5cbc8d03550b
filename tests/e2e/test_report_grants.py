"""The report on the second notice: members who were listed for others before they might be."""
from support.ports import wait_until
from test_childcare import Members, Truth, without_report_feature
from test_report import check_against_sql, report

GRANTS = [{"marker": "provider", "viewers": 25, "subjects_max": 15, "subjects_mean": 4},
          {"marker": "user", "viewers": 131, "subjects_max": 78, "subjects_mean": 14}]


def visit(proxy, truth):
    members = Members(proxy.port, truth.viewers).open()
    members.close()
    return members


def check_grants(proxy, made):
    """Each figure once more, counted here from the ledger's rows."""
    rows = {}
    for row in proxy.ledger().displays():
        rows.setdefault((row["marker_class"], row["viewer_id"]), set()).add(row["subject_id"])
    for grant in made["grants"]:
        counts = [len(seen) for (kind, _), seen in rows.items() if kind == grant["marker"]]
        assert len(counts) == grant["viewers"] and max(counts) == grant["subjects_max"]
        assert int(sum(counts) / len(counts) + 0.5) == grant["subjects_mean"]


def check_displays(proxy, made, outcome):
    """A page is one display, whomever it shows, here as in the metric."""
    shown = int(proxy.metrics().value("countermark_displays_total", outcome=outcome))
    assert made["displays"] == made["outcomes"][outcome] == shown
    assert sum(made["outcomes"].values()) == shown < made["cases"]
    incident = proxy.api("/incidents/1")
    assert incident["displays"] == incident["outcomes"][outcome] == shown
    assert [screen["displays"] for screen in made["screens"]] == [shown]
    assert proxy.run("ledger", "verify").returncode == 0


def test_the_second_notice_comes_out_as_the_notice_has_it(countermark, childcare):
    site = childcare(condition="request-only")
    truth = Truth(site.database)
    total = sum(len(subjects) for subjects in truth.ungranted.values())
    proxy = countermark({**site.config(), "mode": "observe"})
    assert visit(proxy, truth).statuses() == [200]
    wait_until(lambda: len(proxy.ledger().displays()) == total, 60, "all are in the ledger")

    made = report(proxy, "1", "--lang", "ja")
    assert made["grants"] == GRANTS
    assert made["viewers"] == 156 and made["cases"] == total
    check_displays(proxy, made, "delivered")
    assert [screen["shows"] for screen in made["screens"]] == [["会員氏名"]]
    check_grants(proxy, made)
    check_against_sql(proxy, made)
    page = proxy.run("report", "1", "--format", "html", "--lang", "ja").stdout
    assert "会員氏名" in page and "一部のみ図示" in page


def test_enforced_nothing_of_the_second_notice_is_delivered(countermark, childcare):
    site = childcare(condition="request-only")
    truth = Truth(site.database)
    proxy = countermark(without_report_feature(site.config()))
    members = visit(proxy, truth)
    assert not any(members.names_seen(viewer) & truth.ungranted[viewer]
                   for viewer in truth.viewers)
    made = report(proxy, "1")
    assert made["grants"] == GRANTS
    check_displays(proxy, made, "withheld")
    check_grants(proxy, made)
    check_against_sql(proxy, made)
