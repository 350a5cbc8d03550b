"""What takes its time says so on a terminal, and nowhere else."""
import os
import pty
import subprocess

from support.countermark import BINARY
from support.plain_site import config, page_of, signed_in


def on_terminal(proxy, *words):
    """What one command says on a terminal that is its standard error."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run([BINARY, *words, "--admin-socket", proxy.socket], timeout=30,
                              stdout=subprocess.DEVNULL, stderr=theirs, check=False)
        os.write(theirs, b"|")
        said = b""
        while not said.endswith(b"|"):
            said += os.read(ours, 65536)
        return done.returncode, said[:-1].decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_long_work_shows_on_a_terminal_that_it_goes_on(origin, countermark):
    proxy = countermark(config(origin.port))
    assert page_of(signed_in(proxy.port, "alice"), "bob").status == 502
    for words, says in ((("report", "1"), "countermark: waits for the report\r\n"),
                        (("ledger", "verify"), "\r100 %\r\n")):
        code, said = on_terminal(proxy, *words)
        assert code == 0 and said.endswith(says), said
        assert on_terminal(proxy, *words, "--json") == (0, "")
        assert proxy.run(*words).stderr == ""
    assert proxy.run("incidents", "close", "1", "--reason", "test").returncode == 0
    assert proxy.run("up", "login", "--reason", "test").returncode == 0
    code, said = on_terminal(proxy, "drill", "--path", "/mypage/x")
    assert said == "countermark: waits for all of it to arrive\r\n", (code, said)
