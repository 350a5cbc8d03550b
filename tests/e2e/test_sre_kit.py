"""What config/ has for those who run it: rules, dashboard; each against the real program."""
import json
import os
import re
import subprocess

import yaml

from support.countermark import REPOSITORY
from support.plain_site import config

from test_prometheus import PROMTOOL, used

CONFIG = os.path.join(REPOSITORY, "config")
METRIC = re.compile(r"\bcountermark_[a-z0-9_]+")
SELECTOR = re.compile(r"\b(countermark_[a-z0-9_]+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)"([^"]*)"')
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


def selectors(texts):
    return {(name, *matcher) for text in texts for name, matchers in SELECTOR.findall(text)
            for matcher in MATCHER.findall(matchers) if matcher[0] != "instance"}


def test_every_label_that_rules_and_dashboard_name_is_one_of_the_program(origin, countermark,
                                                                         folder):
    pairs = os.path.join(folder, "grants.csv")
    with open(pairs, "w", encoding="utf-8") as out:
        out.write("requester,subject\n")
    value = config(origin.port, grants=[{"name": "g", "csv": pairs}],
                   alerts=[{"name": "soc", "syslog": "udp://127.0.0.1:9", "format": "syslog"}])
    value["markers"].append({"name": "partner", "find": ["meta:partner"], "must_be": "granted",
                             "grants": "g"})
    samples = countermark(value).metrics().samples
    wanted = selectors([rule["expr"] for rule in rules()] + expressions())
    assert len(wanted) > 8
    assert [row for row in wanted if not any(
        re.fullmatch(row[3] if "~" in row[2] else re.escape(row[3]), labels.get(row[1], ""))
        for labels, _ in samples.get(row[0], []))] == []


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


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def recipe(name):
    with open(os.path.join(CONFIG, "recipes", name), encoding="utf-8") as file:
        return file.read()


def test_the_recipes_are_what_their_programs_take(folder):
    apache, nginx = os.path.join(folder, "apache.conf"), os.path.join(folder, "nginx.conf")
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "authz_core", "proxy", "proxy_http", "headers"))
    with open(apache, "w", encoding="utf-8") as out:
        out.write(f"ServerRoot {folder}\nServerName localhost\nErrorLog {folder}/error.log\n"
                  f"PidFile {folder}/pid\n{modules}" + recipe("apache.conf"))
    with open(nginx, "w", encoding="utf-8") as out:
        out.write(f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
                  f"http {{ access_log off;\n{recipe('nginx.conf')}\n}}\n")
    run("/usr/sbin/apache2", "-t", "-f", apache)
    run("/usr/sbin/nginx", "-t", "-c", nginx, "-e", f"{folder}/start.log")
    run("/usr/sbin/haproxy", "-c", "-f", os.path.join(CONFIG, "recipes", "haproxy.cfg"))
