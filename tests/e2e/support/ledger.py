"""Reads the ledger beside the running proxy: SQLite, read-only."""
import os
import sqlite3


class Ledger:
    def __init__(self, state):
        self._state = state

    def path(self):
        return os.path.join(self._state, "ledger.db")

    def rows(self, table):
        """All rows of `table` as dicts; bytes as text."""
        db = sqlite3.connect(f"file:{self.path()}?mode=ro", uri=True, timeout=10)
        db.row_factory = sqlite3.Row
        try:
            return [{name: _text(row[name]) for name in row.keys()}
                    for row in db.execute(f"SELECT * FROM {table} ORDER BY id")]
        finally:
            db.close()

    def displays(self):
        return self.rows("displays")

    def incidents(self):
        return self.rows("incidents")

    def feature_changes(self):
        return self.rows("feature_changes")


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
