"""`session.client_certificate`: the certificate of a client says who asks."""
import os
import ssl
import subprocess

import pytest

from support import nginx
from support.certificates import Authority
from support.client import Client
from support.exchanges import field_of, last_request
from support.plain_site import config
from support.ports import free_port

pytestmark = pytest.mark.sanitize

OLD = "0123456789abcdef0123456789abcdef"


class World:
    """A proxy that asks for certificates, and people who have them."""

    def __init__(self, folder, origin, countermark):
        self.folder, self.origin, self.countermark = folder, origin, countermark
        self.authority = Authority(folder)
        self.pair = self.authority.issue("site.test")
        self.people = {name: self.authority.issue(name, f"email:{name}@x.test,URI:urn:x:{name}")
                       for name in ("alice", "bob")}

    def config(self, session=None, listen=None, **top):
        tls = {"certificate": self.pair[0], "key": self.pair[1], "client_ca": self.authority.pem,
               "client_verify": "optional"}
        value = config(self.origin.port, listen=[{"tls": tls, **(listen or {})}], login={})
        value["session"] = {"cookies": ["JSESSIONID"], "client_certificate": "common-name",
                            "client_certificate_field": "X-Client-Name", **(session or {})}
        value.update(top)
        return value

    def start(self, **how):
        return self.countermark(self.config(**how))

    def client(self, proxy, name=None, **more):
        context = self.authority.client_context(self.people[name] if name else None)
        return Client(proxy.port, tls=context, name="site.test", **more)


@pytest.fixture
def world(folder, origin, countermark):
    return World(folder, origin, countermark)


def page(client, owner, *fields, path="/mypage/top", order=""):
    return client.get(f"{path}?marker={owner}{order}", fields)


def told(origin):
    return field_of(last_request(origin), "x-client-name")


def test_who_shows_a_certificate_gets_his_own_pages_and_no_others(origin, world):
    proxy = world.start()
    with world.client(proxy, "alice") as alice, world.client(proxy, "bob") as bob:
        for _ in range(3):
            assert page(alice, "alice").status == 200
            assert told(origin) == ["alice"]
            assert page(bob, "bob").status == 200
            assert told(origin) == ["bob"]
        assert proxy.feature_is_up()
        reply = page(bob, "alice")
        assert reply.status == 502 and b"alice" not in reply.received
        assert not proxy.feature_is_up()
        assert proxy.wait_for_log(7)[-1]["ending"] == "refused"
    display = proxy.ledger().displays()[-1]
    assert (display["viewer"], display["subject"]) == ("bob", "alice")
    assert display["detector"] == "owner-marker"


def test_each_certificate_has_connections_of_its_own_that_are_used_again(world):
    proxy = world.start()
    for name in ("alice", "bob", "alice", "bob"):
        for fields in ((), (("Cookie", f"JSESSIONID={name}{OLD}"),)):
            with world.client(proxy, name) as client:
                assert page(client, name, *fields).status == 200
                assert page(client, name, *fields).status == 200
    lines = proxy.wait_for_log(16)
    used = [line["connection"] for line in lines]
    assert len(used) == 16
    kinds = {(line["session"], line["connection"]) for line in lines}
    assert len(set(used)) == 4 and len(kinds) <= 6, kinds
    assert proxy.feature_is_up()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_session_keeps_its_user(origin, world, version):
    proxy = world.start(workers=2)
    contexts = {}
    sessions = {}
    for name in ("alice", "bob"):
        context = contexts[name] = world.authority.client_context(world.people[name])
        context.minimum_version = context.maximum_version = version
        with Client(proxy.port, tls=context, name="site.test") as client:
            assert page(client, name).status == 200
            sessions[name] = client.socket.session
    for name in ("alice", "bob", "alice", "bob"):
        with resumed(proxy, contexts[name], sessions[name]) as client:
            assert client.socket.session_reused
            assert page(client, name).status == 200
            assert told(origin) == [name]
    assert proxy.feature_is_up()
    with resumed(proxy, contexts["bob"], sessions["bob"]) as client:
        assert client.socket.session_reused
        assert page(client, "alice").status == 502
    assert proxy.ledger().displays()[-1]["viewer"] == "bob"


def resumed(proxy, context, session):
    client = Client(proxy.port)
    client.socket = context.wrap_socket(client.socket, server_hostname="site.test", session=session)
    return client


def test_a_marked_page_for_nobody_is_refused(origin, world):
    proxy = world.start()
    with world.client(proxy) as nobody:
        assert nobody.get("/page").status == 200
        assert told(origin) == []
        assert page(nobody, "alice", path="/guarded/page").status == 502
    assert proxy.ledger().displays()[-1]["reason"] == "anonymous"


def test_what_a_client_writes_itself_is_not_believed(origin, world):
    proxy = world.start()
    forged = [("X-Client-Name", "alice"), ("x_client_name", "alice"),
              ("SSL-Client-S-DN", "CN=alice"), ("Client-Cert", ":YWxpY2U=:"),
              ("X-Forwarded-Client-Cert", "Subject=alice")]
    with world.client(proxy, "bob") as bob, world.client(proxy) as nobody:
        assert bob.get("/page", forged).status == 200
        assert told(origin) == ["bob"]
        assert b"alice" not in str(last_request(origin)).encode()
        assert nobody.get("/page", forged).status == 200
        assert "alice" not in str(last_request(origin))
        assert page(bob, "alice", *forged).status == 502
    assert proxy.ledger().displays()[-1]["viewer"] == "bob"


FRONT = """
    map $ssl_client_s_dn $client_name {{ ~CN=(?<cn>[^,]+) $cn; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {authority};
        ssl_verify_client optional;
        location / {{
            proxy_pass http://unix:{socket}:;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Client-Name $client_name;
        }}
    }}
"""


def test_a_trusted_proxy_that_has_the_certificate_says_whose_it_is(origin, world, folder):
    path = os.path.join(folder, "front.sock")
    listen = {"address": f"unix:{path}", "trusted_proxies": ["unix:"], "tls": None}
    value = world.config(listen=listen)
    del value["listen"][0]["tls"]
    proxy = world.countermark(value)
    http = FRONT.replace("{certificate}", world.pair[0]).replace("{key}", world.pair[1]) \
        .replace("{authority}", world.authority.pem).replace("{socket}", path)
    front = nginx.Nginx(folder, free_port(), http)
    try:
        with world.client(front, "alice") as alice, world.client(front, "bob") as bob, \
                world.client(front) as nobody:
            for _ in range(2):
                assert page(alice, "alice").status == 200
                assert told(origin) == ["alice"]
                assert page(bob, "bob").status == 200
            assert nobody.get("/page", [("X-Client-Name", "bob")]).status == 200
            assert told(origin) == []
            assert proxy.feature_is_up()
            assert page(alice, "bob").status == 502
        assert proxy.ledger().displays()[-1]["viewer"] == "alice"
    finally:
        front.stop()


@pytest.mark.parametrize("fields", [["alice", "bob"], ["x" * 257]])
def test_a_proxy_that_says_two_names_or_none_that_can_be_is_in_doubt(world, folder, fields):
    value = world.config(listen={"trusted_proxies": ["127.0.0.1/32"]})
    proxy = world.countermark(value)
    fields = [("X-Client-Name", name) for name in fields]
    with world.client(proxy, "bob") as client:     # The certificate of the proxy itself.
        assert page(client, "alice", *fields).status == 502
        assert proxy.feature_is_up(), "nobody knows whose it was"
        assert page(client, "alice", ("X-Client-Name", "alice")).status == 200
        assert client.get("/page", [("X-Client-Name", "(null)")]).status == 200


def test_over_http2(world):
    proxy = world.start()

    def curl(name, target):
        certificate, key = world.people[name]
        done = subprocess.run(
            ["curl", "-sS", "--http2", "--cacert", world.authority.pem, "--cert", certificate,
             "--key", key, "--resolve", f"site.test:{proxy.port}:127.0.0.1", "-w",
             "%{http_version} %{http_code}\n", *(word for one in target for word in
                                                 ("-o", os.devnull,
                                                  f"https://site.test:{proxy.port}{one}"))],
            capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    assert curl("alice", ["/mypage/top?marker=alice"] * 3) == ["2 200"] * 3
    assert curl("bob", ["/mypage/top?marker=bob"] * 2) == ["2 200"] * 2
    assert proxy.feature_is_up()
    assert curl("bob", ["/mypage/top?marker=alice"]) == ["2 502"]
    assert proxy.ledger().displays()[-1]["viewer"] == "bob"


def test_a_session_of_another_s_certificate_is_in_doubt(world):
    proxy = world.start()
    cookie = ("Cookie", f"JSESSIONID={OLD}")
    with world.client(proxy, "alice") as alice, world.client(proxy, "bob") as bob:
        assert page(alice, "alice", cookie).status == 200
        assert page(alice, "alice", cookie).status == 200
        reply = page(bob, "alice", cookie)
        assert reply.status == 502 and b"alice" not in reply.received
        assert proxy.feature_is_up(), "the cookie says one thing, the certificate another"
        assert bob.get("/page", [cookie]).status == 200


def test_a_cookie_that_the_site_gives_besides(world):
    proxy = world.start()
    with world.client(proxy, "alice") as alice:
        for number in range(4):
            reply = page(alice, "alice", order="&token=JSESSIONID")
            assert reply.status == 200, number
            cookie = ("Cookie", reply.field("Set-Cookie").split(";")[0])
            assert page(alice, "alice", cookie).status == 200
            assert page(alice, "alice", cookie).status == 200
        assert proxy.feature_is_up()
        assert page(alice, "bob", cookie).status == 502
    assert not proxy.feature_is_up()
    assert proxy.ledger().displays()[-1]["viewer"] == "alice"


def test_a_login_form_besides(world):
    login = {"request": ["POST /login"], "user_field": "userid", "success": ["location:/mypage/**"],
             "logout": ["/logout"]}
    proxy = world.start(login=login)
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    with world.client(proxy, "alice") as alice:
        for _ in range(2):
            reply = alice.request("POST", "/login?status=303&token=JSESSIONID"
                                  "&field=Location:/mypage/top", form, b"userid=alice")
            assert reply.status == 303
            cookie = ("Cookie", reply.field("Set-Cookie").split(";")[0])
            assert page(alice, "alice", cookie).status == 200
            assert page(alice, "alice", cookie).status == 200
            assert alice.get("/logout", [cookie]).status == 200
            assert page(alice, "alice", cookie).status == 200
        assert proxy.feature_is_up()
        assert page(alice, "bob", cookie).status == 502
    assert not proxy.feature_is_up()


def test_an_unknown_cookie_is_no_reason_to_forget_the_certificate(origin, world):
    proxy = world.start(session={"unknown": "renew"})
    with world.client(proxy, "alice") as alice:
        for _ in range(2):
            assert page(alice, "alice", ("Cookie", f"JSESSIONID={OLD}")).status == 200
            assert told(origin) == ["alice"]
    assert proxy.feature_is_up()


@pytest.mark.parametrize("kind, name", [("email", "alice@x.test"), ("uri", "urn:x:alice"),
                                        ("subject", "CN=alice"), ("fingerprint", None)])
def test_each_name_of_a_certificate(origin, world, kind, name):
    proxy = world.start(session={"client_certificate": kind})
    if name is None:
        text = subprocess.run(["openssl", "x509", "-in", world.people["alice"][0], "-noout",
                               "-fingerprint", "-sha256"], capture_output=True, text=True, check=True)
        name = text.stdout.split("=")[1].strip().replace(":", "").lower()
    with world.client(proxy, "alice") as alice:
        assert page(alice, name).status == 200
        assert told(origin) == [name]
        assert page(alice, name.replace("alice", "bob")[::-1 if kind == "fingerprint" else 1]) \
            .status == 502
    assert not proxy.feature_is_up()


def test_a_certificate_without_the_name_is_somebody_s(origin, world):
    proxy = world.start(session={"client_certificate": "email"})
    world.people["carol"] = world.authority.issue("carol", "email:a@x.test,email:b@x.test")
    with world.client(proxy, "carol") as carol:
        assert carol.get("/page").status == 200
        assert told(origin) == []
        assert page(carol, "a@x.test").status == 502
    assert proxy.feature_is_up(), "not nobody: that would have taken login down"


def test_while_login_is_down_the_site_hears_of_nobody(origin, world):
    proxy = world.start()
    with world.client(proxy, "bob") as bob:
        assert page(bob, "bob").status == 200
        proxy.run("down", "login", "--reason", "a test")
        assert page(bob, "bob").status == 503
        assert bob.get("/page").status == 200
        assert told(origin) == []


def test_a_reload_that_no_longer_names_them_is_weaker(world):
    proxy = world.start()
    with world.client(proxy, "alice") as alice:
        assert page(alice, "alice").status == 200
        proxy.config["session"].pop("client_certificate")
        proxy.config["session"].pop("client_certificate_field")
        proxy.write_config(proxy.config)
        done = proxy.run("reload")
        assert done.returncode == 2
        assert "requesters are no longer named by their certificates" in done.stderr
        proxy.config["session"]["client_certificate"] = "email"
        proxy.write_config(proxy.config)
        assert proxy.run("reload", "--accept-weaker", "a test").returncode == 0
        assert page(alice, "alice@x.test").status == 200, "read again, by the other name"
