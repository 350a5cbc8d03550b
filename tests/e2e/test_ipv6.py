"""IPv6 on both sides."""
import socket

import pytest

from support import nginx
from support.client import Client
from support.exchanges import field_of, last_request
from support.plain_site import config, page_of, signed_in
from support.ports import free_port


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


pytestmark = [pytest.mark.sanitize,
              pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")]

BEHIND = """
    server {{
        listen 127.0.0.1:{port};
        listen [::1]:{port};
        location / {{
            proxy_pass http://127.0.0.1:UPSTREAM;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_set_header X-Asked-From $remote_addr;
        }}
    }}
"""


@pytest.fixture
def behind(folder, origin):
    server = nginx.Nginx(folder, free_port(), BEHIND.replace("UPSTREAM", str(origin.port)))
    yield server.port
    server.stop()


@pytest.mark.parametrize("address", ["[::1]", "[::]"])
def test_clients_and_sites_with_ipv6(origin, countermark, behind, address):
    port = free_port()
    value = config(0, listen=[{}, {"address": f"{address}:{port}"}])
    value["upstreams"][0]["servers"] = [f"http://[::1]:{behind}"]
    proxy = countermark(value)
    with Client(port, host="::1") as client:
        assert len(client.get("/page?size=200000").body) == 200000
        request = last_request(origin)
        assert field_of(request, "X-Asked-From") == ["::1"]
        assert field_of(request, "X-Forwarded-For") == ["::1"]
        assert field_of(request, "Forwarded")[0].startswith('for="[::1]";proto=http;host="[::1]:')
    assert proxy.wait_for_log(1)[-1]["client"] == "::1"
    assert f"listening on {address}:{port}" in proxy.child.errors().decode()
    with Client(proxy.port) as client:
        assert client.get("/page").status == 200
    alice = signed_in(proxy.port, "alice")
    assert page_of(alice, "bob").status == 502


def test_a_chain_of_trusted_proxies_with_ipv6(origin, countermark):
    port = free_port()
    value = config(origin.port, limits={"connections_per_address_max": 2})
    value["listen"] = [{}, {"address": f"[::1]:{port}", "trusted_proxies": ["::1", "2001:db8:1::/48"]}]
    proxy = countermark(value)
    with Client(port, host="::1") as client:
        chain = "192.0.2.66, 2001:db8:2::7, 2001:db8:1::1"
        assert client.get("/page", [("X-Forwarded-For", chain)]).status == 200
        assert field_of(last_request(origin), "X-Forwarded-For") == [chain + ", ::1"]
        assert proxy.wait_for_log(1)[-1]["client"] == "2001:db8:2::7"
        with Client(port, host="::1") as second:
            assert second.get("/page").status == 200
            try:
                with Client(port, host="::1") as third:
                    assert third.is_closed()
            except ConnectionError:
                pass                    # A reset may come before the client has asked anything.
