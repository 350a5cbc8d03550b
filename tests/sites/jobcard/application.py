"""What the site does for each path. `Application.answer(request)` is called by many threads."""
import threading
import traceback

import pages
from context import Contexts
from screens import BY_PATH, DOWNLOADS, FIELDS
from web import Response

COOKIE = "JSESSIONID"
PUBLIC = {"/": pages.HOME, "/news": pages.NEWS, "/help": pages.HELP}


def see_other(path):
    return Response(303).add("Location", path)


def issue(response, session):
    return response.add("Set-Cookie", f"{COOKIE}={session[0]}; Path=/; HttpOnly; SameSite=Lax")


class Application:
    def __init__(self, store, settings):
        self._store = store
        self._settings = settings
        self._contexts = Contexts(settings)
        self._lock = threading.Lock()
        self.counts = {"requests": 0, "personal": 0, "mixed_up": 0}

    def answer(self, request):
        try:
            return self._route(request)
        except Exception:               # the error page of the site; the trace is for its log
            traceback.print_exc()
            return Response(500, pages.BROKEN)

    def _route(self, request):
        self._count("requests")
        if request.method not in ("GET", "HEAD", "POST"):
            return Response(405, pages.NOT_ALLOWED).add("Allow", "GET, HEAD, POST")
        path = request.path
        if path == "/mypage":
            return see_other("/mypage/top")
        if path in BY_PATH or path in DOWNLOADS:
            return self._mypage(request)
        action = {"/login": self._login, "/logout": self._logout, "/contact": self._contact,
                  "/seminar": self._seminar}.get(path)
        if action:
            return action(request)
        if path == "/voices":
            return Response(200, pages.voices(self._store.messages("contact"),
                                              self._settings.voices_raw))
        if path in PUBLIC:
            return Response(200, PUBLIC[path])
        return Response(404, pages.NOT_FOUND)

    def _count(self, name):
        with self._lock:
            self.counts[name] += 1

    def _session(self, request):
        token = request.cookie(COOKIE)
        return self._store.session(token) if token else None

    # Login and logout

    def _login(self, request):
        if request.method != "POST":
            return Response(200, pages.login(failed=False))
        form = request.form()
        user = form.get("userid", "")
        if not self._store.password_fits(user, form.get("password", "")):
            return Response(200, pages.login(failed=True))
        former = self._session(request)
        if former:
            self._store.session_close(former[0])
        return issue(see_other("/mypage/top"), self._store.session_open(user))

    def _logout(self, request):
        session = self._session(request)
        if session:
            self._store.session_close(session[0])
        return see_other("/").add("Set-Cookie", f"{COOKIE}=; Path=/; Max-Age=0")

    # Personal pages: the filter, then the page

    def _mypage(self, request):
        session = self._session(request)
        if session is None or session[1] is None:
            return see_other("/login")
        self._contexts.current().begin(session[1], request.field("countermark-request"))
        news = self._store.news()
        if request.method == "POST":
            return self._save(request, session)
        context = self._contexts.current()
        user_id, echo = context.user_id, context.echo
        user_id = self._settings.replay.get(user_id, user_id)
        response = self._personal(request, user_id, self._store.record(user_id), news, session)
        self._note(session[1], user_id)
        return self._echo(request, response, echo)

    def _personal(self, request, user_id, record, news, session):
        screen = BY_PATH.get(request.path)
        if screen:
            body = pages.personal(screen, user_id, record, news, session[2])
            return Response(200, body).add("Cache-Control", "private, no-cache")
        name, media_type, keys = DOWNLOADS[request.path]
        lines = [f'"{FIELDS[key]}","{record[key]}"' for key in keys]
        return (Response(200, "\r\n".join(lines) + "\r\n", media_type)
                .add("Content-Disposition", f'attachment; filename="{name}"')
                .add("X-User-Marker", user_id))

    def _save(self, request, session):
        screen, form = BY_PATH.get(request.path), request.form()
        if screen is None or not (screen.edits or screen.path == "/mypage/inquiry"):
            return Response(405, pages.NOT_ALLOWED)
        if form.get("form_token") != session[2]:
            return Response(403, pages.FORBIDDEN)
        user_id = self._contexts.current().user_id
        if screen.path == "/mypage/inquiry":
            self._store.add_message(f"inquiry of {user_id}", form.get("body", ""))
        self._store.save(user_id, {key: form[key] for key in screen.edits if key in form})
        return see_other(screen.path)

    def _note(self, asked_by, drawn_for):
        """For the control page only. Clients count for themselves."""
        self._count("personal")
        if asked_by != drawn_for:
            self._count("mixed_up")

    def _echo(self, request, response, from_context):
        """The line in the web server that returns the proxy's tag, by the setting `echo`."""
        value = {"own": request.field("countermark-request"),
                 "shared": from_context}.get(self._settings.echo)
        return response.add("Countermark-Echo", value) if value else response

    # Public forms: one without a session, one with an anonymous session and a form token

    def _contact(self, request):
        if request.method != "POST":
            return Response(200, pages.public_form("ご意見", "/contact"))
        self._store.add_message("contact", request.form().get("body", ""))
        return Response(200, pages.SENT)

    def _seminar(self, request):
        session = self._session(request)
        if request.method == "POST":
            form = request.form()
            if session is None or form.get("form_token") != session[2]:
                return Response(403, pages.FORBIDDEN)
            self._store.add_message("seminar", form.get("body", ""))
            return Response(200, pages.SENT)
        if session:
            return Response(200, pages.public_form("セミナー申込", "/seminar", session[2]))
        session = self._store.session_open(None)
        return issue(Response(200, pages.public_form("セミナー申込", "/seminar", session[2])),
                     session)
