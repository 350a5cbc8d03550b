"""TLS connections one after the other, one request on each: PORT PATH COOKIE SECONDS full|resumed.

wrk and h2load never resume a session. Prints the microseconds of each connection, one a line."""
import socket
import ssl
import sys
import time


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def visit(tls, port, request, session):
    """One connection; its session, for the next."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    # Else the request waits until a server that has nothing to say acknowledges the handshake.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with tls.wrap_socket(plain, server_hostname="localhost", session=session) as stream:
        stream.sendall(request)
        answer = b""
        while piece := stream.recv(65536):
            answer += piece
        if not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
            sys.exit(f"Non-2xx: {answer[:60]!r}")
        if session is not None and not stream.session_reused:
            sys.exit("a session was not resumed")
        return stream.session


def main():
    port, path, cookie, seconds, kind = sys.argv[1:]
    request = (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
               "Connection: close\r\n\r\n").encode()
    tls = context()
    session = visit(tls, int(port), request, None) if kind == "resumed" else None
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        begun = time.monotonic_ns()
        given = visit(tls, int(port), request, session)
        session = given if kind == "resumed" else None
        print((time.monotonic_ns() - begun) // 1000)


if __name__ == "__main__":
    main()
