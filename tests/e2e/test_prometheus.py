"""The metrics page as Prometheus sees it ("What must be shown", 6)."""
import copy
import json
import os
import re
import subprocess
import time
import urllib.parse

import pytest

from support.client import Client, Malformed, Truncated
from support.countermark import REPOSITORY
from support.exchanges import requests_at
from support.plain_site import config, page_of, signed_in
from support.ports import accepts, free_port, wait_until
from support.processes import Child

PROMTOOL = "/usr/bin/promtool"
PROMETHEUS = "/usr/bin/prometheus"
# Product, section 13: every family is there from the start
FAMILIES = """requests_total request_duration_seconds inspected_total uninspected_total
unmarked_total marker_coverage_ratio findings_total displays_total feature_up take_downs_total incidents_open
held_bytes hold_seconds connections upstream_desync_total sessions bindings_total
alert_deliveries_total alert_queue ledger_failures_total config_last_reload_successful config_info
build_info""".split()
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Prometheus:
    """Scrapes one target every 200 ms."""

    def __init__(self, folder, target):
        self.port = free_port()
        path = os.path.join(folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
                       "scrape_configs": [{"job_name": "countermark", "static_configs":
                                           [{"targets": [f"127.0.0.1:{target}"]}]}]}, out)
        self.child = Child("prometheus", [
            PROMETHEUS, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{self.port}",
            f"--storage.tsdb.path={folder}/prometheus"], folder)
        wait_until(lambda: accepts(self.port), 20, "Prometheus listens")

    def query(self, expression):
        """[(labels, value)] now; [] while it starts."""
        try:
            with Client(self.port) as client:
                reply = client.get("/api/v1/query?query=" + urllib.parse.quote(expression))
        except (OSError, Truncated, Malformed):
            return []
        if reply.status != 200:
            return []
        return [(row["metric"], float(row["value"][1]))
                for row in json.loads(reply.body)["data"]["result"]]

    def wait_for(self, expression, value):
        return wait_until(lambda: [row for row in self.query(expression) if row[1] == value], 15,
                          f"{expression} is {value}")


@pytest.fixture
def prometheus(folder):
    started = []

    def start(target):
        started.append(Prometheus(folder, target))
        return started[-1]

    yield start
    for server in started:
        server.child.stop(10)


def used(origin, countermark):
    """A proxy that has seen a login, a page, a finding and an error."""
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    assert page_of(browser, "user002").status == 502
    with Client(proxy.port) as client:
        client.get("/news?do=close-now")
        client.get("/a/../b")
    browser.close()
    return proxy


def check(text):
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_nothing_wrong_with_the_metrics(origin, countermark):
    fresh = countermark(config(origin.port))
    for proxy in (fresh, used(origin, countermark)):
        reply = proxy.admin("GET", "/metrics", role=None)
        assert reply.status == 200
        assert reply.field("Content-Type").startswith("text/plain; version=0.0.4")
        check(reply.text)
        described = {line.split()[2] for line in reply.text.splitlines()
                     if line.startswith("# TYPE ")}
        assert [name for name in FAMILIES if f"countermark_{name}" not in described] == []


def test_a_path_as_long_as_it_may_be_does_not_break_the_page(origin, countermark):
    value = config(origin.port)
    paths = ["/" + "x" * length for length in (479, 495, 510, 1023)]
    value["routes"] += [{"path": path, "require": ["owner"]} for path in paths]
    proxy = countermark(value)
    check(proxy.admin("GET", "/metrics", role=None).text)
    routes = {labels["route"] for labels, _ in proxy.metrics().samples["countermark_requests_total"]}
    assert routes >= set(paths)


def test_openmetrics_is_given_to_who_asks_for_it(origin, countermark):
    proxy = used(origin, countermark)
    with Client(proxy.admin_port) as client:
        reply = client.get("/metrics", [("Accept", OPENMETRICS)])
    assert reply.status == 200
    assert reply.field("Content-Type").startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")
    types = [line.split()[2:] for line in reply.text.splitlines() if line.startswith("# TYPE ")]
    assert ["countermark_requests", "counter"] in types, "a counter's family has no _total there"


def test_a_real_prometheus_scrapes_it_and_sees_the_take_down(origin, countermark, prometheus):
    proxy = countermark(config(origin.port))
    server = prometheus(proxy.admin_port)
    server.wait_for("up", 1)
    server.wait_for('countermark_feature_up{feature="login"}', 1)
    browser = signed_in(proxy.port, "user001")
    assert page_of(browser, "user002").status == 502
    browser.close()
    server.wait_for('countermark_feature_up{feature="login"}', 0)
    server.wait_for('countermark_displays_total{outcome="withheld"}', 1)
    server.wait_for("countermark_incidents_open", 1)
    assert server.query("countermark_build_info")[0][0]["version"]
    rows = server.query("histogram_quantile(0.5, countermark_request_duration_seconds_bucket)")
    assert rows and rows[0][1] >= 0
    assert server.query("countermark_ledger_failures_total")[0][1] == 0


def test_the_labels_of_every_sample_are_those_of_its_row(origin, countermark):
    with open(os.path.join(REPOSITORY, "proxy/base/stats.def"), encoding="utf-8") as file:
        rows = re.findall(r'^STAT\(\w+, \w+, "(\w+)", "([\w,]*)",', file.read(), re.MULTILINE)
    labels = {name + end: set(names.split(",")) - {""}
              for name, names in rows for end in ("", "_bucket", "_sum", "_count")}
    samples = used(origin, countermark).metrics().samples
    assert len(rows) > 40 and [name for name, names in rows if not names
                               and {name, f"{name}_count"}.isdisjoint(samples)] == []
    assert {(name, label) for name, found in samples.items() for have, _ in found
            for label in labels[name] ^ (set(have) - {"le"})} == set()


def test_labels_do_not_come_from_traffic(origin, countermark):
    proxy = used(origin, countermark)
    before = proxy.metrics().samples
    with Client(proxy.port) as client:
        for number in range(200):
            client.get(f"/path-{number}?do=no-content",
                       [("Cookie", f"JSESSIONID=token{number}"), (f"X-{number}", "a")])
    time.sleep(0.1)
    after = proxy.metrics().samples
    grown = [name for name in after if len(after[name]) > len(before.get(name, [])) + 3]
    assert grown == []
    text = proxy.admin("GET", "/metrics", role=None).text
    assert "path-1" not in text and "token1" not in text and "user001" not in text


EVENTS = {"findings_total": 16, "displays_total": 3, "bindings_total": 3, "upstream_desync_total": 3,
          "take_downs_total": 3, "alert_deliveries_total": 4}


def test_a_counter_is_there_before_its_first_event(origin, countermark, prometheus):
    alerts = [{"name": "soc", "syslog": "udp://127.0.0.1:9", "format": "syslog"}]
    proxy = countermark(config(origin.port, alerts=alerts))
    before = proxy.metrics().samples
    assert {name: [value for _, value in before.get(f"countermark_{name}", [])]
            for name in EVENTS} == {name: [0] * count for name, count in EVENTS.items()}
    server = prometheus(proxy.admin_port)
    server.wait_for("up", 1)
    browser = signed_in(proxy.port, "user001")
    assert page_of(browser, "user002").status == 502
    browser.close()
    for sample in ('findings_total{detector="owner-marker"}', 'displays_total{outcome="withheld"}',
                   "take_downs_total", "bindings_total", "alert_deliveries_total"):
        wait_until(lambda: server.query(f"increase(countermark_{sample}[1m]) > 0"), 20,
                   f"increase() sees the first of {sample}")
    after = proxy.metrics().samples
    assert {name: len(after[f"countermark_{name}"]) for name in EVENTS} == EVENTS


GAUGES = ("config_info", "feature_up", "marker_coverage_ratio", "upstream_server_up")


def gauges(proxy):
    samples = proxy.metrics().samples
    return {name: sorted((sorted(labels.items()), value)
                         for labels, value in samples.get(f"countermark_{name}", []))
            for name in GAUGES}


def put_in_force(proxy, value):
    proxy.write_config(value)
    reply = proxy.admin("POST", "/api/v1/reload", {"accept_weaker": "a test"}, "operator")
    assert reply.status == 200, reply.text


@pytest.mark.sanitize
def test_a_reload_takes_away_the_gauges_of_what_is_no_more(origin, countermark):
    shop = config(origin.port)
    shop["features"].append({"name": "shop", "paths": ["/shop/**"]})
    shop["routes"].append({"path": "/shop/**", "require": ["owner"]})
    proxy = countermark(shop)
    shop = proxy.config
    plain = copy.deepcopy(proxy.config)
    plain["features"].pop()
    plain["routes"].pop()
    plain["upstreams"][0]["servers"] = [f"http://localhost:{origin.port}"]
    browser = signed_in(proxy.port, "user001")
    assert page_of(browser, "user001", path="/shop/a").status == 200
    browser.close()
    with_shop = gauges(proxy)
    assert [len(with_shop[name]) for name in GAUGES] == [1, 2, 2, 1]
    late = Client(proxy.port)
    late.send(b"GET /shop/late?do=hang HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: [request for request in requests_at(origin)
                        if "late" in request["target"]], 20, "it is under way")
    counted = proxy.metrics().value("countermark_requests_total", route="/shop/**")

    put_in_force(proxy, plain)
    without = gauges(proxy)
    assert [len(without[name]) for name in GAUGES] == [1, 1, 1, 1]
    assert without["config_info"] != with_shop["config_info"]
    assert without["upstream_server_up"] != with_shop["upstream_server_up"]
    late.reset()
    wait_until(lambda: proxy.metrics().value("countermark_requests_total", route="/shop/**")
               == counted + 1, 20, "what ends under the old configuration is counted")
    text = proxy.admin("GET", "/metrics", role=None).text
    for number in range(100):
        put_in_force(proxy, plain if number % 2 else shop)
        assert gauges(proxy) == (without if number % 2 else with_shop)
    again = proxy.admin("GET", "/metrics", role=None).text
    assert len(again.splitlines()) == len(text.splitlines()), "no reload leaves a series"
    check(again)
