"""The socket of one connection of origin.py, read by delimiter, length or chunks."""
import socket
import struct
import time

HEAD_MAX = 1 << 20


class Stop(Exception):
    """The connection ends here."""


class Wire:
    """The socket of one connection, with what was read and not used yet."""

    def __init__(self, sock):
        self.socket = sock
        self._pending = b""

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise Stop
        self._pending += data

    def until(self, end):
        while end not in self._pending:
            if len(self._pending) > HEAD_MAX:
                raise Stop
            self._more()
        at = self._pending.index(end) + len(end)
        taken, self._pending = self._pending[:at], self._pending[at:]
        return taken

    def exactly(self, count):
        while len(self._pending) < count:
            self._more()
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    def chunks(self):
        body = b""
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.until(b"\r\n") != b"\r\n":
                    pass
                return body
            body += self.exactly(size)
            self.exactly(2)

    def send(self, data, order=None):
        """All at once, or as `order` says in pieces with pauses."""
        piece = order.number("piece", 0) if order else 0
        if not piece:
            self.socket.sendall(data)
            return
        for at in range(0, len(data), piece):
            self.socket.sendall(data[at:at + piece])
            time.sleep(order.number("pause", 0) / 1000)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Stop
