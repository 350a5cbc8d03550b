"""The image without an engine: what its build stage is given is enough, what it runs is valid."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from support.countermark import BINARY, REPOSITORY
from support.ports import accepts, free_port, wait_until

DOCKER = os.path.join(REPOSITORY, "docker")
PLENTY = 120
SITE = os.path.join(DOCKER, "site.Dockerfile")
IMAGE = os.path.join(DOCKER, "Dockerfile")


def steps(path):
    """(instruction, rest) of each line, continued ones joined."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", file.read()))
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def put_in(path, root, stage=0):
    """Copies what one stage takes from the repository; returns the stage's other steps."""
    number, rest = -1, []
    for instruction, value in steps(path):
        number += instruction == "FROM"
        if number != stage:
            continue
        if instruction != "COPY":
            rest.append((instruction, value))
            continue
        *sources, target = value.split()
        if sources[0].startswith("--from="):
            continue
        place = os.path.normpath(f"{root}/{target}")
        for source in sources:
            source = os.path.join(REPOSITORY, source)
            several = len(sources) > 1 or target.endswith("/")
            into = os.path.join(place, os.path.basename(source)) if several else place
            if os.path.isdir(source):
                shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                os.makedirs(os.path.dirname(into), exist_ok=True)
                shutil.copy(source, into)
    return rest


def test_the_image_has_all_that_its_build_needs(folder):
    """Its own build command, up to the first compilation."""
    rest = put_in(IMAGE, folder)
    command = next(value for instruction, value in rest if "./run build" in value).split("&&")[0]
    assert command.split()[:3] == ["./run", "build", "release"]
    done = subprocess.run(["cmake", "--preset", "release"], cwd=folder, capture_output=True, text=True,
                          timeout=PLENTY, check=False, env={**os.environ, "CC": "gcc"})
    assert done.returncode == 0, done.stdout + done.stderr
    targets = subprocess.run(["ninja", "-C", "build/release", "-n", *command.split()[4:]], cwd=folder,
                             capture_output=True, text=True, timeout=PLENTY, check=False)
    assert targets.returncode == 0, targets.stdout[-2000:]


def test_its_configuration_passes_the_check():
    done = subprocess.run([BINARY, "check", "--config", os.path.join(DOCKER, "countermark.yaml")],
                          capture_output=True, text=True, timeout=PLENTY, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_of_the_site_has_all_that_the_site_needs(folder):
    """Its own command starts from what the image is given, at other ports."""
    rest = dict(put_in(SITE, folder))
    command = [word.strip('"[], ') for word in rest["CMD"].split()]
    assert command[0] == "python3"
    ports = {"9000": str(free_port()), "9002": str(free_port())}
    command = [sys.executable, *(ports.get(word, word) for word in command[1:])]
    command = [f"{folder}{word}" if word.startswith("/srv/") else word for word in command]
    command = ["127.0.0.1" if word == "0.0.0.0" else word for word in command]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as site:
        try:
            wait_until(lambda: site.poll() is not None or accepts(int(ports["9000"])), PLENTY, "it is there")
            if site.poll() is not None:
                pytest.fail(site.stdout.read())
        finally:
            site.terminate()
