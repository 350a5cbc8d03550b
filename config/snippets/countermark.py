"""Signed markers: see README.md beside this file."""
import base64
import hashlib
import hmac
import html
import os


def key():
    path = os.environ.get("COUNTERMARK_KEY_FILE", "/etc/countermark/marker.key")
    with open(path, "rb") as file:
        return file.read().strip(b" \t\r\n")


def signed(value, request=None):
    """VALUE.SIGNATURE; `request` is the field Countermark-Request, None: not bound."""
    text = f"{value}|{request}" if request is not None else value
    digest = hmac.new(key(), text.encode(), hashlib.sha256).digest()
    return value + "." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def meta(value, request=None):
    return f'<meta name="user-marker" content="{html.escape(signed(value, request))}">'
