"""One turn of a measurement: the server's CPU time over the requests that were done. And turns of
several, A B C A B C ..., so that what disturbs the machine for a while disturbs all."""
import time
from dataclasses import dataclass

WARM_SECONDS = 1


@dataclass(frozen=True)
class Effort:
    """How long to measure: turns of each, and seconds of a turn beside its warming up."""
    rounds: int
    seconds: int

    def of(self, turns):
        """Seconds that as many contestants and sizes take."""
        return turns * self.rounds * (self.seconds + WARM_SECONDS)


def measure(server, load, size, seconds):
    load.run(server.port, size, WARM_SECONDS)       # warm: connections, caches, branches
    before, started = server.cpu_ns(), time.monotonic()
    sample = load.run(server.port, size, seconds)
    used = server.cpu_ns() - before
    sample["cpu_us"] = used / 1000 / sample.get("asked", sample["requests"])
    sample["busy"] = used / 1e9 / (time.monotonic() - started)
    return sample


def in_turn(contestants, sizes, effort):
    """{(name, size): [one sample a round]} of {name: (server, load)}."""
    samples = {(name, size): [] for name in contestants for size in sizes}
    for number in range(effort.rounds):
        for size in sizes:
            for name, (server, load) in contestants.items():
                sample = measure(server, load, size, effort.seconds)
                samples[name, size].append(sample)
                print(f"round {number + 1}/{effort.rounds}  {size:>4} KiB  {name:<15}"
                      f"{sample['cpu_us']:8.2f} us  {sample['per_second']:9.0f}/s  "
                      f"p99 {sample['p99_us']:8.0f} us", flush=True)
    return samples
