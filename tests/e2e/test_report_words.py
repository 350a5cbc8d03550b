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
