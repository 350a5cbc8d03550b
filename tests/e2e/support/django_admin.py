"""Django's administration, unmodified, in a project of its own with SQLite. Its own login and pages.

What its pages already carry: `<div id="user-tools"> Welcome, <strong>NAME</strong>.`, the first
name where the user has one, else the login name.
"""
import os
import re
import subprocess

from .mediawiki import inputs_of
from .ports import accepts, free_port, wait_until
from .processes import Child

PYTHON = "/usr/bin/python3"
USERS = {"anna": "Password-for-tests-1", "bert": "Password-for-tests-2"}
NAMES = {"anna": "Anna", "bert": "bert"}        # Only one of them has a first name.
LOGIN = "/admin/login/"
OTHER_LOGIN = "/admin/login/?next=/admin/"
PAGES = ("/admin/", "/admin/auth/user/", "/admin/password_change/", "/admin/auth/group/add/")

_NAME = re.compile(r'<div id="user-tools">[^<]*<strong>([^<]+)</strong>')

SETTINGS = """
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{folder}/site.sqlite",
                           "OPTIONS": {{"timeout": 60}}}}}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = ["django.contrib." + name for name in
                  ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.middleware.csrf.CsrfViewMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware"]
ROOT_URLCONF = "site_urls"
SECRET_KEY = "for tests"
STATIC_URL = "/static/"
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
               "OPTIONS": {{"context_processors": [
                   "django.template.context_processors.request",
                   "django.contrib.auth.context_processors.auth",
                   "django.contrib.messages.context_processors.messages"]}}}}]
"""

URLS = """
from django.contrib import admin
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
"""

ACCOUNTS = """
import django
django.setup()
from django.contrib.auth.models import User
for name, password, first_name in {accounts!r}:
    User.objects.create_superuser(name, password=password, first_name=first_name)
"""


class DjangoAdmin:
    def __init__(self, folder):
        self._folder = folder
        self._env = {"DJANGO_SETTINGS_MODULE": "site_settings", "PYTHONPATH": folder,
                     "PYTHONDONTWRITEBYTECODE": "1"}
        self._write("site_settings.py", SETTINGS.format(folder=folder))
        self._write("site_urls.py", URLS)
        self._python("-m", "django", "migrate", "--verbosity", "0")
        self._python("-c", ACCOUNTS.format(accounts=[
            (user, password, NAMES[user] if NAMES[user] != user else "")
            for user, password in USERS.items()]))
        self.port = free_port()
        self._child = Child("django", [PYTHON, "-m", "django", "runserver", "--noreload",
                                       f"127.0.0.1:{self.port}"], folder, self._env)
        wait_until(lambda: accepts(self.port), 20, "Django listens")

    def _write(self, name, text):
        with open(os.path.join(self._folder, name), "w", encoding="utf-8") as out:
            out.write(text)

    def _python(self, *words):
        subprocess.run([PYTHON, *words], check=True, timeout=120, env={**os.environ, **self._env})

    def stop(self):
        self._child.stop(5)


def user_named_in(reply):
    match = _NAME.search(reply.text)
    return {name: user for user, name in NAMES.items()}[match.group(1)] if match else None


def login(browser, user, password=None, path=LOGIN):
    form = inputs_of(browser.get(LOGIN).text)
    return browser.post(path, {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"], "next": "/admin/",
                                "username": user, "password": password or USERS[user]})


def logout(browser):
    return browser.get("/admin/logout/")
