"""Who gets in: rates of arrival, handshakes under way, connections by address; what becomes of those who do
not get in; and what one client may send."""

import contextlib
import json
import subprocess
import time

import pytest
from websockets.exceptions import InvalidStatusCode
from websockets.legacy.client import connect

from harness.admission import ask, await_handshakes, await_handshaking, handshakes
from harness.api import Api
from harness.gateway import PATIENCE, Gateway
from harness.raw import CLOSE, PING, PONG, TEXT, RawClient, RawSocket, frame, upgrade_request

pytestmark = pytest.mark.plain_tcp  # Under TLS a refusal is a close: see test_tls.

PROFILES = """
[profiles.echo]
path = "/echo"
on_text = "echo"
on_binary = "echo"
ping_interval_ms = 0

[profiles.ws]
path = "/ws"
identity = "message"
ping_interval_ms = 0
"""


def test_limits_are_shown_at_start():
    with Gateway(config=PROFILES + '[limits]\naccept_rate = 1234\nmemory_max = "77MiB"\n') as gateway:
        line = next(line for line in gateway.output().splitlines() if "limits" in line and "accepts_per_second" in line)
        assert "accepts_per_second=1234" in line and f"memory_bytes={77 << 20}" in line
        for word in ("connections=", "handshakes_per_shard=", "connections_per_address=", "handshake_timeout_ms="):
            assert word in line


def test_a_storm_is_asked_to_come_back_at_different_times():
    with Gateway(config=PROFILES + "[limits]\naccept_rate = 1\naccept_burst = 20\n", shards=1) as gateway:
        api = Api(gateway.api)
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(RawSocket(gateway.public)) for _ in range(120)]
            answers = [ask(raw) for raw in sockets]
            accepted = [raw for raw, (head, _) in zip(sockets, answers) if head.status == 101]
            refused = [head for head, _ in answers if head.status != 101]
            assert 20 <= len(accepted) <= 40, len(accepted)
            assert {code for _, code in answers} == {None, "too_many_at_once"}
            assert all(head.status == 503 and head.headers["connection"] == "close" for head in refused)
            delays = {int(head.headers["retry-after"]) for head in refused}
            assert len(delays) > 3 and min(delays) >= 1 and max(delays) <= 10, delays
            assert handshakes(api, "accept_rate") == len(refused)
            # Those who are in are not disturbed.
            accepted[0].send(frame(TEXT, b"still here"))
            assert accepted[0].read(12) == b"\x81\x0astill here"
        api.close()


def test_a_refused_request_is_not_read():
    """Garbage gets the same answer as a request: what comes is not looked at."""
    with Gateway(config=PROFILES + "[limits]\naccept_rate = 1\naccept_burst = 1\n", shards=1) as gateway:
        with RawSocket(gateway.public) as first, RawSocket(gateway.public) as second:
            assert ask(first)[0].status == 101
            second.send(b"\x00")
            assert second.read_head().status == 503


def test_sockets_beyond_the_bound_are_closed_at_once():
    with Gateway(config=PROFILES + "[limits]\naccept_rate = 1\naccept_burst = 1\n", shards=1) as gateway:
        api = Api(gateway.api)
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(RawSocket(gateway.public)) for _ in range(300)]
            await_handshakes(api, "accept_rate", 30)  # Nobody has said a word: these got no answer.
            closed = 0
            for raw in sockets:
                raw.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    closed += raw.socket.recv(1) == b""
            assert closed >= 30
            stats = api.get("/v1/stats").json
            assert stats["connections_total"] == 0
        api.close()


def test_the_oldest_handshake_gives_way():
    with Gateway(config=PROFILES + "[limits]\nhandshakes_max = 16\n", shards=1) as gateway:
        api = Api(gateway.api)
        with contextlib.ExitStack() as stack:
            waiting = [stack.enter_context(RawSocket(gateway.public)) for _ in range(16)]
            for raw in waiting:
                raw.send(b"GET /echo HTTP/1.1\r\n")
            newest = stack.enter_context(RawSocket(gateway.public))
            assert ask(newest)[0].status == 101
            await_handshakes(api, "gave_way", 1)
            assert waiting[0].read_to_end() == b""
            # All others are still under way, and end well.
            for raw in waiting[1:]:
                raw.send(upgrade_request("/echo")[len(b"GET /echo HTTP/1.1\r\n"):])
                assert raw.read_head().status == 101
        api.close()


def test_bytes_that_drip_do_not_extend_a_handshake():
    config = PROFILES + "[handshake]\ntimeout_ms = 700\n"
    with Gateway(config=config, shards=1) as gateway, RawSocket(gateway.public) as raw:
        begin = time.monotonic()
        raw.socket.settimeout(0.05)
        request, answer = iter(upgrade_request("/echo", x_padding="x" * 500)), b""
        while not answer:
            raw.send(bytes([next(request)]))
            with contextlib.suppress(TimeoutError):
                answer = raw.socket.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert 0.6 < time.monotonic() - begin < 0.7 + PATIENCE


BY_ADDRESS = PROFILES + """
[limits]
connections_per_address_max = 5
handshakes_per_address_max = 3
address_exempt = ["127.0.0.9"]
"""


@pytest.fixture(scope="module", params=[1, 3], ids=["1shard", "3shards"])
def by_address(request):
    with Gateway(config=BY_ADDRESS, shards=request.param) as gateway:
        yield gateway


def open_from(stack, gateway, source):
    raw = stack.enter_context(RawSocket(gateway.public, source=source))
    head, code = ask(raw)
    return raw, head, code


def test_connections_by_address_on_all_shards_together(by_address):
    with contextlib.ExitStack() as stack:
        first = [open_from(stack, by_address, "127.0.0.2") for _ in range(5)]
        assert [head.status for _, head, _ in first] == [101] * 5
        for _ in range(3):
            _, head, code = open_from(stack, by_address, "127.0.0.2")
            assert (head.status, code) == (429, "too_many_from_address")
            assert 1 <= int(head.headers["retry-after"]) <= 10
        # Another address is not concerned, and an exempt one never is.
        assert open_from(stack, by_address, "127.0.0.3")[1].status == 101
        for _ in range(8):
            assert open_from(stack, by_address, "127.0.0.9")[1].status == 101
        # One leaves: there is room for one.
        first[0][0].close()
        deadline = time.monotonic() + PATIENCE
        while open_from(stack, by_address, "127.0.0.2")[1].status != 101:
            assert time.monotonic() < deadline


def test_connections_that_have_not_logged_in_are_fewer(by_address):
    api = Api(by_address.api)
    with contextlib.ExitStack() as stack:
        def connect_to(path):
            raw = stack.enter_context(RawSocket(by_address.public, source="127.0.0.4"))
            return raw, ask(raw, path)[0].status
        unproven = [connect_to("/ws") for _ in range(3)]
        assert [status for _, status in unproven] == [101] * 3
        assert connect_to("/ws")[1] == 429
        # A login makes room, on whatever shard its uid is at home.
        for index, (raw, _) in enumerate(unproven):
            raw.send(frame(TEXT, json.dumps({"uid": f"by-address-{index}"}).encode()))
            api.await_online(f"by-address-{index}", 1)
        assert connect_to("/ws")[1] == 101
        assert connect_to("/ws")[1] == 101
        assert connect_to("/ws")[1] == 429  # Five in all.
        # A socket that says nothing counts, too; the ends of all of them give everything back.
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.ExitStack() as stack:
            if all(open_from(stack, by_address, "127.0.0.4")[1].status == 101 for _ in range(5)):
                break
        assert time.monotonic() < deadline
    api.close()


def test_sockets_that_say_nothing_are_counted(by_address):
    api = Api(by_address.api)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(RawSocket(by_address.public, source="127.0.0.5"))
        await_handshaking(api, 3)
        assert open_from(stack, by_address, "127.0.0.5")[1].status == 429
    api.close()


@pytest.mark.asyncio
async def test_real_clients_are_told(by_address):
    api = Api(by_address.api)
    held = [RawSocket(by_address.public) for _ in range(3)]
    await_handshaking(api, 3)
    with pytest.raises(InvalidStatusCode) as refused:
        await connect(by_address.ws + "/echo", open_timeout=PATIENCE)
    assert refused.value.status_code == 429 and 1 <= int(refused.value.headers["Retry-After"]) <= 10
    done = subprocess.run(["curl", "-si", by_address.http + "/echo"], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.stdout.startswith("HTTP/1.1 429 ") and "too_many_from_address" in done.stdout
    for raw in held:
        raw.close()
    api.close()


RATES = """
[profiles.pause]
path = "/pause"
on_text = "echo"
message_rate = 100
message_burst = 20
byte_rate = 0
ping_interval_ms = "200ms"
pong_timeout_ms = "300ms"

[profiles.close]
path = "/close"
on_text = "echo"
message_rate = 10
message_burst = 20
rate_overflow = "close"
ping_interval_ms = 0

[profiles.bytes]
path = "/bytes"
on_binary = "discard"
on_text = "echo"
message_rate = 0
byte_rate = "64KiB"
byte_burst = "32KiB"
ping_interval_ms = 0

[profiles.slow]
path = "/slow"
on_text = "echo"
message_rate = 1
message_burst = 1
ping_interval_ms = "100ms"
pong_timeout_ms = "100ms"
idle_timeout_ms = "300ms"

[profiles.login]
path = "/login"
identity = "message"
on_text = "echo"
message_rate = 5
message_burst = 10
rate_overflow = "close"
"""


@pytest.fixture(scope="module", params=[1, 3], ids=["1shard", "3shards"])
def rates(request):
    with Gateway(config=RATES, shards=request.param) as gateway:
        yield gateway


def test_messages_above_the_rate_wait(rates):
    """Nothing is lost, everything is in order, and it takes as long as the rate says."""
    with RawClient(rates.public, "/pause") as client:
        begin = time.monotonic()
        client.send(b"".join(frame(TEXT, str(i).encode()) for i in range(80)))
        assert [client.text() for _ in range(80)] == [str(i) for i in range(80)]
        assert time.monotonic() - begin > 0.5  # 60 messages at 100 a second, 20 at once.
        client.end()


def test_pings_count_as_messages(rates):
    with RawClient(rates.public, "/close") as client:
        client.send(b"".join(frame(PING, b"%d" % i) for i in range(60)))
        got = client.frame()
        while got.opcode == PONG:
            got = client.frame()
        assert (got.opcode, got.close_code, got.close_reason) == (CLOSE, 1008, "too many messages")


def test_above_the_rate_a_client_is_closed_where_the_profile_says_so(rates):
    api = Api(rates.api)
    before = api.get("/v1/stats").json["closed"]["rate"]
    with RawClient(rates.public, "/close") as client:
        client.send(b"".join(frame(TEXT, b"x") for _ in range(50)))
        answers = 0
        while (got := client.frame()).opcode == TEXT:
            answers += 1
        assert (got.opcode, got.close_code) == (CLOSE, 1008)
        assert answers <= 21
    deadline = time.monotonic() + PATIENCE
    while api.get("/v1/stats").json["closed"]["rate"] == before:
        assert time.monotonic() < deadline
    api.close()


def test_a_login_does_not_refill_the_bucket(rates):
    """The bucket moves with the connection to its uid's shard."""
    for index in range(6):
        with RawClient(rates.public, "/login") as client:
            client.send(frame(TEXT, json.dumps({"uid": f"rate-{index}"}).encode()) +
                        b"".join(frame(TEXT, b"x") for _ in range(12)))
            answers = 0
            while (got := client.frame()).opcode == TEXT:
                answers += 1
            assert (got.opcode, got.close_code) == (CLOSE, 1008)
            assert answers <= 10


def test_bytes_above_the_rate_wait_in_the_clients_socket(rates):
    api = Api(rates.api)
    with RawClient(rates.public, "/bytes") as client:
        begin = time.monotonic()
        client.send(b"".join(frame(0x2, b"x" * 4_000) for _ in range(20)) + frame(TEXT, b"done"))
        held = 0
        while time.monotonic() - begin < 0.2:
            held = max(held, api.get("/v1/memory").json["held"]["input_bytes"])
        assert client.text() == "done"
        assert time.monotonic() - begin > 0.5  # 80 KB at 64 KiB a second, 32 KiB at once.
        assert held <= 64 << 10
        client.end()
    api.close()


def test_a_paused_client_is_neither_idle_nor_without_a_pong(rates):
    """It is we who do not read: what it owes us may stand in its socket."""
    with RawClient(rates.public, "/slow") as client:
        for text in ("a", "b", "c"):
            client.send_text(text)
        got = []
        while len(got) < 3:
            received = client.frame()
            if received.opcode == PING:
                client.send(frame(PONG, received.payload))
            else:
                assert received.opcode == TEXT, received
                got.append(received.text)
            if len(got) == 2:
                break
        assert got == ["a", "b"]
