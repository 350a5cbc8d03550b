"""What somebody on call, new to the console, must not be misled by: each was one's mistake once."""
from support import chromium
from support.console import SECONDS, mix_up, settings, settle, state_of
from support.countermark import TOKENS
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


def deliver(proxy):
    """An incident whose one display left, since nothing is enforced."""
    mix_up(proxy)
    found = wait_until(lambda: proxy.api("/incidents")["incidents"], SECONDS, "it is in the ledger")
    assert found[0]["outcomes"] == {"withheld": 0, "cut": 0, "delivered": 1}


def fact(console, scope, name):
    """What stands beside `name` in the box: the time in the machine's form, else the text."""
    return console.driver.execute_script("""
        const row = [...document.querySelectorAll(`${arguments[0]} dt`)].find(
            (node) => node.textContent === arguments[1]);
        return row && (row.nextElementSibling.querySelector("time")?.dateTime
            ?? row.nextElementSibling.textContent)""", scope, name)


def test_a_closed_incident_leads_on_to_bringing_its_feature_up(incident, browser):
    console = browser(incident)
    console.sign_in()
    console.go("incidents/1", "Evidence")
    assert "still down" not in console.text()
    console.ask("close-incident")
    console.enter("reason", "the cache was switched off")
    console.confirm()
    console.wait_text("login is still down.", "Bring login up …")
    assert fact(console, "#gist", "Closed") == incident.api("/incidents/1")["closed_at"]

    console.go("overview", "login is down")
    console.ask("banner-up-login")
    assert not console.find("anyway").is_displayed()
    console.click("dialog-no")
    console.go("incidents/1", "Evidence")
    console.ask("up-login")
    assert not console.find("anyway").is_displayed()
    console.enter("reason", "all well")
    console.confirm()
    wait_until(lambda: "still down" not in console.text(), SECONDS, "nothing is left to be done")
    assert state_of(incident)["state"] == "up"


def test_the_box_says_since_when_the_feature_is_down(origin, countermark, browser):
    proxy = countermark({**settings(origin), "mode": "observe"})
    deliver(proxy)
    proxy.api("/features/login/down", "POST", {"reason": "by hand"})
    console = browser(proxy)
    console.sign_in()
    console.wait_text("login is down: 1 case")
    assert fact(console, ".banner.bad", "Opened") == proxy.api("/incidents/1")["opened_at"]
    assert fact(console, ".banner.bad", "Down since") == state_of(proxy)["since"]
    assert state_of(proxy)["since"] != proxy.api("/incidents/1")["opened_at"]


def arrows(console):
    """[kind, whether it is dashed] of each arrow."""
    return console.driver.execute_script("""
        return [...document.querySelectorAll("#drawing svg > path")].map(
            (node) => [node.className.baseVal, getComputedStyle(node).strokeDasharray !== "none"])""")


def test_nobody_is_said_to_have_seen_what_was_withheld(incident, browser):
    console = browser(incident)
    console.sign_in()
    console.wait_text("Who would have seen whose data", "was to see the data of")
    console.go("incidents/1", "Evidence")
    assert arrows(console) == [["withheld", True]]
    text = console.text()
    for said in ("\ncase\n1", "\npair\n1", "person who would have seen it", "person whose data it was",
                 "\ndisplay withheld\n1"):
        assert said in text, text
    for false in ("Who saw", "who saw it", "persons seen", "was seen", "cases\n1", "pairs\n1"):
        assert false not in text, text


def test_what_left_comes_first_and_is_said_to_have_been_seen(origin, countermark, browser):
    proxy = countermark({**settings(origin), "mode": "observe"})
    deliver(proxy)
    console = browser(proxy)
    console.sign_in()
    console.go("incidents/1", "Evidence")
    console.wait_text("Who saw whose data", "1 delivered, 0 cut, 0 withheld", "person who saw it", "display delivered\n1")
    assert arrows(console) == [["delivered", False]]
    text = console.text()
    assert text.index("display delivered") < text.index("displays cut") < text.index("displays withheld")


def tile(console, name):
    """[number, kind] of the tile with this name."""
    return console.driver.execute_script("""
        const tile = [...document.querySelectorAll(".tile")].find(
            (node) => node.querySelector("dt").textContent === arguments[0]);
        return tile && [tile.querySelector("dd").textContent, tile.className.split(" ")[1]]""", name)


def test_a_restart_does_not_make_a_green_nought_of_what_left(origin, countermark, browser):
    proxy = countermark({**settings(origin), "mode": "observe"})
    deliver(proxy)
    proxy.stop()
    proxy.start()
    console = browser(proxy)
    console.sign_in()
    console.wait_text("response with foreign data that left, in open incidents")
    assert tile(console, "response with foreign data that left, in open incidents") == ["1", "bad"]
    assert tile(console, "responses withheld since the start") == ["0", ""]


def test_a_proxy_that_is_gone_is_told_in_the_words_of_the_console(incident, browser):
    console = browser(incident)
    console.sign_in()
    console.find("up-login")
    incident.stop()
    wait_until(lambda: "The proxy does not answer." in console.find("toast").text, SECONDS, "it says so")
    console.ask("up-login")
    assert console.driver.execute_script("return document.getElementById('toast').matches(':popover-open')")
    console.enter("reason", "all well")
    console.click("dialog-yes")
    wait_until(lambda: "Whether this was done is not known" in console.find("dialog-fault").text, SECONDS,
               "the dialog says so")
    assert "fetch" not in console.text()
    chromium.shoot(console.driver, "dialog-unreachable")


def test_a_token_that_cannot_be_one_is_not_known(incident, browser):
    console = browser(incident)
    console.open()
    console.wait_text("the file that admin.tokens names")
    console.click("sign-in")
    console.wait_text("Enter a token.")
    console.enter("token", "合言葉")
    console.click("sign-in")
    console.wait_text("This token is not known here.")
    assert "Enter a token." not in console.text() and "does not answer" not in console.text()
    console.enter("token", TOKENS["operator"])
    console.click("sign-in")
    console.wait_text("login is down")
    assert not console.faults()


def test_the_overview_tells_of_break_glass_and_ends_it(origin, countermark, browser):
    proxy = countermark(settings(origin))
    proxy.api("/mode", "POST", {"mode": "observe", "for": "15m", "reason": "the page is wrong"})
    deliver(proxy)
    console = browser(proxy)
    console.sign_in()
    console.wait_text("Nothing is enforced", "the page is wrong", "All features up, 1 incident open")
    assert fact(console, "#observing", "Break-glass until") == proxy.api("/status")["break_glass"]["until"]
    assert fact(console, "#observing", "By") == "operator"
    assert "good" not in console.find("state").get_attribute("innerHTML")
    chromium.shoot(console.driver, "overview-break-glass")
    console.ask("glass-end")
    assert console.find("dialog-yes").text == "Enforce again"
    console.enter("reason", "all well")
    console.confirm()
    wait_until(lambda: "Nothing is enforced" not in console.text(), SECONDS, "the box is gone")
    assert proxy.api("/status")["mode"] == "enforce"


def test_times_name_their_zone(incident, browser):
    console = browser(incident)
    console.open()
    console.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kabul"})
    console.sign_in()
    console.wait_text("Times are in Asia/Kabul (UTC+4:30).")
    console.choose("language", "ja")
    console.wait_text("日時は Asia/Kabul (UTC+4:30) です。")


def test_texts_of_the_proxy_are_japanese_where_they_are_known(origin, countermark, browser):
    proxy = countermark(settings(origin))
    proxy.api("/drill", "POST", {"feature": "login", "reason": "audit"})
    wait_until(lambda: proxy.api("/drill")["state"] == "done", 40, "the drill is over")
    proxy.api("/incidents/1?reveal=1")
    proxy.api("/mode", "POST", {"mode": "observe", "for": "15m", "reason": "the page is wrong"})
    proxy.api("/mode", "POST", {"mode": "enforce", "reason": "all well"})
    console = browser(proxy, language="ja-JP")
    console.sign_in()
    console.open("config")
    console.wait_text("有効化", "起動", "900 秒間の緊急解除（監視のみ）：the page is wrong",
                      "設定どおりのモードに復帰：all well", "事案 1 の実名", "「login」の訓練：audit")
    for english in ("in force", "mode as configured", "values of incident", "drill of feature"):
        assert english not in console.text()


def test_a_phone_shows_the_present_page_the_report_and_that_tables_go_on(incident, browser):
    console = browser(incident, size=chromium.PHONE)
    console.sign_in()
    console.go("config", "In force")
    place = console.driver.execute_script(
        "const box = document.getElementById('page-config').getBoundingClientRect(); return [box.left, box.right]")
    assert place[0] >= 0 and place[1] <= chromium.PHONE[0]
    console.go("incidents/1", "Evidence")
    console.click("to-report")
    top = console.driver.execute_script(
        "return document.getElementById('report.html-en').getBoundingClientRect().top")
    assert 0 <= top < chromium.PHONE[1]
    wide = console.driver.execute_script("""
        const box = document.getElementById("connection-table");
        return [box.scrollWidth > box.clientWidth, getComputedStyle(box).backgroundImage]""")
    assert wide[0] and wide[1].count("gradient") == 4
