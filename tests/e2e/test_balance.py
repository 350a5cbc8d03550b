"""Several servers behind: who gets what, who is left out, who comes back."""
import pytest

from support.client import Browser, Client
from support.exchanges import requests_at
from support.plain_site import config, login, page_of, signed_in
from support.ports import wait_until
from support.sites import Origin

pytestmark = pytest.mark.sanitize


@pytest.fixture
def origins(folder, tmp_path):
    """Three origins, running."""
    started = []
    for number in range(3):
        place = tmp_path / f"origin-{number}"
        place.mkdir()
        started.append(Origin(str(place)))
    yield started
    for origin in started:
        origin.stop()


def balanced(origins, **upstream):
    value = config(0)
    value["upstreams"] = [{"name": "site",
                           "servers": [f"http://127.0.0.1:{origin.port}" for origin in origins],
                           "timeouts": {"connect": "1s", "response": "5s"}, **upstream}]
    return value


def counts(origins, path):
    return [len([request for request in requests_at(origin)
                 if request["target"].startswith(path)]) for origin in origins]


def server_is_up(proxy, origin):
    return proxy.metrics().value("countermark_upstream_server_up", upstream="site",
                                 server=f"127.0.0.1:{origin.port}")


def test_anonymous_requests_go_to_the_least_busy(origins, countermark):
    proxy = countermark(balanced(origins))
    clients = [Client(proxy.port) for _ in range(30)]
    for client in clients:
        client.send(b"GET /page?do=hang HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: sum(counts(origins, "/page?do=hang")) == 30, 10, "all are asked")
    assert counts(origins, "/page?do=hang") == [10, 10, 10]
    for client in clients:
        client.reset()


def test_a_session_stays_with_the_server_that_made_it(origins, countermark):
    proxy = countermark(balanced(origins, connections="none"))
    for number in range(12):
        user = f"user{number}"
        browser = signed_in(proxy.port, user)
        before = counts(origins, f"/mypage/top?marker={user}")
        for _ in range(4):
            assert page_of(browser, user).status == 200
        after = counts(origins, f"/mypage/top?marker={user}")
        assert sorted(b - a for a, b in zip(before, after)) == [0, 0, 4]
        logins = counts(origins, "/login")
        assert logins[[b - a for a, b in zip(before, after)].index(4)] >= 1
    assert min(counts(origins, "/mypage")) > 0, "sessions are spread"


def test_a_dead_server_is_left_out(origins, countermark):
    proxy = countermark(balanced(origins, connections="none", health={"eject": "30s"}))
    dead = origins[1]
    assert server_is_up(proxy, dead) == 1
    dead.stop()
    for _ in range(40):
        with Client(proxy.port) as client:
            assert client.get("/page", [("Connection", "close")]).status == 200
    wait_until(lambda: server_is_up(proxy, dead) == 0, 5, "the gauge says so")
    failed = proxy.metrics().value("countermark_upstream_connects_total", result="upstream-connect")
    assert 3 <= failed <= 12, "not each request tries it"


def test_a_path_that_fails_takes_its_server_out(origins, countermark):
    proxy = countermark(balanced(origins, health={"path": "/page", "interval": "100ms",
                                                  "timeout": "500ms"}))
    sick = origins[2]
    wait_until(lambda: min(counts(origins, "/page")) >= 3, 10, "each is looked at")
    assert server_is_up(proxy, sick) == 1
    sick.stop()
    wait_until(lambda: server_is_up(proxy, sick) == 0, 10, "it is out")
    for _ in range(20):
        with Client(proxy.port) as client:
            assert client.get("/other").status == 200
    assert proxy.metrics().value("countermark_upstream_connects_total",
                                 result="upstream-connect") in (0, None)


def test_a_check_counts_as_a_connection(origins, countermark):
    health = {"path": "/well", "interval": "100ms", "timeout": "2s"}
    value = config(0)
    value["upstreams"] = [
        {"name": name, "servers": [f"http://127.0.0.1:{origin.port}"], "connections_max": 1,
         "queue": "10s", "health": dict(health), "timeouts": {"response": "10s"}}
        for name, origin in zip(("site", "other"), origins)]
    proxy = countermark(value)
    with Client(proxy.port) as client:
        client.send(b"GET /page?do=hang HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: counts(origins, "/page?do=hang")[0] == 1, 10, "its connection is taken")
        before = counts(origins, "/well")
        wait_until(lambda: counts(origins, "/well")[1] >= before[1] + 5, 10, "the other is checked")
        assert counts(origins, "/well")[0] == before[0]
        assert len([one for one in origins[0].connections() if one["open"]]) == 1
        assert client.read_reply().status == 504
    wait_until(lambda: counts(origins, "/well")[0] > before[0], 10, "there is room again")


def test_a_server_that_came_back_gets_less_at_first(origins, countermark, tmp_path):
    proxy = countermark(balanced(origins, connections="none",
                                 health={"path": "/well", "interval": "100ms", "timeout": "2s",
                                         "slow_start": "1h"}))
    back = origins[1]
    port = back.port
    back.stop()
    wait_until(lambda: server_is_up(proxy, back) == 0, 10, "it is out")
    (tmp_path / "again").mkdir()
    origins[1] = Origin(str(tmp_path / "again"), port)
    wait_until(lambda: server_is_up(proxy, back) == 1, 10, "it is back")
    clients = [Client(proxy.port) for _ in range(30)]
    for client in clients:
        client.send(b"GET /page?do=hang HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: sum(counts(origins, "/page?do=hang")) == 30, 10, "all are asked")
    shares = counts(origins, "/page?do=hang")
    assert shares[1] <= 4 and min(shares[0], shares[2]) >= 11, shares
    for client in clients:
        client.close()


def test_a_server_that_mixed_people_up_is_drained(origins, countermark):
    value = balanced(origins, on_finding="drain", drain_for="5s", connections="none")
    proxy = countermark(value)
    alice = signed_in(proxy.port, "alice")
    before = counts(origins, "/mypage")
    guilty = before.index(max(before))
    assert page_of(alice, "bob").status == 502
    wait_until(lambda: server_is_up(proxy, origins[guilty]) == 0, 5, "it is drained")
    at_first = len(requests_at(origins[guilty]))
    for _ in range(20):
        with Client(proxy.port) as client:
            assert client.get("/page").status == 200
    assert len(requests_at(origins[guilty])) == at_first
    wait_until(lambda: server_is_up(proxy, origins[guilty]) == 1, 20, "it comes back")
    for _ in range(20):
        with Client(proxy.port) as client:
            client.get("/page")
    assert len(requests_at(origins[guilty])) > at_first
