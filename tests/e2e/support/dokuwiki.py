"""Debian's DokuWiki, unmodified, in a copy of its own under PHP's server. Its own login and pages.

What its pages already carry: `<li class="user">Logged in as: <bdi>NAME</bdi> (<bdi>LOGIN</bdi>)`.
"""
import os
import re
import shutil
import subprocess

from .mediawiki import inputs_of
from .ports import accepts, free_port, wait_until
from .processes import Child

ROOT = "/usr/share/dokuwiki"
CONF = "/etc/dokuwiki"
LOGIN = "/doku.php?id=start&do=login"
OTHER_LOGIN = "/doku.php/start?do=login"
USERS = {"anna": "Password-for-tests-1", "bert": "Password-for-tests-2"}
PAGES = ("/doku.php?id=start", "/doku.php?id=start&do=profile", "/doku.php?id=start&do=recent")
FOLDERS = "attic cache index locks log media media_attic media_meta meta pages tmp".split()

_NAME = re.compile(r'<li class="user">[^<]*<bdi>[^<]*</bdi> \(<bdi>([^<]+)</bdi>\)')

LOCAL = """<?php
$conf['title'] = 'Wiki'; $conf['useacl'] = 1; $conf['authtype'] = 'authplain';
$conf['superuser'] = '@admin'; $conf['savedir'] = '{data}'; $conf['passcrypt'] = 'bcrypt';
"""


class DokuWiki:
    def __init__(self, folder):
        assert os.path.isdir(ROOT), "DokuWiki is missing: see tests/e2e/packages.txt"
        wiki, conf, data = (os.path.join(folder, name) for name in ("wiki", "conf", "data"))
        shutil.copytree(ROOT, wiki)
        shutil.copytree(CONF, conf)
        for name in FOLDERS:
            os.makedirs(os.path.join(data, name))
        _write(os.path.join(wiki, "inc", "preload.php"),
               f"<?php define('DOKU_CONF', '{conf}/'); define('DOKU_LOCAL', '{conf}/');\n")
        _write(os.path.join(conf, "local.php"), LOCAL.format(data=data))
        _write(os.path.join(conf, "acl.auth.php"), "* @ALL 1\n* @user 8\n")
        _write(os.path.join(conf, "users.auth.php"), "".join(
            f"{user}:{_hash(password)}:{user.title()}:{user}@site.example:user\n"
            for user, password in USERS.items()))
        self.port = free_port()
        self._child = Child("dokuwiki", ["php", "-S", f"127.0.0.1:{self.port}", "-t", wiki], folder,
                            {"PHP_CLI_SERVER_WORKERS": "4"}, group=True)
        wait_until(lambda: accepts(self.port), 20, "DokuWiki listens")

    def stop(self):
        self._child.stop(5)


def _write(path, text):
    if os.path.islink(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def _hash(password):
    return subprocess.run(["php", "-r", "echo password_hash($argv[1], PASSWORD_BCRYPT);", password],
                          check=True, capture_output=True, text=True).stdout


def user_named_in(reply):
    match = _NAME.search(reply.text)
    return match.group(1) if match else None


def login(browser, user, password=None, path=LOGIN):
    form = inputs_of(browser.get(f"{LOGIN}&n={user}").text)
    return browser.post(path, {
        "sectok": form.get("sectok", ""), "id": "start", "do": "login", "u": user,
        "p": password or USERS[user]})


def logout(browser):
    form = browser.get("/doku.php?id=start").text
    token = re.search(r"do=logout&amp;sectok=([0-9a-f]*)", form)
    return browser.get(f"/doku.php?id=start&do=logout&sectok={token.group(1) if token else ''}")
