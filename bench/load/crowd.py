"""Many idle clients, in processes of up to 10,000 each and each process with an address of its own:
neither descriptors nor ports run out."""
import os
import subprocess
import sys

from .pages import COOKIE_NAME, path_of, session_token
from .server import Failed, on_cores

EACH_MAX = 10000
SCRIPT = os.path.join(os.path.dirname(__file__), "idle.py")


class Crowd:
    def __init__(self, port, way, cores):
        self.count = 0
        self._port, self._way, self._cores = port, way, cores
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait()
            process.stdout.close()

    def grow(self, count):
        """Until `count` are there."""
        while self.count < count:
            self._add(min(count - self.count, EACH_MAX))

    def _add(self, count):
        source = f"127.0.0.{2 + len(self._processes)}"
        argv = [sys.executable, SCRIPT, str(self._port), source, str(count), self._way, path_of(1),
                f"{COOKIE_NAME}={session_token()}"]
        process = subprocess.Popen(on_cores(self._cores, argv), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._processes.append(process)
        said = process.stdout.readline()
        if said != "ready\n":
            raise Failed(f"{count} idle connections cannot be made: {said}{process.stdout.read()}")
        self.count += count
