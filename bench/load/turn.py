"""One turn of a measurement: the server's CPU time over the requests that were done."""
import time


def measure(server, load, size, seconds):
    load.run(server.port, size, 1)                  # warm: connections, caches, branches
    before, started = server.cpu_ns(), time.monotonic()
    sample = load.run(server.port, size, seconds)
    used = server.cpu_ns() - before
    sample["cpu_us"] = used / 1000 / sample["requests"]
    sample["busy"] = used / 1e9 / (time.monotonic() - started)
    return sample
