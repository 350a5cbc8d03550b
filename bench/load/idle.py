"""Idle connections: PORT SOURCE COUNT plain|tls PATH COOKIE. One request on each, then silence.

Says `ready` when all are there, and keeps them until its input ends."""
import socket
import ssl
import sys

from dial import dial
from handshakes import context

TOGETHER = 64


def read_answer(stream):
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += must(stream.recv(65536))
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"Non-2xx: {head[:60]!r}")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    left = int(fields[b"content-length"]) - len(body)
    while left > 0:
        left -= len(must(stream.recv(65536)))


def must(piece):
    if not piece:
        sys.exit("a connection ended")
    return piece


def opened(port, source, tls):
    stream = dial(port, source, 30)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return stream
    stream = tls.wrap_socket(stream, server_hostname="localhost", do_handshake_on_connect=False)
    stream.settimeout(0)
    try:
        stream.do_handshake()               # Its first message, without waiting for the answer.
    except ssl.SSLWantReadError:
        pass
    stream.settimeout(30)
    return stream


def together(count, port, source, tls, request):
    """`count` connections whose steps are taken side by side, so that nobody waits for each."""
    streams = [opened(port, source, tls) for _ in range(count)]
    for stream in streams:
        if tls is not None:
            stream.do_handshake()
        stream.sendall(request)
    for stream in streams:
        read_answer(stream)
    return streams


def main():
    port, source, count, way, path, cookie = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()
    tls = context() if way == "tls" else None
    kept = []
    while len(kept) < int(count):
        kept += together(min(TOGETHER, int(count) - len(kept)), int(port), source, tls, request)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
