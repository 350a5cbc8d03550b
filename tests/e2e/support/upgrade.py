"""Upgrades of the binary: who serves, and how each process of the line has ended."""
import ctypes
import os
import signal
import time

from .client import Browser
from .ports import wait_until

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Successors become children of this process when the one that started them has ended."""
    assert ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


class StrictBrowser(Browser):
    """No second try: what breaks is a failed request, on a kept connection too."""

    def _exchange(self, method, target, fields, body):
        try:
            reply = self._on_connection(method, target, fields, body)
        except Exception:
            self.close()
            raise
        if "close" in ",".join(reply.all("Connection")).lower():
            self.close()
        return reply


class Line:
    """A proxy and its successors, each ended by its id. `proxy.stop()` ends the first."""

    def __init__(self, proxy):
        adopt_orphans()
        self.proxy = proxy
        self.pids = [proxy.child.pid]

    def state(self):
        return self.proxy.api("/upgrade")

    def upgrade(self):
        """By the command; waits until the process before has ended too."""
        answer = self.proxy.run_json("upgrade")
        self.note(answer["pid"])
        assert answer["predecessor"] == self.pids[-2]
        self.wait_until_alone()
        return answer

    def note(self, pid):
        assert pid not in self.pids, "nobody has taken over"
        self.pids.append(pid)

    def note_successor(self):
        """Of an upgrade that was not asked for by upgrade(): waits until it alone accepts."""
        def taken_over():
            state = self.state()
            return state["pid"] if state["state"] in ("ending", "done") else None

        self.note(wait_until(taken_over, 30, "the successor serves"))

    def wait_until_alone(self, seconds=60):
        wait_until(lambda: self.state()["state"] == "done", seconds, "the old process has ended")
        self._reap(self.pids[-2])

    def _reap(self, pid):
        """Waits for the end of a process that was told to end, or ends by itself."""
        if pid == self.proxy.child.pid:
            assert self.proxy.child.process.wait(30) == 0
            return
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found == pid:
                assert os.waitstatus_to_exitcode(status) == 0, f"process {pid}: {status}"
                return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise AssertionError(f"process {pid} did not end")

    def stop(self):
        """The one that serves; after a test that failed also those before it."""
        if len(self.pids) == 1:
            return
        self.proxy.child.stop()         # No longer there, but after a failure.
        os.kill(self.pids[-1], signal.SIGTERM)
        self._reap(self.pids[-1])
        self.pids = self.pids[:1]
