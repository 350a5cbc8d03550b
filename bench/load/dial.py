"""Connections from many loopback addresses."""
import socket

IP_BIND_ADDRESS_NO_PORT = 24    # linux/in.h; Python has no name for it.


def dial(port, source, seconds):
    """Its own port is chosen by connect(): one that bind() has chosen is nobody else's for a minute
    after the connection, whatever its address, and soon no proxy could reach its origin."""
    client = socket.socket()
    client.settimeout(seconds)
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((source, 0))
    client.connect(("127.0.0.1", port))
    return client
