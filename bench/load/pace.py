"""A load that keeps a rate whatever the server does: bench/pace.c."""
from .build import built, said_by
from .pages import COOKIE_NAME, path_of, session_token
from .server import Failed, on_cores
from .wrk import Demand, Load


class Pace:
    """`rates`: requests a second for each size."""

    def __init__(self, rates, cores, connections=64):
        self._rates, self._cores, self._connections = rates, cores, connections

    def run(self, port, size, seconds):
        """As Load.run(), with p999_us; a latency runs from when the request was due."""
        argv = [built("pace"), str(port), path_of(size), f"{COOKIE_NAME}={session_token()}",
                str(self._rates[size]), str(self._connections), str(seconds)]
        status, said = said_by(on_cores(self._cores, argv), seconds * 4 + 30)
        if status != 0:
            raise Failed(f"a steady load of {self._rates[size]}/s was not served: {said[-300:]}")
        return {key: float(value) for key, value in
                (line.split() for line in said.splitlines())}


def half_rates(folder, servers, sizes, cores, seconds):
    """For each size half of what the slowest of `servers` reaches."""
    load = Load(folder, Demand(), cores)
    rates = {}
    for size in sizes:
        for server in servers:
            load.check(server.port, size)
        reached = [load.run(server.port, size, seconds)["per_second"] for server in servers]
        rates[size] = max(int(min(reached) / 2), 1)
        print(f"{size:>4} KiB: half of the slowest is {rates[size]}/s", flush=True)
    return rates
