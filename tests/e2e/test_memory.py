"""limits.memory_max: what the gateway holds is counted, adds up, and is let go of, largest holders first."""

import contextlib
import os
import time

import pytest

from harness.api import Api
from harness.clients import plain_user
from harness.gateway import PATIENCE, Gateway
from harness.raw import BINARY, CLOSE, PING, Closed, RawClient, RawSocket, frame
from test_deflate import DeflateClient, deflated

CONFIG = """
[limits]
memory_max = "32MiB"

[hub]
history_messages = 1000
history_size = "16MiB"
history_total_size = "64MiB"

[profiles.ws]
path = "/ws"
identity = "message"
ping_interval_ms = 0
queue_size_max = "64MiB"
queue_messages_max = 10000

[profiles.big]
path = "/big"
on_binary = "discard"
message_size_max = "64MiB"
byte_rate = 0
ping_interval_ms = 0

[profiles.paused]
path = "/paused"
on_binary = "echo"
message_rate = 1
message_burst = 1
ping_interval_ms = 0
"""


DEFLATE_CONFIG = CONFIG.replace('memory_max = "32MiB"', 'memory_max = "8MiB"') + """
[profiles.takeover]
path = "/takeover"
compression = "on"
server_context_takeover = true
client_context_takeover = true
on_binary = "discard"
ping_interval_ms = 0

[compression]
window_bits = 15
deflate_slice_size = "64MiB"
"""


@pytest.fixture(params=[1, 3], ids=["1shard", "3shards"])
def small(request):
    with Gateway(config=CONFIG, shards=request.param) as gateway:
        yield gateway


def memory(api: Api) -> dict:
    return api.get("/v1/memory").json


def await_memory(api: Api, condition):
    deadline = time.monotonic() + PATIENCE
    while not condition(now := memory(api)):
        assert time.monotonic() < deadline, now
    return now


def largest_holder(api: Api) -> float:
    return max(float(line.split()[-1]) for line in api.get("/metrics").text.splitlines()
               if line.startswith("dunlin_largest_holder_bytes{"))


def test_messages_that_came_in_pieces_leave_nothing_behind(small):
    api = Api(small.api)
    size = 4 << 20
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(small.public, "/big")) for _ in range(8)]
        before = memory(api)["heap_in_use_bytes"]
        for client in clients:
            client.send(frame(BINARY, bytes(size // 2), fin=False) + frame(0, bytes(size // 2)) + frame(PING, b"done"))
            assert client.frame().payload == b"done"
        assert memory(api)["heap_in_use_bytes"] - before < size
    api.close()


def test_requests_that_were_large_leave_nothing_behind():
    """What stays is the parsers', of which a shard has one each."""
    with Gateway(config=CONFIG, shards=1) as gateway, contextlib.ExitStack() as stack:
        size = 4 << 20

        def ask() -> int:
            caller = stack.enter_context(contextlib.closing(Api(gateway.api)))
            assert caller.post("/v1/push", {"uid": "nobody", "text": "x" * size}).status == 404
            return memory(caller)["heap_in_use_bytes"]
        first = ask()
        for _ in range(8):
            last = ask()
        assert last - first < size


def test_what_a_large_request_took_is_counted_and_given_back():
    with Gateway(config=CONFIG.replace("32MiB", "256MiB"), shards=1) as gateway:
        api = Api(gateway.api)
        for path, fields in (("/v1/push", {"uid": "nobody", "text": "x" * (3 << 20)}),
                             ("/v1/push", {"uid": "nobody", "binary": "QUJD" * (1 << 20)}),
                             ("/v1/push/nobody", ["x" * (3 << 20)])):
            before = memory(api)
            assert before["held"]["parser_bytes"] < 1 << 20
            assert api.post(path, fields).status == 404
            now = memory(api)
            assert now["held"]["parser_bytes"] > 10 << 20
            assert now["held"]["total_bytes"] == sum(v for key, v in now["held"].items() if key != "total_bytes")
            now = await_memory(api, lambda m: m["held"]["parser_bytes"] < 1 << 20)
            assert now["heap_in_use_bytes"] - before["heap_in_use_bytes"] < 2 << 20
        api.close()


def test_large_requests_do_not_shut_out_others():
    """What understanding them takes is let go of before anything that matters to anybody."""
    with Gateway(config=CONFIG, shards=1) as gateway:
        api = Api(gateway.api)
        with plain_user(gateway, api, "slow", receive_buffer=4096) as slow:
            for _ in range(4):
                assert api.request("POST", "/v1/push/slow", b"y" * 1_000_000,
                                   {"Content-Type": "application/octet-stream"}).status == 200
            for _ in range(3):  # Each takes 24 of the 32 MiB.
                assert api.post("/v1/push", {"uid": "nobody", "text": "x" * (4 << 20)}).status in (404, 503)
                deadline = time.monotonic() + PATIENCE
                while api.post("/v1/push", {"uid": "nobody", "text": "x"}).status != 404:
                    assert time.monotonic() < deadline, memory(api)
            assert api.get("/v1/stats").json["closed"]["memory"] == 0
            for _ in range(4):
                assert slow.message().payload == b"y" * 1_000_000
        api.close()


@pytest.mark.parametrize("shards", [1, 3])
def test_compression_contexts_take_what_is_spare(shards):
    """They are counted, never begin to fill the memory, and go before anything else does."""
    with Gateway(config=DEFLATE_CONFIG, shards=shards) as gateway, contextlib.ExitStack() as stack:
        api = Api(gateway.api)
        clients = [stack.enter_context(DeflateClient(gateway, "/takeover")) for _ in range(60)]
        for number in range(3):
            text = f"{number} " + "to be compressed " * 50
            assert api.pushed(all=True, text=text)["written"] == 60
            for client in clients:
                assert client.text() == text
        now = memory(api)
        assert 4 << 20 < now["held"]["deflate_context_bytes"] < 7 << 20  # 262 KiB each: 15 MiB for all.
        assert now["held"]["total_bytes"] == sum(v for key, v in now["held"].items() if key != "total_bytes")
        assert not now["shedding"] and now["limits"]["held_bytes"] == 8 << 20
        assert all(client.compressed == 3 for client in clients)
        with RawClient(gateway.public, "/big") as holder:  # Something that matters.
            holder.send(frame(BINARY, b"x" * (5 << 20), fin=False))
            now = await_memory(api, lambda m: not m["full"]
                               and m["held"]["input_bytes"] >= 5 << 20 and m["held"]["total_bytes"] < 7 << 20)
            assert now["held"]["deflate_context_bytes"] < 2 << 20, now
            text = "after " * 100
            assert api.pushed(all=True, text=text)["written"] == 61
            for client in clients:
                assert client.text() == text
            holder.send(frame(0, b"x"))
            assert holder.message().payload.decode() == text
        assert api.get("/v1/stats").json["closed"]["memory"] == 0
        api.close()


def test_windows_of_clients_that_compress_are_counted_and_let_go_of():
    text = os.urandom(20_000).hex().encode()
    with Gateway(config=DEFLATE_CONFIG, shards=1) as gateway, contextlib.ExitStack() as stack:
        api = Api(gateway.api)
        clients = [stack.enter_context(DeflateClient(gateway, "/takeover")) for _ in range(20)]
        for client in clients:
            client.send(frame(BINARY, deflated(text), rsv=4) + frame(PING, b"done"))
            assert client.frame().payload == b"done"
        now = memory(api)
        assert now["held"]["inflate_window_bytes"] == 20 << 15
        assert now["held"]["total_bytes"] == sum(v for key, v in now["held"].items() if key != "total_bytes")
        for client in clients[:5]:
            client.close()
        await_memory(api, lambda m: m["held"]["inflate_window_bytes"] == 15 << 15)
        # They hold the most there is, and go when there is too much of it.
        with contextlib.suppress(Closed, AssertionError):
            for _ in range(300):
                clients.append(stack.enter_context(DeflateClient(gateway, "/takeover")))
                clients[-1].send(frame(BINARY, deflated(text), rsv=4) + frame(PING, b"done"))
                clients[-1].frame()
        now = await_memory(api, lambda m: not m["shedding"])
        assert 4 << 20 < now["held"]["inflate_window_bytes"] < 7_600_000
        closed = 0
        for client in clients[5:]:
            client.socket.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                got = client.frame()
                assert (got.close_code, got.close_reason) == (4100, "memory")
                closed += 1
        assert closed >= 5
        api.close()


def test_unfinished_messages_are_counted_and_given_back(small):
    api = Api(small.api)
    with RawClient(small.public, "/big") as client:
        client.send(frame(BINARY, b"x" * (1 << 20), fin=False))
        now = await_memory(api, lambda m: m["held"]["input_bytes"] >= 1 << 20)
        held = now["held"]
        assert held["total_bytes"] == sum(value for key, value in held.items() if key != "total_bytes")
        assert now["limits"]["held_bytes"] == 32 << 20
    await_memory(api, lambda m: m["held"]["input_bytes"] == 0)
    api.close()


def test_queues_are_counted_and_given_back(small):
    api = Api(small.api)
    before = memory(api)["held"]["message_bytes"]
    with plain_user(small, api, "slow", receive_buffer=4096):
        for _ in range(12):
            assert api.request("POST", "/v1/push/slow", b"x" * (1 << 20), {"Content-Type": "application/octet-stream"}).status == 200
        now = memory(api)
        assert now["queue_bytes"] >= 6 << 20
        assert now["held"]["message_bytes"] >= now["queue_bytes"]
    await_memory(api, lambda m: m["queue_bytes"] == 0 and m["held"]["message_bytes"] <= before + 1000)
    api.close()


def test_a_fanout_is_counted_once_however_many_wait_for_it(small):
    api = Api(small.api)
    with contextlib.ExitStack() as stack:
        for i in range(10):
            stack.enter_context(plain_user(small, api, f"slow{i}", receive_buffer=4096))
        for _ in range(10):
            answer = api.post("/v1/push", {"all": True, "text": "x" * (1 << 20)})
            assert answer.status == 200 and answer.json["matched"] == 10
        now = memory(api)
        assert now["queue_bytes"] > 3 * now["held"]["message_bytes"]
        assert not now["shedding"]
    api.close()


def test_the_largest_holder_goes_first(small):
    """One that does not read holds nearly all there is; a smaller one, and who reads, keep their connections."""
    api = Api(small.api)
    with plain_user(small, api, "large", receive_buffer=4096) as large, \
            plain_user(small, api, "little", receive_buffer=4096) as little, \
            RawClient(small.public, "/big") as bystander:
        octets = {"Content-Type": "application/octet-stream"}
        for _ in range(6):
            assert api.request("POST", "/v1/push/little", b"y" * 1_000_000, octets).status == 200
        refused = 0
        while memory(api)["held"]["total_bytes"] < 20 << 20:
            assert api.request("POST", "/v1/push/large", b"x" * 1_000_000, octets).status == 200
        deadline = time.monotonic() + PATIENCE
        while largest_holder(api) < 10 << 20:  # Shards tell each other once a second.
            assert time.monotonic() < deadline
        for _ in range(60):
            answer = api.request("POST", "/v1/push/large", b"x" * 1_000_000, octets)
            refused += answer.status == 503
            if answer.status == 404:
                break
            if answer.status == 503:
                assert answer.error_code == "memory_full" and "retry-after" in answer.headers
        await_memory(api, lambda m: m["held"]["total_bytes"] < 26 << 20)
        assert api.get("/v1/users/large").json["connections"] == []
        stats = api.get("/v1/stats").json
        assert stats["closed"]["memory"] == 1 and stats["dropped"]["memory"] > 5
        # The others have all of theirs.
        for _ in range(6):
            assert little.message().payload == b"y" * 1_000_000
        bystander.expect_open()
        assert small.output().count("memory is short") == 1
        await_memory(api, lambda m: not m["shedding"])
    api.close()


@pytest.mark.plain_tcp
def test_clients_that_begin_large_messages_are_bounded(small):
    api = Api(small.api)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(small.public, "/big")) for _ in range(16)]
        most = 0
        for _ in range(6):
            for client in clients:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    client.send(frame(BINARY if _ == 0 else 0, b"x" * 1_000_000, fin=False))
            most = max(most, memory(api)["held"]["total_bytes"])
        # All that is in the sockets at one moment may come in one turn.
        assert most < 48 << 20, most
        await_memory(api, lambda m: m["held"]["total_bytes"] < 32 << 20)
        assert api.get("/v1/stats").json["closed"]["memory"] >= 1
    await_memory(api, lambda m: m["held"]["input_bytes"] == 0 and not m["shedding"])
    assert api.request("POST", "/v1/push/nobody", b"x", {"Content-Type": "text/plain"}).status == 404
    api.close()


@pytest.mark.plain_tcp
@pytest.mark.parametrize("shards", [1, 3])
def test_input_that_is_held_back_counts_and_never_comes_back(shards):
    """Paused clients have some input in the gateway. Who is closed for it gets a Close, and none of its own
    bytes."""
    with Gateway(config=CONFIG.replace("32MiB", "4MiB"), shards=shards) as gateway, contextlib.ExitStack() as stack:
        api = Api(gateway.api)
        clients = []
        burst = frame(BINARY, b"x" * 1_000) * 200
        with contextlib.suppress(Closed, AssertionError):  # Full: no one else gets in.
            for _ in range(200):
                clients.append(stack.enter_context(RawClient(gateway.public, "/paused")))
                clients[-1].send(burst)
        deadline = time.monotonic() + PATIENCE
        while api.get("/v1/stats").json["closed"]["memory"] < 5:
            assert time.monotonic() < deadline, memory(api)
        now = await_memory(api, lambda m: m["held"]["total_bytes"] < 3_800_000)
        assert now["held"]["input_bytes"] > 1_500_000, now  # Only as many as needed.
        seen = 0
        for client in clients:
            client.socket.settimeout(0.02)
            with contextlib.suppress(TimeoutError):
                while (got := client.frame()).opcode == BINARY:
                    assert got.payload == b"x" * 1_000
                assert (got.opcode, got.close_code, got.close_reason) == (CLOSE, 4100, "memory")
                client.shutdown_write()
                assert client.read_to_end() == b""
                seen += 1
        assert seen >= 5
        api.close()


def test_history_is_given_up_before_connections(small):
    api = Api(small.api)
    with plain_user(small, api, "slow", receive_buffer=4096) as slow:
        octets = {"Content-Type": "application/octet-stream"}
        for _ in range(8):
            assert api.request("POST", "/v1/push/slow", b"y" * 1_000_000, octets).status == 200
        for i in range(60):
            answer = api.post("/v1/push", {"channel": f"c{i % 4}", "text": "x" * 1_000_000, "wait": "queued"})
            assert answer.status in (200, 503), answer.body
        await_memory(api, lambda m: m["held"]["total_bytes"] < 29 << 20)
        metrics = api.get("/metrics").text
        trimmed = sum(int(float(line.split()[-1])) for line in metrics.splitlines()
                      if line.startswith("dunlin_history_trimmed_bytes_total"))
        assert trimmed > 10 << 20
        for _ in range(8):
            assert slow.message().payload == b"y" * 1_000_000
    api.close()


def test_api_bodies_are_counted(small):
    api = Api(small.api)
    with RawSocket(small.api) as raw:
        raw.send(b"POST /v1/push/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
                 b"Content-Length: 2000000\r\n\r\n" + b"x" * 1_000_000)
        await_memory(api, lambda m: m["held"]["api_bytes"] >= 1_000_000)
    await_memory(api, lambda m: m["held"]["api_bytes"] < 100_000)
    api.close()
