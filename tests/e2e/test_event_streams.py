"""Event streams and WebSockets through the real binary, with real clients: at once when verified,
nothing of a foreign message, closed when login goes down or the session changes."""
import asyncio
import subprocess
import threading
import zlib

import pytest
import websockets

from support.client import Browser, Client
from support.plain_site import config
from support.ports import wait_until
from support.scripted_site import ScriptedSite, login, page

pytestmark = pytest.mark.sanitize

WAIT = 15


def value_of(site, **top):
    value = config(site.port, **top)
    value["markers"][0]["find"].append("json:/user")
    value["routes"].insert(0, {"path": "/socket/**", "websocket": "allow"})
    return value


def signed_in(port, user):
    browser = Browser(port)
    assert browser.post("/login", {"userid": user, "password": "x"}).status == 303
    assert browser.get(f"/mypage/{user}").status == 200
    return browser


def cookie_of(browser):
    return f"JSESSIONID={browser.cookies['JSESSIONID']}"


def paths(**more):
    found = {"/login": login(), "/logout": page(), "/mypage/alice": page("alice"),
             "/mypage/bob": page("bob")}
    found.update({"/" + name.replace("__", "/"): answer for name, answer in more.items()})
    return found


class Curl:
    """curl -N: what it prints, as it comes."""

    def __init__(self, port, path, *options):
        self.process = subprocess.Popen(
            ["curl", "-sN", *options, f"http://127.0.0.1:{port}{path}"], stdout=subprocess.PIPE)
        self.text = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            data = self.process.stdout.read1(65536)
            if not data:
                return
            self.text += data

    def hears(self, text):
        wait_until(lambda: text in self.text, WAIT, f"curl heard {text!r}")

    def ends(self):
        return self.process.wait(WAIT)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Events:
    """An answer that says what the test puts in."""

    def __init__(self, *fields, coder=None):
        self.peers = []
        self.fields = fields
        self.coder = coder
        self.left = threading.Event()

    def __call__(self, peer):
        peer.head_of("text/event-stream", "Transfer-Encoding: chunked", *self.fields)
        self.peers.append(peer)
        if self.coder is None:
            peer.chunk(b": open\n\n")
        peer.gone(60)
        self.left.set()

    def say(self, text):
        wait_until(lambda: self.peers, WAIT, "the site was asked")
        if self.coder is not None:
            text = self.coder.compress(text) + self.coder.flush(zlib.Z_SYNC_FLUSH)
        self.peers[-1].chunk(text)


def test_an_event_arrives_while_the_next_was_not_sent(countermark):
    events = Events()
    with ScriptedSite(paths(events=events)) as site:
        proxy = countermark(value_of(site))
        curl = Curl(proxy.port, "/events")
        for number in range(5):
            events.say(b"data: %d\n\n" % number)
            curl.hears(b"data: %d\n\n" % number)
        events.peers[-1].last_chunk()
        assert curl.ends() == 0
        assert proxy.metrics().value("countermark_messages_total", kind="event") == 6


@pytest.mark.parametrize("wbits, name", [(31, "gzip"), (15, "deflate")])
def test_a_coded_event_stream_goes_on_decoded_and_at_once(countermark, wbits, name):
    coder = zlib.compressobj(6, zlib.DEFLATED, wbits)
    events = Events(f"Content-Encoding: {name}", coder=coder)
    with ScriptedSite(paths(events=events)) as site:
        proxy = countermark(value_of(site))
        browser = signed_in(proxy.port, "alice")
        curl = Curl(proxy.port, "/events", "-i", "-b", cookie_of(browser), "-H",
                    "Accept-Encoding: gzip, deflate")
        events.say(b"data: one\n\n")
        curl.hears(b"data: one\n\n")
        assert b"content-encoding" not in curl.text.lower()
        events.say(b'data: {"user":"alice"}\n\ndata: two')
        curl.hears(b'data: {"user":"alice"}\n\n')
        events.say(b'\n\ndata: {"user":"bob"}\n\n')
        assert curl.ends() != 0
        assert b"bob" not in curl.text
        browser.close()


def test_a_foreign_event_cuts_the_stream_and_takes_login_down(countermark):
    events = Events()
    with ScriptedSite(paths(events=events)) as site:
        proxy = countermark(value_of(site))
        browser = signed_in(proxy.port, "alice")
        curl = Curl(proxy.port, "/events", "-b", cookie_of(browser))
        events.say(b'data: {"user":"alice"}\n\n')
        curl.hears(b"alice")
        events.say(b'data: secret\ndata: <meta name="user-marker" content="bob">\n\n')
        assert curl.ends() != 0
        assert b"bob" not in curl.text and b"secret" not in curl.text
        assert not proxy.feature_is_up()
        wait_until(proxy.ledger().displays, WAIT, "a display")
        assert proxy.ledger().displays()[-1]["outcome"] == "cut"
        assert events.left.wait(WAIT)
        browser.close()


def test_login_going_down_closes_silent_streams_of_all_workers(countermark):
    events, public = Events(), Events()
    with ScriptedSite(paths(events=events, public=public)) as site:
        proxy = countermark(value_of(site, workers=2))
        browser = signed_in(proxy.port, "alice")
        curls = [Curl(proxy.port, "/events", "-b", cookie_of(browser)) for _ in range(8)]
        nobody = Curl(proxy.port, "/public")
        for curl in curls + [nobody]:
            curl.hears(b": open")
        assert proxy.run("down", "login", "--reason", "a test").returncode == 0
        for curl in curls:
            assert curl.ends() != 0
        public.say(b"data: still there\n\n")
        nobody.hears(b"still there")
        nobody.stop()
        browser.close()


@pytest.mark.parametrize("how", ["logout", "login"])
def test_a_login_or_logout_closes_the_streams_of_its_session(countermark, how):
    events = Events()
    with ScriptedSite(paths(events=events)) as site:
        proxy = countermark(value_of(site))
        browser, other = signed_in(proxy.port, "alice"), signed_in(proxy.port, "bob")
        mine = Curl(proxy.port, "/events", "-b", cookie_of(browser))
        theirs = Curl(proxy.port, "/events", "-b", cookie_of(other))
        for curl in (mine, theirs):
            curl.hears(b": open")
        if how == "logout":
            assert browser.get("/logout").status == 200
        else:
            assert browser.post("/login", {"userid": "bob", "password": "x"}).status == 303
        assert mine.ends() != 0
        assert theirs.process.poll() is None
        theirs.stop()
        browser.close()
        other.close()


def test_events_over_http2_arrive_at_once_and_are_cut(countermark):
    events = Events()
    with ScriptedSite(paths(events=events)) as site:
        proxy = countermark(value_of(site, listen=[{"http2": "prior-knowledge"}]))
        browser = signed_in(proxy.port, "alice")
        curl = Curl(proxy.port, "/events", "--http2-prior-knowledge", "-b", cookie_of(browser))
        events.say(b'data: {"user":"alice"}\n\n')
        curl.hears(b"alice")
        events.say(b'data: {"user":"bob"}\n\n')
        assert curl.ends() != 0
        assert b"bob" not in curl.text
        browser.close()


def test_many_idle_streams_hold_no_memory(countermark):
    events = Events()
    with ScriptedSite(paths(events=events)) as site:
        proxy = countermark(value_of(site, hold_total_max="1MiB"))
        clients = [Client(proxy.port) for _ in range(100)]
        for client in clients:
            client.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: len(events.peers) == 100, WAIT, "all streams are open")
        for peer in events.peers:
            peer.chunk(b"data: x\n\n")
        wait_until(lambda: proxy.metrics().value("countermark_messages_total", kind="event") == 200,
                   WAIT, "all events were released")
        wait_until(lambda: proxy.metrics().value("countermark_held_bytes") == 0, WAIT,
                   "nothing is held")
        for client in clients:
            client.close()


# WebSockets, with Python's websockets at both ends: it offers permessage-deflate

class Talk:
    """A server that says what the test tells it to; `offered` are the extensions it was offered."""

    def __init__(self):
        self.offered = []
        self.heard = []

    async def serve(self, socket):
        self.offered.append(socket.request_headers.get("Sec-WebSocket-Extensions"))
        async for message in socket:
            self.heard.append(message)
            if message == "bye":
                return
            await socket.send(message)


def talk(scenario, **top):
    """Runs scenario(connect, proxy, server) with a proxy before a server that echoes."""
    async def run(countermark):
        server = Talk()
        async with websockets.serve(server.serve, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            with ScriptedSite(paths(other=page())) as site:
                value = value_of(site, **top)
                value["upstreams"].append({"name": "talk", "servers": [f"http://127.0.0.1:{port}"]})
                for route in value["routes"]:
                    if route["path"] == "/socket/**":
                        route["upstream"] = "talk"
                proxy = countermark(value)

                def connect(path="/socket/a", cookie=None):
                    fields = {"Cookie": cookie} if cookie else {}
                    return websockets.connect(f"ws://127.0.0.1:{proxy.port}{path}",
                                              extra_headers=fields)
                await scenario(connect, proxy, server)
    return lambda countermark: asyncio.run(asyncio.wait_for(run(countermark), 60))


def test_a_websocket_talks_both_ways_without_extensions(countermark):
    async def scenario(connect, proxy, server):
        async with connect() as socket:
            for message in ("hello", "x" * 70000, b"\x00\xff" * 40000, ""):
                await socket.send(message)
                assert await socket.recv() == message
            await (await socket.ping())
        assert server.offered == [None]
        metrics = proxy.metrics()
        assert metrics.value("countermark_messages_total", kind="text") == 3
        assert metrics.value("countermark_messages_total", kind="binary") == 1
        assert metrics.value("countermark_uninspected_total", reason="binary") == 1
    talk(scenario)(countermark)


def test_a_foreign_message_closes_the_websocket(countermark):
    async def scenario(connect, proxy, _):
        browser = await asyncio.to_thread(signed_in, proxy.port, "alice")
        async with connect(cookie=cookie_of(browser)) as socket:
            await socket.send('{"user":"alice"}')
            assert await socket.recv() == '{"user":"alice"}'
            await socket.send('{"user":"bob"}')
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await socket.recv()
            assert closed.value.rcvd.code == 1008
        assert not await asyncio.to_thread(proxy.feature_is_up)
        browser.close()
    talk(scenario)(countermark)


def test_login_going_down_closes_silent_websockets(countermark):
    async def scenario(connect, proxy, _):
        browser = await asyncio.to_thread(signed_in, proxy.port, "alice")
        async with connect(cookie=cookie_of(browser)) as mine, connect() as nobodys:
            done = await asyncio.to_thread(proxy.run, "down", "login", "--reason", "a test")
            assert done.returncode == 0
            with pytest.raises(websockets.ConnectionClosedError):
                await mine.recv()
            await nobodys.send("still there")
            assert await nobodys.recv() == "still there"
        browser.close()
    talk(scenario, workers=2)(countermark)


def test_a_websocket_is_not_forwarded_where_it_is_not_allowed(countermark):
    async def scenario(connect, *_):
        with pytest.raises(websockets.InvalidHandshake):
            await connect("/other")
    talk(scenario)(countermark)
