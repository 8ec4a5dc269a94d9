"""Many at once, and rudely: bounded storms after which everything is as before. A few thousand sockets on
loopback, each storm bounded in count."""

import os
import random
import resource
import socket


import pytest

from harness.api import Api
from harness.clients import plain_user
from harness.gateway import Gateway
from harness.raw import CLOSE, TEXT, RawClient, RawSocket, close_payload, frame, upgrade_request

CONFIG_ENVIRONMENT = {"DUNLIN_HANDSHAKE_TIMEOUT_MS": "3000"}


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module", params=[1, 3], ids=["1shard", "3shards"])
def stormy(request):
    with Gateway(shards=request.param, environment=CONFIG_ENVIRONMENT) as gateway:
        yield gateway


@pytest.fixture
def storm_api(stormy):
    api = Api(stormy.api)
    yield api
    api.close()


def many():
    return min(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)


def descriptors_of(gateway):
    return len(os.listdir(f"/proc/{gateway.pid}/fd"))


def calm_again(gateway, api, before):
    """All descriptors are given back, and a newcomer is served."""
    api.await_true(lambda: descriptors_of(gateway) <= before + 2, f"descriptors leak: {before}, now {descriptors_of(gateway)}")
    with RawClient(gateway.public, "/ping") as client:
        client.send(frame(TEXT, b"ping"))
        assert client.text() == "pong"


def test_many_connect_at_once_and_all_are_served(stormy, storm_api):
    before = descriptors_of(stormy)
    request = upgrade_request("/ping")
    sockets = []
    for _ in range(many()):  # All handshakes under way before the first answer is read.
        raw = RawSocket(stormy.public)
        raw.send(request + frame(TEXT, b"ping"))
        sockets.append(raw)
    for raw in sockets:
        assert raw.read_head().status == 101
        assert raw.read(6) == b"\x81\x04pong"
    for raw in sockets:
        raw.reset()
    calm_again(stormy, storm_api, before)


SANITIZED = "san" in os.environ.get("DUNLIN_BIN", "")


WITHOUT_PINGS = {"DUNLIN_PROFILES_WS_PING_INTERVAL_MS": "0"}  # It may take longer than one interval.


def test_ten_thousand_at_once():
    """Ten thousand users connect and log in before any answer is read; one push reaches each of them, and
    another all of them; then they all vanish at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 500) if not SANITIZED else 2_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 500), hard))
    try:
        with Gateway(shards=2, environment=WITHOUT_PINGS, preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))) as gateway:
            api = Api(gateway.api)
            before = descriptors_of(gateway)
            request = upgrade_request("/ws")
            sockets = []
            for number in range(count):
                raw = RawSocket(gateway.public)
                raw.send(request + frame(TEXT, b'{"uid":"%d"}' % number))
                sockets.append(raw)
            for raw in sockets:
                assert raw.read_head().status == 101
            api.await_true(lambda: api.get("/v1/stats").json["users"] == count, "not everybody is logged in")
            receipt = api.pushed(uids=[str(number) for number in range(count)], text="to each", wait="written")
            assert receipt["matched"] == receipt["written"] == count and receipt["offline"] == []
            assert api.pushed(all=True, text="to all", wait="written")["written"] == count
            for raw in sockets:
                assert raw.read(17) == b"\x81\x07to each\x81\x06to all"
            for raw in sockets:
                raw.reset()
            api.await_true(lambda: api.get("/v1/stats").json["connections_total"] == 0, "ghosts")
            calm_again(gateway, api, before)
            api.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_logins_of_many_users(stormy, storm_api, uid):
    """As many users as connections: each reached by name, each offline after its reset."""
    count = many() // 2
    clients = []
    for number in range(count):
        raw = RawSocket(stormy.public)
        raw.send(upgrade_request("/ws") + frame(TEXT, b'{"uid":"%s-%d"}' % (uid.encode(), number)))
        clients.append(raw)
    for raw in clients:
        assert raw.read_head().status == 101
    uids = [f"{uid}-{number}" for number in range(count)]
    storm_api.await_true(lambda: len(storm_api.online(*uids)["online"]) == count, "not all are online")
    receipt = storm_api.pushed(uids=uids, text="x")
    assert receipt["matched"] == count and receipt["offline"] == []
    for raw in clients:
        assert raw.read(3) == b"\x81\x01x"
    for raw in clients:
        raw.reset()
    storm_api.await_true(lambda: len(storm_api.online(*uids)["offline"]) == count, "not all are offline")


def test_resets_in_every_state(stormy, storm_api):
    before = descriptors_of(stormy)
    chooser = random.Random(11)
    wire = upgrade_request("/echo") + frame(TEXT, b"x" * 500) + frame(TEXT, b"y" * 70_000, fin=False)
    for _ in range(1000):
        raw = RawSocket(stormy.public)
        raw.send(wire[:chooser.randrange(len(wire))])
        if chooser.random() < 0.3:
            try:
                raw.fill()
            except Exception:  # Whatever it was: it is reset next.
                pass
        raw.reset()
    calm_again(stormy, storm_api, before)


def test_half_close_in_every_state(stormy, storm_api):
    before = descriptors_of(stormy)
    chooser = random.Random(12)
    wire = upgrade_request("/echo") + frame(TEXT, b"x" * 500)
    for _ in range(300):
        with RawSocket(stormy.public) as raw:
            raw.send(wire[:chooser.randrange(1, len(wire) - 1)])
            raw.shutdown_write()
            raw.read_to_end()  # Ends by itself.
    calm_again(stormy, storm_api, before)


def test_handshakes_that_never_finish_do_not_shut_others_out(stormy, storm_api):
    before = descriptors_of(stormy)
    request = upgrade_request("/ping")
    stuck = []
    for number in range(many() // 2):
        raw = RawSocket(stormy.public)
        raw.send(request[:number % 60])
        stuck.append(raw)
    with RawClient(stormy.public, "/ping") as client:
        client.send(frame(TEXT, b"ping"))
        assert client.text() == "pong"
    for raw in stuck:  # Ended by their deadline, each with 408 or nothing.
        got = raw.read_to_end()
        assert got == b"" or got.startswith(b"HTTP/1.1 408 ")
        raw.close()
    calm_again(stormy, storm_api, before)


def test_connect_and_leave_without_a_word(stormy, storm_api):
    before = descriptors_of(stormy)
    for _ in range(2000):
        with socket.create_connection(stormy.public):
            pass
    calm_again(stormy, storm_api, before)


def test_closes_that_nobody_waits_for(stormy, storm_api):
    """Close frame and RST at once: the answer meets a closed socket (no SIGPIPE, no double close)."""
    before = descriptors_of(stormy)
    for _ in range(300):
        raw = RawSocket(stormy.public)
        raw.send(upgrade_request("/ping") + frame(CLOSE, close_payload(1000)))
        raw.reset()
    calm_again(stormy, storm_api, before)


def test_pushes_to_users_that_come_and_go(stormy, storm_api, uid):
    """A push is answered truly at any moment: nobody there, written, or dropped; the gateway stands."""
    with plain_user(stormy, storm_api, uid + "-steady") as steady:
        for number in range(200):
            raw = RawSocket(stormy.public)
            raw.send(upgrade_request("/ws") + frame(TEXT, b'{"uid":"%s"}' % uid.encode()))
            receipt = storm_api.pushed(uids=[uid, uid + "-steady"], data=number)
            assert receipt["matched"] >= 1
            raw.reset()
            assert steady.json() == number


def test_api_connections_that_come_and_go(stormy, storm_api):
    before = descriptors_of(stormy)
    body = b'{"uids":["nobody"],"text":"x"}'
    wire = b"POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    chooser = random.Random(13)
    for _ in range(500):
        raw = RawSocket(stormy.api)
        raw.send((wire * 3)[:chooser.randrange(1, len(wire) * 3)])
        raw.reset() if chooser.random() < 0.5 else raw.close()
    calm_again(stormy, storm_api, before)


def test_random_bytes(stormy, storm_api):
    before = descriptors_of(stormy)
    chooser = random.Random(14)
    for _ in range(200):
        for address in (stormy.public, stormy.api):
            with RawSocket(address) as raw:
                raw.send(chooser.randbytes(chooser.randrange(1, 300)))
                raw.shutdown_write()
                raw.read_to_end()
        with RawSocket(stormy.public) as raw:
            raw.send(upgrade_request("/echo"))
            assert raw.read_head().status == 101
            raw.send(chooser.randbytes(chooser.randrange(2, 300)))
            raw.shutdown_write()
            raw.read_to_end()
    calm_again(stormy, storm_api, before)


@pytest.mark.plain_tcp
def test_connections_max():
    """The setting is a limit: one more is refused with 503, and let in when one has left."""
    with Gateway(shards=2, environment={"DUNLIN_PUBLIC_CONNECTIONS_MAX": "20"}) as gateway:
        api = Api(gateway.api)
        clients = [RawClient(gateway.public, "/ping") for _ in range(20)]
        with RawSocket(gateway.public) as raw:
            raw.send(upgrade_request("/ping"))
            got = raw.read_to_end()
            assert got.startswith(b"HTTP/1.1 503 ") or got == b"", got
        clients.pop().end()

        def in_again():
            with RawSocket(gateway.public) as raw:
                raw.send(upgrade_request("/ping"))
                try:
                    return raw.read_head().status == 101
                except Exception:
                    return False
        api.await_true(in_again, "still full")
        for client in clients:
            client.close()
        api.close()


def test_memory_is_given_back(stormy, storm_api):
    """Ten rounds of the same storm do not add up."""
    def resident():
        with open(f"/proc/{stormy.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))

    def storm():
        sockets = []
        for _ in range(200):
            raw = RawSocket(stormy.public)
            raw.send(upgrade_request("/echo") + frame(TEXT, b"x" * 20_000)[:-1])
            sockets.append(raw)
        for raw in sockets:
            assert raw.read_head().status == 101
            raw.reset()
        storm_api.await_true(lambda: descriptors_of(stormy) < 100, "still connected")

    for _ in range(3):
        storm()
    settled = resident()
    for _ in range(10):
        storm()
    assert resident() - settled < (64 << 20 if SANITIZED else 8 << 20)
