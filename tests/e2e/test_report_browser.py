"""The report in a real browser: opened from the console, written into, saved, opened again.

Screenshots are in build/reports/console/.
"""
import os
import re
import subprocess

import pytest

from support import chromium
from support.console import SECONDS, mix_up, settings, violations
from support.ports import wait_until

TYPED = "Nobody was harmed.\n<b>The second line</b>"


def opened(console, ident):
    """The report in the tab that the console opens for it."""
    before = set(console.driver.window_handles)
    console.go("incidents/1", "")
    console.click(ident)
    handle = wait_until(lambda: next(iter(set(console.driver.window_handles) - before), None), SECONDS,
                        "the report has a tab")
    console.driver.switch_to.window(handle)
    wait_until(lambda: console.driver.find_elements(console.by.ID, "save"), SECONDS, "it is there")
    return console.driver.find_elements(console.by.CLASS_NAME, "hand")


def warns(console):
    """Would leaving the page be asked about?"""
    return console.driver.execute_script(
        "const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event);"
        "return event.defaultPrevented")


def shown(console, text):
    return text in console.driver.execute_script("return document.body.innerText")


def saved(console, folder, name):
    path = os.path.join(folder, name)
    console.click("save")
    wait_until(lambda: os.path.exists(path), SECONDS, f"{name} is saved")
    with open(path, encoding="utf-8") as file:
        return path, file.read()


def test_what_is_typed_is_warned_of_saved_and_there_again(incident, browser, folder):
    console = browser(incident)
    console.sign_in()
    fields = opened(console, "report.html-en")
    assert console.driver.current_url.startswith("blob:")
    assert not warns(console) and shown(console, "Save a copy") and shown(console, "Print")
    fields[0].send_keys("Nobody was harmed.", "\n", "<b>The second line</b>")
    assert warns(console) and shown(console, "What you wrote is not saved yet.")
    chromium.shoot(console.driver, "report-typed")
    path, text = saved(console, folder, "incident-1-en.html")
    assert not warns(console) and not shown(console, "not saved yet")

    assert text.count("Nobody was harmed.") == 1 and text.count("&lt;b&gt;The second line") == 1
    assert text.startswith("<!DOCTYPE html>\n<html lang=\"en\">") and text.count("<script>") == 1
    for reference in ("http:", "https:", "src=", "href=", "url(", "@import", "unsafe-inline"):
        assert reference not in text.replace("http-equiv", ""), reference

    console.driver.get(f"file://{path}")
    fields = console.driver.find_elements(console.by.CLASS_NAME, "hand")
    assert fields[0].text == TYPED and not warns(console)
    assert shown(console, "Save a copy") and not shown(console, "not saved yet")
    fields[1].send_keys("A cable.")
    assert warns(console)
    os.rename(path, path + ".first")
    _, again = saved(console, folder, "incident-1-en.html")
    assert again.count("Nobody was harmed.") == 1 and again.count("A cable.") == 1
    assert re.sub(r">A cable\.<", "><", again) == text, "nothing else has changed"
    assert console.faults() == []


def test_a_pasted_picture_is_no_reference_in_the_copy(incident, browser, folder):
    console = browser(incident)
    console.sign_in()
    fields = opened(console, "report.html-ja")
    console.driver.execute_script(
        "const image = document.createElement('img'); image.setAttribute('alt', 'x');"
        "image.setAttribute('data-from', 'https://evil.example/'); arguments[0].append(image, 'text')",
        fields[0])
    _, text = saved(console, folder, "incident-1-ja.html")
    assert "evil.example" not in text and ">text</div>" in text
    assert "コピーを保存" in text


def test_a_report_is_loaded_again_while_the_console_is_open(incident, browser):
    console = browser(incident)
    console.sign_in()
    opened(console, "report.html-en")
    console.driver.refresh()
    wait_until(lambda: shown(console, "nothing left the proxy"), SECONDS, "it is there again")
    assert console.faults() == []


def test_print_prints_without_the_buttons(incident, browser):
    console = browser(incident)
    console.sign_in()
    opened(console, "report.html-en")
    console.driver.execute_script("window.print = () => { document.title = 'printed' }")
    console.click("print")
    assert console.driver.title == "printed"
    console.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not console.driver.find_element(console.by.ID, "bar").is_displayed()


def test_it_is_accessible(incident, browser, folder):
    source = chromium.axe_source()
    console = browser(incident)
    path = os.path.join(folder, "report.html")
    with open(path, "w", encoding="utf-8") as out:
        text = incident.run("report", "1", "--format", "html").stdout
        out.write(re.sub(r"<meta http-equiv=Content-Security-Policy[^>]*>", "", text))
    console.driver.get(f"file://{path}")
    assert violations(console, source, "report") == []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_it_fits_on_a_phone_and_on_paper(origin, countermark, browser, folder, lang):
    value = settings(origin)
    value["features"][0]["take_down"] = {"cases": 100, "weak_cases": 0}
    proxy = countermark(value)
    mix_up(proxy, (("alice", "bob"), ("bob", "alice"), ("carol", "bob")))
    wait_until(lambda: len(proxy.ledger().displays()) == 3, SECONDS, "three are recorded")
    path = os.path.join(folder, "report.html")
    with open(path, "w", encoding="utf-8") as out:
        out.write(proxy.run("report", "1", "--format", "html", "--lang", lang, "--reveal").stdout)
    console = browser(proxy, size=chromium.PHONE)
    console.driver.get(f"file://{path}")
    assert console.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    # No heading of a table stands in another one, and none is broken within a word.
    assert console.driver.execute_script(
        "return [...document.querySelectorAll('th')].filter((head) => head.scrollWidth > head.clientWidth + 1)"
        ".map((head) => head.innerText)") == []
    chromium.shoot(console.driver, f"report-phone-{lang}")
    pdf = os.path.join(folder, "report.pdf")
    subprocess.run([chromium.BROWSER, "--headless", "--no-sandbox", "--disable-gpu",
                    f"--user-data-dir={folder}/printing", f"--print-to-pdf={pdf}", f"file://{path}"],
                   check=True, capture_output=True, timeout=60)
    with open(pdf, "rb") as file:
        pages = len(re.findall(rb"/Type\s*/Page\b", file.read()))
    assert 2 <= pages <= 5, pages
