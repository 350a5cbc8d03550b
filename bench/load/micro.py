"""What single parts cost: the scanner, the head's parser, the registry. Programs of bench/, built
with the release preset."""
import os
import re

from .build import said_by
from .goals import Goal
from .server import MAIN, Failed, on_cores

PROGRAMS = ("bench_scan", "bench_head", "bench_registry")
BUILD_SECONDS, RUN_SECONDS = 1800, 600
LINE = re.compile(r"^(.*?\S)\s+([\d.]+) (ns|bytes)\b")
SESSION_GOAL = 200
LARGEST = re.compile(r"registry, +1000000 entries, each")


class Micro:
    title = "micro"

    def seconds(self, _):
        return 90

    def run(self, ground, _):
        status, said = said_by([os.path.join(MAIN, "run"), "build", "release", "--target",
                                *PROGRAMS], BUILD_SECONDS, MAIN)
        if status != 0:
            raise Failed(f"the micro benches do not build: {said[-1500:]}")
        lines, figures = [], {}
        for name in PROGRAMS:
            # A benchmark of two threads wants two cores, so only the others are bound to one.
            cores = () if name == "bench_registry" else ground.proxy_cores
            status, said = said_by(on_cores(cores, [os.path.join(MAIN, "build", "release", name)]),
                                   RUN_SECONDS)
            if status != 0:
                raise Failed(f"{name}: {said[-500:]}")
            print(said, end="", flush=True)
            lines += said.splitlines()
            figures.update(figures_of(said))
        return {"text": lines, "figures": figures}

    def lines(self, result):
        return result["text"]

    def goals(self, result):
        return [Goal("idle session's entry, heap, 1000000 of them", row["value"], SESSION_GOAL,
                     row["unit"]) for name, row in result["figures"].items() if LARGEST.match(name)]

    def charts(self, result):
        groups = []
        for name in ("head", "registry"):
            bars = [{"name": label.split(", ", 1)[1], "value": row["value"], "note": ""}
                    for label, row in result["figures"].items()
                    if label.startswith(name + ",") and row["unit"] == "ns"]
            groups.append({"label": name, "bars": bars})
        return [{"title": "micro: ns for a head, for a look-up", "groups": groups}]


def figures_of(text):
    rows = (LINE.match(line) for line in text.splitlines())
    return {row.group(1): {"value": float(row.group(2)), "unit": row.group(3)}
            for row in rows if row}
