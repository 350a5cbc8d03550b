"""What config/ has for those who run it: rules, dashboard; each against the real program."""
import json
import os
import re
import subprocess

import yaml

from support.countermark import REPOSITORY

from test_prometheus import PROMTOOL, used

CONFIG = os.path.join(REPOSITORY, "config")
METRIC = re.compile(r"\bcountermark_[a-z0-9_]+")
SUFFIXES = ("_bucket", "_sum", "_count")


def rules():
    with open(os.path.join(CONFIG, "alerts.rules.yml"), encoding="utf-8") as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def expressions():
    with open(os.path.join(CONFIG, "grafana-dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def families(proxy):
    text = proxy.admin("GET", "/metrics", role=None).text
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def unknown(texts, known):
    named = {name for text in texts for name in METRIC.findall(text)}
    assert named
    return sorted(name for name in named
                  if name not in known and not any(
                      name.endswith(end) and name[:-len(end)] in known for end in SUFFIXES))


def test_the_rules_fire_on_their_cause_and_not_on_a_quiet_day():
    for words in (["check", "rules", "alerts.rules.yml"], ["test", "rules", "alerts.test.yml"]):
        done = subprocess.run([PROMTOOL, *words], cwd=CONFIG, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    with open(os.path.join(CONFIG, "alerts.test.yml"), encoding="utf-8") as file:
        tested = file.read()
    assert [rule["alert"] for rule in rules() if f'"{rule["alert"]}"' not in tested] == []


def test_every_metric_of_rules_and_dashboard_is_one_of_the_program(origin, countermark):
    known = families(used(origin, countermark))
    assert unknown([rule["expr"] for rule in rules()], known) == []
    assert unknown(expressions(), known) == []


def test_the_dashboard_asks_what_prometheus_understands(folder):
    path = os.path.join(folder, "rules.yml")
    plain = [re.sub(r"\$instance", ".*", text) for text in expressions()]
    with open(path, "w", encoding="utf-8") as out:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": [
            {"record": f"panel:{number}", "expr": text} for number, text in enumerate(plain)]}]},
            out)
    done = subprocess.run([PROMTOOL, "check", "rules", path], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
