"""Where the site keeps "who is asking" between the filter and the page. This is the accident.

The filter at the front of the site begins a context for every request, the page reads it again
after it has talked to the database. Correct is one context for each thread. The configuration
change of the accident made it one for the whole application: then a request that begins while
another one waits for the database takes that one's place, and the page is drawn for the wrong
user. Nothing here chooses a wrong user; only the order in which threads run does.
"""
import threading


class Context:
    """Who is asking, and what belongs to the request that asks."""

    def __init__(self):
        self.user_id = None
        self.echo = None

    def begin(self, user_id, echo):
        self.user_id = user_id
        self.echo = echo


class Contexts:
    """Hands out the context of the current request, by the scope that the settings name."""

    def __init__(self, settings):
        self._settings = settings
        self._of_application = Context()
        self._of_thread = threading.local()

    def current(self):
        if self._settings.shared_context:
            return self._of_application
        if not hasattr(self._of_thread, "context"):
            self._of_thread.context = Context()
        return self._of_thread.context
