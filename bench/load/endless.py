"""A long time at full load, with logins, logouts and the race of the rebuilt site on and off."""
import statistics
import threading
import time

from support.client import Browser, Malformed, Truncated
from support.load import source_of
from support.sites import PERSONAL, foreign_bytes, jobcard_config, login

from .burden import descriptors_of, memory_of
from .pages import page, path_of
from .peers import output_of
from .wrk import parse

USERS = 12
SAMPLE_SECONDS = 5
PHASE_SECONDS = 20              # The race is on in the second half, until login goes down.
WORDS = {"memory": "memory, bytes", "descriptors": "descriptors", "p99_us": "p99 at full load, us"}
GROWTH_MAX = {"memory": 1.10, "descriptors": 1.05, "p99_us": 1.5}
SESSIONS_MAX = 1000             # Full within seconds: what grows after that is not sessions.


def write_public(folder):
    """Pages for the full load, of nobody."""
    with open(f"{folder}{path_of(1)}", "wb") as out:
        out.write(page(1).replace(b"user-marker", b"page-marker"))


def config(site, origin_port):
    """The rebuilt site, and beside it public pages for the full load."""
    value = jobcard_config(site.port)
    value["upstreams"].append({"name": "pages", "servers": [f"http://127.0.0.1:{origin_port}"]})
    value["routes"].append({"path": path_of(1), "upstream": "pages"})
    value["session"] = {**value["session"], "cookies": ["JSESSIONID"], "max": SESSIONS_MAX}
    return value


class People:
    """Threads that log in, look at their pages, log out, again and again, and read every byte."""

    def __init__(self, port):
        self.pages = self.foreign = self.refused = 0
        self._port, self._going, self._lock = port, True, threading.Lock()
        self._threads = [threading.Thread(target=self._live, args=(f"user{number:03}", number))
                         for number in range(1, USERS + 1)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._going = False
        for thread in self._threads:
            thread.join()

    def _live(self, user, number):
        while self._going:
            browser = Browser(self._port, source=source_of(number))
            try:
                self._visit(browser, user)
            except (Malformed, Truncated, OSError) as error:
                self._count(getattr(error, "received", b""), user, 0)
            browser.close()

    def _visit(self, browser, user):
        if login(browser, user).status != 303:
            time.sleep(0.2)                             # Login is down.
            return
        for path in PERSONAL:
            reply = browser.get(path)
            self._count(reply.raw_head + reply.body, user, reply.status)
        browser.get("/logout")

    def _count(self, received, user, status):
        with self._lock:
            self.pages += 1
            self.refused += status in (502, 503)
            self.foreign += foreign_bytes(received, user)


class Accidents:
    """Switches the race on in the second half of each phase, and after it brings login up."""

    def __init__(self, proxy, site):
        self.count = 0
        self._proxy, self._site, self._ended = proxy, site, threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()

    def stop(self):
        self._ended.set()
        self._thread.join()

    def _go_on(self):
        while not self._ended.wait(PHASE_SECONDS / 2):
            self._site.set(shared_context=True)
            until = time.monotonic() + PHASE_SECONDS / 2
            while self._proxy.feature_is_up() and time.monotonic() < until:
                if self._ended.wait(0.2):
                    break
            self._site.set(shared_context=False)
            if not self._proxy.feature_is_up():
                self.count += 1
                self._ended.wait(1)
                self._proxy.admin("POST", "/api/v1/features/login/up?anyway=1",
                                  {"reason": "long run", "anyway": True}, role="operator")


def run(proxy, given, outcome, site):
    # Without a session: what was forwarded with one gets a 503 when login goes down.
    load = ["wrk", "-t1", "-c32", f"-d{SAMPLE_SECONDS}s", "--latency",
            f"http://127.0.0.1:{proxy.port}{path_of(1)}"]
    pid, samples = proxy.child.process.pid, []
    people, accidents = People(proxy.port), Accidents(proxy, site)
    end = time.monotonic() + given.seconds
    try:
        while time.monotonic() < end:
            sample = parse(output_of(load))
            samples.append({"memory": memory_of(pid), "descriptors": descriptors_of(pid),
                            "p99_us": sample["p99_us"], "requests": sample["requests"],
                            "sessions": proxy.metrics().value("countermark_sessions")})
    finally:
        accidents.stop()
        people.stop()
    tell(outcome, samples, people, accidents)


def tell(outcome, samples, people, accidents):
    outcome.tell("requests at full load", sum(sample["requests"] for sample in samples))
    outcome.tell("personal pages", people.pages)
    outcome.tell("of them refused or down", people.refused)
    outcome.tell("times that login went down", accidents.count)
    outcome.tell("foreign bytes", people.foreign, 0)
    sixth = max(1, len(samples) // 6)

    def early_and_late(key):
        return [statistics.median(sample[key] for sample in part)
                for part in (samples[sixth:2 * sixth], samples[-sixth:])]

    known = early_and_late("sessions")
    outcome.tell("sessions known, early", known[0])
    outcome.tell("sessions known, late", known[1])
    for key, words in WORDS.items():
        early, late = early_and_late(key)
        outcome.tell(f"{words}, early", early)
        outcome.tell(f"{words}, late", late, GROWTH_MAX[key] * early)
