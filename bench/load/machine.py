"""On what a figure was measured; nothing that names the machine or its user."""
import os
import platform
import re
import subprocess

from .server import MAIN


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        match = re.search(r"model name\s*: (.*)", file.read())
    return match.group(1) if match else platform.machine()


def cores():
    """Cores for the proxy, the origin and the load; empty ones where there is no choice."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) == 1:
        return (), (), ()
    if len(usable) == 2:
        return usable[1:], usable[:1], usable[:1]
    return usable[-1:], usable[-2:-1], usable[:-2]


def commit():
    done = subprocess.run(["git", "-C", MAIN, "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def describe():
    proxy, origin, load = cores()
    return {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)),
            "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
            "kernel": platform.release(), "load_before": os.getloadavg()[0],
            "core_of_proxy": list(proxy), "core_of_origin": list(origin),
            "core_of_load": list(load), "commit": commit()}
