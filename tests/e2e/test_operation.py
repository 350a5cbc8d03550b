"""What an operator does with a running proxy: look, take down, bring up, reload, stop, restart.

By the command line and by the admin address, under load with the race on.
"""
import os
import signal
import threading

import pytest

from support.load import Load
from support.ports import accepts, wait_until
from support.sites import jobcard_config

USERS = [f"user{number:03}" for number in range(1, 17)]
REASON = ("--reason", "checked by the test")


def begun(jobcard, countermark, workers=2):
    site = jobcard()
    config = jobcard_config(site.port)
    config["workers"] = workers
    proxy = countermark(config)
    load = Load(proxy.port, USERS)
    load.login_all()
    load.visit_all()
    return site, proxy, load


def state_of(proxy, name="login"):
    return next(row["state"] for row in proxy.api("/features")["features"] if row["name"] == name)


@pytest.mark.sanitize
def test_an_accident_is_seen_closed_and_over_by_commands_alone(jobcard, countermark):
    site, proxy, load = begun(jobcard, countermark)
    site.set(shared_context=True)
    load.run(1_500)
    site.set(shared_context=False)
    assert load.foreign_bytes == 0

    status = proxy.run("status")
    assert status.returncode == 0, status.stderr
    assert "enforce" in status.stdout and "down" in status.stdout
    assert proxy.run_json("status")["incidents_open"] == 1
    listed = proxy.run("incidents")
    assert listed.returncode == 0 and "login" in listed.stdout
    number = str(proxy.run_json("incidents")["incidents"][0]["id"])
    shown = proxy.run("incidents", number)
    assert shown.returncode == 0 and "withheld" in shown.stdout
    assert not any(user in shown.stdout for user in USERS), "a value instead of a pseudonym"
    assert "\x1b" not in shown.stdout
    assert proxy.run_json("incidents", number)["rows"]
    assert proxy.run("incidents", "999").returncode == 1

    assert proxy.run("up", "login", *REASON).returncode == 1
    assert state_of(proxy) == "down"
    assert proxy.run("up", "login", "--anyway", *REASON).returncode == 0
    assert state_of(proxy) == "up"
    assert proxy.run("down", "login", *REASON).returncode == 0
    assert proxy.run("down", "nothing", *REASON).returncode == 1
    assert proxy.run("down", "login").returncode == 2
    proxy.api(f"/incidents/{number}/close", "POST", {"reason": "closed by the test"})
    assert proxy.run("up", "login", *REASON).returncode == 0
    load.login_all()
    load.visit_all()
    load.close()
    assert load.foreign_bytes == 0


@pytest.mark.sanitize
def test_a_token_may_do_what_its_role_says_and_no_token_nothing(jobcard, countermark):
    _, proxy, load = begun(jobcard, countermark)
    load.close()
    order = {"reason": "checked by the test"}
    for target in ("/api/v1/status", "/api/v1/features", "/api/v1/incidents"):
        assert proxy.admin("GET", target, role=None).status == 401
        assert proxy.admin("GET", target, role="viewer").status == 200
    for role, status in ((None, 401), ("viewer", 403), ("operator", 200)):
        reply = proxy.admin("POST", "/api/v1/features/login/down", order, role)
        assert reply.status == status, reply.text
    assert state_of(proxy) == "down"
    assert proxy.admin("POST", "/api/v1/reload", {}, "viewer").status == 403


@pytest.mark.sanitize
def test_a_signal_reloads_only_what_is_not_weaker(jobcard, countermark):
    _, proxy, load = begun(jobcard, countermark)
    first = proxy.api("/status")["config"]["hash"]

    def in_force():
        return proxy.api("/status")["config"]["hash"]

    def last_reload():
        return proxy.metrics().value("countermark_config_last_reload_successful")

    weaker = dict(proxy.config, mode="observe")
    proxy.write_config(weaker)
    proxy.hangup()
    wait_until(lambda: last_reload() == 0, 5, "the reload was refused")
    assert in_force() == first
    assert "weaker than the configuration in force" in proxy.child.errors().decode()

    proxy.write_config(dict(proxy.config, unknown_key=1))
    assert proxy.run("reload").returncode == 2
    assert in_force() == first

    proxy.write_config(dict(proxy.config, refusal_status=503))
    running = threading.Thread(target=load.run, args=(600,))
    running.start()
    proxy.hangup()
    wait_until(lambda: last_reload() == 1 and in_force() != first, 5, "the reload is in force")
    running.join()
    assert not load.broken

    proxy.write_config(weaker)
    refused = proxy.run("reload")
    assert refused.returncode == 2 and "nothing is withheld" in refused.stderr
    assert proxy.run("reload", "--accept-weaker", "").returncode == 2
    assert proxy.run_json("status")["mode"] == "enforce"
    done = proxy.run("reload", "--accept-weaker", "the site moves")
    assert done.returncode == 0 and "weaker: the mode is observe" in done.stdout
    assert proxy.run_json("status")["mode"] == "observe"
    load.close()


@pytest.mark.sanitize
def test_the_end_lets_requests_finish_and_leaves_nothing(jobcard, countermark):
    _, proxy, load = begun(jobcard, countermark)
    running = threading.Thread(target=load.run, args=(3_000,))
    running.start()
    wait_until(lambda: load.statuses[200] > 200, 20, "the load runs")
    proxy.child.signal(signal.SIGTERM)
    assert proxy.stop() == []
    running.join()
    load.close()
    assert set(load.statuses) == {200}
    assert load.foreign_bytes == 0
    assert not os.path.exists(proxy.socket)
    assert not accepts(proxy.port)


@pytest.mark.sanitize
def test_after_a_kill_the_same_command_starts_it_again(jobcard, countermark):
    _, proxy, load = begun(jobcard, countermark)
    assert proxy.run("down", "login", *REASON).returncode == 0
    running = threading.Thread(target=load.run, args=(1_000,))
    running.start()
    proxy.kill()
    running.join()
    load.close()
    assert os.path.exists(proxy.socket)
    proxy.start()
    assert state_of(proxy) == "down"
    assert proxy.run("status").returncode == 0
    assert proxy.run("up", "login", *REASON).returncode == 0


@pytest.mark.sanitize
def test_a_proxy_that_does_not_run_is_told_apart_from_a_no(jobcard, countermark):
    _, proxy, load = begun(jobcard, countermark)
    load.close()
    assert proxy.stop() == []
    assert proxy.run("status").returncode == 3
