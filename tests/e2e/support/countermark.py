"""The real binary: a configuration as a dict, a state directory, free ports; its API and commands.

Started with `workers: 1` unless the configuration says otherwise. `stop()` fails the test when
the process crashed, did not end within its time, or a sanitizer or CHECK spoke in its stderr.
"""
import copy
import json
import os
import re
import signal
import sqlite3
import subprocess
import time

import yaml

from .client import Client, Malformed, Truncated
from .ledger import Ledger
from .metrics import Metrics
from .ports import accepts, free_port, wait_until
from .processes import Child, sanitizer_report, spoke

REPOSITORY = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BINARY = os.path.abspath(os.environ.get("COUNTERMARK_BINARY")
                         or os.path.join(REPOSITORY, "build", "release", "countermark"))
START_SECONDS = float(os.environ.get("COUNTERMARK_START_SECONDS", "30"))
STOP_SECONDS = float(os.environ.get("COUNTERMARK_STOP_SECONDS", "20"))
TOKENS = {"viewer": "viewer-token-of-the-tests", "operator": "operator-token-of-the-tests"}


def incident_reference(page):
    """The reference in a refusal page, HTML or JSON; None without one.

    It is what `/api/v1/incidents/ID` takes: searched for as the word after "incident" or as a
    JSON member, so that the page's wording may change.
    """
    match = re.search(r'"incident"\s*:\s*"?([\w-]+)"?', page) or re.search(
        r"(?:incident|reference|照会番号)\W*(?:<[^>]+>\W*)*([\w-]*\d[\w-]*)", page, re.IGNORECASE)
    return match.group(1) if match else None


class Countermark:
    def __init__(self, folder, config, env=None):
        """`folder`: short path, since the admin socket's is bounded. The process starts here."""
        self.folder = folder
        self.port = free_port()
        self.admin_port = free_port()
        self.socket = os.path.join(folder, "admin.sock")
        self.state = os.path.join(folder, "state")
        self.access_log = os.path.join(folder, "access.log")
        self.config_path = os.path.join(folder, "countermark.yaml")
        self.config = self._complete(config)
        self.write_config(self.config)
        self._env = env
        self._starts = 0
        self.child = None
        self.start()

    def _complete(self, config):
        config = copy.deepcopy(config)
        config["listen"] = [{**listen, "address": self._address(listen.get("address", ""))}
                            for listen in config.get("listen", [{}])]
        config["state"] = self.state
        config["access_log"] = self.access_log
        config.setdefault("workers", 1)
        tokens = []
        for role, token in TOKENS.items():
            path = os.path.join(self.folder, f"{role}.token")
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
                out.write(token + "\n")
            tokens.append({"name": role, "role": role, "token_file": path})
        config["admin"] = {"socket": self.socket, "address": f"127.0.0.1:{self.admin_port}",
                           "url": f"http://127.0.0.1:{self.admin_port}", "tokens": tokens}
        return config

    def _address(self, wanted):
        """Unix sockets and IPv6 as they are given; anything else is our free port."""
        return wanted if wanted.startswith(("unix:", "[")) else f"127.0.0.1:{self.port}"

    def write_config(self, config):
        with open(self.config_path, "w", encoding="utf-8") as out:
            yaml.safe_dump(config, out, allow_unicode=True, sort_keys=False)

    # Process

    def start(self, ready=True):
        self._starts += 1
        self.child = Child(f"countermark-{self._starts}",
                           [BINARY, "serve", "--config", self.config_path], self.folder, self._env)
        if ready:
            wait_until(self._is_ready, START_SECONDS, "readyz is 200")

    def _is_ready(self):
        assert self.child.running(), \
            f"ended at start with {self.child.process.returncode}: {self.child.errors()[-2000:]}"
        if not accepts(self.admin_port):
            return False
        try:
            return self.admin("GET", "/readyz").status == 200
        except (OSError, Truncated, Malformed):
            return False

    def kill(self):
        assert self.child.running(), f"ended by itself with {self.child.process.returncode}"
        self.child.kill()

    def hangup(self):
        self.child.signal(signal.SIGHUP)

    def stop(self):
        """SIGTERM; a list of what was wrong with the process's life, empty when nothing."""
        was_running = self.child.running()
        status = self.child.stop(STOP_SECONDS)
        faults = []
        if was_running and status is None:
            faults.append(f"did not end within {STOP_SECONDS} s of SIGTERM")
        elif status not in (0, -signal.SIGTERM, -signal.SIGKILL):
            faults.append(f"ended with status {status}")
        faults += self._reports()
        return faults

    def _reports(self):
        found = []
        for number in range(1, self._starts + 1):
            path = os.path.join(self.folder, f"countermark-{number}.err")
            report = sanitizer_report(path)
            if report:
                found.append(f"in {os.path.basename(path)}: {report}")
        return found

    # Admin

    def admin(self, method, target, value=None, role="viewer"):
        fields = [("Authorization", f"Bearer {TOKENS[role]}")] if role else []
        body = None
        if value is not None:
            body = json.dumps(value).encode()
            fields.append(("Content-Type", "application/json"))
        with Client(self.admin_port) as client:
            return client.request(method, target, fields, body)

    def api(self, target, method="GET", value=None, role="operator"):
        reply = self.admin(method, "/api/v1" + target, value, role)
        assert reply.status // 100 == 2, f"{method} {target}: {reply.status} {reply.text}"
        return json.loads(reply.body) if reply.body else None

    def metrics(self):
        reply = self.admin("GET", "/metrics", role=None)
        assert reply.status == 200, reply.text
        return Metrics(reply.text)

    def run(self, *words, seconds=20):
        """One command of the command line, as its user types it."""
        done = subprocess.run([BINARY, *words, "--admin-socket", self.socket], timeout=seconds,
                              capture_output=True, text=True, check=False)
        assert not spoke(done.stderr.encode()), done.stderr[-6000:]
        return done

    def run_json(self, *words):
        done = self.run(*words, "--json")
        assert done.returncode == 0, f"{words}: {done.returncode} {done.stdout} {done.stderr}"
        return json.loads(done.stdout)

    def ledger(self):
        return Ledger(self.state)

    def wait_until_stored(self, file, condition):
        """Until `file` of the state directory has a row of its one table, its name, so."""
        def stored():
            db = sqlite3.connect(f"file:{self.state}/{file}.db?mode=ro", uri=True, timeout=10)
            try:
                return db.execute(f"SELECT count(*) FROM {file} WHERE {condition}").fetchone()[0]
            finally:
                db.close()
        wait_until(stored, 15, f"{condition} in {file}")

    # Facts that tests ask for often

    def feature_is_up(self, name="login"):
        return self.metrics().value("countermark_feature_up", feature=name) == 1

    def log_lines(self):
        if not os.path.exists(self.access_log):
            return []
        with open(self.access_log, encoding="utf-8") as file:
            # The last one may be on its way.
            return [json.loads(line) for line in file if line.endswith("\n")]

    def wait_for_log(self, count, seconds=20):
        """The access log once it has `count` lines."""
        deadline = time.monotonic() + seconds
        while len(self.log_lines()) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.log_lines()
