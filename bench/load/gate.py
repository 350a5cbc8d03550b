"""A bound on growth: instructions counted now beside those of bench/baseline.json.

Counts depend on the compiler, the libraries and what the processor offers them. Only where all of
these are the baseline's does growth fail; elsewhere the figures are shown."""
import json
import os
import subprocess

from .server import MAIN, Failed

BASELINE = os.path.join(MAIN, "bench", "baseline.json")
GROWTH_MAX = 0.03
PACKAGES = ("libc6", "libuv1*", "libllhttp*", "libhyperscan*", "libvectorscan*", "libssl3*",
            "libnghttp2-14", "valgrind")


def lines_of(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def versions(binary):
    """What a count depends on beside our own source."""
    found = {"compiler": ", ".join(line.split("]")[1].strip() for line in
                                   lines_of(["readelf", "-p", ".comment", binary]) if "]" in line)}
    for line in lines_of(["dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n", *PACKAGES]):
        name, version, *status = line.split()
        if status[-1:] == ["installed"] and not name.endswith("-dev"):
            found[name] = version
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found["avx2"] = "yes" if " avx2 " in file.read() else "no"
    return found


def read():
    if not os.path.exists(BASELINE):
        raise Failed("there is no bench/baseline.json; bench/count --write-baseline makes it")
    with open(BASELINE, encoding="utf-8") as file:
        return json.load(file)


def write(figures, now):
    with open(BASELINE, "w", encoding="utf-8") as out:
        json.dump({"versions": now, "instructions": figures}, out, indent=1)
        out.write("\n")


def differing(baseline, now):
    return sorted(name for name in baseline.keys() | now.keys()
                  if baseline.get(name) != now.get(name))


def judge(figures, now):
    """Prints each figure beside its baseline; True unless one that binds has grown too far."""
    known = read()
    other = differing(known["versions"], now)
    if figures.keys() != known["instructions"].keys():
        raise Failed("bench/baseline.json has other figures; bench/count --write-baseline")
    grown = []
    for name, value in figures.items():
        before = known["instructions"][name]
        change = value / before - 1
        print(f"{name:<34}{value:12,.2f}  baseline {before:12,.2f}  {100 * change:+6.1f} %")
        if change > GROWTH_MAX:
            grown.append(name)
    if other:
        print(f"not binding here, other versions than the baseline's: {', '.join(other)}")
        return True
    for name in grown:
        print(f"{name}: grew by more than {100 * GROWTH_MAX:.0f} %; find it with bench/count "
              "--top 40, or, where it is worth that, bench/count --write-baseline")
    return not grown
