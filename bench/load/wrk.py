"""The load, with a session's cookie, over each way to a proxy; and one request to check a page."""
import gzip
import http.client
import os
import re
import ssl
import subprocess
import sys
from dataclasses import dataclass

from .pages import COOKIE_NAME, page, path_of, session_token
from .server import Failed, on_cores

# Kept connections without and with TLS, many streams on each, or a connection for each request.
WAYS = ("plain", "tls", "h2", "full", "resumed")
STREAMS = 8
TRIES, SPARE_SECONDS = 3, 30

# One request per session, made once; wrk takes the next for every request.
MANY_SESSIONS = """
local requests, at = {}, 0
function init(arguments)
    for token in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", nil, {Cookie = "%s=" .. token})
    end
end
function request()
    at = at %% #requests + 1
    return requests[at]
end
"""


@dataclass(frozen=True)
class Demand:
    """What the clients ask for, and how."""
    connections: int = 64
    sessions: int = 1
    over: str = "plain"
    gzip: bool = False

    def secure(self):
        return self.over != "plain"

    def title(self):
        rest = [word for word, said in (("gzip", self.gzip), (f"{self.sessions} sessions",
                                                              self.sessions > 1)) if said]
        return ", ".join([self.over, *rest])

    def facts(self):
        return dict(vars(self))


class Load:
    def __init__(self, folder, demand, cores):
        self.connections = demand.connections
        self.sessions = demand.sessions
        self._way = demand.over
        self._gzip = demand.gzip
        self._cores = cores
        self._script = os.path.join(folder, "sessions.lua")
        self._tokens = os.path.join(folder, "tokens.txt")
        self._log = os.path.join(folder, "h2load.log")
        with open(self._script, "w", encoding="ascii") as out:
            out.write(MANY_SESSIONS % COOKIE_NAME)
        with open(self._tokens, "w", encoding="ascii") as out:
            out.writelines(session_token(number) + "\n" for number in range(demand.sessions))

    def run(self, port, size, seconds):
        """Requests done, and the client's latency figures in microseconds. All must be 2xx."""
        if self._way == "h2":
            return self._h2load(port, size, seconds)
        if self._way in ("full", "resumed"):
            return self._handshakes(port, size, seconds)
        return self._wrk(port, size, seconds)

    def check(self, port, size):
        check(port, size, self._way != "plain", self._gzip)

    def _wrk(self, port, size, seconds):
        argv = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency"]
        url = f"{'http' if self._way == 'plain' else 'https'}://127.0.0.1:{port}{path_of(size)}"
        if self._gzip:
            argv += ["-H", "Accept-Encoding: gzip"]
        if self.sessions > 1:
            argv += ["-s", self._script, url, self._tokens]
        else:
            argv += ["-H", f"Cookie: {COOKIE_NAME}={session_token()}", url]
        return parse(self._output(argv, seconds))

    def _h2load(self, port, size, seconds):
        if os.path.exists(self._log):
            os.unlink(self._log)
        argv = ["h2load", "-t1", f"-c{self.connections}", f"-m{STREAMS}", f"-D{seconds}",
                f"--log-file={self._log}", "-H", f"cookie: {COOKIE_NAME}={session_token()}",
                f"https://127.0.0.1:{port}{path_of(size)}"]
        text = self._output(argv, seconds)
        done = re.search(r"requests: .* (\d+) succeeded, 0 failed, 0 errored", text)
        if done is None or "Application protocol: h2" not in text:
            raise Failed(f"h2load was not served as it should be:\n{text}")
        with open(self._log, encoding="ascii") as log:
            times = [int(line.split("\t")[2]) for line in log]
        return sample_of(times, seconds)

    def _handshakes(self, port, size, seconds):
        script = os.path.join(os.path.dirname(__file__), "handshakes.py")
        text = self._output([sys.executable, script, str(port), path_of(size),
                             f"{COOKIE_NAME}={session_token()}", str(seconds), self._way], seconds)
        if not re.fullmatch(r"(\d+\n)+", text):
            raise Failed(f"a TLS connection was not served as it should be:\n{text[-500:]}")
        return sample_of([int(line) for line in text.split()], seconds)

    def _output(self, argv, seconds):
        """What it prints. One that does not end by itself is no measurement, and is begun once
        more: h2load 1.52 has been seen to go on for ever."""
        for _ in range(TRIES):
            try:
                done = subprocess.run(on_cores(self._cores, argv), capture_output=True, text=True,
                                      check=False, timeout=seconds + SPARE_SECONDS)
                return done.stdout + done.stderr
            except subprocess.TimeoutExpired:
                print(f"{argv[0]} did not end", file=sys.stderr)
            except OSError as error:
                raise Failed(f"{argv[0]} cannot be run: {error.strerror}") from error
        raise Failed(f"{argv[0]} did not end, {TRIES} times")


def sample_of(times, seconds):
    times.sort()
    return {"requests": len(times), "per_second": len(times) / seconds,
            "p50_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100]}


def parse(text):
    if re.search(r"Non-2xx|Socket errors", text) or "requests in" not in text:
        raise Failed(f"wrk was not served as it should be:\n{text}")
    return {"requests": int(re.search(r"(\d+) requests in", text).group(1)),
            "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
            "p50_us": microseconds(text, "50%"), "p99_us": microseconds(text, "99%")}


def microseconds(text, name):
    value, unit = re.search(rf"\s{name}\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def client_of(port, tls):
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)


def check(port, size, tls=False, coded=False):
    """The page arrives unchanged: 200, and every byte of it, in the coding that was asked for."""
    client = client_of(port, tls)
    fields = {"Cookie": f"{COOKIE_NAME}={session_token()}"}
    if coded:
        fields["Accept-Encoding"] = "gzip"
    client.request("GET", path_of(size), headers=fields)
    reply = client.getresponse()
    body = reply.read()
    client.close()
    if (reply.getheader("Content-Encoding") == "gzip") != coded:
        raise Failed(f"the page of {size} KiB came in coding {reply.getheader('Content-Encoding')}")
    if reply.status != 200 or (gzip.decompress(body) if coded else body) != page(size):
        raise Failed(f"the page of {size} KiB came as {reply.status} with {len(body)} bytes")
