"""A real nginx with proxy_cache that ignores Set-Cookie and Cache-Control, in front of the site of
the notice: the first reader's personal page for everybody (Steam 2015, Klarna 2021)."""
import pytest

from support.client import Browser
from support.hazards import Scene, config_for
from support.load import source_of
from support.ports import wait_until
from support.sites import PERSONAL, PUBLIC, foreign_bytes, jobcard_config, login

READERS = ("user001", "user002", "user003")


def read_in_turn(port):
    """[(user, path, reply)]: each of the readers opens every personal page after the other."""
    browsers = {user: Browser(port, source=source_of(number))
                for number, user in enumerate(READERS)}
    for user, browser in browsers.items():
        assert login(browser, user).status == 303
    replies = [(user, path, browser.get(path)) for user, browser in browsers.items()
               for path in PERSONAL]
    for browser in browsers.values():
        browser.close()
    return replies


def foreign_pages(replies):
    return sum(1 for user, _, reply in replies if foreign_bytes(reply.received, user))


@pytest.mark.direct
def test_the_cache_by_itself_shows_the_first_reader_s_pages_to_all(jobcard, caching_nginx):
    nginx = caching_nginx(jobcard().port)
    replies = read_in_turn(nginx.port)
    print(f"direct: {foreign_pages(replies)} foreign pages of {len(replies)}")
    assert foreign_pages(replies) == (len(READERS) - 1) * len(PERSONAL)


@pytest.mark.sanitize
def test_behind_the_proxy_the_cache_shows_nobody_anything(jobcard, caching_nginx, countermark):
    nginx = caching_nginx(jobcard().port)
    proxy = countermark(jobcard_config(nginx.port))
    replies = read_in_turn(proxy.port)
    assert foreign_pages(replies) == 0
    assert all(reply.status == 200 for user, _, reply in replies if user == READERS[0])
    later = [reply.status for user, _, reply in replies if user != READERS[0]]
    assert later[0] == 502
    assert set(later[1:]) == {503}
    assert not proxy.feature_is_up()
    assert len(proxy.ledger().displays()) == 1
    guest = Browser(proxy.port)
    assert all(guest.get(path).status == 200 for path in PUBLIC)
    guest.close()


PAGE = "length; marker=alice; field=Cache-Control:max-age=60"


def carol(port, page):
    """What a second reader gets at the address of alice's page."""
    reader = Browser(port, source="127.0.0.9")
    reader.cookies["JSESSIONID"] = "token-of-carol-0123456789"
    reply = reader.get(page, [("X-Do", "length; marker=carol")])
    reader.close()
    return reply


def by_herself(port, page):
    reader = Browser(port)
    reader.cookies["JSESSIONID"] = "token-of-alice-0123456789"
    reply = reader.get(page, [("X-Do", PAGE)])
    reader.close()
    return reply


@pytest.mark.direct
def test_a_cache_keeps_a_personal_page_that_does_not_forbid_it(origin, shared_cache):
    cache = shared_cache(origin.port)
    assert b"alice" in by_herself(cache.port, "/public/page").body
    assert b"alice" in carol(cache.port, "/public/page").body


@pytest.mark.sanitize
def test_a_cache_in_front_of_the_proxy_is_told_to_keep_no_personal_page(
        origin, shared_cache, countermark, folder):
    proxy = countermark(config_for(origin.port, folder))
    cache = shared_cache(proxy.port)
    reply = by_herself(cache.port, "/public/page")
    assert b"alice" in reply.body and reply.all("Cache-Control") == ["private, no-store"]
    second = carol(cache.port, "/public/page")
    assert second.status == 200 and b"carol" in second.body and b"alice" not in second.body
    assert proxy.metrics().value("countermark_findings_total", detector="cacheable",
                                 action="correct") == 2


@pytest.mark.sanitize
def test_a_page_out_of_a_cache_behind_the_proxy_is_recorded_and_a_foreign_one_refused(
        origin, shared_cache, countermark, folder):
    cache = shared_cache(origin.port)
    proxy = countermark(config_for(cache.port, folder))
    scene = Scene(origin, proxy)
    for _ in range(2):
        reply = scene.alice.get("/public/page", [("X-Do", PAGE)])
        assert reply.status == 200 and b"alice" in reply.body
    assert "shared-cache" in scene.seen()
    reader = scene.bound("carol")
    reply = reader.get("/public/page", [("X-Do", PAGE)])
    assert reply.status == 502 and b"alice" not in reply.body
    assert not proxy.feature_is_up()
    wait_until(lambda: "shared-cache" in [row["reason"] for row in proxy.ledger().rows("events")],
               10, "it is recorded")
    for browser in (scene.alice, reader):
        browser.close()
