"""A site made of orders to `origin.py`: one personal feature, one guarded and one public part.

`/mypage/**` belongs to the feature `login` and requires the owner marker, `/guarded/**` requires it
without belonging to any feature, everything else requires nothing.
"""
from urllib.parse import quote

from .client import Browser
from .ports import wait_until

DOWN_PAGE_RETRY_SECONDS = 3600          # Retry-After of a feature that is down; no other 503 has it


def config(port, **top):
    """The dict for a proxy in front of 127.0.0.1:`port`; `top` replaces top-level options."""
    value = {
        "upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{port}"],
                       "timeouts": {"connect": "8s", "response": "8s"}}],
        "session": {"cookies": ["JSESSIONID"]},
        "login": {"request": ["POST /login"], "user_field": "userid",
                  "success": ["location:/mypage/**"], "logout": ["/logout"]},
        "markers": [{"name": "owner", "find": ["meta:user-marker", "header:X-User-Marker"],
                     "must_be": "requester"}],
        "features": [{"name": "login", "paths": ["/login", "/mypage/**"]}],
        "routes": [{"path": "/mypage/**", "screen": "my page", "shows": ["name"],
                    "require": ["owner"], "unmarked": "refuse"},
                   {"path": "/guarded/**", "require": ["owner"], "unmarked": "refuse"}],
    }
    value.update(top)
    return value


def login(browser, user, path="/login"):
    """POST to `path`; the site lets everybody in, with a new token."""
    answer = f"?status=303&token=JSESSIONID&field={quote('Location:/mypage/top')}"
    return browser.post(path + answer, {"userid": user, "password": "x"})


def signed_in(port, user, source=None):
    """A browser that has logged in and seen a page of its own: a confirmed requester."""
    browser = Browser(port, source=source)
    reply = login(browser, user)
    assert reply.status == 303, reply.text[:300]
    assert page_of(browser, user).status == 200
    return browser


def page_of(browser, user, path="/mypage/top", order=""):
    """What the site answers on `path`, with the page of `user`, whoever asks."""
    return browser.get(f"{path}?marker={user}{order}")


def feature_is_down(reply):
    """True when this is the page of a feature that is down, and not any other 503."""
    return reply.status == 503 and \
        int(reply.field("Retry-After", "0")) == DOWN_PAGE_RETRY_SECONDS


def ending_of(proxy, path, seconds=5):
    """The ending that the access log gives to the last exchange on `path`."""
    def found():
        lines = [line for line in proxy.log_lines() if line["path"] == path]
        return lines[-1]["ending"] if lines else None

    return wait_until(found, seconds, f"{path} is in the access log")
