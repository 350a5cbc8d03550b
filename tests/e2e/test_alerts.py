"""Alerts in every form, at real receivers: Alertmanager, syslog over UDP, TCP and a Unix socket, and
plain webhooks that take what chat servers and event collectors take."""
import json
import os
import socket
import tempfile
import threading
import time

import pytest

from support.client import Client, Malformed, Truncated
from support.plain_site import config, page_of, signed_in
from support.ports import accepts, free_port, wait_until
from support.processes import Child
from support.webhook import Receiver

ALERTMANAGER = "/usr/bin/prometheus-alertmanager"
REASON = ("--reason", "checked by the test")


class Alertmanager:
    """The real one, with a receiver that does nothing."""

    def __init__(self, folder, port=None):
        """Knows nothing: what it stores is its own."""
        self.port = port or free_port()
        folder = tempfile.mkdtemp(dir=folder)
        path = os.path.join(folder, "alertmanager.yml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}, out)
        self.child = Child("alertmanager", [
            ALERTMANAGER, f"--config.file={path}", f"--storage.path={folder}/alertmanager",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="], folder)
        wait_until(lambda: accepts(self.port), 20, "Alertmanager listens")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api/v2/alerts"

    def active(self):
        """{alertname: labels} of what is firing; {} while it starts."""
        try:
            with Client(self.port) as client:
                reply = client.get("/api/v2/alerts?active=true")
        except (OSError, Truncated, Malformed):
            return {}
        if reply.status != 200:
            return {}
        return {alert["labels"]["alertname"]: alert["labels"] for alert in json.loads(reply.body)}

    def links(self):
        """Where what is firing leads."""
        with Client(self.port) as client:
            return {alert["generatorURL"] for alert in json.loads(client.get("/api/v2/alerts").body)}

    def wait_for(self, *names):
        return wait_until(lambda: set(self.active()) == set(names), 20, f"{names} are firing")


@pytest.fixture
def alertmanager(folder):
    server = Alertmanager(folder)
    yield server
    server.child.stop()


class Syslog:
    """Collects datagrams, or what comes over TCP."""

    def __init__(self, family, kind, address):
        self.socket = socket.socket(family, kind)
        self.socket.bind(address)
        self.messages = []
        self._stream = kind == socket.SOCK_STREAM
        if self._stream:
            self.socket.listen(16)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            while True:
                if self._stream:
                    peer, _ = self.socket.accept()
                    with peer, peer.makefile("rb") as file:
                        self.messages.append(file.read())
                else:
                    self.messages.append(self.socket.recv(65536))
        except OSError:
            pass

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def wait_for(self, *types):
        def arrived():
            return all(any(kind.encode() in message for message in self.messages)
                       for kind in types)
        wait_until(arrived, 15, f"{types} arrived")

    def stop(self):
        self.socket.close()


def guarded(origin, countermark, alerts):
    return countermark(config(origin.port, alerts=alerts))


def find_something(proxy, origin):
    """One display: alice asks, the site answers with bob's page."""
    alice = signed_in(proxy.port, "alice")
    assert page_of(alice, "bob").status == 502
    assert not proxy.feature_is_up()


def repaired(proxy):
    proxy.api("/incidents/1/close", "POST", {"reason": "closed by the test"})
    assert proxy.run("up", "login", *REASON).returncode == 0


def test_alertmanager_has_what_is_open_and_resolves_it_when_it_is_over(origin, countermark,
                                                                       alertmanager):
    proxy = guarded(origin, countermark, [
        {"name": "am", "webhook": alertmanager.url, "format": "alertmanager"}])
    find_something(proxy, origin)
    alertmanager.wait_for("CountermarkIncident", "CountermarkFeatureDown")
    labels = alertmanager.active()["CountermarkIncident"]
    assert labels["severity"] == "critical" and labels["feature"] == "login"
    assert labels["incident"] == "1"
    assert not {"alice", "bob"} & set(labels.values())
    repaired(proxy)
    alertmanager.wait_for()


def test_what_is_open_is_posted_again_after_a_restart_of_alertmanager(origin, countermark, folder):
    first = Alertmanager(folder)
    proxy = guarded(origin, countermark, [
        {"name": "am", "webhook": first.url, "format": "alertmanager"}])
    try:
        find_something(proxy, origin)
        first.wait_for("CountermarkIncident", "CountermarkFeatureDown")
    finally:
        first.child.stop()
    proxy.kill()
    second = Alertmanager(folder, first.port)
    try:
        assert second.active() == {}
        proxy.start()                    # Posts what is open at once, then every minute.
        second.wait_for("CountermarkIncident", "CountermarkFeatureDown")
        console = f"http://127.0.0.1:{proxy.admin_port}/"
        assert second.links() == {console + "#/incidents/1", console + "#/overview"}
    finally:
        second.child.stop()


def test_syslog_gets_one_message_an_alert_over_udp_tcp_and_a_unix_socket(origin, countermark,
                                                                         folder):
    udp = Syslog(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
    tcp = Syslog(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    path = os.path.join(folder, "log")
    local = Syslog(socket.AF_UNIX, socket.SOCK_DGRAM, path)
    try:
        proxy = guarded(origin, countermark, [
            {"name": "udp", "syslog": f"udp://127.0.0.1:{udp.port}", "format": "syslog"},
            {"name": "tcp", "syslog": f"tcp://127.0.0.1:{tcp.port}", "format": "cef"},
            {"name": "local", "syslog": f"unix://{path}", "format": "syslog"}])
        find_something(proxy, origin)
        for server in (udp, tcp, local):
            server.wait_for("incident.opened", "feature.down")
        assert all(message.startswith(b"<82>1 ") for message in udp.messages)
        for message in tcp.messages:
            length, text = message.split(b" ", 1)
            assert int(length) == len(text) and b"CEF:0|Countermark|" in text
        everything = b"".join(udp.messages + tcp.messages + local.messages)
        assert b"alice" not in everything and b"bob" not in everything
    finally:
        for server in (udp, tcp, local):
            server.stop()


def test_a_syslog_server_that_is_away_gets_it_later(origin, countermark):
    port = free_port()
    proxy = guarded(origin, countermark, [
        {"name": "tcp", "syslog": f"tcp://127.0.0.1:{port}", "format": "syslog"}])
    assert proxy.run("down", "login", *REASON).returncode == 0
    wait_until(lambda: proxy.metrics().value("countermark_alert_deliveries_total", alert="tcp",
                                             result="retry") >= 1, 10, "the first try failed")
    late = Syslog(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port))
    late.wait_for("feature.down")
    late.stop()


def test_rsyslog_writes_what_it_is_sent(origin, countermark, folder):
    port = free_port()
    written = os.path.join(folder, "alerts.log")
    path = os.path.join(folder, "rsyslog.conf")
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'module(load="imtcp")\ninput(type="imtcp" port="{port}" address="127.0.0.1")\n'
                  f'template(name="all" type="string" string="%app-name% %msgid% %msg%\\n")\n'
                  f'action(type="omfile" file="{written}" template="all")\n')
    server = Child("rsyslogd", ["/usr/sbin/rsyslogd", "-n", "-f", path,
                                "-i", os.path.join(folder, "rsyslog.pid")], folder)
    try:
        wait_until(lambda: accepts(port), 15, "rsyslog listens")
        proxy = guarded(origin, countermark, [
            {"name": "log", "syslog": f"tcp://127.0.0.1:{port}", "format": "syslog"}])
        find_something(proxy, origin)

        def lines():
            if not os.path.exists(written):
                return []
            with open(written, encoding="utf-8") as file:
                return file.read().splitlines()

        wait_until(lambda: any(line.startswith("countermark incident.opened ")
                               for line in lines()), 15, "rsyslog wrote it")
    finally:
        server.stop()


@pytest.mark.parametrize("kind", ["slack", "ocsf"])
def test_other_forms_are_posted_without_a_secret(origin, countermark, kind):
    receiver = Receiver(free_port())
    try:
        proxy = guarded(origin, countermark, [
            {"name": "chat", "webhook": receiver.url, "format": kind}])
        find_something(proxy, origin)
        wait_until(lambda: len(receiver.deliveries) >= 2, 10, "both alerts")
        bodies = [delivery.body for delivery in receiver.deliveries]
        if kind == "slack":
            first = next(body["text"] for body in bodies if "Incident 1, 1 case" in body["text"])
            assert first.splitlines()[0] == (
                ":rotating_light: login is down: 1 page with another person's data withheld, "
                "nothing left the proxy: my page (name)")
        else:
            assert {body["class_uid"] for body in bodies} == {2006}
            assert any(body["finding_info"]["uid"] == "incident-1" for body in bodies)
        assert "alice" not in json.dumps(bodies)
    finally:
        receiver.stop()


def test_a_receiver_gets_the_types_and_the_severity_that_it_asks_for(origin, countermark, folder):
    receivers = [Receiver(free_port()) for _ in range(3)]
    try:
        proxy = guarded(origin, countermark, [
            {"name": "all", "webhook": receivers[0].url, "format": "slack"},
            {"name": "grave", "webhook": receivers[1].url, "format": "slack",
             "severity": "critical"},
            {"name": "features", "webhook": receivers[2].url, "format": "slack",
             "types": ["feature.*"]}])
        find_something(proxy, origin)
        repaired(proxy)
        wait_until(lambda: len(receivers[0].deliveries) == 4, 10, "all four")
        time.sleep(0.5)

        def types(receiver):
            words = {"is down: 1 page": "incident.opened", "was closed by": "incident.closed",
                     "is down: another": "feature.down", "is up again": "feature.up"}
            return sorted(next(kind for word, kind in words.items() if word in delivery.body["text"])
                          for delivery in receiver.deliveries)

        assert types(receivers[0]) == ["feature.down", "feature.up", "incident.closed",
                                       "incident.opened"]
        assert types(receivers[1]) == ["feature.down", "incident.opened"]
        assert types(receivers[2]) == ["feature.down", "feature.up"]
    finally:
        for receiver in receivers:
            receiver.stop()
