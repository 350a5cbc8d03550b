"""Many users at once, each with cookies and a source address of its own, counting what comes.

The count is the client's, made from received bytes: also from responses that were cut.
"""
import random
import threading
from collections import Counter

from .client import Browser, Malformed, Truncated
from .sites import PERSONAL, PUBLIC, foreign_bytes, login


def source_of(number):
    """Users come from four networks: 127.1.x.y to 127.4.x.y."""
    return f"127.{1 + number % 4}.{1 + number // 4 % 200}.{1 + number % 200}"


class Load:
    """`requests` in all by `users`; every seventh of them to a public page."""

    def __init__(self, port, users, seed=1, fields=()):
        self.port = port
        self.users = users
        self.statuses = Counter()               # of personal pages
        self.public_statuses = Counter()
        self.foreign_pages = 0
        self.foreign_bytes = 0
        self.pages_by_path = Counter()          # foreign ones
        self.refusals = []                      # bodies of 502 pages
        self.broken = Counter()
        self._seed = seed
        self._lock = threading.Lock()
        self._left = 0
        self.browsers = {user: Browser(port, source=source_of(number), fields=fields)
                         for number, user in enumerate(users)}

    def login_all(self):
        for user in self.users:
            reply = login(self.browsers[user], user)
            assert reply.status == 303, f"login of {user}: {reply.status} {reply.text[:300]}"

    def visit_all(self, path="/mypage/top"):
        """One page by each user, one after the other."""
        for user in self.users:
            self._fetch(user, path)

    def run(self, requests):
        self._left = requests
        threads = [threading.Thread(target=self._user, args=(user,)) for user in self.users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def close(self):
        for browser in self.browsers.values():
            browser.close()

    def _next(self):
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _user(self, user):
        chance = random.Random(f"{self._seed}-{user}")
        while self._next():
            public = chance.random() < 1 / 7
            self._fetch(user, chance.choice(PUBLIC if public else PERSONAL))

    def _fetch(self, user, path):
        try:
            reply = self.browsers[user].get(path)
            received = reply.raw_head + reply.body
        except Truncated as cut:
            reply, received = None, cut.received
        except (Malformed, OSError) as error:
            with self._lock:
                self.broken[type(error).__name__] += 1
            return
        self._count(user, path, reply, received)

    def _count(self, user, path, reply, received):
        public = path in PUBLIC
        foreign = foreign_bytes(received, None if public else user)
        with self._lock:
            if reply is None:
                self.broken["Truncated"] += 1
            else:
                (self.public_statuses if public else self.statuses)[reply.status] += 1
                if reply.status == 502:
                    self.refusals.append(reply.text)
            self.foreign_bytes += foreign
            if foreign:
                self.foreign_pages += 1
                self.pages_by_path[path] += 1
