"""Fixtures. Most tests share a gateway with the shipped configuration and use uids of their own; tests
of the life cycle and of settings start one each."""

import itertools
import os
import signal

import pytest

from harness.api import Api
from harness.certificates import everywhere
from harness.gateway import BINARY, PATIENCE, Gateway

_serial = itertools.count()


def pytest_sessionstart(session):
    if not session.config.option.collectonly and not os.access(BINARY, os.X_OK):
        pytest.exit(f"there is no {BINARY}: build it, or set DUNLIN_BIN", returncode=3)


def pytest_runtest_setup(item):
    if everywhere and item.get_closest_marker("plain_tcp"):
        pytest.skip("about plain TCP")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """No test may go on for ever: whatever it does then, in Python or in a system call, is interrupted."""
    limit = 6 * PATIENCE + float(os.environ.get("DUNLIN_CHAOS_SECONDS", "0"))

    def too_long(*_):
        raise TimeoutError(f"{item.name} went on for {limit:.0f} s")
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, limit)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", params=[1, 2, 3], ids=["1shard", "2shards", "3shards"])
def _each_gateway(request):
    with Gateway(shards=request.param) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def _shared_gateway():
    with Gateway(shards=2) as gateway:
        yield gateway


@pytest.fixture
def each_gateway(_each_gateway):
    """The shipped configuration on one, two and three shards: for whatever may cross a shard."""
    yield _each_gateway
    assert _each_gateway.running(), _each_gateway.output()[-20000:]


@pytest.fixture
def gateway(_shared_gateway):
    """The shipped configuration on two shards."""
    yield _shared_gateway
    assert _shared_gateway.running(), _shared_gateway.output()[-20000:]


@pytest.fixture
def uid():
    """A uid nobody else uses."""
    return f"u{os.getpid()}-{next(_serial)}"


@pytest.fixture
def channel():
    return f"c{os.getpid()}-{next(_serial)}"


@pytest.fixture
def api(gateway):
    client = Api(gateway.api)
    yield client
    client.close()


@pytest.fixture
def each_api(each_gateway):
    client = Api(each_gateway.api)
    yield client
    client.close()
