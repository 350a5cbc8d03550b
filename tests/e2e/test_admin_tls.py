"""The admin address with TLS, for those that are not on the machine itself."""
import subprocess

import pytest

from support.certificates import Authority
from support.client import Client, Truncated
from support.countermark import BINARY, START_SECONDS, TOKENS
from support.plain_site import config
from support.ports import free_port, wait_until

pytestmark = pytest.mark.sanitize


def test_the_admin_address_speaks_tls_and_a_reload_renews_it(origin, countermark, folder):
    authority = Authority(folder)
    certificate, key = authority.issue("admin.test", "DNS:admin.test")
    proxy = countermark(config(origin.port))
    port = free_port()
    proxy.config["admin"]["tls"] = {"certificate": certificate, "key": key}
    proxy.config["admin"]["address"] = f"0.0.0.0:{port}"
    proxy.write_config(proxy.config)
    assert not proxy.stop()
    proxy.start(ready=False)
    context = authority.client_context()

    def ask(target, token=None):
        fields = [("Authorization", f"Bearer {TOKENS[token]}")] if token else []
        with Client(port, tls=context, name="admin.test") as client:
            return client.get(target, fields)

    def is_ready():
        try:
            return ask("/readyz").status == 200
        except OSError:
            return False

    wait_until(is_ready, START_SECONDS, "readyz is 200")
    assert b"countermark_build_info" in ask("/metrics").body
    assert ask("/api/v1/status").status == 401
    assert ask("/api/v1/status", "viewer").status == 200
    with Client(port) as plain:
        plain.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(Exception):
            assert plain.read_reply().status != 200
            raise Truncated(None, b"")


def test_without_tls_it_stays_on_the_machine(origin, countermark):
    proxy = countermark(config(origin.port))
    proxy.config["admin"]["address"] = "0.0.0.0:9901"
    proxy.write_config(proxy.config)
    done = subprocess.run([BINARY, "check", "--config", proxy.config_path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2
    assert "`admin.address` that is not a loopback address needs `tls`" in done.stderr
