"""The drill in the console: begun by clicking, followed to its end, told as what arrived where."""
import pytest

from support import chromium
from support.console import SECONDS, settings, violations
from support.plain_site import feature_is_down, page_of, signed_in
from support.ports import wait_until


REASON = "selenium (python3-selenium) is not installed"
Keys = pytest.importorskip("selenium.webdriver.common.keys", reason=REASON).Keys
ActionChains = pytest.importorskip("selenium.webdriver.common.action_chains", reason=REASON).ActionChains


def begin(console, reason="before the audit"):
    console.go("alerts", console_word(console))
    console.ask("drill-begin")
    console.enter("reason", reason)


def console_word(console):
    return {"en": "Drill", "ja": "訓練"}[console.driver.execute_script("return document.documentElement.lang")]


def events(console):
    """The lines of the live findings, once all of a drill have come and are known."""
    console.open("overview")

    def come():
        lines = [node.text.replace("\n", " ") for node in
                 console.find("live-list").find_elements(console.by.TAG_NAME, "li")]
        complete = len(lines) == 5 and all("Incident 1: login" in line for line in lines if "ncident" in line)
        return lines if complete else None

    return wait_until(come, SECONDS, "five events are told")


def last(proxy):
    """The drill that is over, as the API has it."""
    def over():
        state = proxy.api("/drill")
        return state if state.get("state") == "done" else None

    return wait_until(over, 40, "the drill is over")


def test_a_drill_is_begun_by_clicking_and_says_what_arrived_where(origin, countermark, browser, folder,
                                                                  webhooks):
    receiver = webhooks()
    proxy = countermark(settings(origin, receiver, folder=folder))
    console = browser(proxy)
    console.sign_in()
    console.go("alerts", "None since the proxy started.")
    begin(console)
    console.confirm()
    console.wait_text("Everything arrived.", "in the ledger: Incident 1: login", "incident.opened at soc",
                      "the client got status 502", "before the audit")
    state = last(proxy)
    assert state["passed"] and state["reason"] == "before the audit" and state["who"] == "operator"
    assert "down" not in state and proxy.feature_is_up()
    lines = [node.text for node in console.find("drill-line").find_elements(console.by.TAG_NAME, "li")]
    assert len(lines) == 3 and all("after" in line and "ms" in line for line in lines)
    toast = console.find("toast")
    assert toast.get_attribute("role") == "status" and toast.text == "Everything arrived."
    opened = wait_until(lambda: receiver.of_type("incident.opened"), SECONDS, "it is told")
    assert opened[0].body["data"]["drill"] is True
    chromium.shoot(console.driver, "drill-done")
    assert not console.faults()


def test_the_feature_goes_down_only_when_chosen_and_for_the_time_entered(origin, countermark, browser):
    proxy = countermark(settings(origin))
    alice = signed_in(proxy.port, "alice")
    console = browser(proxy)
    console.sign_in()
    begin(console)
    assert "its pages answer 503" in console.text()
    console.enter("take-down-seconds", "0")         # Typing chooses yes.
    assert console.find("take-down-yes").is_selected()
    console.click("dialog-yes")
    console.wait_text("A whole number of seconds, 1 to 3600.")
    chromium.shoot(console.driver, "dialog-drill")
    console.enter("take-down-seconds", "8")
    console.confirm()
    console.driver.execute_script("performance.clearResourceTimings()")
    wait_until(lambda: feature_is_down(page_of(alice, "alice")), SECONDS, "login is down")
    wait_until(lambda: console.find("state").text == "login (drill) down", SECONDS, "the head says that it is a drill")
    console.wait_text("Everything arrived.", "login down, for 8 s", "login up again",
                      "No receiver of alerts is to get incident.opened.")
    state = last(proxy)
    assert state["down"]["for_s"] == 8 and state["up"]["arrived"]
    looks = console.driver.execute_script(
        "return performance.getEntriesByName(location.origin + '/api/v1/drill').length")
    assert looks <= 20, "one look a second, not one more with each"
    assert page_of(alice, "alice").status == 200
    assert [line for line in events(console) if not line.endswith(" drill")] == []


def test_what_did_not_arrive_is_told(origin, countermark, browser, folder, webhooks):
    proxy = countermark(settings(origin, webhooks(answers=(500,)), folder=folder))
    console = browser(proxy)
    console.sign_in()
    begin(console)
    console.confirm()
    wait_until(lambda: "NOT everything arrived." in console.text(), 40, "it says so")
    line = console.find("drill-line").text
    assert "did not arrive" in line and "the receiver refused" in line


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_drill_needs_no_mouse_and_breaks_no_rule_of_axe(origin, countermark, browser, folder, webhooks,
                                                          language):
    source = chromium.axe_source()
    proxy = countermark(settings(origin, webhooks(), folder=folder))
    console = browser(proxy, language={"en": "en-US", "ja": "ja-JP"}[language])
    console.sign_in()
    console.go("alerts", console_word(console))
    console.find("drill-begin").send_keys(Keys.ENTER)
    wait_until(console.dialog_open, SECONDS, "the dialog is open")
    found = violations(console, source, "dialog")
    keys = ActionChains(console.driver)
    keys.send_keys(Keys.TAB, "by keyboard", Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    wait_until(lambda: not console.dialog_open(), SECONDS, "the dialog has closed")
    assert last(proxy)["reason"] == "by keyboard"
    console.find("drill-line")
    found += violations(console, source, "drill")
    chromium.shoot(console.driver, f"drill-{language}")
    assert not found, "\n".join(found)


def test_a_viewer_may_look_at_a_drill_and_begin_none(origin, countermark, browser):
    proxy = countermark(settings(origin))
    proxy.api("/drill", "POST", {"feature": "login", "reason": "of an operator"})
    last(proxy)
    console = browser(proxy)
    console.sign_in("viewer")
    console.go("alerts", "of an operator")
    assert console.find("drill-begin").get_attribute("aria-disabled") == "true"
    console.click("drill-begin")
    assert not console.dialog_open()
