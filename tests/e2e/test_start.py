"""Starts that must fail: one message, exit code 2, nothing half started."""
import os
import shutil
import subprocess

import pytest
import yaml

from support.client import Browser
from support.countermark import BINARY
from support.ports import accepts, free_port

SECONDS = 20


def config_in(folder):
    token = os.path.join(folder, "sre.token")
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write("a-token-of-the-tests-of-the-start\n")
    return {
        "listen": [{"address": f"127.0.0.1:{free_port()}"}],
        "upstreams": [{"name": "site", "servers": [f"http://127.0.0.1:{free_port()}"]}],
        "session": {"cookies": ["SID"]},
        "markers": [{"name": "owner", "find": ["meta:user-marker"]}],
        "features": [{"name": "login", "paths": ["/login"]}],
        "state": os.path.join(folder, "state"),
        "admin": {"socket": os.path.join(folder, "admin.sock"),
                  "address": f"127.0.0.1:{free_port()}",
                  "tokens": [{"name": "sre", "role": "viewer", "token_file": token}]},
        "workers": 1,
    }


def serve(folder, config):
    path = os.path.join(folder, "countermark.yaml")
    with open(path, "w", encoding="utf-8") as out:
        yaml.safe_dump(config, out, sort_keys=False)
    return subprocess.run([BINARY, "serve", "--config", path], timeout=SECONDS, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def refused(folder, config, says):
    done = serve(folder, config)
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert says in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
    assert not os.path.exists(config["admin"]["socket"])
    return done


def unknown_key(config):
    config["upstream"] = "x"


def no_paths(config):
    config["features"] = [{"name": "login", "paths": []}]


def shadowed(config):
    config["routes"] = [{"path": "/a/**"}, {"path": "/a/b"}]


def no_selector(config):
    config["markers"] = [{"name": "owner", "find": []}]


def no_group(config):
    config["markers"] = [{"name": "owner", "find": ["regex:abc"]}]


def no_token_file(config):
    config["admin"]["tokens"][0]["token_file"] += ".gone"


def no_socket_folder(config):
    with open(config["state"] + "-file", "w", encoding="ascii"):
        config["admin"]["socket"] = config["state"] + "-file/admin.sock"


def no_log_folder(config):
    config["access_log"] = config["state"] + "-gone/deeper/access.log"


def foreign_address(config):
    config["listen"] = [{"address": "192.0.2.7:80"}]


@pytest.mark.sanitize
@pytest.mark.parametrize("change, says", [
    (unknown_key, "nearest one here is `upstreams`"),
    (no_paths, "`paths` must not be empty"),
    (shadowed, "can never match"),
    (no_selector, "`find` must not be empty"),
    (no_group, "has no group"),
    (no_token_file, "sre.token.gone"),
    (no_socket_folder, "admin.sock: Not a directory"),
    (no_log_folder, "access.log: No such file"),
    (foreign_address, "192.0.2.7:80: Cannot assign"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_a_configuration_that_cannot_work_is_refused(folder, change, says):
    config = config_in(folder)
    change(config)
    refused(folder, config, says)


def test_the_directory_of_the_access_log_is_made_for_nobody_else(folder, countermark):
    proxy = countermark(config_in(folder))
    log = os.path.join(folder, "log", "access.log")
    assert proxy.stop() == []
    proxy.write_config({**proxy.config, "access_log": log})
    proxy.start()
    assert os.path.isfile(log)
    assert os.stat(os.path.dirname(log)).st_mode & 0o777 == 0o700


def test_observing_without_a_marker_passes_everything_on(folder, origin, countermark):
    config = config_in(folder)
    del config["markers"]
    config["upstreams"][0]["servers"] = [f"http://127.0.0.1:{origin.port}"]
    config["mode"] = "observe"
    proxy = countermark(config)
    assert Browser(proxy.port).get("/page").status == 200


@pytest.fixture
def kept_state(folder, countermark):
    """A configuration whose state directory was in use once."""
    config = config_in(folder)
    proxy = countermark(config)
    assert proxy.stop() == []
    shutil.copytree(proxy.state, config["state"])
    return config


def spoil(name, content):
    def change(state):
        with open(os.path.join(state, name), "wb") as out:
            out.write(content)
    return change


def remove(name):
    return lambda state: os.unlink(os.path.join(state, name))


def mode(name, bits):
    return lambda state: os.chmod(os.path.join(state, name), bits)


@pytest.mark.sanitize
@pytest.mark.parametrize("damage, says", [
    (spoil("fingerprint.key", b"short"), "has 5 bytes, not 32"),
    (mode("fingerprint.key", 0o644), "chmod 600"),
    (remove("fingerprint.key"), "restore it from a backup"),
    (mode("", 0o755), "chmod 700"),
    (spoil("ledger.db", b"SQLite format 3\0" + b"x" * 9000), "the ledger is damaged"),
    (spoil("ledger.db", b""), "it is empty"),
    (remove("ledger.db"), "restore the ledger from a backup"),
    (spoil("features.state", b"garbage\n"), "features.state: damaged"),
], ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "")
def test_a_damaged_state_directory_is_refused_and_never_begun_anew(folder, kept_state, damage, says):
    damage(kept_state["state"])
    refused(folder, kept_state, says)


@pytest.mark.sanitize
def test_what_another_process_has_is_refused_and_left_to_it(folder, countermark):
    other = countermark(config_in(folder))
    same = {
        "state": ("state", other.state, "in use by another process"),
        "listen": ("listen", [{"address": f"127.0.0.1:{other.port}"}], "Address already in use"),
        "address": ("admin", {"address": f"127.0.0.1:{other.admin_port}"}, "already in use"),
    }
    for key, value, says in same.values():
        config = config_in(folder)
        config[key] = dict(config[key], **value) if isinstance(value, dict) else value
        refused(folder, config, says)
    config = config_in(folder)
    config["admin"]["socket"] = other.socket
    done = serve(folder, config)
    assert done.returncode == 2 and "already in use" in done.stderr
    assert os.path.exists(other.socket) and other.run("status").returncode == 0
    assert accepts(other.port)
