"""TLS as clients meet it: curl, openssl s_client, Python's ssl."""
import hashlib
import os
import shutil
import ssl
import subprocess
import time

import pytest

from support.certificates import Authority
from support.client import Client, Truncated
from support.countermark import BINARY
from support.exchanges import field_of, last_request, resident_kib
from support.plain_site import config
from support.ports import wait_until

pytestmark = pytest.mark.sanitize


@pytest.fixture
def authority(folder):
    return Authority(folder)


@pytest.fixture
def pair(authority):
    return authority.issue("site.test", "DNS:site.test,DNS:*.site.test")


def tls_of(pair, **more):
    return {"certificate": pair[0], "key": pair[1], **more}


def secured(origin, tls, **more):
    return config(origin.port, listen=[{"tls": tls}], **more)


def s_client(proxy, authority, *words, say=b"", seconds=20):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}",
                           "-CAfile", authority.pem, *words], input=say, timeout=seconds,
                          capture_output=True, check=False)
    return done.stdout.decode("latin-1") + done.stderr.decode("latin-1")


def curl(proxy, authority, target, *words):
    return subprocess.run(["curl", "-sS", "--cacert", authority.pem, "--resolve",
                           f"site.test:{proxy.port}:127.0.0.1", *words,
                           f"https://site.test:{proxy.port}{target}"],
                          capture_output=True, timeout=30, check=False)


def handshakes(proxy, result):
    return proxy.metrics().value("countermark_tls_handshakes_total", side="client", result=result)


def test_curl_openssl_and_python_are_served(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair)))
    done = curl(proxy, authority, "/page?size=100000")
    assert done.returncode == 0 and len(done.stdout) == 100000, done.stderr
    request = last_request(origin)
    assert field_of(request, "X-Forwarded-Proto") == ["https"]
    assert "proto=https" in field_of(request, "Forwarded")[0]
    for version in ("-tls1_2", "-tls1_3"):
        said = s_client(proxy, authority, "-servername", "site.test", version, "-quiet", "-ign_eof",
                        "-verify_return_error",
                        say=b"GET /page HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n")
        assert "HTTP/1.1 200 OK" in said
    with Client(proxy.port, tls=authority.client_context(), name="www.site.test") as client:
        for size in (0, 1, 16384, 16385, 300000):
            assert len(client.get(f"/page?size={size}").body) == size
        body = os.urandom(500000)
        assert client.request("POST", "/upload", body=body).status == 200
    assert last_request(origin)["body_sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("words", [["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                                   ["-tls1_2", "-cipher", "AES128-SHA:AES128-GCM-SHA256"]])
def test_old_versions_and_ciphers_are_refused(origin, countermark, authority, pair, words):
    proxy = countermark(secured(origin, tls_of(pair)))
    said = s_client(proxy, authority, *words)
    assert "Cipher is (NONE)" in said
    assert handshakes(proxy, "failed") == 1


WEAK = """openssl_conf = all
[all]
ssl_conf = tls
[tls]
system_default = weak
[weak]
MinProtocol = TLSv1
CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0
Options = UnsafeLegacyRenegotiation,-ServerPreference,Compression
"""


def test_what_the_machine_says_of_tls_makes_it_no_weaker(origin, countermark, authority, pair, folder):
    path = os.path.join(folder, "weak.cnf")
    with open(path, "w", encoding="ascii") as out:
        out.write(WEAK)
    proxy = countermark(secured(origin, tls_of(pair)), env={"OPENSSL_CONF": path})
    for words in (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                  ["-tls1_2", "-cipher", "AES128-SHA:AES128-GCM-SHA256"],
                  ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:aNULL:eNULL:@SECLEVEL=0"]):
        assert "Cipher is (NONE)" in s_client(proxy, authority, *words), words
    said = s_client(proxy, authority, "-tls1_2", "-servername", "site.test")
    assert "Cipher is ECDHE-" in said and "Compression: NONE" in said
    with Client(proxy.port, tls=authority.client_context(), name="site.test") as client:
        assert client.get("/page").status == 200


def test_each_name_has_its_certificate(origin, countermark, authority, pair):
    other = authority.issue("other.test", key="rsa")
    proxy = countermark(secured(origin, [tls_of(pair), tls_of(other)]))
    context = authority.client_context()
    for name in ("site.test", "a.site.test", "other.test", "OTHER.test"):
        with Client(proxy.port, tls=context, name=name) as client:
            assert client.get("/page").status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        Client(proxy.port, tls=context, name="third.test")
    assert "CN = site.test" in s_client(proxy, authority, "-noservername")


def test_sessions_are_resumed_by_every_worker(origin, countermark, authority, pair, folder):
    proxy = countermark(secured(origin, tls_of(pair), workers=2))
    for version in ("-tls1_2", "-tls1_3"):
        kept = os.path.join(folder, "session")
        request = b"GET /page HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n"
        said = s_client(proxy, authority, version, "-sess_out", kept, "-ign_eof", say=request)
        assert "New, TLS" in said
        for _ in range(8):
            said = s_client(proxy, authority, version, "-sess_in", kept, "-ign_eof", say=request)
            assert "Reused, TLS" in said
    said = s_client(proxy, authority, "-tls1_2", "-no_ticket", "-reconnect", "-noservername")
    assert said.count("Reused, TLS") >= 1
    assert handshakes(proxy, "resumed") >= 17


def test_an_answer_of_the_authority_is_stapled(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair, ocsp=authority.vouch(pair[0]))))
    said = s_client(proxy, authority, "-servername", "site.test", "-status")
    assert "Cert Status: good" in said and "OCSP Response Status: successful" in said


def test_clients_without_a_good_certificate_are_turned_away(origin, countermark, authority, pair,
                                                            folder):
    alice = authority.issue("alice")
    os.mkdir(os.path.join(folder, "strange"))
    mallory = Authority(os.path.join(folder, "strange"), "stranger").issue("alice")
    required = countermark(secured(origin, tls_of(pair, client_ca=authority.pem)))
    optional = countermark(secured(origin, tls_of(pair, client_ca=authority.pem,
                                                  client_verify="optional")))

    def answers(proxy, certificate):
        try:
            with Client(proxy.port, tls=authority.client_context(certificate),
                        name="site.test") as client:
                return client.get("/page").status == 200
        except (OSError, Truncated):
            return False

    assert answers(required, alice) and answers(optional, alice)
    assert not answers(required, None) and answers(optional, None)
    assert not answers(required, mallory) and not answers(optional, mallory)
    assert handshakes(required, "failed") == 2


def test_a_reload_takes_new_certificates_and_drops_nobody(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair)))
    context = authority.client_context()
    with Client(proxy.port, tls=context, name="site.test") as client:
        assert client.get("/page").status == 200
        renewed = authority.issue("renewed", "DNS:site.test,DNS:new.test")
        shutil.copy(renewed[0], pair[0])
        done = proxy.run("reload")
        assert done.returncode == 2
        assert f"`key` `{pair[1]}`: it does not belong to the certificate" in done.stderr
        with Client(proxy.port, tls=context, name="a.site.test") as other:
            assert other.get("/page").status == 200, "the old pair stays"
        shutil.copy(renewed[1], pair[1])
        done = proxy.run("reload")
        assert done.returncode == 0, done.stderr
        assert client.get("/page").status == 200, "the connection goes on"

    def is_renewed():
        try:
            with Client(proxy.port, tls=context, name="new.test") as other:
                return other.get("/page").status == 200
        except ssl.SSLError:
            return False

    wait_until(is_renewed, 10, "the new certificate is shown")


def test_who_does_not_speak_tls_is_closed_without_an_answer(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair)))
    with Client(proxy.port) as client:
        client.send(b"GET /page HTTP/1.1\r\nHost: site.test\r\n\r\n")
        heard = client.socket.recv(100)
        assert heard == b"" or heard[0] == 21, "an alert and nothing else"
        assert client.is_closed()
    assert handshakes(proxy, "failed") == 1
    with Client(proxy.port, tls=authority.client_context(), name="site.test") as client:
        assert client.get("/page").status == 200


def test_a_handshake_has_as_long_as_a_head(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair), limits={"header_timeout": "500ms"}))
    silent, halting = Client(proxy.port), Client(proxy.port)
    halting.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    with Client(proxy.port, tls=authority.client_context(), name="site.test") as client:
        assert client.get("/page").status == 200
        assert silent.is_closed(10) and halting.is_closed(10)
        time.sleep(1)
        assert client.get("/page").status == 200, "after it a connection may rest"


def test_a_handshake_counts_as_a_connection(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair), limits={"connections_per_address_max": 3}))
    context = authority.client_context()
    silent = [Client(proxy.port) for _ in range(3)]
    wait_until(lambda: proxy.metrics().value("countermark_connections", side="client") == 3, 10,
               "they are let in")
    with pytest.raises((OSError, Truncated)):
        Client(proxy.port, tls=context, name="site.test").get("/page")
    silent.pop().close()
    wait_until(lambda: proxy.metrics().value("countermark_connections", side="client") == 2, 10,
               "one is gone")
    with Client(proxy.port, tls=context, name="site.test") as client:
        assert client.get("/page").status == 200
    for client in silent:
        client.close()


def test_a_cut_is_no_orderly_end(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair), hold_max="16KiB"))
    context = authority.client_context()
    with Client(proxy.port, tls=context, name="site.test") as client:
        client.send(b"GET /page?size=400000&do=cut-body HTTP/1.1\r\nHost: site.test\r\n\r\n")
        with pytest.raises((Truncated, ssl.SSLError)):
            client.read_reply()
    with Client(proxy.port, tls=context, name="site.test") as client:
        reply = client.get("/page", [("Connection", "close")])
        assert reply.status == 200
        assert client.socket.recv(1) == b"", "a whole answer ends with a goodbye"


def test_an_idle_connection_costs_little(origin, countermark, authority, pair):
    proxy = countermark(secured(origin, tls_of(pair)))
    context = authority.client_context()
    clients = []

    def open_some(count):
        for _ in range(count):
            client = Client(proxy.port, tls=context, name="site.test")
            assert client.get("/page?size=20000").status == 200
            clients.append(client)

    open_some(50)
    before = resident_kib(proxy.child.pid)
    open_some(400)
    each = (resident_kib(proxy.child.pid) - before) / 400
    for client in clients:
        client.close()
    sanitized = any(word in os.environ.get("COUNTERMARK_BINARY", "") for word in ("asan", "tsan"))
    assert each <= 40 or sanitized, f"{each} KiB each"


def test_an_unusable_pair_is_told_before_anything_starts(folder, authority, pair, countermark,
                                                         origin):
    proxy = countermark(secured(origin, tls_of(pair)))
    other = authority.issue("other.test")
    proxy.config["listen"][0]["tls"]["key"] = other[1]
    proxy.write_config(proxy.config)
    done = subprocess.run([BINARY, "check", "--config", proxy.config_path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2
    assert f"`key` `{other[1]}`: it does not belong to the certificate" in done.stderr
