"""`kill -9` at random moments, with the race on ("What must be shown", 3).

What clients saw is the truth that the ledger is held against: every refusal page, every 503. The
webhook receiver is away in some of the rounds. COUNTERMARK_KILLS sets the number of rounds (50 for
the record), COUNTERMARK_SEED repeats a run.
"""
import os
import random
import re
import threading
import time

from support.client import Browser, Client, Malformed, Truncated
from support.countermark import incident_reference
from support.load import source_of
from support.plain_site import feature_is_down
from support.ports import wait_until
from support.sites import PERSONAL, foreign_bytes, jobcard_config, login
from support.webhook import SECRET

ROUNDS = int(os.environ.get("COUNTERMARK_KILLS", "6"))
SEED = os.environ.get("COUNTERMARK_SEED") or str(random.SystemRandom().randrange(10 ** 6))
USERS = [f"user{number:03}" for number in range(1, 13)]
ALERTS_SECONDS = 20                     # a second try follows the first after five


def screens():
    """{path: the name people know it by}; one row of the ledger is for one of these."""
    routes = [(re.compile(re.escape(route["path"]).replace(r"/\*\*", "(/.*)?") + "$"),
               route["screen"]) for route in jobcard_config(0)["routes"]]
    return {path: next(screen for pattern, screen in routes if pattern.match(path))
            for path in PERSONAL}


SCREENS = screens()


class Witness:
    """The users of one round, and what they saw until the proxy was gone."""

    def __init__(self, port):
        self.refusals = []              # (user, screen, incident)
        self.saw_down = threading.Event()
        self.foreign = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._port = port
        self._browsers = {user: Browser(port, source=source_of(number), timeout=5)
                          for number, user in enumerate(USERS)}
        self._threads = []

    def login_all(self):
        for user, browser in self._browsers.items():
            assert login(browser, user).status == 303, user
            assert browser.get("/mypage/top").status == 200

    def start(self):
        self._threads = [threading.Thread(target=self._user, args=(user,)) for user in USERS]
        for thread in self._threads:
            thread.start()

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for browser in self._browsers.values():
            browser.close()

    def _user(self, user):
        chance = random.Random(f"{SEED}-{user}")
        while not self._stop.is_set():
            path = chance.choice(PERSONAL)
            try:
                reply = self._browsers[user].get(path)
            except Truncated as cut:
                self._count(cut.received, user)
                return
            except (OSError, Malformed):
                return
            self._count(reply.raw_head + reply.body, user)
            self._note(user, path, reply)

    def _count(self, received, user):
        with self._lock:
            self.foreign += foreign_bytes(received, user)

    def _note(self, user, path, reply):
        if feature_is_down(reply):
            self.saw_down.set()
        match = re.match(r"I(\d+)-", incident_reference(reply.text) or "") \
            if reply.status == 502 else None
        if match:
            with self._lock:
                self.refusals.append((user, SCREENS[path], int(match.group(1))))


class Scene:
    """Site, proxy and receiver; a round ends with everything up again."""

    def __init__(self, site, proxy, receiver):
        self.site, self.proxy, self.receiver = site, proxy, receiver
        self.chance = random.Random(SEED)
        self.refusals = 0
        self.downs = 0
        self.kills_under_fire = 0

    def round(self, number):
        witness = Witness(self.proxy.port)
        witness.login_all()
        away = number % 4 == 1
        if away:
            self.receiver.stop()
        self.site.set(shared_context=True)
        witness.start()
        # In turn: anywhere in the load, just after the first refusal, when login has gone down
        seen = (lambda: True, lambda: witness.refusals, witness.saw_down.is_set)[number % 3]
        wait_until(seen, 20, "the race shows")
        time.sleep(self.chance.uniform(0, 0.06 if number % 3 else 0.6))
        self.proxy.kill()
        witness.end()
        self.site.set(shared_context=False)
        if away:
            self.receiver.start()
        self._restart(witness)
        self._compare(witness)
        self._repair()

    def _restart(self, witness):
        """What was down is down before the first connection is accepted."""
        self.proxy.start(ready=False)
        reply = wait_until(self._first_answer, 15, "the proxy serves again")
        if witness.saw_down.is_set():
            self.downs += 1
            assert feature_is_down(reply), f"login is up after a client saw it down: {reply.status}"
            assert not self.proxy.feature_is_up()

    def _first_answer(self):
        assert self.proxy.child.running(), self.proxy.child.errors()[-2000:]
        try:
            with Client(self.proxy.port, timeout=5) as client:
                return client.get("/login")
        except (OSError, Truncated):
            return None

    def _compare(self, witness):
        wait_until(self.proxy._is_ready, 15, "readyz is 200")
        assert witness.foreign == 0
        rows = {(row["viewer"], row["screen"], row["incident"])
                for row in self.proxy.ledger().displays()}
        missing = [seen for seen in witness.refusals if seen not in rows]
        assert missing == [], f"refusals that clients saw and the ledger has not (seed {SEED})"
        self.refusals += len(witness.refusals)
        self.kills_under_fire += bool(witness.refusals)

    def _repair(self):
        for incident in self.proxy.ledger().incidents():
            if not incident["closed_at"]:
                self.proxy.api(f"/incidents/{incident['id']}/close", "POST", {"reason": "round"})
        if not self.proxy.feature_is_up():
            self.proxy.api("/features/login/up", "POST", {"reason": "round"})
        assert self.proxy.feature_is_up()

    def undelivered(self):
        """What the ledger has and the receiver has not."""
        opened = {row["id"] for row in self.proxy.ledger().incidents()}
        downs = [row["incident"] for row in self.proxy.ledger().feature_changes()
                 if row["state"] == "down" and row["feature"] == "login"]
        told = {delivery.body["data"].get("incident")
                for delivery in self.receiver.of_type("incident.opened")}
        told_down = {(delivery.id, delivery.body["data"].get("incident", 0))
                     for delivery in self.receiver.of_type("feature.down")}
        left = list(downs)
        for _, incident in told_down:
            if incident in left:
                left.remove(incident)
        return sorted(opened - told) + left


def secret_file(folder):
    path = os.path.join(folder, "hook.secret")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write(SECRET + "\n")
    return path


def test_no_kill_loses_a_refusal_a_take_down_or_an_alert(folder, jobcard, countermark, webhooks):
    print(f"seed {SEED}, {ROUNDS} rounds")
    receiver = webhooks()
    site = jobcard(cache_latency=0.001)
    config = jobcard_config(site.port)
    config["workers"] = 2
    config["alerts"] = [{"name": "soc", "webhook": receiver.url,
                         "secret_file": secret_file(folder)}]
    scene = Scene(site, countermark(config), receiver)
    for number in range(ROUNDS):
        scene.round(number)
    wait_until(lambda: not scene.undelivered(), ALERTS_SECONDS,
               f"every incident.opened and feature.down arrived: {scene.undelivered()}")
    print(f"{scene.refusals} refusals seen, {scene.downs} times a client saw login down, "
          f"{scene.kills_under_fire} kills after a refusal, "
          f"{len(receiver.deliveries)} deliveries")
    assert receiver.all_verified()
    assert scene.refusals > 0, "no client was refused before a kill"
    assert scene.downs > 0, "no client saw login down before a kill"


def test_a_session_is_still_known_after_a_kill(jobcard, countermark):
    site = jobcard()
    proxy = countermark(jobcard_config(site.port))
    browser = Browser(proxy.port)
    assert login(browser, "user001").status == 303
    assert browser.get("/mypage/top").status == 200
    proxy.wait_until_stored("sessions", "requester = 'user001' AND binding = 2")
    proxy.kill()
    proxy.start()
    assert proxy.metrics().value("countermark_sessions") >= 1
    assert browser.get("/mypage/top").status == 200
    browser.close()
