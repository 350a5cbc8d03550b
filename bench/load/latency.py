"""What a proxy adds to the time of an answer, at half of the rate that the slower proxy reaches:
a percentile through the proxy, minus that of the origin asked directly, by a client that keeps
its rate."""
from . import report
from .goals import Goal
from .pace import Pace, half_rates
from .peers import present
from .turn import in_turn

PEERS = ("countermark", "nginx", "haproxy")
GOAL = 1.5
SHARES = ("p50_us", "p99_us", "p999_us")


class Latency:
    title = "latency"

    def __init__(self, sizes):
        self.sizes = list(sizes)

    def seconds(self, effort):
        return effort.of((len(PEERS) + 1) * len(self.sizes)) + 30

    def run(self, ground, effort):
        origin = ground.origin()
        proxies = {name: ground.peer(name, origin) for name in present(PEERS)}
        compared = [server for name, server in proxies.items() if name != "haproxy"]
        rates = half_rates(ground.folder, compared, self.sizes, ground.load_cores, 2)
        pace = Pace(rates, ground.load_cores)
        contestants = {name: (server, pace) for name, server in
                       {"direct": origin, **proxies}.items()}
        figures = report.summary(in_turn(contestants, self.sizes, effort))
        return {"rates": {str(size): rate for size, rate in rates.items()}, "figures": figures,
                "added": added(figures)}

    def lines(self, result):
        text = ["microseconds that each adds to p50 / p99 / p99.9 of the origin asked directly",
                report.line("", [f"{size} KiB, {rate}/s"
                                 for size, rate in result["rates"].items()])]
        for name, rows in {"direct": result["figures"]["direct"], **result["added"]}.items():
            text.append(report.line(name, [" / ".join(f"{row[share]:.0f}" for share in SHARES)
                                           for row in rows.values()]))
        return text

    def goals(self, result):
        ours, theirs = result["added"].get("countermark", {}), result["added"].get("nginx", {})
        return [Goal(f"added {share[:3]} beside nginx's, {size} KiB",
                     ratio(ours[size][share], theirs[size][share]), GOAL, "x")
                for size in ours if size in theirs for share in SHARES[:2]]

    def charts(self, result):
        charts = []
        for share, title in zip(SHARES, ("p50", "p99", "p99.9")):
            groups = [{"label": f"{size} KiB", "bars": [
                {"name": name, "value": max(rows[size][share], 0), "note": ""}
                for name, rows in result["added"].items()]} for size in result["rates"]]
            charts.append({"title": f"latency: us added to {title}", "groups": groups})
        return charts


def added(figures):
    direct = figures["direct"]
    return {name: {size: {share: round(row[share] - direct[size][share], 1) for share in SHARES}
                   for size, row in rows.items()}
            for name, rows in figures.items() if name != "direct"}


def ratio(ours, theirs):
    """None where the other adds nothing that can be told: noise."""
    return round(ours / theirs, 2) if theirs > 0 else None
