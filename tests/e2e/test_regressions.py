"""What has been broken once. Each test says what happened."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness.api import Api, RawApi, request_bytes
from harness.clients import ProtocolClient, plain_user
from harness.gateway import Gateway
from harness.raw import CLOSE, PING, PONG, TEXT, RawClient, frame

LIVE = """
[profiles.live]
path = "/live"
identity = "message"
on_text = "protocol"
client_subscribe = true
ping_interval_ms = 0
"""


def stream_bytes(lines: list[dict]) -> bytes:
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return request_bytes("POST", "/v1/push", body, ("Content-Type: application/x-ndjson",))


@pytest.mark.parametrize("shards", [1, 4])
def test_a_flooded_room_loses_nothing(shards):
    """Broadcasts that were read in one turn went past fanouts_max and vanished, uncounted. And a timer that was due
    before the loop slept was forgotten: with one shard the room stood still for ever."""
    config = """
[hub]
fanouts_max = 1
[profiles.chat]
path = "/chat"
on_text = "broadcast"
room = "chat"
ping_interval_ms = 0
queue_size_max = "10MiB"
queue_messages_max = 100000
"""
    count = 300
    with Gateway(config=config, shards=shards) as gateway:
        clients = [RawClient(gateway.public, "/chat") for _ in range(4)]
        for number, client in enumerate(clients):
            client.send(b"".join(frame(TEXT, b"%d %d" % (number, i)) for i in range(count)))
        for client in clients:
            got = [client.text().split() for _ in range(count * len(clients))]
            for number in range(len(clients)):
                assert [int(i) for sender, i in got if int(sender) == number] == list(range(count))
            client.close()


@pytest.mark.parametrize("shards", [1, 2, 4])
def test_publications_are_accepted_whole_or_not_at_all(shards):
    """Of publications that were accepted in one turn, those over fanouts_max were answered with 200 and an offset, and
    delivered to nobody."""
    config = '[hub]\nfanouts_max = 1\n' + LIVE
    count = 200
    with Gateway(config=config, shards=shards) as gateway:
        subscribers = [ProtocolClient(gateway, f"u{i}") for i in range(6)]
        for subscriber in subscribers:
            subscriber.request(subscribe={"channel": "news"})
        with RawApi(gateway.api) as api:
            body = json.dumps({"channel": "news", "text": "x", "class": "stored"}).encode()
            request = request_bytes("POST", "/v1/push", body, ("Content-Type: application/json",))
            threading.Thread(target=api.send, args=(request * count,), daemon=True).start()
            answers = [api.answer() for _ in range(count)]
        accepted = [answer.json for answer in answers if answer.status == 200]
        assert all(answer.status in (200, 503) for answer in answers)
        assert all(receipt["complete"] and receipt["matched"] == 6 for receipt in accepted), accepted
        for subscriber in subscribers:
            offsets = [subscriber.push()["offset"] for _ in accepted]
            assert offsets == list(range(1, len(accepted) + 1))
            subscriber.close()


def test_a_confirmation_is_for_its_own_subscription():
    """The confirmation of a subscription that had been ended since confirmed the next one to the same channel, and let
    publications through before its recovery."""
    with Gateway(config=LIVE, shards=4) as gateway:
        api = Api(gateway.api)
        for number in range(4):  # Channels of different homes, as chance has it.
            channel = f"news{number}"
            for _ in range(3):
                api.pushed(channel=channel, data=1, **{"class": "stored"})
            epoch = api.get(f"/v1/channels/{channel}").json["epoch"]
            for user in range(8):
                with ProtocolClient(gateway, f"u{user}") as client:
                    requests = [{"id": 101, "subscribe": {"channel": channel}},
                                {"id": 102, "unsubscribe": {"channel": channel}},
                                {"id": 103, "subscribe": {"channel": channel, "recover": {"epoch": epoch, "offset": 0}}}]
                    client.send(b"".join(frame(TEXT, json.dumps(one).encode()) for one in requests))
                    got = [client.json()]
                    while got[-1].get("id") != 103:
                        got.append(client.json())
                    assert [one["id"] for one in got] in ([102, 103], [101, 102, 103]), got
                    assert [client.push()["offset"] for _ in range(3)] == [1, 2, 3]


def test_a_slow_client_that_answers_pings_is_not_cut():
    """A backlog of pushes stopped the reading of the client's pongs."""
    config = """
[profiles.ws]
path = "/ws"
identity = "message"
ping_interval_ms = 200
pong_timeout_ms = 800
ping_jitter_percent = 0
queue_size_max = "64KiB"
queue_overflow = "drop_oldest"
"""
    with Gateway(config=config, shards=1) as gateway:
        api = Api(gateway.api)
        client = plain_user(gateway, api, "slow", receive_buffer=4096)
        stop = threading.Event()

        def push_on():
            pusher = Api(gateway.api)
            while not stop.is_set():
                pusher.push(uid="slow", text="x" * 8000)

        pusher = threading.Thread(target=push_on)
        pusher.start()
        try:
            pings = 0
            while pings < 12:
                got = client.frame()
                assert got.opcode != CLOSE, got.payload
                if got.opcode == PING:
                    pings += 1
                    client.send(frame(PONG, got.payload))
        finally:
            stop.set()
            pusher.join()
        client.close()


def test_pushes_that_wait_hold_nobody_up():
    """Pushes with wait=acked took all of outstanding_max, and connections on their way home stood behind them."""
    with Gateway(config="[hub]\noutstanding_max = 64\n" + LIVE, shards=2) as gateway:
        silent = [ProtocolClient(gateway, f"a{i}") for i in range(4)]
        streams = []
        for _ in range(6):
            stream = socket.create_connection(gateway.api)
            stream.sendall(stream_bytes([{"uid": f"a{i % 4}", "text": "x", "wait": "acked", "timeout_ms": 20_000}
                                         for i in range(200)]))
            streams.append(stream)
        api = Api(gateway.api)
        api.await_true(lambda: api.get("/v1/stats").json["pushes"]["refused"] > 0, "the streams are not held back")
        began = time.monotonic()
        for number in range(20):
            with ProtocolClient(gateway, f"n{number}") as client:
                client.request(subscribe={"channel": f"c{number}"})
                assert api.pushed(uid=f"n{number}", text="x")["matched"] == 1
        assert time.monotonic() - began < 10
        for one in streams + silent:
            one.close()


def test_outstanding_max_needs_a_restart():
    """The rings for replies are as large as it was at the start; a reload that raised it ended in a failed assertion."""
    with Gateway(config="[hub]\noutstanding_max = 64\n" + LIVE, shards=2) as gateway:
        gateway.config_file.write_text("[hub]\noutstanding_max = 100000\n" + LIVE, encoding="utf-8")
        gateway.signal(signal.SIGHUP)
        Api.await_true(lambda: "outstanding_max: 64 -> 100000 (after a restart)" in gateway.output(), "not told")


def test_a_canary_takes_no_pushes():
    """A push to the id of a canary's connection put it out of step: never ready again."""
    with Gateway(config="[canary]\ninterval_ms = 100\ntimeout_ms = 1000\n" + LIVE, shards=2) as gateway:
        api = Api(gateway.api)
        with ProtocolClient(gateway, "u") as client:
            incarnation = client.connection_id[:8]
            for shard in range(2):
                assert api.push(connection=f"{incarnation}{shard:02x}00000100000000", text="abcde").status == 404
        time.sleep(1.5)  # Longer than the time-out: it would be overdue by now.
        assert api.get("/readyz").status == 200


def test_sigterm_at_the_moment_of_the_ready_file():
    """The handlers were set after the ready file was written: the signal killed."""
    for _ in range(5):
        gateway = Gateway(shards=4)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DUNLIN_")}
        gateway.process = subprocess.Popen(gateway.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL, env=environment)
        while not gateway.ready_file.exists():  # As tightly as it goes: the moment is the point.
            assert gateway.running()
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
