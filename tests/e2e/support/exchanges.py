"""Single exchanges in any bytes, and upstreams written by hand where origin.py has no order.

`raw` sends bytes and reads replies; `requests_at` tells what reached the origin; `Scripted` is a
server whose every connection runs one function of the test.
"""
import socket
import threading

from .client import Client, Truncated

HOST = b"Host: site.example\r\n"


def raw(port, data, method="GET", timeout=20):
    """The reply to `data`; None when the connection was closed without a byte."""
    with Client(port, timeout=timeout) as client:
        client.send(data)
        try:
            return client.read_reply(method)
        except Truncated as cut:
            if cut.received:
                raise
            return None


def raw_status(port, data, **options):
    """The status; "closed" without a byte, "silent" when none came in time."""
    try:
        reply = raw(port, data, timeout=options.pop("timeout", 20), **options)
        return reply.status if reply else "closed"
    except TimeoutError:
        return "silent"


def requests_at(origin):
    """All requests that reached the origin, in the order of their time."""
    found = [request for connection in origin.connections() for request in connection["requests"]]
    return sorted(found, key=lambda request: request["at"])


def last_request(origin, target=None):
    found = [request for request in requests_at(origin)
             if target is None or request["target"].startswith(target)]
    assert found, "nothing reached the origin"
    return found[-1]


def field_of(request, name):
    """All values of a field of a recorded request."""
    return [value for key, value in request["fields"] if key.lower() == name.lower()]


def connections_of(origin, target):
    """The ids of the connections that carried a request for `target`, one for each request."""
    return [connection["id"] for connection in origin.connections()
            for request in connection["requests"] if request["target"].startswith(target)]


class Scripted:
    """A server on a free port; every connection runs `serve(peer)` in a thread of its own."""

    def __init__(self, serve):
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.peers = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._listener.close()
        for peer in self.peers:
            peer.socket.close()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(accepted, len(self.peers))
            self.peers.append(peer)
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer):
        try:
            self._serve(peer)
        except (OSError, EOFError):
            pass
        finally:
            peer.socket.close()


class Peer:
    """One connection of a Scripted server: `number` counts from 0, `heads` what was read."""

    def __init__(self, accepted, number):
        self.socket = accepted
        self.number = number
        self.heads = []
        self.pending = b""

    def read_head(self):
        while b"\r\n\r\n" not in self.pending:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.pending += data
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        self.heads.append(head)
        return head

    def read_exactly(self, count):
        while len(self.pending) < count:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.pending += data
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, body=b"ok", status=b"200 OK", fields=b""):
        self.send(b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html\r\n" + fields
                  + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
