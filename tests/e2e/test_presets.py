"""config/presets: each against the real application of Debian, unmodified."""
import os
import threading

import pytest
import yaml

from support import django_admin, dokuwiki, mediawiki, redmine, wordpress
from support.client import Browser
from support.countermark import REPOSITORY

IGNORED = "Set-Cookie Cache-Control Expires Vary"


class Preset:
    def __init__(self, name, application, make, shared):
        self.name, self.application, self._make, self.shared = name, application, make, shared
        self.users = list(application.USERS)
        self.site = None

    def start(self, folder):
        self.site = self._make(folder)
        return self

    def config(self, port):
        path = os.path.join(REPOSITORY, "config", "presets", f"{self.name}.yaml")
        with open(path, encoding="utf-8") as file:
            preset = yaml.safe_load(file)
        return {"upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{port}"]}], **preset}

    def browser(self, port, number, user=None):
        browser = Browser(port, source=f"127.{40 + number}.0.1")
        if user is not None:
            assert self.application.login(browser, user).status == 302
        return browser

    def learn(self, port):
        """Where a login's name is not the marker (`user_is: alias`), two logins that agree teach it."""
        if self.config(port)["login"].get("user_is") != "alias":
            return
        for number, user in enumerate(self.users):
            for query in ("one", "two"):                # Other addresses than the cache is asked for
                browser = self.browser(port, number, user)
                page = f"{self.shared}{'&' if '?' in self.shared else '?'}{user}={query}"
                assert self.application.user_named_in(browser.get(page)) == user
                browser.close()


PRESETS = {
    "mediawiki": (mediawiki, mediawiki.MediaWiki, "/index.php/Special:Version"),
    "dokuwiki": (dokuwiki, dokuwiki.DokuWiki, "/doku.php?id=start"),
    "django": (django_admin, django_admin.DjangoAdmin, "/admin/"),
    "redmine": (redmine, redmine.Redmine, "/projects"),
    "wordpress": (wordpress, wordpress.WordPress, "/?p=1"),
}


@pytest.fixture(scope="module", params=PRESETS)
def preset(request, tmp_path_factory):
    made = Preset(request.param, *PRESETS[request.param]).start(str(tmp_path_factory.mktemp("p")))
    yield made
    made.site.stop()


def test_every_preset_is_tried():
    folder = os.path.join(REPOSITORY, "config", "presets")
    assert {name[:-len(".yaml")] for name in os.listdir(folder) if name.endswith(".yaml")} == set(PRESETS)


def no_alarm(proxy):
    metrics = proxy.metrics()
    assert metrics.value("countermark_findings_total", action="refuse") == 0
    assert metrics.value("countermark_incidents_open") == 0
    assert proxy.feature_is_up()


def test_users_side_by_side_raise_no_alarm(preset, countermark):
    proxy = countermark(preset.config(preset.site.port))
    seen, threads = [], []

    def views(browser, user):
        for number in range(40):
            page = preset.application.PAGES[number % len(preset.application.PAGES)]
            reply = browser.get(page)
            seen.append((reply.status, preset.application.user_named_in(reply) == user))

    for number, user in enumerate(preset.users):
        threads.append(threading.Thread(target=views,
                                        args=(preset.browser(proxy.port, number, user), user)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(200, True)] * 80
    assert proxy.metrics().value("countermark_bindings_total") >= 2
    no_alarm(proxy)


@pytest.mark.sanitize
def test_every_change_of_user_raises_no_alarm(preset, countermark):
    proxy = countermark(preset.config(preset.site.port))
    application, (first, second) = preset.application, preset.users
    browser, page = preset.browser(proxy.port, 7), preset.application.PAGES[0]
    named = lambda: application.user_named_in(browser.get(page))
    assert named() is None
    assert application.login(browser, first, "wrong").status in (200, 403)
    assert named() is None
    assert application.login(browser, first).status == 302
    assert named() == first
    application.logout(browser)
    assert named() is None
    assert application.login(browser, second).status == 302
    assert named() == second
    browser.close()
    no_alarm(proxy)


@pytest.mark.sanitize
def test_a_login_in_another_spelling_is_seen_and_goes_down_with_the_others(preset, countermark):
    proxy = countermark(preset.config(preset.site.port))
    application = preset.application
    browser = preset.browser(proxy.port, 7)
    for user in preset.users:
        assert application.login(browser, user, path=application.OTHER_LOGIN).status == 302
        assert application.user_named_in(browser.get(application.PAGES[0])) == user
        application.logout(browser)
    browser.close()
    no_alarm(proxy)
    assert proxy.run("down", "login", "--reason", "test").returncode == 0
    guest = preset.browser(proxy.port, 8)
    reply = guest.post(application.OTHER_LOGIN, {})
    guest.close()
    assert reply.status == 503


@pytest.mark.sanitize
@pytest.mark.parametrize("preset", ["mediawiki"], indirect=True)
def test_an_edit_is_no_login(preset, countermark):
    proxy = countermark(preset.config(preset.site.port))
    user = preset.users[0]
    browser = preset.browser(proxy.port, 0, user)
    assert mediawiki.user_named_in(browser.get("/index.php/Main_Page")) == user
    bound = proxy.metrics().value("countermark_bindings_total")
    for number in range(3):
        assert mediawiki.edit(browser, "Edited", f"Text {number}").status == 302
        assert mediawiki.user_named_in(browser.get("/index.php/Edited")) == user
    assert proxy.metrics().value("countermark_bindings_total") == bound
    browser.close()
    no_alarm(proxy)


@pytest.mark.sanitize
def test_through_a_cache_that_mixes_pages_up_nothing_of_another_arrives(
        preset, caching_nginx, countermark):
    cache = caching_nginx(preset.site.port, ignored=IGNORED)
    proxy = countermark(preset.config(cache.port))
    preset.learn(proxy.port)
    owner, other = (preset.browser(proxy.port, number, user)
                    for number, user in enumerate(preset.users))
    guest = preset.browser(proxy.port, 2)
    assert preset.application.user_named_in(owner.get(preset.shared)) == preset.users[0]
    for browser in (other, guest):
        reply = browser.get(preset.shared)
        assert reply.status in (502, 503)
        assert preset.users[0].encode() not in reply.received
    assert proxy.ledger().displays()
    for browser in (owner, other, guest):
        browser.close()
