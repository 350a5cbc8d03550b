"""Clients that are a burden, each crowd in processes of its own, and the others beside them, whose
waiting is measured."""
import http.client
import multiprocessing
import os
import select
import socket
import statistics
import time

from .dial import dial
from .pages import COOKIE_NAME, path_of, session_token
from .server import Failed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
# :method GET, :scheme http, :path /, :authority a: from the static table, nothing kept.
H2_HEAD = b"\x82\x86\x84\x01\x01a"
RESETS_AT_ONCE = 100
PER_ADDRESS = 1000
CONNECT_SECONDS = 60


def source_of(number):
    return f"127.9.{number // PER_ADDRESS // 250}.{1 + number // PER_ADDRESS % 250}"


def connect(port, number):
    return dial(port, source_of(number), CONNECT_SECONDS)


def request(method, path, *fields):
    cookie = f"Cookie: {COOKIE_NAME}={session_token()}"
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: a", cookie, *fields, "", "")).encode()


def answered(client):
    """The status of an answer; its body is read as far as it comes at once."""
    data = client.recv(65536)
    return int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/") else 0


class Crowd:
    """`behave(pipe, *args)` in a process of its own; it says "there", is told to go, reports."""

    def __init__(self, behave, *args):
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=behave, args=(theirs, *args), daemon=True)
        self._process.start()

    def _hear(self, seconds):
        if not self._pipe.poll(seconds):
            raise Failed("a crowd does not answer")
        try:
            said = self._pipe.recv()
        except EOFError as error:
            raise Failed("a crowd has broken down") from error
        if isinstance(said, str) and said != "there":
            raise Failed(f"a crowd has broken down: {said}")
        return said

    def arrive(self):
        self._hear(600)

    def leave(self):
        """What it has seen, as a dict of counts."""
        self._pipe.send("go")
        seen = self._hear(600)
        self._process.join(60)
        return seen


def _behaves(function):
    def behave(pipe, *args):
        try:
            function(pipe, *args)
        except (OSError, ValueError) as error:
            pipe.send(f"{type(error).__name__}: {error}")
    return behave


@_behaves
def idle(pipe, port, first, count):
    """Connections that asked once and then stay."""
    clients = []
    for number in range(first, first + count):
        client = connect(port, number)
        client.sendall(request("GET", path_of(1)))
        if answered(client) != 200:
            raise ValueError("a client was not served")
        clients.append(client)
    pipe.send("there")
    pipe.recv()
    left = select.poll()
    for client in clients:
        left.register(client, select.POLLIN)
    pipe.send({"ended by the proxy": len(left.poll(0))})


@_behaves
def sink(pipe, port):
    """A server that takes everything and never answers."""
    server = socket.create_server(("127.0.0.1", port), backlog=4096)
    poll, clients = select.poll(), {}
    poll.register(server, select.POLLIN)
    pipe.send("there")
    while not pipe.poll(0):
        for descriptor, _ in poll.poll(200):
            if descriptor == server.fileno():
                client, _ = server.accept()
                clients[client.fileno()] = client
                poll.register(client, select.POLLIN)
            elif not clients[descriptor].recv(65536):
                poll.unregister(descriptor)
                clients.pop(descriptor).close()
    pipe.recv()
    pipe.send({})


@_behaves
def slow(pipe, port, first, count):
    """A third each: never ends its head, never ends its body, never reads its page."""
    clients, seen = {}, {}
    poll = select.poll()
    for number in range(first, first + count):
        kind = ("slow head", "slow body", "slow reader")[number % 3]
        client = connect(port, number)
        client.sendall({"slow head": request("GET", "/")[:-2] + b"X-Slow: ",
                        "slow body": request("POST", "/sink", "Content-Length: 100000") + b"x",
                        "slow reader": request("GET", path_of(128))}[kind])
        clients[client.fileno()] = (client, kind)
        if kind != "slow reader":
            poll.register(client, select.POLLIN)
    pipe.send("there")
    while not pipe.poll(0):
        for descriptor, _ in poll.poll(500):
            client, kind = clients[descriptor]
            poll.unregister(client)
            try:
                said = f"{kind}: {answered(client) or 'closed'}"
            except OSError:
                said = f"{kind}: reset"
            seen[said] = seen.get(said, 0) + 1
    pipe.recv()
    pipe.send(seen)


@_behaves
def reset(pipe, port, number):
    """HTTP/2 streams, each reset as soon as it is opened, as fast as it goes."""
    seen = {"connections": 0, "streams": 0}
    pipe.send("there")
    while not pipe.poll(0):
        try:
            client = connect(port, number * PER_ADDRESS)
            client.sendall(PREFACE)
            seen["connections"] += 1
            for stream in range(1, 1 << 20, 2 * RESETS_AT_ONCE):
                client.sendall(b"".join(
                    opened_and_reset(stream + 2 * i) for i in range(RESETS_AT_ONCE)))
                seen["streams"] += RESETS_AT_ONCE
        except OSError:                                     # It was sent away.
            pass
        finally:
            client.close()
    pipe.recv()
    pipe.send(seen)


def opened_and_reset(stream):
    identifier = stream.to_bytes(4, "big")
    return (len(H2_HEAD).to_bytes(3, "big") + b"\x01\x05" + identifier + H2_HEAD +
            b"\0\0\x04\x03\0" + identifier + b"\0\0\0\x08")


class Others:
    """A few users with kept connections who ask at a steady pace."""

    CONNECTIONS = 4
    PER_SECOND = 200

    def __init__(self, port):
        self._clients = [http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                         for _ in range(self.CONNECTIONS)]

    def measure(self, seconds):
        """Waiting times, in microseconds: {"p50", "p99", "requests"}."""
        times = []
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            due = begin + len(times) / self.PER_SECOND
            time.sleep(max(0, due - time.monotonic()))
            times.append(self._ask(len(times)))
        cuts = statistics.quantiles(times, n=100)
        return {"p50": cuts[49], "p99": cuts[98], "requests": len(times)}

    def _ask(self, number):
        client = self._clients[number % self.CONNECTIONS]
        before = time.monotonic()
        client.request("GET", path_of(1), headers={"Cookie": f"{COOKIE_NAME}={session_token()}"})
        reply = client.getresponse()
        reply.read()
        if reply.status != 200:
            raise Failed(f"another user was answered {reply.status}")
        return (time.monotonic() - before) * 1e6

    def close(self):
        for client in self._clients:
            client.close()


def memory_of(pid):
    """Bytes of memory of the process that no other shares in full (PSS)."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
