"""Fixtures of the end-to-end tests. Run: `pytest-3 tests/e2e`, with COUNTERMARK_BINARY or a
release build; `-m sanitize` is the fast part that also runs under sanitizers."""
import os
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from support import chromium                                        # noqa: E402
from support import nginx as nginx_support                          # noqa: E402
from support.console import SECONDS, Console, mix_up, settings      # noqa: E402
from support.countermark import BINARY, Countermark                 # noqa: E402
from support.ports import free_port, wait_until                     # noqa: E402
from support.sites import Childcare, Jobcard, Origin                           # noqa: E402
from support.varnish import Varnish                                 # noqa: E402
from support.webhook import Receiver                                # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "sanitize: fast enough to run under sanitizers as well")
    config.addinivalue_line("markers", "one_thread: rules of a protocol inside one worker; asks "
                                       "nothing of the threads that others do not")
    config.addinivalue_line("markers", "direct: needs no binary; shows that a site itself leaks")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.fixture
def folder(request):
    """A short temporary path (a socket's path is bounded); kept when the test fails."""
    path = tempfile.mkdtemp(prefix="cm-")
    yield path
    report = getattr(request.node, "report_call", None)
    if getattr(request.node, "keep_files", False) or report is not None and report.failed:
        print(f"\nfiles of {request.node.name} are in {path}")
    else:
        shutil.rmtree(path, ignore_errors=True)


def _stopping(things, stop):
    for thing in reversed(things):
        stop(thing)


def broken_rows(proxy):
    """Whatever was written verifies, unless a test took the ledger away or broke its file."""
    checked = proxy.run("ledger", "verify", proxy.state)
    return [checked.stderr] if checked.returncode == 1 and "row " in checked.stderr else []


@pytest.fixture
def countermark(folder, request):
    """countermark(config, env=None) starts one; the test fails if any of them ends badly, or its
    ledger does not verify."""
    if not os.access(BINARY, os.X_OK):
        pytest.fail(f"no binary at {BINARY}; build it or set COUNTERMARK_BINARY")
    started = []

    def start(config, env=None):
        place = tempfile.mkdtemp(prefix="p", dir=folder)
        proxy = Countermark(place, config, env)
        started.append(proxy)
        return proxy

    yield start
    faults = [fault for proxy in reversed(started) for fault in proxy.stop()]
    faults += [fault for proxy in started for fault in broken_rows(proxy)]
    request.node.keep_files = bool(faults)
    assert not faults, "\n".join(faults)


@pytest.fixture
def jobcard(folder):
    """jobcard(**settings) starts the first notice's site."""
    started = []

    def start(users=64, **settings):
        started.append(Jobcard(folder, settings, users))
        return started[-1]

    yield start
    _stopping(started, Jobcard.stop)


@pytest.fixture
def childcare(folder):
    """childcare(**settings) starts the second notice's site."""
    started = []

    def start(**settings):
        started.append(Childcare(folder, settings))
        return started[-1]

    yield start
    _stopping(started, Childcare.stop)


@pytest.fixture
def origin(folder):
    """The origin that fails on command, running."""
    site = Origin(folder)
    yield site
    site.stop()


@pytest.fixture
def caching_nginx(folder):
    """caching_nginx(upstream_port, ignored=...) starts nginx with proxy_cache."""
    started = []

    def start(upstream, **options):
        started.append(nginx_support.caching(folder, free_port(), upstream, **options))
        return started[-1]

    yield start
    _stopping(started, nginx_support.Nginx.stop)


@pytest.fixture(params=["nginx", "varnish"])
def shared_cache(request, folder):
    """shared_cache(upstream_port) starts a cache for everybody that obeys the fields."""
    started = []

    def start(upstream):
        make = {"nginx": nginx_support.obedient, "varnish": Varnish}[request.param]
        started.append(make(folder, free_port(), upstream))
        return started[-1]

    yield start
    _stopping(started, lambda cache: cache.stop())


@pytest.fixture
def webhooks():
    """webhooks(answers=(200,)) starts a receiver that verifies signatures."""
    started = []

    def start(answers=(200,)):
        started.append(Receiver(free_port(), answers))
        return started[-1]

    yield start
    _stopping(started, Receiver.stop)


@pytest.fixture
def browser(folder):
    """browser(proxy, **options): a Console; closed at the end."""
    started = []

    def start(proxy, **options):
        started.append(chromium.start(folder, **options))
        return Console(proxy, started[-1])

    yield start
    for driver in reversed(started):
        driver.quit()


@pytest.fixture
def incident(origin, countermark):
    """A proxy with one incident: login is down, alice was to see bob's page."""
    proxy = countermark(settings(origin))
    mix_up(proxy)
    wait_until(lambda: not proxy.feature_is_up(), SECONDS, "login is down")
    return proxy
