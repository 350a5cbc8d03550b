"""The site's database: members of both kinds, requests, and who was asked to help with them.

A request of a user is coordinated with several providers until one is found; only then may the
two know each other. `partners()` is the display rule of the report screen. Its two conditions are
the notice's: the right one asks for both states, the wrong one for the request's alone.

The rows are made so that with the wrong condition the members see as many as in the notice: 131
providers up to 78 users (14 on average), 25 users up to 15 providers (4 on average).
"""
import secrets
import sqlite3
import threading

ESTABLISHED, CONFIRMED = "成立", "事前打合せ確定"
RIGHT, WRONG = "both-states", "request-only"

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE member (id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE request (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, request_status TEXT NOT NULL);
CREATE TABLE coordination (request_id INTEGER NOT NULL, provider_id TEXT NOT NULL,
                           provider_status TEXT NOT NULL, PRIMARY KEY (request_id, provider_id));
CREATE INDEX coordination_by_provider ON coordination (provider_id);
CREATE INDEX request_by_user ON request (user_id);
CREATE TABLE session (token TEXT PRIMARY KEY, member_id TEXT NOT NULL);
"""

USERS = [f"1{number:03}" for number in range(1, 146)]
PROVIDERS = [f"2{number:03}" for number in range(1, 132)]
VIEWING_USERS = USERS[:25]
VIEWERS = PROVIDERS + VIEWING_USERS         # the 156 who opened the screen

_SEEN_BY_PROVIDER = [78] + [14] * 66 + [13] * 64
_SEEN_BY_USER = [15] + [4] * 13 + [3] * 11


def password_of(member):
    return f"pass-{member}"


def kind_of(member):
    return "user" if member.startswith("1") else "provider"


def _wrongly_shown():
    """{(user, provider)}: coordinated, and not with a good end."""
    pairs, left = set(), dict(zip(PROVIDERS, _SEEN_BY_PROVIDER))
    turn = 1
    for user, count in zip(VIEWING_USERS, _SEEN_BY_USER):
        for _ in range(count):
            provider = PROVIDERS[turn]
            turn = turn % (len(PROVIDERS) - 1) + 1
            pairs.add((user, provider))
            left[provider] -= 1
    others = USERS[len(VIEWING_USERS):]
    for number, provider in enumerate(PROVIDERS):
        for at in range(left[provider]):
            pairs.add((others[(number * 7 + at) % len(others)], provider))
    return pairs


def _rows():
    """Requests and coordination. Each user has one that was established and one that was not."""
    pairs = _wrongly_shown()
    requests, coordination = [], []
    for number, user in enumerate(USERS):
        asked = sorted(provider for owner, provider in pairs if owner == user)
        free = [provider for provider in PROVIDERS if provider not in asked]
        first, second = 2 * number + 1, 2 * number + 2
        requests += [(first, user, ESTABLISHED), (second, user, "調整中")]
        coordination += [(first, provider, ("調整中", "辞退", "事前打合せ中")[at % 3])
                         for at, provider in enumerate(asked)]
        coordination.append((first, free[number % len(free)], CONFIRMED))
        coordination.append((second, free[(number + 1) % len(free)], CONFIRMED))
    return requests, coordination


class Matching:
    def __init__(self, path, settings):
        self._path = path
        self._settings = settings
        self._of_thread = threading.local()
        requests, coordination = _rows()
        with self._connection() as db:
            db.executescript(SCHEMA)
            db.executemany("INSERT INTO member VALUES (?, ?, ?)",
                           [(member, kind_of(member), f"会員{member} SECRET-{member}-name")
                            for member in USERS + PROVIDERS])
            db.executemany("INSERT INTO request VALUES (?, ?, ?)", requests)
            db.executemany("INSERT INTO coordination VALUES (?, ?, ?)", coordination)

    def _connection(self):
        if not hasattr(self._of_thread, "db"):
            self._of_thread.db = sqlite3.connect(self._path, timeout=30)
        return self._of_thread.db

    def close_thread(self):
        if hasattr(self._of_thread, "db"):
            self._of_thread.db.close()
            del self._of_thread.db

    def _ask(self, query, *values):
        return self._connection().execute(query, values).fetchall()

    def _tell(self, statement, *values):
        with self._connection() as db:
            db.execute(statement, values)

    def password_fits(self, member, password):
        known = self._ask("SELECT 1 FROM member WHERE id = ?", member)
        return bool(known) and secrets.compare_digest(password.encode(),
                                                      password_of(member).encode())

    def partners(self, member):
        """What the pull-down shows: (request, member, name), by the condition that is set."""
        me, other = (("user_id", "provider_id") if kind_of(member) == "user"
                     else ("provider_id", "user_id"))
        condition = "request_status = ?"
        values = [ESTABLISHED]
        if self._settings.condition == RIGHT:
            condition += " AND provider_status = ?"
            values.append(CONFIRMED)
        return self._ask(
            f"SELECT request.id, {other}, name FROM coordination"
            f" JOIN request ON request.id = request_id JOIN member ON member.id = {other}"
            f" WHERE {me} = ? AND {condition} ORDER BY request.id", member, *values)

    def session_open(self, member):
        token = secrets.token_hex(16).upper()
        self._tell("INSERT INTO session VALUES (?, ?)", token, member)
        return token

    def member_of(self, token):
        rows = self._ask("SELECT member_id FROM session WHERE token = ?", token) if token else []
        return rows[0][0] if rows else None

    def session_close(self, token):
        self._tell("DELETE FROM session WHERE token = ?", token)
