"""What the report says in words: of what left, of what was withheld, and of drills."""
import json

import pytest

from support import plain_site
from support.ports import wait_until


def said(proxy, number, form="text", lang="en", *more):
    done = proxy.run("report", str(number), "--format", form, "--lang", lang, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("lang, about, none, never", [
    ("en", "about to be shown; nothing left the proxy (incident 1", "Nothing left the proxy: 1 display was",
     ("screens showed data", "persons who saw it", "Persons to notify")),
    ("ja", "すべて遮断し、外部には出ていません）（事案番号1", "外部に出た情報はありません。",
     ("閲覧した方", "閲覧された方", "連絡すべき方"))])
def test_of_what_was_withheld_nothing_is_said_to_have_been_shown(incident, lang, about, none, never):
    for form in ("text", "html", "json", "csv"):
        made = said(incident, 1, form, lang, "--reveal")
        assert about in made and none in made, form
        assert not [word for word in never if word in made], form
    person, = (p for p in json.loads(said(incident, 1, "json", lang, "--reveal"))["persons"]
               if p["as_subject"])
    assert person["person"] == "bob" and person["bytes_left"] is False


def test_a_report_of_a_drill_says_so_and_asks_for_nothing(origin, countermark):
    proxy = countermark(plain_site.config(origin.port, hosts=["www.example.jp", "127.0.0.1"]))
    proxy.api("/drill", "POST", {"feature": "login"})
    wait_until(lambda: proxy.api("/drill").get("state") == "done", 40, "the drill is done")
    for lang, title, nobody in (("en", "Drill: a made-up incident", "nobody must be notified"),
                                ("ja", "訓練の記録", "本人への連絡も、監督機関への報告も必要ありません。")):
        for form in ("text", "html"):
            made = said(proxy, 1, form, lang)
            assert title in made and nobody in made and "www.example.jp" in made
            assert "GDPR" not in made and "確報" not in made and "Final" not in made
    made = json.loads(said(proxy, 1, "json"))
    assert made["drill"] is True and made["stage"] == "drill" and made["deadlines"] == {}
    assert [event["kind"] for event in made["timeline"]][-2:] == ["detection", "closing"]


def test_break_glass_and_earlier_take_downs_are_told(incident):
    proxy = incident
    assert proxy.run("incidents", "close", "1", "--reason", "rolled back").returncode == 0
    assert proxy.run("up", "login", "--reason", "checked").returncode == 0
    assert proxy.run("mode", "observe", "--for", "15m", "--reason", "the rule is wrong").returncode == 0
    carol = plain_site.signed_in(proxy.port, "carol")
    assert plain_site.page_of(carol, "dave").status == 200
    assert proxy.run("mode", "enforce", "--reason", "it was right").returncode == 0
    assert plain_site.page_of(carol, "dave").status == 502
    wait_until(lambda: len(proxy.ledger().displays()) == 3, 20, "a row for each outcome")

    made = json.loads(said(proxy, 2, "json"))
    kinds = [event["kind"] for event in made["timeline"]]
    for one, other in (("take-down", "reopening"), ("reopening", "mode-observe"),
                       ("mode-observe", "first-display"), ("first-display", "mode-enforce")):
        assert kinds.index(one) < kinds.index(other), kinds
    assert kinds[-1] == "take-down" and made["outcomes"] == {"withheld": 1, "cut": 0, "delivered": 1}
    assert "Of 2 displays, 1 left the proxy and 1 was withheld" in made["summary"]
    assert "Data was delivered because break-glass was in force from" in made["summary"]
    assert "the rule is wrong" in made["summary"]
    text = said(proxy, 2)
    assert "15m: the rule is wrong" in text and "it was right" in text
    cause = text.split("4 Cause\n")[1].split("\n")[0]
    assert "Break-glass begins" in cause and "in force" in cause and "ordered by" in cause
    assert "緊急解除により遮断を行わない状態だったため、情報が届きました" in said(proxy, 2, "html", "ja")


def test_what_the_configured_mode_delivers_is_put_down_to_it(origin, countermark):
    proxy = countermark(plain_site.config(origin.port, mode="observe"))
    plain_site.page_of(plain_site.signed_in(proxy.port, "alice"), "bob")
    wait_until(lambda: proxy.ledger().displays(), 20, "it is recorded")
    assert "because the configured mode is observe" in said(proxy, 1)
    assert "設定が監視のみで" in said(proxy, 1, "text", "ja")
