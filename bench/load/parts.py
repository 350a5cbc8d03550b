"""The parts of a full run, in their order, and one result of them as text."""
from . import cpu, goals
from .latency import Latency
from .memory import Memory
from .micro import Micro
from .sessions import Sessions
from .workers import Workers

NAMES = ("cpu", "mib", "gzip", "sessions", "tls", "full", "resumed", "h2", "memory", "latency",
         "workers", "micro")


def everything(sizes):
    """{name: part}; a part measures, and says its result as lines, goals and charts."""
    small = sizes[:2]
    made = {**cpu.everything(sizes), "sessions": Sessions(small), "memory": Memory(),
            "latency": Latency(sizes), "workers": Workers(small), "micro": Micro()}
    return {name: made[name] for name in NAMES}


def goals_of(parts, results):
    return [goal for name, result in results.items() for goal in parts[name].goals(result)]


def charts_of(parts, results):
    return [chart for name, result in results.items() for chart in parts[name].charts(result)]


def lines_of(parts, results):
    text = []
    for name, result in results.items():
        text += [f"=== {parts[name].title}", *parts[name].lines(result), ""]
    judged = goals_of(parts, results)
    return text + (["=== goals", *goals.lines(judged), ""] if judged else [])
