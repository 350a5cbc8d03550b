"""Free loopback ports, and waiting until one answers."""
import itertools
import random
import socket
import time


# Below the range that outgoing connections take theirs from, and never the same one twice.
_CANDIDATES = itertools.cycle(random.sample(range(15000, 32000), 17000))


def free_port(address="127.0.0.1"):
    for port in itertools.islice(_CANDIDATES, 1000):
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def wait_until(condition, seconds=10.0, what="condition"):
    """The first true value of `condition()`, polled; an AssertionError when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def accepts(port, address="127.0.0.1"):
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
