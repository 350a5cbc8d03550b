"""MediaWiki from Debian, unmodified, guarded by configuration alone ("What must be shown", 2)."""
import threading

import pytest

from support import mediawiki
from support.mediawiki import MediaWiki, browser_at, guard_config, user_named_in

IGNORED = "Set-Cookie Cache-Control Expires Vary"
READ_BY_ALL = "/index.php/Special:Version"


@pytest.fixture(scope="module")
def wiki(tmp_path_factory):
    site = MediaWiki(str(tmp_path_factory.mktemp("w")))
    yield site
    site.stop()


def views(browser, user, count, seen):
    for number in range(count):
        reply = browser.get(mediawiki.PAGES[number % len(mediawiki.PAGES)])
        seen.append((user, reply.status, user_named_in(reply)))


def views_by_both_at_once(port, count):
    """(user, status, user named in the page) of `count` views by each of two users."""
    seen, threads = [], []
    for number, user in enumerate(mediawiki.USERS):
        browser = browser_at(port, number)
        assert mediawiki.login(browser, user).status == 302
        threads.append(threading.Thread(target=views, args=(browser, user, count, seen)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def changes_of_user(port):
    """Wrong password, login, logout, and a second login as somebody else in one browser."""
    browser = browser_at(port, 7)
    first = mediawiki.PAGES[0]
    assert user_named_in(browser.get(first)) is None
    assert mediawiki.login(browser, "Admin", "wrong").status == 200
    assert user_named_in(browser.get(first)) is None
    assert mediawiki.login(browser, "Admin").status == 302
    assert user_named_in(browser.get(first)) == "Admin"
    assert mediawiki.logout(browser).status == 200
    assert user_named_in(browser.get(first)) is None
    assert mediawiki.login(browser, "Bob").status == 302
    assert user_named_in(browser.get(first)) == "Bob"
    assert mediawiki.login(browser, "Admin", "wrong").status == 200
    assert user_named_in(browser.get(first)) == "Bob"
    assert mediawiki.login(browser, "Admin").status == 302, "as somebody else, without logout"
    assert user_named_in(browser.get(first)) == "Admin"
    assert mediawiki.logout(browser).status == 200
    browser.close()


def no_alarm(proxy):
    metrics = proxy.metrics()
    assert metrics.value("countermark_findings_total", action="refuse") == 0
    assert metrics.value("countermark_displays_total") == 0
    assert metrics.value("countermark_incidents_open") == 0
    assert proxy.feature_is_up()


@pytest.mark.direct
def test_the_wiki_by_itself_serves_two_users(wiki):
    seen = views_by_both_at_once(wiki.port, 12)
    assert all(status == 200 and named == user for user, status, named in seen)
    changes_of_user(wiki.port)


def test_200_views_by_two_users_raise_no_alarm(wiki, countermark):
    proxy = countermark(guard_config(wiki.port))
    seen = views_by_both_at_once(proxy.port, 100)
    assert len(seen) == 200
    assert all(status == 200 and named == user for user, status, named in seen)
    assert proxy.metrics().value("countermark_inspected_total") >= 200
    no_alarm(proxy)


@pytest.mark.sanitize
def test_login_logout_wrong_password_and_another_user_raise_no_alarm(wiki, countermark):
    proxy = countermark(guard_config(wiki.port))
    changes_of_user(proxy.port)
    no_alarm(proxy)


@pytest.mark.sanitize
def test_marker_text_typed_into_a_page_does_not_hurt_a_user_who_reads_it(wiki, countermark):
    proxy = countermark(guard_config(wiki.port))
    admin, bob = browser_at(proxy.port, 0), browser_at(proxy.port, 1)
    assert mediawiki.login(admin, "Admin").status == 302
    assert mediawiki.login(bob, "Bob").status == 302
    text = '"wgUserName":"Admin" <meta name="user-marker" content="Admin">'
    assert mediawiki.edit(bob, "Typed", text).status == 302
    for browser, user in ((admin, "Admin"), (bob, "Bob")):
        reply = browser.get("/index.php/Typed")
        assert reply.status == 200
        assert '"wgUserName":"Admin"' in reply.text
        assert user_named_in(reply) == user
    assert proxy.feature_is_up()
    admin.close()
    bob.close()


def through_a_shared_cache(port):
    """Admin reads first, then Bob and a guest read the same page."""
    admin, bob, guest = (browser_at(port, number) for number in range(3))
    assert mediawiki.login(admin, "Admin").status == 302
    assert mediawiki.login(bob, "Bob").status == 302
    first = admin.get(READ_BY_ALL)
    assert user_named_in(first) == "Admin", first.status
    replies = [("Bob", bob.get(READ_BY_ALL)), (None, guest.get(READ_BY_ALL))]
    for browser in (admin, bob, guest):
        browser.close()
    return replies


@pytest.mark.direct
def test_a_cache_that_ignores_the_wiki_s_fields_leaks(wiki, caching_nginx):
    """Vary and Expires must be ignored too: with Set-Cookie and Cache-Control alone this wiki is
    still safe, since nginx keeps one copy for each Cookie."""
    nginx = caching_nginx(wiki.port, ignored=IGNORED)
    for user, reply in through_a_shared_cache(nginx.port):
        assert user_named_in(reply) == "Admin", f"{user} was to see the cached page of Admin"
        assert reply.field("X-Cache") == "HIT"


@pytest.mark.sanitize
def test_behind_the_proxy_the_leaking_cache_leaks_nothing(wiki, caching_nginx, countermark):
    nginx = caching_nginx(wiki.port, ignored=IGNORED)
    proxy = countermark(guard_config(nginx.port))
    for user, reply in through_a_shared_cache(proxy.port):
        assert reply.status in (502, 503), user
        assert b"Admin" not in reply.received
    assert len(proxy.ledger().displays()) >= 1
