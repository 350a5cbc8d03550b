"""A change of configuration says what it does to protection: at check, at a reload, at a start."""
import copy
import json
import os
import re
import stat
import subprocess

import pytest
import yaml

from support.countermark import BINARY
from support.plain_site import config, page_of, signed_in
from support.ports import wait_until
from support.webhook import SECRET


def check(*words):
    return subprocess.run([BINARY, "check", *words], capture_output=True, text=True, timeout=20,
                          check=False)


def write(folder, name, value):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        yaml.safe_dump(value, out, sort_keys=False)
    return path


def without_requirement(value):
    weaker = copy.deepcopy(value)
    for route in weaker["routes"]:
        route.pop("require", None)
        route.pop("unmarked", None)
    return weaker


@pytest.fixture
def receiver(webhooks):
    return webhooks()


@pytest.fixture
def watched(origin, countermark, receiver, folder):
    secret = os.path.join(folder, "soc.secret")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
        out.write(SECRET + "\n")
    return countermark({**config(origin.port), "alerts": [
        {"name": "soc", "webhook": receiver.url, "secret_file": secret}]})


def told(receiver, count):
    def of_it():
        return [d.body["data"] for d in receiver.deliveries if d.type == "config.weaker"]
    wait_until(lambda: len({json.dumps(data, sort_keys=True) for data in of_it()}) >= count, 20,
               f"{count} alerts of it")
    return of_it()[-1]


@pytest.mark.sanitize
def test_check_says_what_a_change_does(folder, origin):
    old = {**config(origin.port), "state": folder, "listen": [{"address": "127.0.0.1:1"}]}
    before, after = write(folder, "old.yaml", old), write(folder, "new.yaml",
                                                          without_requirement(old))
    done = check("--config", after, "--against", before)
    assert done.returncode == 0 and "weaker: marker `owner` is not required on" in done.stdout
    assert check("--config", after, "--against", before, "--strict").returncode == 1
    done = check("--config", before, "--against", after)
    assert "stronger: marker `owner` is required on" in done.stdout and "weaker" not in done.stdout
    assert "nothing changes" in check("--config", before, "--against", before).stdout
    value = json.loads(check("--config", after, "--against", before, "--json").stdout)
    assert value["valid"] and value["difference"]["weaker"] and not value["errors"]
    assert check("--config", after, "--against", "/nowhere.yaml").returncode == 2
    done = check("--config", after, "--against", "/nowhere.yaml", "--json")
    assert done.returncode == 2 and not json.loads(done.stdout)["valid"]
    broken = write(folder, "broken.yaml", {**old, "unknown_key": 1})
    done = check("--config", broken, "--json")
    assert done.returncode == 2 and json.loads(done.stdout)["errors"][0]["line"] > 0


@pytest.mark.sanitize
def test_a_reload_that_protects_less_needs_a_reason_which_is_kept_and_alerted(watched, receiver):
    proxy, weaker = watched, without_requirement(watched.config)
    proxy.write_config(weaker)
    reply = proxy.admin("POST", "/api/v1/reload", {}, "operator")
    assert reply.status == 422 and "is not required on" in reply.text
    reply = proxy.admin("POST", "/api/v1/reload", {"accept_weaker": "the page is gone"}, "operator")
    assert reply.status == 200 and "weaker: marker `owner` is not required" in reply.text
    wait_until(lambda: "the page is gone" in proxy.ledger().rows("config_changes")[-1]["summary"],
               10, "it is in the ledger")
    row = proxy.ledger().rows("config_changes")[-1]
    assert "operator" in row["who"] and "is not required on" in row["summary"]
    data = told(receiver, 1)
    assert data["reason"] == "the page is gone" and data["count"] == len(data["weaker"])
    assert any("is not required on" in line for line in data["weaker"])

    proxy.write_config(proxy.config)
    done = proxy.run("reload")
    assert done.returncode == 0 and "stronger: marker `owner` is required" in done.stdout


@pytest.mark.sanitize
def test_a_start_with_a_weaker_file_goes_on_and_is_alerted_once(watched, receiver):
    proxy = watched
    kept = os.path.join(proxy.state, "config.last")
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    text = open(kept, encoding="utf-8").read()
    assert SECRET not in text and receiver.url not in text
    assert proxy.stop() == []
    proxy.write_config(without_requirement(proxy.config))
    proxy.start()
    data = told(receiver, 1)
    assert data["who"] == "start" and any("is not required on" in s for s in data["weaker"]), data["weaker"]
    wait_until(lambda: "weaker than before the start"
               in proxy.ledger().rows("config_changes")[-1]["summary"], 10, "it is in the ledger")

    count = len([d for d in receiver.deliveries if d.type == "config.weaker"])
    for change in (proxy.config, proxy.config):
        assert proxy.stop() == []
        proxy.write_config(change)
        proxy.start()
        wait_until(lambda: proxy.ledger().rows("config_changes")[-1]["summary"] == "in force", 10,
                   "the start is in the ledger")
    assert len([d for d in receiver.deliveries if d.type == "config.weaker"]) == count


@pytest.mark.sanitize
def test_a_start_that_cannot_be_compared_is_alerted(watched, receiver):
    proxy = watched
    assert proxy.stop() == []
    with open(os.path.join(proxy.state, "config.last"), "w", encoding="ascii") as out:
        out.write("{")
    proxy.start()
    assert "cannot be compared" in told(receiver, 1)["weaker"][0]


@pytest.mark.sanitize
def test_a_start_beside_a_ledger_without_the_last_configuration_is_alerted(watched, receiver):
    proxy = watched
    wait_until(lambda: [r["summary"] for r in proxy.ledger().rows("config_changes")] == ["in force"],
               10, "the first start is in the ledger")
    assert proxy.stop() == []
    os.unlink(os.path.join(proxy.state, "config.last"))
    proxy.start()
    assert "cannot be compared" in told(receiver, 1)["weaker"][0]
    wait_until(lambda: "cannot be compared" in proxy.ledger().rows("config_changes")[-1]["summary"],
               10, "it is in the ledger")


@pytest.mark.sanitize
def test_a_reload_tells_all_of_a_long_difference_and_the_ledger_what_it_leaves_out(watched):
    proxy = watched
    value = copy.deepcopy(proxy.config)
    value["routes"] = [{"path": f"/page/{i:03}/" + "x" * 60, "require": ["owner"]}
                       for i in range(120)] + value["routes"]
    proxy.write_config(value)
    assert proxy.run("reload").returncode == 0
    proxy.write_config(proxy.config)
    done = proxy.run("reload", "--accept-weaker", "the pages are gone")
    assert done.returncode == 0
    assert all(f"is not required on `/page/{i:03}/" in done.stdout for i in range(120))
    wait_until(lambda: "; weaker: " in proxy.ledger().rows("config_changes")[-1]["summary"], 10,
               "it is in the ledger")
    assert re.search(r"; and \d+ more$", proxy.ledger().rows("config_changes")[-1]["summary"])


@pytest.mark.sanitize
def test_a_feature_that_is_down_can_be_neither_removed_nor_renamed(watched):
    proxy = watched
    value = copy.deepcopy(proxy.config)
    value["features"].append({"name": "shop", "paths": ["/shop/**"]})
    proxy.write_config(value)
    assert proxy.run("reload").returncode == 0
    assert proxy.run("down", "shop", "--reason", "test").returncode == 0
    for features in (proxy.config["features"],
                     proxy.config["features"] + [{"name": "store", "paths": ["/shop/**"]}]):
        proxy.write_config({**value, "features": features})
        done = proxy.run("reload", "--accept-weaker", "it is meant")
        assert done.returncode == 2 and "is down and cannot be removed or renamed" in done.stderr
    assert proxy.run("up", "shop", "--reason", "test").returncode == 0
    assert proxy.run("reload", "--accept-weaker", "it is meant").returncode == 0


@pytest.mark.sanitize
def test_check_says_what_a_log_shows(origin, countermark):
    proxy = countermark(config(origin.port))
    browser = signed_in(proxy.port, "user001")
    assert page_of(browser, "user001").status == 200
    assert browser.get("/guarded/x?field=Content-Type:text/html&body=nothing").status == 502
    assert browser.get("/account/7").status == 200
    browser.close()
    wait_until(lambda: any(line["path"] == "/account/7" for line in proxy.log_lines()), 10,
               "the log has its lines")
    by_path = {line["path"]: line for line in proxy.log_lines()}
    assert by_path["/guarded/x"]["marked"] is False and "marked" not in by_path["/account/7"]
    assert any(line.get("marked") is True for line in proxy.log_lines())
    done = check("--config", proxy.config_path, "--log", proxy.access_log)
    assert done.returncode == 0
    assert "none of 1 pages of `/guarded/**` carried its marker, such as `/guarded/x`" in done.stderr
    assert "`/account/7`, which looks personal, were for route `/**`" in done.stderr
    assert "of `/mypage/**`" not in done.stderr
    assert "no receiver in `alerts`" in done.stderr
    assert check("--config", proxy.config_path, "--strict").returncode == 1
    assert check("--config", proxy.config_path, "--log", "/nowhere").returncode == 2
    value = json.loads(check("--config", proxy.config_path, "--log", proxy.access_log,
                             "--json").stdout)
    assert any("carried its marker" in w["message"] for w in value["warnings"])
