"""Our own programs in C: built where their source is newer."""
import os
import subprocess

from .server import MAIN, Failed

BUILT = os.path.join(MAIN, "build", "bench")


def said_by(argv, seconds=20, cwd=None):
    """Exit status, and both outputs as one text."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd,
                              timeout=seconds)
    except OSError as error:
        raise Failed(f"{argv[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{argv[0]} does not end in {seconds} s") from error
    return done.returncode, done.stdout + done.stderr


def built(name, *packages):
    """bench/NAME.c as a program; returns its path."""
    source, program = os.path.join(MAIN, "bench", f"{name}.c"), os.path.join(BUILT, name)
    if os.path.exists(program) and os.path.getmtime(program) > os.path.getmtime(source):
        return program
    os.makedirs(BUILT, exist_ok=True)
    flags = said_by(["pkg-config", "--cflags", "--libs", *packages])[1].split() if packages else []
    status, said = said_by(["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-g", "-o", program, source,
                            *flags], 120)
    if status != 0:
        raise Failed(f"bench/{name}.c does not build: {said}")
    return program
