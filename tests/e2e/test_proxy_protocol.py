"""Proxies in front that say whose connection it is: by hand and by HAProxy."""
import os
import socket
import struct

import pytest

from support.certificates import Authority
from support.client import Client, Truncated
from support.exchanges import field_of, last_request, requests_at
from support.plain_site import config
from support.ports import accepts, free_port, wait_until
from support.processes import Child

pytestmark = pytest.mark.sanitize

LINE = b"PROXY TCP4 192.0.2.7 10.0.0.1 4321 443\r\n"
BINARY = (b"\r\n\r\n\0\r\nQUIT\n\x21\x21" + struct.pack(">H", 36)
          + socket.inet_pton(socket.AF_INET6, "2001:db8::7")
          + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + struct.pack(">HH", 4321, 443))


def fronted(origin, **listen):
    listen = {"proxy_protocol": True, "trusted_proxies": ["127.0.0.1/32"], **listen}
    return config(origin.port, listen=[listen])


def client_of(origin):
    """Who the site is told has asked."""
    request = last_request(origin)
    return field_of(request, "X-Forwarded-For")[0], field_of(request, "Forwarded")[0]


def test_the_site_hears_of_the_client_behind_the_proxy(origin, countermark):
    proxy = countermark(fronted(origin))
    with Client(proxy.port, preface=LINE) as client:
        assert client.get("/page").status == 200
        assert client_of(origin)[0] == "192.0.2.7"
        assert client.get("/page").status == 200, "once for a connection"
    with Client(proxy.port, preface=BINARY) as client:
        assert client.get("/page").status == 200
        assert client_of(origin)[0] == "2001:db8::7"
        assert client_of(origin)[1].startswith('for="[2001:db8::7]"')


def test_a_header_may_come_in_pieces_and_with_the_request(origin, countermark):
    proxy = countermark(fronted(origin))
    for preface in (LINE, BINARY):
        with Client(proxy.port) as client:
            client.send_slowly(preface, 7, 0.01)
            assert client.get("/page").status == 200
        with Client(proxy.port) as client:
            client.send(preface + b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.read_reply().status == 200


def test_who_is_no_listed_proxy_speaks_for_itself(origin, countermark):
    proxy = countermark(fronted(origin))
    with Client(proxy.port, source="127.0.0.9") as client:
        assert client.get("/page").status == 200
        assert client_of(origin)[0] == "127.0.0.9"
    with Client(proxy.port, source="127.0.0.9", preface=LINE) as client:
        client.send(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.read_reply().status == 400
    assert len(requests_at(origin)) == 1


@pytest.mark.parametrize("preface", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                     b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
                                     b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c", b"PROXY " + b"x" * 200,
                                     b"\x16\x03\x01\x02\x00\x01"])
def test_what_is_no_header_is_closed_and_counted(origin, countermark, preface):
    proxy = countermark(fronted(origin))
    with Client(proxy.port, preface=preface) as client:
        assert client.is_closed()
    assert proxy.metrics().value("countermark_connections_refused_total",
                                 reason="proxy-protocol") == 1
    assert not requests_at(origin)


def test_a_header_has_as_long_as_a_head(origin, countermark):
    value = fronted(origin)
    value["limits"] = {"header_timeout": "500ms"}
    proxy = countermark(value)
    with Client(proxy.port, preface=LINE[:20]) as client:
        assert client.is_closed(10)


def test_the_limit_is_that_of_the_client_behind(origin, countermark):
    value = fronted(origin)
    value["limits"] = {"connections_per_address_max": 2}
    proxy = countermark(value)
    kept = []
    for number in range(1, 6):
        client = Client(proxy.port, preface=f"PROXY TCP4 192.0.2.{number} 1.1.1.1 1 2\r\n".encode())
        assert client.get("/page").status == 200
        kept.append(client)
    again = b"PROXY TCP4 192.0.2.1 1.1.1.1 1 2\r\n"
    with Client(proxy.port, preface=again) as second, Client(proxy.port, preface=again) as third:
        assert second.get("/page").status == 200
        with pytest.raises((Truncated, OSError)):
            third.get("/page")
    for client in kept:
        client.close()


def test_tls_comes_after_the_header(origin, countermark, folder):
    authority = Authority(folder)
    certificate, key = authority.issue("site.test")
    proxy = countermark(fronted(origin, tls={"certificate": certificate, "key": key}))
    for preface in (LINE, BINARY):
        with Client(proxy.port, preface=preface, tls=authority.client_context(),
                    name="site.test") as client:
            assert len(client.get("/page?size=100000").body) == 100000
            assert client_of(origin)[0] in ("192.0.2.7", "2001:db8::7")
            assert field_of(last_request(origin), "X-Forwarded-Proto") == ["https"]


HAPROXY = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind 127.0.0.1:{port}
    default_backend back
backend back
    server proxy 127.0.0.1:{to} {how}
"""


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2", "send-proxy-v2 check check-send-proxy"])
def test_haproxy_in_front(origin, countermark, folder, how):
    proxy = countermark(fronted(origin))
    port = free_port()
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w", encoding="ascii") as out:
        out.write(HAPROXY.format(port=port, to=proxy.port, how=how))
    haproxy = Child("haproxy", ["/usr/sbin/haproxy", "-f", path, "-db"], folder)
    try:
        wait_until(lambda: accepts(port), 10, "haproxy listens")
        with Client(port, source="127.0.0.5") as client:
            assert len(client.get("/page?size=100000").body) == 100000
            assert client_of(origin)[0] == "127.0.0.5"
    finally:
        haproxy.stop(5)


def test_the_chain_of_trusted_proxies_is_walked_in_the_field_that_they_write(origin, countermark):
    value = config(origin.port, limits={"connections_per_address_max": 100})
    value["listen"] = [{"trusted_proxies": ["127.0.0.1/32", "10.0.0.0/8"],
                        "forwarded": "forwarded"}]
    proxy = countermark(value)
    with Client(proxy.port) as client:
        assert client.get("/page", [("X-Forwarded-For", "192.0.2.66"),
                                    ("Forwarded", "for=192.0.2.1, for=192.0.2.2;proto=https"),
                                    ("Forwarded", "for=10.1.2.3")]).status == 200
    assert proxy.wait_for_log(1)[-1]["client"] == "192.0.2.2"
