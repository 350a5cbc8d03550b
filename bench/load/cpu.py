"""CPU time per request beside the peers, over one way and with one kind of page."""
import os

from . import report
from .goals import Goal, bars_of
from .peers import PEERS, present
from .turn import in_turn
from .wrk import Demand, Load

FOUR = ("countermark", "nginx", "haproxy", "floor")
SECURE = FOUR[:3]


class Cpu:
    def __init__(self, title, peers, sizes, demand=Demand()):
        self.title = title
        self.peers = list(peers)
        self.sizes = list(sizes)
        self.demand = demand

    def seconds(self, effort):
        return effort.of(len(self.peers) * len(self.sizes)) + 5

    def run(self, ground, effort):
        names = present(self.peers)
        origin = ground.origin()
        tls = ground.tls() if self.demand.secure() else None
        load = Load(os.path.join(ground.folder), self.demand, ground.load_cores)
        contestants = {}
        for name in names:
            server = ground.peer(name, origin, tls)
            contestants[name] = (server, load)
            for size in self.sizes:
                load.check(server.port, size)
        samples = in_turn(contestants, self.sizes, effort)
        figures = report.summary(samples)
        return {"demand": self.demand.facts(), "figures": figures,
                "ratios": report.ratios(figures)}

    def has_goals(self):
        """The goals are for one session's plain pages over kept connections without TLS."""
        return self.demand == Demand(connections=self.demand.connections)

    def lines(self, result):
        return report.table(result["figures"], self.has_goals()).split("\n")

    def goals(self, result):
        found = []
        for peer, row in result["ratios"].items() if self.has_goals() else ():
            for size, ratio in row.items():
                wanted = report.goal(peer, size)
                if wanted is not None:
                    found.append(Goal(f"CPU beside {peer}, {size} KiB", ratio, wanted, "x"))
        return found

    def charts(self, result):
        return [bars_of(f"{self.title}: CPU per request, us", result["figures"], "cpu_us",
                        result["ratios"])]


def of_given(given, usual):
    """The table that options ask for: all that is not named is as usual."""
    demand = Demand(connections=given.connections, sessions=given.sessions, over=given.over,
                    gzip=given.gzip)
    return Cpu(demand.title(), given.peers or usual, given.sizes, demand)


def everything(sizes):
    """The tables of a full run, by name."""
    small = sizes[:1]
    return {
        "cpu": Cpu("plain", PEERS, sizes),
        "mib": Cpu("1 MiB", FOUR, [1024]),
        "gzip": Cpu("gzip", SECURE, sizes, Demand(gzip=True)),
        "tls": Cpu("TLS, kept", SECURE, sizes, Demand(over="tls")),
        "full": Cpu("TLS, full handshakes", SECURE, small, Demand(over="full")),
        "resumed": Cpu("TLS, resumed", SECURE, small, Demand(over="resumed")),
        "h2": Cpu("HTTP/2", SECURE, sizes, Demand(over="h2")),
    }
