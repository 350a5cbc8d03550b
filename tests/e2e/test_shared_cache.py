"""A real nginx with proxy_cache that ignores Set-Cookie and Cache-Control, in front of the site of
the notice: the first reader's personal page for everybody (Steam 2015, Klarna 2021)."""
import pytest

from support.client import Browser
from support.load import source_of
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
