"""Memory of the proxy for each idle client connection, and for each session that it knows.

What the processes hold (PSS), not what the kernel holds for their sockets."""
import os
import re
import resource
import socket
import time

from .crowd import Crowd
from .goals import Goal
from .peers import Room, present
from .server import Failed
from .wrk import Demand, Load

PEERS = ("countermark", "nginx", "haproxy")
STEPS = (10000, 50000)
FIRST = 100                     # Connections that are there before: pools, buffers, caches.
SPARE = 400                     # Descriptors for all else: upstream connections, files.
SESSIONS, FIRST_SESSIONS = 200000, 20000
GOALS = {"plain": 4.0, "tls": 40.0}
SESSION_GOAL = 200
STEADY_READINGS, STEADY_SECONDS = 3, 0.5
SESSION_TURNS = (2, 5, 10, 20, 40, 80, 160)   # Seconds; each begins with the first session.


class Memory:
    title = "memory"

    def seconds(self, _):
        return 240

    def run(self, ground, _):
        result = {"connections": {}, "descriptors": None}
        for way in GOALS:
            for name in present(PEERS):
                rows, limit = growth(ground, name, way)
                result["connections"].setdefault(name, {})[way] = rows
                result["descriptors"] = limit
        result["session"] = session_growth(ground)
        return result

    def lines(self, result):
        text = [f"KiB for an idle client connection after one request, above {FIRST} connections; "
                f"a process may have {result['descriptors']} descriptors, so asked for "
                f"{' and '.join(map(str, STEPS))} were:"]
        for name, ways in result["connections"].items():
            for way, rows in ways.items():
                cells = "".join(f"{row['kib']:>10.2f} at {row['connections']}" for row in rows)
                text.append(f"{name:<14}{way:<8}{cells}")
        session = result["session"]
        return [*text, f"a session's entry takes {session['bytes']:.0f} bytes, with the ledger's "
                f"share: {session['sessions']} more sessions"]

    def goals(self, result):
        ways = result["connections"].get("countermark", {})
        found = [Goal(f"idle connection, {way}, {rows[-1]['connections']} of them",
                      rows[-1]["kib"], GOALS[way], "KiB") for way, rows in ways.items()]
        return found + [Goal("idle session's entry, process growth", result["session"]["bytes"],
                             SESSION_GOAL, "bytes")]

    def charts(self, result):
        groups = []
        for way in GOALS:
            bars = [{"name": name, "value": rows[way][-1]["kib"], "note": ""}
                    for name, rows in result["connections"].items()]
            groups.append({"label": way, "bars": bars})
        return [{"title": "memory: KiB for an idle connection", "groups": groups}]


def growth(ground, name, way):
    """KiB for each connection more, at each step; and the descriptors that the proxy may have."""
    room = Room(clients=max(STEPS))
    limit = descriptors()
    if room.descriptors() > limit:
        room = Room(clients=limit - SPARE - Room().upstreams)
    steps = sorted({min(step, room.clients - FIRST) for step in STEPS})
    server = ground.peer(name, ground.origin(), ground.tls() if way == "tls" else None, room)
    rows = []
    with Crowd(server.port, way, ground.load_cores) as crowd:
        crowd.grow(FIRST)
        before = steady(server)
        for step in steps:
            crowd.grow(step)
            kib = (steady(server) - before) / (crowd.count - FIRST)
            rows.append({"connections": crowd.count, "kib": round(kib, 3)})
            print(f"{name:<14}{way:<8}{crowd.count:>6} connections {kib:8.2f} KiB each", flush=True)
    ground.stop(server)
    return rows, limit


def descriptors():
    """What a process started by us may raise its limit to."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def pss_kib(server):
    return sum(pss_of(pid) for pid in server.pids())


def pss_of(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M).group(1))


def steady(server):
    """The memory once it stays the same, or after half a minute."""
    readings = []
    while len(readings) < 60:
        readings.append(pss_kib(server))
        if len(readings) >= STEADY_READINGS and len(set(readings[-STEADY_READINGS:])) == 1:
            break
        time.sleep(STEADY_SECONDS)
    return readings[-1]


def session_growth(ground):
    """Bytes for each of many sessions that were seen once or more."""
    server = ground.peer("countermark", ground.origin())
    folder = os.path.join(ground.folder, "sessions")
    counts = []
    memory = []
    for number in (FIRST_SESSIONS, SESSIONS):
        os.makedirs(f"{folder}-{number}")
        load = Load(f"{folder}-{number}", Demand(sessions=number), ground.load_cores)
        ask_for_all(server, load, number)
        counts.append(known_sessions(server))
        memory.append(steady(server))
    each = (memory[1] - memory[0]) * 1024 / (counts[1] - counts[0])
    print(f"countermark   {counts[1]:>6} sessions {each:8.1f} bytes each", flush=True)
    return {"sessions": counts[1] - counts[0], "bytes": round(each, 1)}


def ask_for_all(server, load, number):
    """wrk takes one session after the other, so that a run that is long enough has them all."""
    for seconds in SESSION_TURNS:
        load.run(server.port, 1, seconds)
        if known_sessions(server) >= number:
            return
    raise Failed(f"the proxy knows {known_sessions(server)} of {number} sessions")


def known_sessions(server):
    """What the metrics say, asked at the admin socket."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(10)
        stream.connect(os.path.join(server.folder, "admin.sock"))
        stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n")
        text = b""
        while piece := stream.recv(65536):
            text += piece
    found = re.search(rb"^countermark_sessions (\d+)", text, re.M)
    if found is None:
        raise Failed(f"no number of sessions in the metrics: {text[:200]!r}")
    return int(found.group(1))
