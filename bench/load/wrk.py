"""The load: wrk on kept connections, with a session's cookie; and one request to check a page."""
import http.client
import os
import re
import subprocess

from .pages import COOKIE_NAME, page, path_of, session_token
from .server import Failed, on_cores

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


class Load:
    def __init__(self, folder, connections, sessions, cores):
        self.connections = connections
        self.sessions = sessions
        self._cores = cores
        self._script = os.path.join(folder, "sessions.lua")
        self._tokens = os.path.join(folder, "tokens.txt")
        with open(self._script, "w", encoding="ascii") as out:
            out.write(MANY_SESSIONS % COOKIE_NAME)
        with open(self._tokens, "w", encoding="ascii") as out:
            out.writelines(session_token(number) + "\n" for number in range(sessions))

    def run(self, port, size, seconds):
        """Requests done, and wrk's own latency figures in microseconds. All must be 2xx."""
        argv = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency"]
        url = f"http://127.0.0.1:{port}{path_of(size)}"
        if self.sessions > 1:
            argv += ["-s", self._script, url, self._tokens]
        else:
            argv += ["-H", f"Cookie: {COOKIE_NAME}={session_token()}", url]
        done = subprocess.run(on_cores(self._cores, argv), capture_output=True, text=True,
                              check=False)
        return parse(done.stdout + done.stderr)


def parse(text):
    if re.search(r"Non-2xx|Socket errors", text) or "requests in" not in text:
        raise Failed(f"wrk was not served as it should be:\n{text}")
    return {"requests": int(re.search(r"(\d+) requests in", text).group(1)),
            "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
            "p50_us": microseconds(text, "50%"), "p99_us": microseconds(text, "99%")}


def microseconds(text, name):
    value, unit = re.search(rf"\s{name}\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def check(port, size):
    """The page arrives unchanged: 200, and every byte of it."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", path_of(size), headers={"Cookie": f"{COOKIE_NAME}={session_token()}"})
    reply = client.getresponse()
    body = reply.read()
    client.close()
    if reply.status != 200 or body != page(size):
        raise Failed(f"the page of {size} KiB came as {reply.status} with {len(body)} bytes")
