"""Reads the ledger beside the running proxy: SQLite, read-only."""
import glob
import os
import sqlite3


class Ledger:
    def __init__(self, state):
        self._state = state

    def path(self):
        """The file in the state directory that has a table of displays."""
        for path in sorted(glob.glob(os.path.join(self._state, "*"))):
            if os.path.isfile(path) and self._tables(path) & {"display", "displays"}:
                return path
        raise AssertionError(f"no ledger in {self._state}: {os.listdir(self._state)}")

    @staticmethod
    def _open(path):
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        db.row_factory = sqlite3.Row
        return db

    def _tables(self, path):
        try:
            db = self._open(path)
            try:
                return {row[0] for row in
                        db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            finally:
                db.close()
        except sqlite3.DatabaseError:
            return set()

    def rows(self, *names):
        """All rows, as dicts, of the first table or view that exists among `names`."""
        path = self.path()
        tables = self._tables(path)
        name = next(name for name in names if name in tables)
        db = self._open(path)
        try:
            return [dict(row) for row in db.execute(f"SELECT * FROM {name}")]
        finally:
            db.close()

    def displays(self):
        return self.rows("display", "displays")

    def incidents(self):
        return self.rows("incident", "incidents")

    def feature_changes(self):
        return self.rows("feature_change", "feature_changes")
