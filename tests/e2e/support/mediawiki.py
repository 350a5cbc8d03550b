"""Debian's MediaWiki, unmodified: SQLite, php-fpm, nginx. Its own login, its own pages.

What its pages already carry: `"wgUserName":"Admin"` in a script of every HTML page (`null` for
anonymous visitors). Its session cookie is `my_wiki_session`, replaced by every login and logout.
"""
import glob
import os
import re
import subprocess

from .client import Browser
from .nginx import Nginx
from .ports import free_port, wait_until
from .processes import Child

ROOT = "/usr/share/mediawiki"
USERS = {"Admin": "Password-for-tests-1", "Bob": "Password-for-tests-2"}
LOGIN = "/index.php/Special:UserLogin"
OTHER_LOGIN = "/index.php?title=Special:UserLogin&returnto=Main+Page"
LOGOUT = "/index.php/Special:UserLogout"
PAGES = ("/index.php/Main_Page", "/index.php/Special:Preferences", "/index.php/Special:Watchlist",
         "/index.php/Special:RecentChanges", "/index.php?title=Main_Page&action=history",
         "/index.php/Special:Version")

_NAME = re.compile(r'"wgUserName":(?:"([^"]*)"|null)')
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')

FPM = """[global]
error_log = {folder}/fpm.log
daemonize = no
[wiki]
listen = {socket}
{user}
pm = static
pm.max_children = 4
clear_env = no
php_admin_value[session.save_path] = {folder}
php_admin_value[error_log] = {folder}/php.log
"""

SERVER = """
    include /etc/nginx/mime.types;
    server {{
        listen 127.0.0.1:{port};
        root ROOT;
        location ~ ^/(index|load|api|rest)\\.php(/|$) {{
            fastcgi_split_path_info ^(.+?\\.php)(/.*)?$;
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME ROOT$fastcgi_script_name;
            fastcgi_param HTTP_HOST $http_host;
            fastcgi_param PATH_INFO $fastcgi_path_info;
            fastcgi_pass unix:SOCKET;
        }}
    }}
"""

# Read by the wiki after its generated settings: where it is reached is what the client says.
SETTINGS = """
$wgServer = 'http://' . ($_SERVER['HTTP_HOST'] ?? '127.0.0.1');
"""


class MediaWiki:
    def __init__(self, folder):
        assert os.path.isdir(ROOT), "MediaWiki is missing: see tests/e2e/packages.txt"
        self._folder = os.path.join(folder, "wiki")
        os.makedirs(self._folder)
        self._env = {"MW_CONFIG_FILE": os.path.join(self._folder, "LocalSettings.php")}
        self._install()
        self._fpm = self._start_fpm()
        socket = os.path.join(self._folder, "fpm.sock")
        wait_until(lambda: os.path.exists(socket), 10, "php-fpm listens")
        self.nginx = Nginx(self._folder, free_port(),
                           SERVER.replace("ROOT", ROOT).replace("SOCKET", socket))
        self.port = self.nginx.port

    def _php(self, script, *words, env=None):
        subprocess.run(["php", f"{ROOT}/maintenance/{script}", *words], check=True, timeout=60,
                       stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})})

    def _install(self):
        data = os.path.join(self._folder, "data")
        os.makedirs(data)
        self._php("install.php", "--dbtype", "sqlite", "--dbpath", data, "--confpath",
                  self._folder, "--server", "http://127.0.0.1", "--scriptpath", "",
                  "--pass", USERS["Admin"], "Wiki", "Admin")
        with open(self._env["MW_CONFIG_FILE"], "a", encoding="utf-8") as out:
            out.write(SETTINGS)
        self._php("createAndPromote.php", "Bob", USERS["Bob"], env=self._env)

    def _start_fpm(self):
        root = os.geteuid() == 0
        config = os.path.join(self._folder, "fpm.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(FPM.format(folder=self._folder, socket=os.path.join(self._folder, "fpm.sock"),
                                 user="user = root\ngroup = root" if root else ""))
        binary = sorted(glob.glob("/usr/sbin/php-fpm*"))[-1]
        return Child("php-fpm", [binary, "-F", "-y", config] + (["-R"] if root else []),
                     self._folder, self._env)

    def stop(self):
        self.nginx.stop()
        self._fpm.stop(5)


def user_named_in(reply):
    """The user whose page it is; None for a page of nobody."""
    match = _NAME.search(reply.text)
    return match.group(1) if match else None


def inputs_of(page):
    """{name: value} of the page's input elements."""
    found = {}
    for element in _INPUT.findall(page):
        attributes = dict(_ATTRIBUTE.findall(element))
        if "name" in attributes:
            found[attributes["name"]] = attributes.get("value", "").replace("&quot;", '"')
    return found


def login(browser, user, password=None, path=LOGIN):
    """The reply to the login form: 302 when it succeeded, 200 with the form again when not."""
    form = inputs_of(browser.get(LOGIN).text)
    return browser.post(path, {
        "title": "Special:UserLogin", "wpName": user, "wpPassword": password or USERS[user],
        "wploginattempt": "Log in", "wpEditToken": form["wpEditToken"], "authAction": "login",
        "force": "", "wpLoginToken": form["wpLoginToken"]})


def logout(browser):
    form = inputs_of(browser.get(LOGOUT).text)
    return browser.post(LOGOUT, {"title": "Special:UserLogout", "wpEditToken": form["wpEditToken"],
                                 "redirectparams": ""})


def edit(browser, title, text):
    page = browser.get(f"/index.php?title={title}&action=edit").text
    form = inputs_of(page)
    names = ("wpStarttime", "wpEdittime", "editRevId", "oldid", "parentRevId", "model", "format",
             "wpEditToken", "wpUnicodeCheck", "wpUltimateParam", "wpAutoSummary", "wpSection",
             "mode", "wpScrolltop")
    values = {name: form[name] for name in names if name in form}
    return browser.post(f"/index.php?title={title}&action=submit",
                        {**values, "wpTextbox1": text, "wpSave": "Save changes"})


def browser_at(port, number):
    return Browser(port, source=f"127.{5 + number}.0.1")


def guard_config(upstream_port):
    """Guarded by configuration alone. A regular expression is not signed and a visitor's text
    may match it, so its findings are weak: they are refused, two independent ones take down."""
    return {
        "upstreams": [{"name": "wiki", "servers": [f"http://127.0.0.1:{upstream_port}"]}],
        "session": {"cookies": ["my_wiki_session"], "remember": ["my_wikiToken"]},
        "login": {"request": [f"POST {LOGIN}"], "user_field": "wpName",
                  "logout": [f"POST {LOGOUT}"]},
        "markers": [{"name": "owner", "find": ['regex:"wgUserName":"([^"]+)"'],
                     "must_be": "requester"}],
        "features": [{"name": "login", "paths": [LOGIN, "/index.php/Special:Preferences",
                                                 "/index.php/Special:Watchlist"]}],
        "routes": [_personal("Preferences"), _personal("Watchlist"),
                   {"path": "/index.php/**", "screen": "Wiki"}],
    }


def _personal(name):
    """A page that only exists for somebody who is logged in; others are sent to the login."""
    return {"path": f"/index.php/Special:{name}", "screen": name, "require": ["owner"],
            "unmarked": "refuse"}
