"""Free loopback ports, and waiting until one answers."""
import itertools
import random
import socket
import time


# Below the range that outgoing connections take theirs from.
_FIRST, _BLOCK, _BLOCKS = 15000, 400, 42
BUSY_SECONDS = 20.0
_held = []                              # the mark of our block, for as long as this process lives


def _own_block():
    """Ports that no other process of tests on this machine gives out: one name in the abstract
    namespace of sockets for each block, free again when its process ends."""
    for number in random.sample(range(_BLOCKS), _BLOCKS):
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mark.bind(f"\0countermark-tests-ports-{number}")
        except OSError:
            mark.close()
            continue
        _held.append(mark)
        first = _FIRST + number * _BLOCK
        return random.sample(range(first, first + _BLOCK), _BLOCK)
    raise AssertionError("every block of ports is taken")


_CANDIDATES = itertools.cycle(_own_block())


def free_port(address="127.0.0.1"):
    for port in itertools.islice(_CANDIDATES, _BLOCK):
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def wait_until(condition, seconds=10.0, what="condition"):
    """The first true value of `condition()`, polled; an AssertionError when time is up, which is
    no bound on speed: a busy machine gets BUSY_SECONDS at least."""
    seconds = max(seconds, BUSY_SECONDS)
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
