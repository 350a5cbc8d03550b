#!/usr/bin/python3
"""The second notice's site, rebuilt: `childcare.py --port 9000 --control-port 9002`.

Members ask for child care and offer it. Both may print a report of what they did together; the
screen offers the partners in a pull-down menu. The control port (loopback only) changes the
display condition while the site runs:

    curl http://127.0.0.1:9002/settings
    curl -X PUT -d '{"condition": "request-only"}' http://127.0.0.1:9002/settings

    setting     default         meaning
    condition   "both-states"   "request-only": also members with whom nothing came of it. The accident
    gzip        false           gzip for clients that accept it
    chunked     false           chunked instead of Content-Length

Users are 1001 ... 1145, providers 2001 ... 2131; the password of 1001 is pass-1001. The database
is the file --database, or a temporary one; a grant query may read it.
"""
import argparse
import html
import json
import os
import signal
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "jobcard")]

from matching import RIGHT, WRONG, Matching, kind_of    # noqa: E402
from web import Response, Server                        # noqa: E402

COOKIE = "CHILDCARESESSION"
PAGE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>{marker}</head>
<body><h1>{title}</h1>
{body}
</body></html>
"""
LOGIN = """<form method="post" action="/login"><input name="member"><input name="password"
 type="password"><button>ログイン</button></form>"""


class Settings:
    def __init__(self):
        self.condition, self.gzip, self.chunked = RIGHT, False, False

    def change(self, wanted):
        """An error text, or None when all of `wanted` is in force."""
        allowed = {"condition": (RIGHT, WRONG), "gzip": (False, True), "chunked": (False, True)}
        for name, value in wanted.items():
            if value not in allowed.get(name, ()):
                return f"{name} must be one of {allowed.get(name, 'no such setting')}"
        self.__dict__.update(wanted)
        return None


def page(title, body, member=None):
    marker = f'<meta name="user-marker" content="{html.escape(member)}">' if member else ""
    return PAGE.format(title=title, body=body, marker=marker)


def see_other(path):
    return Response(303).add("Location", path)


class Application:
    def __init__(self, matching):
        self._matching = matching

    def answer(self, request):
        member = self._matching.member_of(request.cookie(COOKIE))
        if request.path == "/":
            return Response(200, page("地域子育て支援拠点サイト", "<p>どなたでもご覧いただけます。</p>"))
        if request.path == "/login":
            return self._login(request)
        if request.path == "/logout":
            if member:
                self._matching.session_close(request.cookie(COOKIE))
            return see_other("/").add("Set-Cookie", f"{COOKIE}=; Path=/; Max-Age=0")
        screen = {"/mypage/top": self._top, "/mypage/report": self._report,
                  "/mypage/report/partners.json": self._partners}.get(request.path)
        if screen is None:
            return Response(404, page("ページがありません", ""))
        if member is None:
            return see_other("/login")
        return screen(member).add("Cache-Control", "private, no-store")

    def _login(self, request):
        form = request.form() if request.method == "POST" else {}
        member = form.get("member", "")
        if not form or not self._matching.password_fits(member, form.get("password", "")):
            return Response(200, page("ログイン", LOGIN))
        token = self._matching.session_open(member)
        return see_other("/mypage/top").add("Set-Cookie",
                                            f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax")

    @staticmethod
    def _top(member):
        return Response(200, page("マイページ", '<a href="/mypage/report">援助活動報告書兼領収書出力</a>',
                                  member))

    def _report(self, member):
        """The screen of the notice: request and partner are chosen from a pull-down menu."""
        attribute = "data-provider-id" if kind_of(member) == "user" else "data-user-id"
        options = "\n".join(
            f'<option value="{request}" {attribute}="{html.escape(other)}">'
            f"{request} {html.escape(name)}</option>"
            for request, other, name in self._matching.partners(member))
        body = (f'<form><label>依頼ID <select name="request">\n{options}\n</select></label>'
                "<button>出力</button></form>")
        return Response(200, page("援助活動報告書の出力", body, member))

    def _partners(self, member):
        key = "provider" if kind_of(member) == "user" else "user"
        found = [{"request": request, key: other, "name": name}
                 for request, other, name in self._matching.partners(member)]
        return Response(200, json.dumps({"owner": member, "partners": found}, ensure_ascii=False),
                        "application/json")


class Control:
    def __init__(self, settings):
        self._settings = settings

    def answer(self, request):
        if request.path != "/settings":
            return Response(404, "no such path\n", "text/plain")
        if request.method == "PUT":
            try:
                error = self._settings.change(json.loads(request.body))
            except (ValueError, AttributeError):
                error = "not a JSON object"
            if error:
                return Response(400, error + "\n", "text/plain")
        return Response(200, json.dumps(vars(self._settings)) + "\n", "application/json")


def arguments():
    parser = argparse.ArgumentParser(description="the second notice's site, rebuilt")
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--control-port", type=int, default=9002)
    parser.add_argument("--database", metavar="FILE", help="where to make it; must not exist")
    parser.add_argument("--set", default="{}", metavar="JSON", help="settings to start with")
    return parser.parse_args()


def main():
    options = arguments()
    settings = Settings()
    wanted = json.loads(options.set)
    error = settings.change(wanted) if wanted else None
    if error:
        sys.exit(error)
    with tempfile.TemporaryDirectory(prefix="childcare-") as folder:
        matching = Matching(options.database or os.path.join(folder, "matching.db"), settings)
        site = Server((options.listen, options.port), settings, Application(matching).answer,
                      matching.close_thread)
        control = Server(("127.0.0.1", options.control_port), settings, Control(settings).answer)
        for server in (site, control):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"childcare: site {options.listen}:{site.server_address[1]}, "
              f"control 127.0.0.1:{control.server_address[1]}", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
