"""What somebody on call, new to the console, must not be misled by: each was one's mistake once."""
from support.console import SECONDS, mix_up, settings, settle, state_of
from support.ports import wait_until


def test_a_dialog_ends_with_the_page_it_belongs_to(incident, browser):
    console = browser(incident)
    console.sign_in()
    console.go("incidents/1", "Evidence")
    console.go("overview", "Features")
    console.ask("up-login")
    assert console.find("anyway").is_displayed()
    console.driver.back()
    wait_until(lambda: not console.dialog_open(), SECONDS, "the dialog has closed")
    console.ask("close-incident")
    console.driver.execute_script("location.hash = '#/traffic'")
    wait_until(lambda: not console.dialog_open(), SECONDS, "the dialog has closed")
    settle(console, "traffic")
    assert not console.faults()


def test_an_incident_that_opened_since_the_dialog_did_is_told_there(origin, countermark, browser):
    proxy = countermark(settings(origin))
    console = browser(proxy)
    proxy.api("/features/login/down", "POST", {"reason": "by hand"})
    console.sign_in()
    console.ask("up-login")
    assert not console.find("anyway").is_displayed()
    proxy.api("/features/login/up", "POST", {"reason": "for the test"})
    mix_up(proxy)
    console.enter("reason", "all well")
    console.click("dialog-yes")
    console.wait_text("Incident 1 is open. Close it first, or tick")
    console.click("anyway")
    console.confirm()
    wait_until(lambda: state_of(proxy)["state"] == "up", SECONDS, "login is up")
