"""What many sessions cost beside one, where each session's upstream connections are its own."""
import os

from . import report
from .goals import Goal, bars_of
from .peers import Room, present
from .server import Failed
from .turn import in_turn
from .wrk import Demand, Load

MANY = 10000
GOAL = 1.3
WARM_SECONDS = (2, 5, 10, 30, 60)
ROOM = Room(upstreams=MANY + 64)


class Sessions:
    title = "sessions"

    def __init__(self, sizes):
        self.sizes = list(sizes)

    def seconds(self, effort):
        return effort.of(2 * len(self.sizes)) + 10

    def run(self, ground, effort):
        present(["countermark"])
        origin = ground.origin(ROOM)
        server = ground.peer("countermark", origin, room=ROOM)
        contestants = {}
        for name, count in (("1", 1), (str(MANY), MANY)):
            folder = os.path.join(ground.folder, name)
            os.makedirs(folder)
            contestants[name] = (server, Load(folder, Demand(sessions=count), ground.load_cores))
        connect_all(server, contestants[str(MANY)][1], self.sizes[0])
        samples = in_turn(contestants, self.sizes, effort)
        figures = report.summary(samples)
        ratios = {size: round(row["cpu_us"] / figures["1"][size]["cpu_us"], 3)
                  for size, row in figures[str(MANY)].items()}
        return {"sessions": MANY, "figures": figures, "ratios": ratios}

    def lines(self, result):
        rows = [report.line("", [f"{size} KiB" for size in result["ratios"]])]
        for name, row in result["figures"].items():
            rows.append(report.line(name, [f"{cell['cpu_us']:.2f} us" for cell in row.values()]))
        rows.append(report.line("ratio", [f"{ratio:.2f}" for ratio in result["ratios"].values()]))
        return ["CPU of the proxy per request; `connections: session`, room for all", *rows]

    def goals(self, result):
        return [Goal(f"{MANY} sessions beside one, {size} KiB", ratio, GOAL, "x")
                for size, ratio in result["ratios"].items()]

    def charts(self, result):
        return [bars_of("sessions: CPU per request, us", result["figures"], "cpu_us", {},
                        "{} of them")]


def connect_all(server, load, size):
    """Until each session has its connection: what opening one costs is another question."""
    for seconds in WARM_SECONDS:
        load.run(server.port, size, seconds)
        if server.descriptors() > MANY:
            return
    raise Failed(f"{server.descriptors()} connections for {MANY} sessions")
