"""Packages of npm that tests take as somebody else's word; kept in build/npm."""
import os
import shutil
import subprocess

import pytest

from .countermark import REPOSITORY

PLACE = os.path.join(REPOSITORY, "build", "npm")


def package(name):
    """The folder of an installed package; skips the test where it cannot be had."""
    path = os.path.join(PLACE, "node_modules", name)
    if not os.path.exists(os.path.join(path, "package.json")):
        if shutil.which("npm") is None:
            pytest.skip(f"npm is not installed, so {name} cannot be had")
        os.makedirs(PLACE, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", name], cwd=PLACE,
                              capture_output=True, text=True, timeout=120, check=False)
        if not os.path.exists(os.path.join(path, "package.json")):
            pytest.skip(f"npm could not install {name}: {done.stderr[-300:]}")
    return path


def run(script, text):
    """What the script (of this folder, run by node where packages are found) says to `text`."""
    if shutil.which("node") is None:
        pytest.skip("node (nodejs) is not installed")
    with open(os.path.join(os.path.dirname(__file__), script), encoding="utf-8") as file:
        done = subprocess.run(["node", "-e", file.read()], cwd=PLACE, input=text, timeout=60,
                              capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
