"""Signed markers: what the site signs counts, what anybody else writes never does; the snippets."""
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess

import pytest

from support.client import Browser, Client
from support.nginx import Nginx
from support.plain_site import config, login, signed_in
from support.ports import accepts, free_port, wait_until
from support.processes import Child
from support.written_site import WrittenSite

SNIPPETS = os.path.join(os.path.dirname(__file__), "..", "..", "config", "snippets")
KEY = b"0123456789abcdefghijklmnopqrstuv"


def signed(value, request=None, key=KEY):
    text = value if request is None else f"{value}|{request}"
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{value}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.fixture(name="key_file")
def fixture_key_file(tmp_path):
    path = tmp_path / "marker.key"
    path.write_bytes(KEY + b"\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(name="site")
def fixture_site():
    site = WrittenSite()
    with site.server:
        yield site


def site_config(site, key_file, bound, find=("meta:user-marker",)):
    value = config(site.port)
    value["markers"] = [{"name": "owner", "find": list(find),
                         "signed": {"key_file": key_file, "bound": bound}}]
    return value


def meta(content):
    return f'<head><meta name="user-marker" content="{content}"></head>'


def browser_of(proxy, site, user, bound):
    """Logged in, and one page of its own seen."""
    site.page = lambda path, request: meta(signed(user, request if bound else None))
    return signed_in(proxy.port, user)


@pytest.mark.parametrize("bound", [False, True])
def test_a_signed_marker_is_the_value_it_signs(site, countermark, key_file, bound):
    proxy = countermark(site_config(site, key_file, bound))
    browser = browser_of(proxy, site, "alice", bound)
    assert browser.get("/mypage/top").status == 200
    site.page = lambda path, request: meta(signed("bob", request if bound else None))
    reply = browser.get("/mypage/top")
    assert reply.status == 502 and b"bob" not in reply.received
    assert not proxy.feature_is_up(), "a signed page of another user is a display"


@pytest.mark.parametrize("content", [
    "alice", "bob", "alice." + "A" * 43, signed("alice", key=b"another key of the site"),
    signed("alice")[:-1], signed("alice") + "A", signed("bob").replace("bob.", "alice."),
    ".", "alice.", "x" * 250])
def test_a_wrong_signature_is_refused_and_takes_nothing_down(site, countermark, key_file, content):
    proxy = countermark(site_config(site, key_file, False))
    browser = browser_of(proxy, site, "alice", False)
    page = meta(content) + "PRIVATE"
    site.page = lambda path, request: page
    for path in ("/mypage/top", "/mypage/top", "/news"):
        reply = browser.get(path)
        assert reply.status == 502 and b"PRIVATE" not in reply.received
    assert proxy.feature_is_up()
    assert proxy.metrics().value("countermark_findings_total", detector="marker-signature",
                                 action="refuse") >= 3
    site.page = lambda path, request: meta(signed("alice"))
    assert browser.get("/mypage/top").status == 200


def test_a_bound_marker_of_another_request_is_refused(site, countermark, key_file):
    proxy = countermark(site_config(site, key_file, True))
    browser = browser_of(proxy, site, "alice", True)
    copied = signed("alice", site.last)
    for content in (copied, signed("alice"), signed("alice", "")):
        page = meta(content)
        site.page = lambda path, request, page=page: page
        assert browser.get("/mypage/top").status == 502
    assert proxy.feature_is_up()


def test_typed_text_is_no_marker_beside_a_signed_one(site, countermark, key_file):
    """What a visitor typed and the site escaped; a pattern that would find it is told of."""
    proxy = countermark(site_config(site, key_file, True))
    browser = browser_of(proxy, site, "alice", True)
    typed = "&lt;meta name=&quot;user-marker&quot; content=&quot;bob.x&quot;&gt;"
    site.page = lambda path, request: (meta(signed("alice", request)) + f"<p>{typed}</p>"
                                       f"<textarea>{meta('bob')}</textarea>")
    assert browser.get("/mypage/top").status == 200
    assert proxy.feature_is_up()


def test_a_page_that_requires_a_signed_marker_and_has_none_is_unmarked(site, countermark, key_file):
    proxy = countermark(site_config(site, key_file, False))
    browser = browser_of(proxy, site, "alice", False)
    site.page = lambda path, request: "<p>nothing</p>"
    assert browser.get("/mypage/top").status == 502
    assert browser.get("/news").status == 200
    assert proxy.feature_is_up()


@pytest.mark.parametrize("content,mode,words", [
    (None, 0o600, ["does not exist"]), (b" \n", 0o600, ["holds no key"]), (KEY, 0o602, ["anybody can write", "chmod"])])
def test_a_bad_key_file_is_told_with_its_place(tmp_path, countermark_check, content, mode, words):
    path = tmp_path / "marker.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    value = config(9)
    value["markers"][0]["signed"] = {"key_file": str(path)}
    code, said = countermark_check(value)
    assert code == 2 and "marker.key" in said
    for word in words:
        assert word in said


def test_signed_without_a_key_or_with_a_short_one_that_everybody_reads_is_told(countermark_check, key_file):
    value = config(9)
    value["markers"][0]["signed"] = {"bound": True}
    code, said = countermark_check(value)
    assert code == 2 and "`signed` has no `key_file`" in said
    with open(key_file, "wb") as out:
        out.write(b"short")
    os.chmod(key_file, 0o644)
    value["markers"][0]["signed"] = {"key_file": key_file}
    value["markers"][0]["find"] = ["regex:uid=([^;]+);"]
    code, said = countermark_check(value)
    assert code == 0 and "anybody can read" in said and "bound: true" in said, said
    assert "holds only 5 bytes" in said and "openssl rand" in said, said


@pytest.fixture(name="countermark_check")
def fixture_countermark_check(tmp_path):
    binary = os.environ.get("COUNTERMARK_BINARY") or os.path.join(
        os.path.dirname(__file__), "..", "..", "build", "release", "countermark")

    def check(value):
        path = tmp_path / "countermark.yaml"
        path.write_text(json.dumps({"listen": [{"address": "127.0.0.1:8080"}], **value}))
        done = subprocess.run([binary, "check", "--config", str(path)], capture_output=True,
                              text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    return check


# Snippets

PHP = ("require '{0}/countermark.php'; if ($argc > 2) $_SERVER['HTTP_COUNTERMARK_REQUEST'] = $argv[2]; "
       "echo countermark_meta($argv[1], $argc > 2);")
PYTHON = "import sys; sys.path.insert(0, '{0}'); import countermark; print(countermark.meta(*sys.argv[1:]))"
RUBY = "require '{0}/countermark.rb'; puts Countermark.meta(*ARGV)"
NODE = "const c = require('{0}/countermark.js'); console.log(c.meta(...process.argv.slice(1)))"
PROGRAMS = {"php": ["php", "-r", PHP, "--"], "python3": ["/usr/bin/python3", "-Bc", PYTHON],
            "ruby": ["ruby", "-e", RUBY], "node": ["node", "-e", NODE, "--"],
            "java": ["java", "{0}/Countermark.java"]}


@pytest.mark.parametrize("bound", [False, True], ids=["plain", "bound"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_each_snippet_makes_markers_that_verify(site, countermark, key_file, program, bound):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    argv = [word.replace("{0}", os.path.abspath(SNIPPETS)) for word in PROGRAMS[program]]

    def page(value, request):
        given = argv + ([value, request] if bound else [value])
        done = subprocess.run(given, capture_output=True, check=False, timeout=60,
                              env={**os.environ, "COUNTERMARK_KEY_FILE": key_file, "LANG": "C.UTF-8"})
        assert done.returncode == 0, done.stderr
        return "<html><head>" + done.stdout.decode() + "</head></html>"

    name = 'a<"&\'>b.山田'
    value = site_config(site, key_file, bound)
    value["upstreams"][0]["timeouts"]["response"] = "60s"
    proxy = countermark(value)
    site.page = lambda path, request: page(name, request)
    browser = Browser(proxy.port)
    assert login(browser, name).status == 303
    assert browser.get("/mypage/top").status == 200
    assert browser.get("/mypage/top").status == 200
    site.page = lambda path, request: page("bob", request)
    assert browser.get("/mypage/top").status == 502
    assert not proxy.feature_is_up()


APACHE = """ServerRoot /usr/lib/apache2
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule headers_module modules/mod_headers.so
User {user}
Group {group}
DocumentRoot {folder}
Mutex file:{folder}
{line}
"""


def start_apache(folder, line):
    port = free_port()
    with open(os.path.join(folder, "page.html"), "w", encoding="utf-8") as out:
        out.write("page")
    os.chmod(folder, 0o755)
    path = os.path.join(folder, "apache.conf")
    with open(path, "w", encoding="utf-8") as out:
        out.write(APACHE.format(port=port, folder=folder, line=line, user="www-data",
                                group="www-data"))
    child = Child("apache", ["/usr/sbin/apache2", "-f", path, "-DFOREGROUND"], folder)
    wait_until(lambda: accepts(port), 20, "apache listens")
    return port, lambda: child.stop(10)


def start_nginx(folder, line):
    server = Nginx(folder, free_port(), f"""
        server {{{{ listen 127.0.0.1:{{port}}; {line}
                    location / {{{{ return 200 page; }}}} }}}}""")
    return server.port, server.stop


@pytest.mark.parametrize("name,start", [("apache", start_apache), ("nginx", start_nginx)])
def test_one_line_in_the_web_server_returns_the_echo(folder, countermark, name, start):
    with open(os.path.join(SNIPPETS, f"{name}-echo.conf"), encoding="utf-8") as file:
        line = file.read().strip()
    assert len(line.splitlines()) == 1
    port, stop = start(folder, line)
    try:
        value = config(port)
        value["routes"] = [{"path": "/**", "echo": "expect"}]
        proxy = countermark(value)
        with Client(proxy.port) as client:
            for path in ("/page.html", "/page.html", "/missing"):
                reply = client.get(path)
                assert reply.status in (200, 404)
                assert reply.field("Countermark-Echo") is None, "ours never reaches a client"
        assert proxy.metrics().value("countermark_findings_total", detector="session-echo",
                                     action="refuse") in (0, None)
        with Client(port) as client:
            reply = client.get("/page.html", [("Countermark-Request", "0" * 32)])
            assert reply.field("Countermark-Echo") == "0" * 32
            reply = client.get("/missing", [("Countermark-Request", "1" * 32)])
            assert reply.field("Countermark-Echo") == "1" * 32
    finally:
        stop()
