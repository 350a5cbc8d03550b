"""One server under measurement: started on given cores, its CPU time read from the kernel."""
import os
import socket
import subprocess
import time

MAIN = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


class Failed(Exception):
    """The measurement cannot go on; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def on_cores(cores, argv):
    """`argv`, bound to `cores`; as it is when the machine has too few to choose from."""
    return ["taskset", "-c", ",".join(map(str, cores)), *argv] if cores else list(argv)


class Server:
    """`argv` in `folder`, with its output in NAME.log, until it accepts on `port`."""

    def __init__(self, name, argv, folder, port, cores=(), seconds=20):
        self.port = port
        self.folder = folder
        self.log = os.path.join(folder, f"{name}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(on_cores(cores, argv), cwd=folder, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + seconds
        while not accepts(port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Failed(f"{name} does not start: {self.errors()}")
            time.sleep(0.02)

    def errors(self):
        with open(self.log, "rb") as log:
            return log.read()[-1500:].decode("utf-8", "replace").strip() or "it said nothing"

    def stop(self, seconds=10):
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def pids(self):
        """The process and its descendants: nginx's master and workers."""
        found, left = [], [self.process.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            left += children(pid)
        return found

    def descriptors(self):
        """Open ones: connections, and a few files."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids())

    def cpu_ns(self):
        """User and system time of all threads so far; one that has ended is no longer counted."""
        return sum(self.cpu_ns_by_thread().values())

    def cpu_ns_by_thread(self):
        """The same by the threads' names."""
        found = {}
        for pid in self.pids():
            for folder in threads(pid):
                name = first_of(f"{folder}/comm", "")
                found[name] = found.get(name, 0) + int(first_of(f"{folder}/schedstat", 0))
        return found


def threads(pid):
    folder = f"/proc/{pid}/task"
    return [f"{folder}/{thread}" for thread in os.listdir(folder)]


def first_of(path, otherwise):
    """Its first word; `otherwise` of a thread that has ended."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split()[0]
    except FileNotFoundError:
        return otherwise


def children(pid):
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
            found += map(int, file.read().split())
    return found
