"""`./run demo` without its end: every step has to be as it says."""
import os
import subprocess
import time

import pytest

from support.countermark import BINARY
from support.sites import FOLDER


@pytest.mark.sanitize
def test_the_demo_shows_leak_refusal_and_take_down_within_a_minute(folder):
    began = time.monotonic()
    done = subprocess.run([os.path.join(FOLDER, "jobcard", "demo"), BINARY, "--once"], timeout=90,
                          capture_output=True, text=True, check=False, cwd=folder)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 60
