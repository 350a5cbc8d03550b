"""The pages that the origin serves and the request that asks for them."""
import gzip
import hashlib
import os

COOKIE_NAME = "JSESSIONID"
USER = "bench-user"
SIZES = (1, 16, 128, 1024)              # KiB
GOAL_SIZES = SIZES[:3]

_HEAD = (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>My page</title>'
         f'<meta name="user-marker" content="{USER}"></head><body>\n').encode()
_ROW = b'<tr class="row"><td>%06d</td><td><a href="/item/%d">An item on the page</a></td></tr>\n'
_FOOT = b"</body></html>\n"


def path_of(size):
    return f"/page-{size}.html"


def page(size):
    """HTML of exactly `size` KiB with the marker in its head."""
    length, rows, number = size * 1024 - len(_FOOT), _HEAD, 0
    while len(rows) < length:
        rows += _ROW % (number, number)
        number += 1
    return rows[:length] + _FOOT


def write_all(folder):
    for size in SIZES:
        with open(os.path.join(folder, path_of(size)[1:]), "wb") as out:
            out.write(page(size))
        with open(os.path.join(folder, path_of(size)[1:] + ".gz"), "wb") as out:
            out.write(gzip.compress(page(size), 6, mtime=0))


def session_token(number=0):
    return hashlib.sha256(f"session {number}".encode()).hexdigest()[:32].upper()
