"""Starts the programs of tests/sites and knows what their pages may contain."""
import json
import os
import re

import yaml

from .client import Client
from .ports import accepts, free_port, wait_until
from .processes import Child

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sites")
PYTHON = "/usr/bin/python3"

PERSONAL = ("/mypage/top", "/mypage/account", "/mypage/account/edit", "/mypage/plan",
            "/mypage/form2/edit", "/mypage/form2/preview", "/mypage/form3-1/edit",
            "/mypage/form3-2/edit", "/mypage/inquiry", "/mypage/download/career.csv",
            "/mypage/download/form2.txt")
PUBLIC = ("/", "/news", "/help", "/contact", "/voices")

_OWNED = re.compile(rb'SECRET-(user\d+)-\w+|name="user-marker" content="(user\d+)"|'
                    rb"X-User-Marker: (user\d+)", re.IGNORECASE)


def foreign_bytes(received, user):
    """How many bytes of `received` belong to users other than `user` (None: to anybody)."""
    allowed = user.encode() if user else None
    return sum(len(match.group(0)) for match in _OWNED.finditer(received)
               if next(filter(None, match.groups())) != allowed)


def password_of(user):
    return f"pass-{user}"


class Site:
    """A server program with a control port that speaks JSON."""

    def __init__(self, name, argv, folder, port, control_port):
        self.port = port
        self.control_port = control_port
        self.child = Child(f"{name}-{port}", argv, folder)
        wait_until(lambda: accepts(port) and accepts(control_port), 10, f"{name} listens")

    def control(self, method, target, value=None):
        body = json.dumps(value).encode() if value is not None else None
        with Client(self.control_port) as client:
            reply = client.request(method, target, (), body)
        assert reply.status == 200, reply.text
        return json.loads(reply.body)

    def stop(self):
        self.child.stop(5)


class Jobcard(Site):
    def __init__(self, folder, settings=None, users=64):
        port, control = free_port(), free_port()
        super().__init__("jobcard", [
            PYTHON, "-B", os.path.join(FOLDER, "jobcard", "jobcard.py"), "--port", str(port),
            "--control-port", str(control), "--users", str(users),
            "--set", json.dumps(settings or {})], folder, port, control)

    def set(self, **settings):
        return self.control("PUT", "/settings", settings)

    def counts(self):
        return self.control("GET", "/counts")


class Origin(Site):
    def __init__(self, folder, port=None):
        port, control = port or free_port(), free_port()
        super().__init__("origin", [PYTHON, "-B", os.path.join(FOLDER, "origin.py"), "--port",
                                    str(port), "--control-port", str(control)],
                         folder, port, control)

    def connections(self):
        """Every connection so far: {"id", "open", "requests": [...]}; see origin.py."""
        return self.control("GET", "/connections")

    def forget(self):
        self.control("DELETE", "/connections")


class Childcare(Site):
    def __init__(self, folder, settings=None):
        port, control = free_port(), free_port()
        self.database = os.path.join(folder, "matching.db")
        super().__init__("childcare", [
            PYTHON, "-B", os.path.join(FOLDER, "childcare", "childcare.py"), "--port", str(port),
            "--control-port", str(control), "--database", self.database,
            "--set", json.dumps(settings or {})], folder, port, control)

    def set(self, **settings):
        return self.control("PUT", "/settings", settings)

    def config(self):
        """The site's countermark.yaml as a dict, pointing at this one."""
        with open(os.path.join(FOLDER, "childcare", "countermark.yaml"), encoding="utf-8") as file:
            config = yaml.safe_load(file)
        config["upstreams"][0]["servers"] = [f"http://127.0.0.1:{self.port}"]
        for grant in config["grants"]:
            grant["sqlite"] = self.database
        del config["listen"]            # the proxy of a test has a port of its own
        return config


def jobcard_config(upstream_port):
    """The site's countermark.yaml as a dict, pointing at `upstream_port`."""
    with open(os.path.join(FOLDER, "jobcard", "countermark.yaml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    config["upstreams"][0]["servers"] = [f"http://127.0.0.1:{upstream_port}"]
    del config["listen"]                # the proxy of a test has a port of its own
    return config


def login(browser, user, password=None):
    return browser.post("/login", {"userid": user, "password": password or password_of(user)})
