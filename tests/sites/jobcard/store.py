"""The site's database: users, their personal data, sessions and what visitors sent in.

SQLite in one file, one connection for each thread. `database_latency` is the way to a database on
another machine and back; while a thread waits for it the others run, as on every such site.
"""
import secrets
import sqlite3
import threading
import time

from screens import FIELDS

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE user (id TEXT PRIMARY KEY, password TEXT NOT NULL);
CREATE TABLE record (user_id TEXT, field TEXT, value TEXT, PRIMARY KEY (user_id, field));
CREATE TABLE session (token TEXT PRIMARY KEY, user_id TEXT, form_token TEXT NOT NULL);
CREATE TABLE message (id INTEGER PRIMARY KEY, source TEXT, body TEXT);
"""


def secret_of(user_id, field):
    """The string that only this user's pages may contain."""
    return f"SECRET-{user_id}-{field}"


def synthetic_value(user_id, field):
    number = user_id[-3:]
    shown = {
        "name": f"利用者{number}",
        "birthday": "2000年1月1日",
        "mail": f"{user_id}@site.invalid",
        "phone": f"000-0000-0{number}",
        "address": f"見本県見本市{int(number)}番地",
    }.get(field, f"見本の{FIELDS[field].split('(')[0]}")
    return f"{shown} {secret_of(user_id, field)}"


class Store:
    def __init__(self, path, users, password_of, settings):
        self._path = path
        self._settings = settings
        self._of_thread = threading.local()
        self._create(users, password_of)

    def _create(self, users, password_of):
        with self._connection() as db:
            db.executescript(SCHEMA)
            db.executemany("INSERT INTO user VALUES (?, ?)",
                           [(user, password_of(user)) for user in users])
            db.executemany("INSERT INTO record VALUES (?, ?, ?)",
                           [(user, field, synthetic_value(user, field))
                            for user in users for field in FIELDS])

    def _connection(self):
        if not hasattr(self._of_thread, "db"):
            db = sqlite3.connect(self._path, timeout=30)
            db.execute("PRAGMA synchronous = OFF")
            self._of_thread.db = db
        return self._of_thread.db

    def close_thread(self):
        """Called by a connection's thread at its end."""
        if hasattr(self._of_thread, "db"):
            self._of_thread.db.close()
            del self._of_thread.db

    def _ask(self, query, *values):
        time.sleep(self._settings.database_latency)
        return self._connection().execute(query, values).fetchall()

    def _tell(self, statement, *values):
        with self._connection() as db:
            db.execute(statement, values)

    def password_fits(self, user_id, password):
        rows = self._ask("SELECT password FROM user WHERE id = ?", user_id)
        return bool(rows) and secrets.compare_digest(rows[0][0].encode(), password.encode())

    def news(self):
        """How many news there are: from a cache that is nearer than the database."""
        if self._settings.cache_latency:
            time.sleep(self._settings.cache_latency)
        return self._connection().execute(
            "SELECT count(*) FROM message WHERE source = 'news'").fetchone()[0]

    def record(self, user_id):
        return dict(self._ask("SELECT field, value FROM record WHERE user_id = ?", user_id))

    def save(self, user_id, values):
        for field, value in values.items():
            self._tell("UPDATE record SET value = ? WHERE user_id = ? AND field = ?",
                       value, user_id, field)

    def add_message(self, source, body):
        self._tell("INSERT INTO message (source, body) VALUES (?, ?)", source, body)

    def messages(self, source):
        rows = self._ask("SELECT body FROM message WHERE source = ? ORDER BY id DESC LIMIT 50",
                         source)
        return [body for (body,) in rows]

    def session_open(self, user_id):
        token = secrets.token_hex(16).upper()
        self._tell("INSERT INTO session VALUES (?, ?, ?)", token, user_id, secrets.token_hex(8))
        return self.session(token)

    def session(self, token):
        """(token, user or None, form token), or None for a token that the site does not know."""
        rows = self._connection().execute("SELECT * FROM session WHERE token = ?",
                                          (token,)).fetchall()
        return rows[0] if rows else None

    def session_close(self, token):
        self._tell("DELETE FROM session WHERE token = ?", token)
