"""A site of a few lines: what it says on a path is a function of the test.

    with ScriptedSite({"/events": lambda peer: ...}) as site:

The function gets a `Peer` with the request and says raw bytes, when it likes. The connection is
closed when it returns, unless it returns True.
"""
import socket
import threading

from .ports import free_port


class Peer:
    def __init__(self, connection, head):
        self.connection = connection
        self.head = head.decode("latin-1")
        self.target = self.head.split(" ")[1]

    def field(self, name):
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def say(self, *parts):
        self.connection.sendall(b"".join(parts))

    def head_of(self, kind, *fields, status="200 OK"):
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *fields]
        self.say(("\r\n".join(lines) + "\r\n\r\n").encode())

    def chunk(self, data):
        if data:
            self.say(b"%x\r\n" % len(data), data, b"\r\n")

    def last_chunk(self):
        self.say(b"0\r\n\r\n")

    def gone(self, seconds):
        """True once the other side has closed; False when it has not within `seconds`."""
        self.connection.settimeout(seconds)
        try:
            while self.connection.recv(65536):
                pass
        except socket.timeout:
            return False
        except OSError:
            pass
        return True


class ScriptedSite:
    def __init__(self, paths):
        self.paths = paths
        self.port = free_port()
        self.heads = []                         # of all requests, as text
        self.failures = []
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._listener.close()
        assert not self.failures, self.failures

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            rest = b""
            while True:
                while b"\r\n\r\n" not in rest:
                    data = self._read(connection)
                    if not data:
                        return
                    rest += data
                head, _, rest = rest.partition(b"\r\n\r\n")
                peer = Peer(connection, head)
                length = int(peer.field("Content-Length") or 0)
                while len(rest) < length:
                    rest += self._read(connection)
                rest = rest[length:]
                self.heads.append(peer.head)
                if not self._answer(peer):
                    return

    @staticmethod
    def _read(connection):
        try:
            return connection.recv(65536)
        except OSError:
            return b""

    def _answer(self, peer):
        path = peer.target.partition("?")[0]
        try:
            return self.paths[path](peer)
        except (BrokenPipeError, ConnectionResetError):
            return False
        except Exception as error:              # a test sees it when it ends
            self.failures.append(repr(error))
            return False


def page(owner=None, body=b"ok", *fields):
    """A function that answers with a whole marked page and keeps the connection."""
    def answer(peer):
        marker = [f"X-User-Marker: {owner}"] if owner else []
        peer.head_of("text/html", f"Content-Length: {len(body)}", *marker, *fields)
        peer.say(body)
        return True
    return answer


def login(location="/mypage/top"):
    """Lets everybody in, with a new token."""
    def answer(peer):
        answer.count += 1
        peer.head_of("text/html", "Content-Length: 0", f"Location: {location}",
                     f"Set-Cookie: JSESSIONID=session-token-number-{answer.count:08d}; Path=/",
                     status="303 See Other")
        return True
    answer.count = 0
    return answer
