"""The console as a person sees it: one tab of a browser, and the site behind it with an incident."""
import os

from .countermark import TOKENS
from .plain_site import config, page_of, signed_in
from .ports import wait_until
from .webhook import SECRET

SECONDS = 20


def secret_file(folder):
    path = os.path.join(folder, "soc.secret")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write(SECRET)
    return path


def settings(origin, receiver=None, screen="My page", folder=None):
    value = config(origin.port)
    value["features"] = [
        {"name": "login", "paths": ["/login", "/mypage/**"], "trial": ["127.0.0.0/24"]},
        {"name": "shop", "paths": ["/shop/**"]}]
    value["routes"].insert(0, {"path": "/mypage/top", "screen": screen,
                               "shows": ["name", "address"], "require": ["owner"]})
    if receiver is not None:
        value["alerts"] = [{"name": "soc", "webhook": receiver.url,
                            "secret_file": secret_file(folder)}]
    return value


def mix_up(proxy, pairs=(("alice", "bob"),)):
    """Each viewer gets a subject's page; all log in first, since login goes down."""
    browsers = {viewer: signed_in(proxy.port, viewer) for viewer, _ in pairs}
    for viewer, subject in pairs:
        page_of(browsers[viewer], subject)
    for browser in browsers.values():
        browser.close()


def state_of(proxy, name="login"):
    return next(row for row in proxy.api("/features")["features"] if row["name"] == name)


class Console:
    """One tab; what a person sees and does there."""

    def __init__(self, proxy, driver):
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import Select
        self.by, self.select = By, Select
        self.proxy, self.driver = proxy, driver
        self.address = f"http://127.0.0.1:{proxy.admin_port}/"

    def find(self, ident, seconds=SECONDS):
        return wait_until(lambda: next(iter(self.driver.find_elements(self.by.ID, ident)), None),
                          seconds, f"#{ident} is there")

    def click(self, ident):
        """A refresh may replace the element between finding and clicking it."""
        from selenium.common.exceptions import StaleElementReferenceException

        def done():
            try:
                element = self.find(ident)
                self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
                element.click()
                return True
            except StaleElementReferenceException:
                return False
        wait_until(done, SECONDS, f"#{ident} is clicked")

    def ask(self, ident):
        """Clicks what opens the dialog; again when a refresh moved it away from under the click."""
        def opened():
            if not self.dialog_open():
                self.click(ident)
            return self.dialog_open()
        wait_until(opened, SECONDS, f"#{ident} has opened the dialog")

    def open(self, page=""):
        self.driver.get(self.address + (f"#/{page}" if page else ""))

    def go(self, page, text):
        """Shows a page and waits for a text on it."""
        self.open(page)
        self.wait_text(text)

    def enter(self, ident, text):
        field = self.find(ident)
        field.clear()
        field.send_keys(text)

    def sign_in(self, role="operator"):
        self.open()
        self.enter("token", TOKENS[role])
        self.click("sign-in")
        self.find("page-overview")
        self.find("title")

    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def wait_text(self, *texts):
        try:
            wait_until(lambda: all(text in self.text() for text in texts), SECONDS, "")
        except AssertionError:
            raise AssertionError(f"{texts} not in: {self.text()}") from None

    def confirm(self):
        self.click("dialog-yes")
        wait_until(lambda: not self.dialog_open(), SECONDS, "the dialog has closed")

    def dialog_open(self):
        return self.driver.execute_script("return document.getElementById('dialog').open")

    def choose(self, ident, value):
        self.select(self.find(ident)).select_by_value(value)

    def faults(self):
        """What the browser complains of, but for the question whether a token is needed."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if "401" not in entry["message"] and "409" not in entry["message"]]


def settle(console, page):
    """The page asked for is the one that is shown."""
    wait_until(lambda: console.driver.execute_script(
        "return location.hash === arguments[0] && !document.getElementById('view').ariaBusy"
        " && document.getElementById('title') !== null", f"#/{page}"), SECONDS, f"{page} is shown")


def violations(console, source, page):
    console.driver.execute_script(source)
    result = console.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(done, (error) => done({violations: "
        "[{id: String(error), nodes: []}]}))")
    return [f"{page}: {rule['id']}: {[node['html'][:200] for node in rule['nodes'][:3]]}"
            for rule in result["violations"]]
