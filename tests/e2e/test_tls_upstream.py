"""TLS to the site: who is believed, what is shown, what a failure is called."""
import os
import socket

import pytest

from support import nginx
from support.certificates import Authority
from support.client import Client
from support.exchanges import field_of, last_request, requests_at
from support.plain_site import config, ending_of, signed_in, page_of
from support.ports import free_port, wait_until

pytestmark = pytest.mark.sanitize


@pytest.fixture
def authority(folder):
    return Authority(folder)


@pytest.fixture
def secured(folder, origin):
    """secured(pair, more="") starts nginx with TLS in front of the origin; its port."""
    started = []

    def start(pair, more=""):
        started.append(nginx.securing(folder, free_port(), origin.port, pair, more))
        return started[-1].port

    yield start
    for server in started:
        server.stop()


def upstream(servers, **tls):
    value = config(0)
    value["upstreams"] = [{"name": "site", "servers": servers,
                           "timeouts": {"connect": "8s", "response": "8s"}}]
    if tls:
        value["upstreams"][0]["tls"] = tls
    return value


def test_a_site_behind_tls_is_served_and_its_session_resumed(origin, countermark, authority,
                                                              secured):
    port = secured(authority.issue("site.test", "DNS:site.test"))
    proxy = countermark(upstream([f"https://127.0.0.1:{port}"], ca_file=authority.pem,
                                 name="site.test"))
    with Client(proxy.port) as client:
        for size in (0, 10, 16384, 200000, 3000000):
            assert len(client.get(f"/page?size={size}").body) == size
        body = os.urandom(300000)
        assert client.request("POST", "/upload", body=body).status == 200
        assert field_of(last_request(origin), "X-Tls")[0].startswith("site.test .")
        assert client.request("POST", "/upload", [("Connection", "close")], body).status == 200
    metrics = proxy.metrics()
    assert metrics.value("countermark_tls_handshakes_total", side="upstream", result="full") == 1

    def resumed():
        with Client(proxy.port) as client:
            client.get("/page?do=close-after")
        return "r" in field_of(last_request(origin), "X-Tls")[0].split()[1]

    user = signed_in(proxy.port, "alice")
    assert page_of(user, "alice").status == 200
    wait_until(resumed, 10, "a session is resumed")


def test_a_site_that_cannot_be_verified_is_502_and_says_why(origin, countermark, authority,
                                                             secured, folder):
    os.mkdir(os.path.join(folder, "strange"))
    stranger = Authority(os.path.join(folder, "strange"), "stranger")
    cases = [
        (secured(stranger.issue("site.test")), "site.test", "unable to get local issuer certificate"),
        (secured(authority.issue("other.test")), "site.test", "hostname mismatch"),
        (secured(authority.issue("old.test", "DNS:site.test", days=-1)), "site.test",
         "certificate has expired"),
    ]
    for port, name, reason in cases:
        proxy = countermark(upstream([f"https://127.0.0.1:{port}"], ca_file=authority.pem,
                                     name=name))
        with Client(proxy.port) as client:
            assert client.get("/page").status == 502
        assert ending_of(proxy, "/page") == "upstream-tls"
        said = proxy.child.errors().decode()
        assert f"upstream site: TLS with 127.0.0.1:{port} failed: " in said
        assert reason in said, said
        assert proxy.metrics().value("countermark_upstream_connects_total",
                                     result="upstream-tls") >= 1


def test_a_handshake_counts_as_a_connection(countermark):
    silent = socket.create_server(("127.0.0.1", 0))     # The kernel accepts, and nobody answers.
    value = upstream([f"https://127.0.0.1:{silent.getsockname()[1]}"])
    value["upstreams"][0].update(connections_max=1, queue="300ms",
                                 timeouts={"connect": "10s", "response": "10s"})
    proxy = countermark(value)
    with Client(proxy.port) as first, Client(proxy.port) as second:
        first.send(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
        connected, _ = silent.accept()
        assert second.get("/page").status == 503
        assert ending_of(proxy, "/page") == "queue-timeout"
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
        connected.close()
        assert first.read_reply().status == 502
    silent.close()


def test_verification_is_given_up_only_where_it_says_so(origin, countermark, authority, secured):
    port = secured(authority.issue("other.test"))
    strict = countermark(upstream([f"https://127.0.0.1:{port}"]))
    with Client(strict.port) as client:
        assert client.get("/page").status == 502, "the system's authorities do not know ours"
    loose = countermark(upstream([f"https://127.0.0.1:{port}"], verify="off"))
    with Client(loose.port) as client:
        assert client.get("/page").status == 200
    assert "`verify: off` on `site`" in loose.child.errors().decode()


def test_the_site_may_ask_for_our_certificate(origin, countermark, authority, secured):
    pair = authority.issue("site.test", "IP:127.0.0.1")
    port = secured(pair, f"ssl_client_certificate {authority.pem}; ssl_verify_client on;")
    ours = authority.issue("proxy")
    proxy = countermark(upstream([f"https://127.0.0.1:{port}"], ca_file=authority.pem,
                                 certificate=ours[0], key=ours[1]))
    with Client(proxy.port) as client:
        assert client.get("/page").status == 200
        assert field_of(last_request(origin), "X-Tls")[0].endswith("CN=proxy")
    without = countermark(upstream([f"https://127.0.0.1:{port}"], ca_file=authority.pem))
    with Client(without.port) as client:
        assert client.get("/page").status == 400, "nginx says so itself"


def test_a_site_may_be_behind_a_unix_socket(origin, countermark, folder):
    path = os.path.join(folder, "site.sock")
    server = nginx.Nginx(folder, free_port(), f"""
    server {{{{
        listen 127.0.0.1:{{port}};
        listen unix:{path};
        location / {{{{ proxy_pass http://127.0.0.1:{origin.port}; }}}}
    }}}}
    """)
    try:
        proxy = countermark(upstream([f"unix:{path}"]))
        with Client(proxy.port) as client:
            assert len(client.get("/page?size=100000").body) == 100000
            assert client.request("POST", "/upload", body=b"x" * 100000).status == 200
        server.stop()
        with Client(proxy.port) as client:
            assert client.get("/page").status == 502
        assert proxy.metrics().value("countermark_upstream_connects_total",
                                     result="upstream-connect") >= 1
    finally:
        server.stop()


def test_a_plain_address_sends_everybody_to_https(origin, countermark):
    value = config(origin.port, listen=[{"redirect": "https"}], hosts=["site.example"])
    proxy = countermark(value)
    with Client(proxy.port) as client:
        for method, status in (("GET", 301), ("HEAD", 301), ("POST", 308)):
            body = b"x=1" if method == "POST" else None
            client.send(f"{method} /a/b?c=d HTTP/1.1\r\nHost: site.example:8080\r\n"
                        f"Content-Length: {len(body or b'')}\r\n\r\n".encode() + (body or b""))
            reply = client.read_reply(method)
            assert reply.status == status
            assert reply.field("Location") == "https://site.example/a/b?c=d"
            if method == "POST":
                break
    with Client(proxy.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        assert client.read_reply().status == 421
    assert not requests_at(origin)
