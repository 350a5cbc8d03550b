"""CPU of Countermark per request with 1 to N workers, N the cores, at the same rate: half of what
one worker reaches. Where there are fewer than four cores nobody has one to himself."""
import os

from . import report
from .goals import Goal, bars_of
from .pace import Pace, half_rates
from .peers import Room, present
from .turn import in_turn

GOAL = 1.05
GOAL_WORKERS = 2


def counts(cores):
    """1, 2, 4, ... and all of them."""
    found, number = [], 1
    while number < cores:
        found.append(number)
        number *= 2
    return [*found, cores]


class Workers:
    title = "workers"

    def __init__(self, sizes):
        self.sizes = list(sizes)
        self._cores = sorted(os.sched_getaffinity(0))

    def seconds(self, effort):
        return effort.of(len(counts(len(self._cores))) * len(self.sizes)) + 15

    def _place(self, ground):
        """The proxy's cores and those of all else, said in the result."""
        half = len(self._cores) // 2
        if half < GOAL_WORKERS:
            ground.everywhere()
            return len(self._cores), f"all share {len(self._cores)} cores"
        ground.proxy_cores = self._cores[half:]
        ground.origin_cores = ground.load_cores = self._cores[:half]
        return len(ground.proxy_cores), (f"the proxy has {len(ground.proxy_cores)} cores of "
                                         f"{len(self._cores)}")

    def run(self, ground, effort):
        present(["countermark"])
        cores, placed = self._place(ground)
        origin = ground.origin()
        servers = {number: ground.peer("countermark", origin, room=Room(workers=number))
                   for number in counts(cores)}
        rates = half_rates(ground.folder, [servers[1]], self.sizes, ground.load_cores, 2)
        pace = Pace(rates, ground.load_cores)
        contestants = {str(number): (server, pace) for number, server in servers.items()}
        figures = report.summary(in_turn(contestants, self.sizes, effort))
        return {"placed": placed, "figures": figures,
                "rates": {str(size): rate for size, rate in rates.items()},
                "ratios": {number: {size: round(row["cpu_us"] / figures["1"][size]["cpu_us"], 3)
                                    for size, row in rows.items()}
                           for number, rows in figures.items()}}

    def lines(self, result):
        text = [f"CPU of the proxy per request, beside one worker's; {result['placed']}",
                report.line("", [f"{size} KiB, {rate}/s"
                                 for size, rate in result["rates"].items()])]
        for number, rows in result["figures"].items():
            text.append(report.line(f"workers: {number}", [
                f"{row['cpu_us']:.2f} us, {result['ratios'][number][size]:.2f} x"
                for size, row in rows.items()]))
        return text

    def goals(self, result):
        rows = result["ratios"].get(str(GOAL_WORKERS), {})
        return [Goal(f"2 workers beside one, {size} KiB", value, GOAL, "x")
                for size, value in rows.items()]

    def charts(self, result):
        return [bars_of("workers: CPU per request, us", result["figures"], "cpu_us", {},
                        "workers: {}")]
