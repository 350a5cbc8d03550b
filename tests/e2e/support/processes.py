"""One child process: output into files, ended by its id, never by name."""
import os
import signal
import subprocess

SANITIZER_WORDS = (b"AddressSanitizer", b"ThreadSanitizer", b"LeakSanitizer", b"MemorySanitizer",
                   b"runtime error:", b"CHECK failed")


class Child:
    """`argv` started with its output in `folder`/NAME.out and NAME.err.

    `group`: it leaves processes of its own behind when it ends; a signal goes to all of them.
    """

    def __init__(self, name, argv, folder, env=None, cwd=None, group=False):
        self.name = name
        self.out_path = os.path.join(folder, f"{name}.out")
        self.err_path = os.path.join(folder, f"{name}.err")
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.process = subprocess.Popen(argv, stdout=out, stderr=err, cwd=cwd,
                                            stdin=subprocess.DEVNULL, start_new_session=group,
                                            env={**os.environ, **(env or {})})
        self.pid = self.process.pid
        self._group = group

    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.running() and self._group:
            os.killpg(self.pid, number)
        elif self.running():
            self.process.send_signal(number)

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL. Returns the exit status, or None when it had to be killed."""
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def output(self):
        with open(self.out_path, "rb") as out:
            return out.read()

    def errors(self):
        with open(self.err_path, "rb") as err:
            return err.read()


def sanitizer_report(path):
    """The end of the file when a sanitizer or a CHECK spoke in it, else None."""
    with open(path, "rb") as file:
        text = file.read()
    return text[-6000:].decode("utf-8", "replace") if spoke(text) else None


def spoke(text):
    """Whether a sanitizer or a CHECK did."""
    return any(word in text for word in SANITIZER_WORDS)
