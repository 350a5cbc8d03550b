"""The race of test_race.py through HTTP/2: everybody on a few connections, as behind a front
proxy, so that streams of different users run side by side on each."""
import pytest

from support.h2 import Connection, Gone, H2Browser, Reset
from support.load import Load
from support.ports import wait_until
from support.sites import foreign_bytes, jobcard_config

USERS = [f"user{number:03}" for number in range(1, 25)]
CONNECTIONS = 4


class H2Load(Load):
    """Users share connections; what was reset counts with the bytes that came before."""

    def __init__(self, port, users, tls=False):
        super().__init__(port, users)
        self.connections = [Connection(port, tls=tls) for _ in range(CONNECTIONS)]
        self.browsers = {user: H2Browser(self.connections[number % CONNECTIONS])
                         for number, user in enumerate(users)}

    def close(self):
        for connection in self.connections:
            connection.close()

    def _fetch(self, user, path):
        try:
            super()._fetch(user, path)
        except Reset as cut:
            with self._lock:
                self.broken["Reset"] += 1
                self.foreign_bytes += foreign_bytes(cut.received, user)
        except Gone:
            with self._lock:
                self.broken["Gone"] += 1


@pytest.mark.parametrize("workers, requests", [
    pytest.param(1, 600, marks=pytest.mark.sanitize), (2, 4000)])
def test_not_one_foreign_byte_is_delivered_over_shared_connections(jobcard, countermark, workers,
                                                                  requests):
    site = jobcard()
    config = jobcard_config(site.port)
    config["workers"] = workers
    config["listen"] = [{"http2": "prior-knowledge"}]
    proxy = countermark(config)
    load = H2Load(proxy.port, USERS)
    load.login_all()
    load.visit_all()
    assert load.foreign_bytes == 0 and site.counts()["mixed_up"] == 0
    site.set(shared_context=True)
    for _ in range(20):                 # A slow machine asks for little at the same moment.
        load.run(requests)
        if site.counts()["mixed_up"]:
            break
    load.close()
    mixed_up = site.counts()["mixed_up"]
    print(f"{workers} workers: {mixed_up} mixed up by the site, {load.foreign_bytes} foreign bytes "
          f"delivered, personal {dict(load.statuses)}, broken {dict(load.broken)}")
    assert mixed_up > 0, "the race did not happen"
    assert load.foreign_bytes == 0
    assert not load.broken
    assert set(load.statuses) <= {200, 502, 503} and load.statuses[502] >= 1
    assert load.public_statuses[200] > 0
    assert not proxy.feature_is_up()
    ledger = proxy.ledger()
    wait_until(lambda: sum(row["count"] for row in ledger.displays()) == mixed_up, 5,
               "every display is in the ledger")
    assert proxy.metrics().value("countermark_displays_total", outcome="delivered") == 0


@pytest.mark.sanitize
def test_without_the_race_everybody_sees_their_own(jobcard, countermark):
    site = jobcard()
    config = jobcard_config(site.port)
    config["listen"] = [{"http2": "prior-knowledge"}]
    proxy = countermark(config)
    load = H2Load(proxy.port, USERS)
    load.login_all()
    load.visit_all()
    load.run(600)
    load.close()
    assert load.foreign_bytes == 0 and not load.broken
    assert set(load.statuses) == {200} and set(load.public_statuses) == {200}
    assert proxy.metrics().value("countermark_incidents_open") == 0
    assert proxy.feature_is_up()
