"""Fixtures. Most tests share a gateway with the shipped configuration and use uids of their own; tests
of the life cycle and of settings start one each."""

import itertools
import os

import pytest

from harness.api import Api
from harness.gateway import BINARY, Gateway

_serial = itertools.count()


def pytest_sessionstart(session):
    if not session.config.option.collectonly and not os.access(BINARY, os.X_OK):
        pytest.exit(f"there is no {BINARY}: build it, or set DUNLIN_BIN", returncode=3)


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
