"""Debian's Redmine, unmodified, in a copy of its own under Puma, with the SQLite database that its
package makes. Its own login and pages; a Rails application: each page may replace its cookie.

What its pages already carry: `<div id="loggedas">Logged in as <a class="user active"
href="/users/5">LOGIN</a></div>`.
"""
import hashlib
import os
import re
import shutil
import sqlite3

from .mediawiki import inputs_of
from .ports import accepts, free_port, wait_until
from .processes import Child

ROOT = "/usr/share/redmine"
DATABASE = "/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default"
LOCK = "/var/lib/redmine/Gemfile.lock"
USERS = {"anna": "Password-for-tests-1", "bert": "Password-for-tests-2"}
LOGIN = "/login"
OTHER_LOGIN = "/login.html"
PAGES = ("/my/account", "/projects", "/", "/users/1")

_NAME = re.compile(r'<div id="loggedas">[^<]*<a class="user active" href="[^"]*">([^<]+)</a>')

USER = """INSERT INTO users (login, hashed_password, salt, firstname, lastname, admin, status, language,
    type, mail_notification, created_on, updated_on, passwd_changed_on)
    VALUES (?, ?, ?, ?, 'Test', ?, 1, 'en', 'User', 'none', {now}, {now}, {now})"""
ADDRESS = """INSERT INTO email_addresses (user_id, address, is_default, notify, created_on, updated_on)
    VALUES (?, ?, 1, 0, {now}, {now})"""
NOW = "'2024-03-22 00:00:00'"


class Redmine:
    def __init__(self, folder):
        assert os.access(DATABASE, os.R_OK), "Redmine is missing, or root is: see tests/e2e/packages.txt"
        site = os.path.join(folder, "site")
        instance = os.path.join(site, "instances", "default")
        shutil.copytree(ROOT, site, symlinks=True)
        for name in ("config/database.yml", "instances", "Gemfile.lock"):
            os.unlink(os.path.join(site, name))
        for name in ("config", "log", "tmp/cache", "files", "plugins", "public/plugin_assets"):
            os.makedirs(os.path.join(instance, name))
        for name in ("tmp", "log", "files", "plugins", "public/plugin_assets"):
            os.makedirs(os.path.join(site, name), exist_ok=True)
        shutil.copyfile(LOCK, os.path.join(site, "Gemfile.lock"))
        self._database = os.path.join(folder, "redmine.sqlite")
        self._fill()
        _write(os.path.join(instance, "config", "secret_key.txt"), "0123456789abcdef" * 8)
        settings = f"production:\n  adapter: sqlite3\n  database: {self._database}\n  timeout: 60000\n"
        for place in (site, instance):
            _write(os.path.join(place, "config", "database.yml"), settings)
        self.port = free_port()
        self._child = Child("redmine", ["puma", "-b", f"tcp://127.0.0.1:{self.port}", "-t", "4:4"], folder,
                            {"RAILS_ENV": "production", "X_DEBIAN_SITEID": "default"}, cwd=site)
        wait_until(lambda: accepts(self.port) or not self._child.running(), 120, "Redmine listens")
        assert self._child.running(), f"Redmine does not start: see {self._child.out_path}"

    def _fill(self):
        shutil.copyfile(DATABASE, self._database)
        db = sqlite3.connect(self._database)
        for user, password in USERS.items():
            salt = hashlib.md5(user.encode()).hexdigest()
            inner = hashlib.sha1(password.encode()).hexdigest()
            found = db.execute(USER.format(now=NOW), (
                user, hashlib.sha1((salt + inner).encode()).hexdigest(), salt, user.title(),
                user == "anna"))
            db.execute(ADDRESS.format(now=NOW), (found.lastrowid, f"{user}@site.example"))
        db.commit()
        db.close()

    def stop(self):
        self._child.stop(20)


def _write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def user_named_in(reply):
    match = _NAME.search(reply.text)
    return match.group(1) if match else None


def login(browser, user, password=None, path=LOGIN):
    form = inputs_of(browser.get(LOGIN).text)
    return browser.post(path, {"authenticity_token": form["authenticity_token"], "username": user,
                                "password": password or USERS[user], "login": "Login"})


def logout(browser):
    form = inputs_of(browser.get("/logout").text)
    return browser.post("/logout", {"authenticity_token": form["authenticity_token"]})
