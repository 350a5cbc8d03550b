"""Debian's WordPress, unmodified but for its configuration, under PHP's server, with a MariaDB of
its own behind a socket. Its own login and pages.

What its pages already carry for somebody who is logged in: the bar at the top, with
`<span class="display-name">NAME</span>`, in which NAME is what the user wants to be called.
"""
import os
import re
import shutil
import subprocess

from .ports import accepts, free_port, wait_until
from .processes import Child

ROOT = "/usr/share/wordpress"
CONTENT = "/var/lib/wordpress/wp-content"       # Themes
USERS = {"anna": "Password-for-tests-1", "bert": "Password-for-tests-2"}
NAMES = {"anna": "Anna A.", "bert": "bert"}
LOGIN = "/wp-login.php"
OTHER_LOGIN = "/wp-login.php/x"
PAGES = ("/", "/wp-admin/profile.php", "/wp-admin/", "/?p=1")

_NAME = re.compile(r"""class=["']display-name["']>([^<]+)</span>""")
_LOGOUT = re.compile(r"wp-login\.php\?action=logout&(?:amp|#038);_wpnonce=([0-9a-f]+)")

CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {{
    define($name . '_KEY', $name . ' for tests'); define($name . '_SALT', 'salt for ' . $name);
}}
$table_prefix = 'wp_';
define('WP_HOME', 'http://' . ($_SERVER['HTTP_HOST'] ?? '127.0.0.1'));
define('WP_SITEURL', WP_HOME);
define('WP_CONTENT_DIR', '{content}');
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""

INSTALL = """
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Site', 'anna', 'anna@site.example', false, '', $argv[2]);
wp_update_user(['ID' => 1, 'display_name' => $argv[4]]);
wp_insert_user(['user_login' => 'bert', 'user_pass' => $argv[3], 'user_email' => 'bert@site.example',
                'role' => 'author', 'display_name' => 'bert']);
"""


class WordPress:
    def __init__(self, folder):
        assert os.path.isdir(ROOT), "WordPress is missing: see tests/e2e/packages.txt"
        self._folder = folder
        self._socket = os.path.join(folder, "db.sock")
        self._database = self._start_database()
        site = os.path.join(folder, "site")
        shutil.copytree(ROOT, site, symlinks=True)
        config = os.path.join(site, "wp-config.php")
        with open(config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(socket=self._socket, content=CONTENT))
        self._done("mariadb", "--no-defaults", "-S", self._socket, "-e", "CREATE DATABASE wordpress")
        self._done("php", "-d", "sendmail_path=/bin/true", "-r", INSTALL, site, *USERS.values(), NAMES["anna"])
        self.port = free_port()
        self._child = Child("wordpress", ["php", "-S", f"127.0.0.1:{self.port}", "-t", site], folder,
                            {"PHP_CLI_SERVER_WORKERS": "4"}, group=True)
        wait_until(lambda: accepts(self.port), 20, "WordPress listens")

    def _start_database(self):
        data = os.path.join(self._folder, "db")
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        self._done("mariadb-install-db", "--no-defaults", f"--datadir={data}", *as_root,
                   "--auth-root-authentication-method=normal", "--skip-test-db")
        child = Child("mariadbd", ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}", *as_root,
                                   f"--socket={self._socket}", "--skip-networking",
                                   f"--pid-file={data}/pid"], self._folder)
        wait_until(lambda: os.path.exists(self._socket), 60, "MariaDB listens")
        return child

    def _done(self, *words):
        subprocess.run(words, check=True, timeout=180, cwd=self._folder, stdout=subprocess.DEVNULL)

    def stop(self):
        self._child.stop(5)
        self._database.stop(20)


def user_named_in(reply):
    match = _NAME.search(reply.text)
    return {name: user for user, name in NAMES.items()}[match.group(1)] if match else None


def login(browser, user, password=None, path=LOGIN):
    browser.get(LOGIN)                                  # A cookie that says that it takes cookies
    return browser.post(path, {"log": user, "pwd": password or USERS[user], "wp-submit": "Log In",
                                "redirect_to": "/wp-admin/", "testcookie": "1"})


def logout(browser):
    nonce = _LOGOUT.search(browser.get("/wp-admin/profile.php").text).group(1)
    return browser.get(f"{LOGIN}?action=logout&_wpnonce={nonce}")
