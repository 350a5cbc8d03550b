#!/usr/bin/python3
"""The first notice's site, rebuilt: `jobcard.py --port 9000 --control-port 9002`.

The site listens on --listen:--port. The control port (loopback only) changes settings while the
site runs, as the configuration change of the accident did:

    curl http://127.0.0.1:9002/settings
    curl -X PUT -d '{"shared_context": true}' http://127.0.0.1:9002/settings
    curl http://127.0.0.1:9002/counts

    setting           default   meaning
    shared_context    false     true: one context for the whole application. The accident
    database_latency  0.002     seconds to the database and back
    cache_latency     0         seconds to the cache and back: how long the race stays open
    echo              "off"     "own": Countermark-Echo from the request; "shared": from the context
    gzip              false     gzip for clients that accept it
    chunked           false     chunked instead of Content-Length
    voices_raw        false     /voices shows what visitors sent in without escaping it
    replay            {}        whose page each of these users gets: an accident known from its report

Users are user001 ... user064 (--users N); the password of user001 is pass-user001.
"""
import argparse
import json
import os
import signal
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from application import Application     # noqa: E402
from store import Store                 # noqa: E402
from web import Response, Server        # noqa: E402

SETTINGS = {"shared_context": False, "database_latency": 0.002, "cache_latency": 0, "echo": "off",
            "gzip": False, "chunked": False, "voices_raw": False, "replay": {}}
ECHOES = ("off", "own", "shared")


class Settings:
    """Read by every thread at every use; changed through the control port."""

    def __init__(self):
        self.__dict__.update(SETTINGS)

    def change(self, wanted):
        """An error text, or None when all of `wanted` is in force."""
        for name, value in wanted.items():
            if name not in SETTINGS:
                return f"unknown setting {name}"
            kind = (int, float) if name.endswith("_latency") else type(SETTINGS[name])
            if not isinstance(value, kind) or name == "echo" and value not in ECHOES:
                return f"bad value for {name}"
        self.__dict__.update(wanted)
        return None


class Control:
    def __init__(self, settings, application):
        self._settings = settings
        self._application = application

    def answer(self, request):
        if request.path == "/counts":
            return self._json(self._application.counts)
        if request.path != "/settings":
            return Response(404, "no such path\n", "text/plain")
        if request.method == "PUT":
            try:
                error = self._settings.change(json.loads(request.body))
            except (ValueError, AttributeError):
                error = "not a JSON object"
            if error:
                return Response(400, error + "\n", "text/plain")
        return self._json(vars(self._settings))

    @staticmethod
    def _json(value):
        return Response(200, json.dumps(value) + "\n", "application/json")


def arguments():
    parser = argparse.ArgumentParser(description="the first notice's site, rebuilt")
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--control-port", type=int, default=9002)
    parser.add_argument("--users", type=int, default=64)
    parser.add_argument("--set", default="{}", metavar="JSON", help="settings to start with")
    return parser.parse_args()


def main():
    options = arguments()
    settings = Settings()
    error = settings.change(json.loads(options.set))
    if error:
        sys.exit(error)
    users = [f"user{number:03}" for number in range(1, options.users + 1)]
    with tempfile.TemporaryDirectory(prefix="jobcard-") as folder:
        store = Store(os.path.join(folder, "site.db"), users, lambda user: f"pass-{user}", settings)
        application = Application(store, settings)
        site = Server((options.listen, options.port), settings, application.answer,
                      store.close_thread)
        control = Server(("127.0.0.1", options.control_port), settings,
                         Control(settings, application).answer)
        for server in (site, control):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"jobcard: site {options.listen}:{site.server_address[1]}, "
              f"control 127.0.0.1:{control.server_address[1]}", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
