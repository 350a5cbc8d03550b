"""The way of somebody new, as README.md and README.ja.md tell it: from the alert to what happened, to
a finished preliminary report, to login being up again. Each bold word of the steps is a label that
has to be there, in sight, at its step."""
import base64
import os
import re

import pytest
import yaml

from support import chromium
from support.console import SECONDS, mix_up
from support.countermark import REPOSITORY, TOKENS
from support.ports import wait_until

READMES = {"en": "README.md", "ja": "README.ja.md"}
HEADINGS = {"en": "## When login went down", "ja": "## ログインが停止したら"}
DOWN = {"en": "login is down: 1 case", "ja": "「login」は停止中です: 1件"}
PRELIMINARY = {"en": "Preliminary", "ja": "速報"}
A4 = (595, 842)                         # Points.
CLICKS_TO_SEE, CLICKS_TO_REPORT = 1, 2


def readme(language):
    with open(os.path.join(REPOSITORY, READMES[language]), encoding="utf-8") as file:
        return file.read()


def steps_of(language):
    """The labels in bold of each numbered step of the first list under the heading."""
    section = readme(language).split(HEADINGS[language])[1]
    steps = re.search(r"(?:^\d\. .*\n)+", section, re.MULTILINE).group(0).splitlines()
    return [re.findall(r"\*\*(.+?)\*\*", step) for step in steps]


def sample(language):
    return next(block for block in re.findall(r"```yaml\n(.*?)```", readme(language), re.DOTALL)
                if block.startswith("listen:"))


def example_of(language, origin, receiver):
    """README's own configuration, with the site and the receiver of this test."""
    value = yaml.safe_load(sample(language))
    value["upstreams"][0]["servers"] = [f"http://127.0.0.1:{origin.port}"]
    value["alerts"][0]["webhook"] = receiver.url
    return value


def labelled(console, label):
    """What has exactly this text and can be seen: a button, a link or a heading."""
    return console.driver.execute_script("""
        return [...document.querySelectorAll("button, a, h2")].find(
            (node) => node.innerText.trim() === arguments[0] && node.checkVisibility()) || null""", label)


class Walk:
    def __init__(self, console):
        self.console = console
        self.clicks = 0

    def see(self, label, scrolled=False):
        node = wait_until(lambda: labelled(self.console, label), SECONDS, f"{label} is there")
        if not scrolled:
            box = node.rect
            height = self.console.driver.execute_script("return innerHeight")
            assert box["y"] + box["height"] <= height, f"{label} is out of sight: {box}"
        return node

    def press(self, label, **seen):
        self.see(label, **seen).click()
        self.clicks += 1


def link_of(receiver):
    """Where the chat message of the opened incident leads."""
    def found():
        texts = [delivery.body["text"] for delivery in receiver.deliveries]
        return next((text for text in texts if "nothing left the proxy" in text), None)

    return re.search(r"<(http://\S+)>", wait_until(found, SECONDS, "the alert has come")).group(1)


def in_sight(console, *texts):
    """The texts, all in the box that comes first, all of it without scrolling."""
    box = console.find("gist")
    for text in texts:
        assert text in box.text, box.text
    assert box.rect["y"] + box.rect["height"] <= console.driver.execute_script("return innerHeight")


def fill_in(console, language):
    """Every field that is left to a person, by clicking and typing."""
    fields = console.driver.find_elements(console.by.CSS_SELECTOR, ".hand")
    assert len(fields) >= 9
    for number, field in enumerate(fields):
        assert field.get_attribute("aria-label") and not field.text
        field.click()
        field.send_keys(f"written {number}")
    text = console.text()
    assert all(f"written {number}" in text for number in range(len(fields)))
    assert PRELIMINARY[language] in text
    paper = console.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pages = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", base64.b64decode(paper["data"]))
    assert pages and all((round(float(wide)), round(float(high))) == A4 for wide, high in pages)
    chromium.shoot(console.driver, f"walk-report-{language}")


def in_report(console, language):
    """Goes to the report's window, finishes the report, comes back."""
    first = console.driver.current_window_handle
    wait_until(lambda: len(console.driver.window_handles) == 2, SECONDS, "it has a window")
    console.driver.switch_to.window(next(
        handle for handle in console.driver.window_handles if handle != first))
    wait_until(lambda: PRELIMINARY[language] in console.text(), SECONDS, "the report is there")
    fill_in(console, language)
    console.driver.close()
    console.driver.switch_to.window(first)


def with_reason(console, reason):
    console.enter("reason", reason)
    console.confirm()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_from_the_alert_to_the_report_as_the_readme_tells(origin, countermark, webhooks, browser, language):
    (nothing, (sign_in,), (report, form), (close, overview, bring_up)) = steps_of(language)
    assert nothing == []
    receiver = webhooks()
    proxy = countermark(example_of(language, origin, receiver))
    mix_up(proxy)
    console = browser(proxy, language={"en": "en-US", "ja": "ja-JP"}[language])
    walk = Walk(console)

    console.driver.get(link_of(receiver))
    console.enter("token", TOKENS["operator"])
    walk.press(sign_in)
    console.wait_text(DOWN[language])
    row = proxy.api("/incidents/1")["rows"][0]
    screen = {"en": "My page: name", "ja": "マイページ: 氏名"}[language]
    in_sight(console, DOWN[language], row["viewer"], row["subject"], screen)
    chromium.shoot(console.driver, f"walk-{language}")
    assert walk.clicks == CLICKS_TO_SEE

    walk.see(report)
    walk.press(form)
    assert walk.clicks == CLICKS_TO_REPORT
    in_report(console, language)

    walk.press(close)
    with_reason(console, "the cache was switched off")
    walk.press(overview)
    walk.press(bring_up, scrolled=True)
    with_reason(console, "the cache was switched off")
    wait_until(proxy.feature_is_up, SECONDS, "login is up")
    assert not console.faults()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_configuration_of_the_readme_passes_its_own_check(countermark, origin, folder, language):
    """With the token file made as the README says, and its other files in reach."""
    proxy = countermark({**yaml.safe_load(sample("en")), "alerts": [],
                         "upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{origin.port}"]}]})
    with open(os.open(os.path.join(folder, "oncall.token"), os.O_WRONLY | os.O_CREAT, 0o600), "w",
              encoding="ascii") as out:
        out.write("0123456789abcdef0123456789abcdef\n")
    path = os.path.join(folder, "countermark.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(sample(language).replace("/var/lib/countermark", os.path.join(folder, "state"))
                  .replace("/var/log/countermark", folder))
    done = proxy.run("check", "--config", path)
    assert done.returncode == 0, done.stdout + done.stderr
