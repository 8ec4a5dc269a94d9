"""Exactly once, and every receipt true: what clients saw against what publishers were told, while clients
come and go, while the gateway ends, and in /metrics."""

import collections
import contextlib
import http.client
import json
import random
import signal
import threading

import pytest

from harness.api import Api, check_receipt
from harness.clients import ProtocolClient, plain_user
from harness.gateway import Gateway
from harness.raw import CLOSE, PING, PONG, TEXT, Closed, RawClient, close_payload, frame
from test_metrics import samples, total
from test_shards import in_threads


@pytest.fixture(params=[1, 2, 3], ids=["1shard", "2shards", "3shards"])
def fresh(request):
    with Gateway(shards=request.param) as gateway:
        api = Api(gateway.api)
        yield gateway, api
        api.close()


def read_to_close(client, seen):
    """Counts every message up to the gateway's Close."""
    while True:
        got = client.frame()
        if got.opcode == TEXT:
            seen[json.loads(got.payload)] += 1
        elif got.opcode == PING:
            client.send(frame(PONG, got.payload))
        elif got.opcode == CLOSE:
            return got


def test_receipts_over_a_churn_of_clients(fresh):
    """Clients log in, read a while and leave with a closing handshake, over and over; each message was seen by
    just as many connections as its receipt says, and by none twice."""
    gateway, api = fresh
    uids = [f"churn-{n}" for n in range(6)]
    written, seen, lock = {}, collections.Counter(), threading.Lock()
    publishing = threading.Event()
    publishing.set()
    publishers_left = [3]

    def publisher(index):
        own = Api(gateway.api)
        for number in range(250):
            chosen = random.Random(1000 * index + number).sample(uids, 3)
            answer = own.push(uids=chosen, data=1000 * index + number, wait="written", timeout_ms=20_000)
            assert answer.status in (200, 404), answer.body
            receipt = answer.json
            check_receipt(receipt)
            assert receipt["complete"] is True and receipt["queued"] == 0, receipt
            with lock:
                written[1000 * index + number] = receipt["written"]
        own.close()
        with lock:
            publishers_left[0] -= 1
            if publishers_left[0] == 0:
                publishing.clear()

    def visitor(index):
        chooser = random.Random(index)
        while publishing.is_set():
            mine = collections.Counter()
            with RawClient(gateway.public, "/ws") as client:
                client.send_json({"uid": chooser.choice(uids)})
                for _ in range(chooser.randrange(1, 6)):  # A ping now and then, and what came before its pong.
                    client.send(frame(PING, b"?"))
                    while (got := client.frame()).opcode != PONG:
                        mine[json.loads(got.payload)] += 1
                client.send(frame(CLOSE, close_payload(1000)))
                assert read_to_close(client, mine).close_code == 1000
            assert all(times == 1 for times in mine.values()), "a message came twice"
            with lock:
                seen.update(mine)

    in_threads(*(lambda i=i: publisher(i) for i in range(3)), *(lambda i=i: visitor(i) for i in range(6)))
    assert sum(written.values()) > 0, "nobody was ever there"
    assert {message: seen[message] for message in written} == written
    found = samples(api)
    assert total(found, r'^dunlin_receipts_total\{kind="written"') == sum(written.values())
    assert total(found, r"^dunlin_pushes_total\{") == len(written)


def test_metrics_add_up_to_what_was_done(fresh):
    gateway, api = fresh
    with contextlib.ExitStack() as stack:
        users = [stack.enter_context(plain_user(gateway, api, f"m{n}")) for n in range(5)]
        subscriber = stack.enter_context(ProtocolClient(gateway, "sub"))
        subscriber.subscribe("sums")
        told = collections.Counter()
        pushes = 0
        for number in range(40):
            for fields in ({"uid": f"m{number % 5}"}, {"uids": ["m0", "m1", "nobody-1", "nobody-2"]}, {"channel": "sums"}):
                receipt = api.pushed(data=number, **fields)
                told.update({key: receipt[key] for key in ("matched", "written", "queued", "conflated", "dropped")})
                told["offline"] += len(receipt["offline"])
                pushes += 1
        assert api.push(uid="nobody-3", text="x").status == 404
        pushes, told["offline"] = pushes + 1, told["offline"] + 1
        assert told == collections.Counter(matched=40 * 4, written=40 * 4, offline=81, queued=0, conflated=0, dropped=0)
        found = samples(api)
        assert total(found, r"^dunlin_pushes_total\{") == pushes
        for kind in ("matched", "written", "queued", "conflated", "offline"):
            assert total(found, rf'^dunlin_receipts_total\{{kind="{kind}"') == told[kind], kind
        assert total(found, r"^dunlin_drops_total\{") == 0
        assert total(found, r"^dunlin_connections\{") == 6 == total(found, r"^dunlin_users\{")
        assert total(found, r'^dunlin_handshakes_total\{result="accepted"') == 6
        assert total(found, r"^dunlin_messages_in_total\{") == 7  # Six logins and one request.
        assert total(found, r"^dunlin_push_latency_seconds_count\{") == told["written"]
        stats = api.get("/v1/stats").json
        assert stats["pushes"]["accepted"] == pushes and stats["pushes"]["written"] == told["written"]
        assert stats["connections_total"] == 6 and stats["connections"]["ws"] == 5 and stats["connections"]["live"] == 1
        for user in users:
            user.end()
    api.await_true(lambda: total(samples(api), r'^dunlin_closes_total\{cause="client"') == 5, "five closing handshakes")
    assert total(samples(api), r"^dunlin_connections\{") <= 1


@pytest.mark.parametrize("shards", [1, 3])
def test_slow_subscriber_among_quick_ones(shards):
    """Over all shards: the quick ones miss nothing, what the slow one misses stands in the receipts and it is told."""
    config = """
[profiles.live]
path = "/live"
identity = "message"
on_text = "protocol"
client_subscribe = true
queue_size_max = "128KiB"
queue_overflow = "{overflow}"
"""
    big = "x" * 8_000
    for overflow in ("drop_newest", "drop_oldest"):
        with Gateway(config=config.format(overflow=overflow), shards=shards) as gateway, contextlib.ExitStack() as stack:
            api = stack.enter_context(contextlib.closing(Api(gateway.api)))
            quick = [stack.enter_context(ProtocolClient(gateway, f"quick-{n}")) for n in range(4)]
            slow = stack.enter_context(ProtocolClient(gateway, "slow", receive_buffer=4096))
            for client in (*quick, slow):
                client.subscribe("news")
            count, dropped = 0, 0
            for count in range(1, 3001):
                receipt = api.pushed(channel="news", data=[count, big])
                assert receipt["matched"] == 5
                dropped += receipt["dropped"]
                for client in quick:
                    assert client.push()["offset"] == count
                if count % 50 == 0 and total(samples(api), r"^dunlin_drops_total\{") >= 30:
                    break
            drops = total(samples(api), r"^dunlin_drops_total\{")
            assert drops >= 30 and dropped == (drops if overflow == "drop_newest" else 0)
            received, missed, last = 0, 0, 0
            while received + missed < count:
                message = slow.next()
                if "missed" in message:
                    missed += message["missed"]["count"]
                else:
                    assert message["push"]["offset"] > last
                    last = message["push"]["offset"]
                    received += 1
            assert missed == drops and received + missed == count
            assert slow.request(ping={})["ping"] == {}  # Nothing of this comes again.


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_ending_while_pushes_come_in(shards):
    """SIGTERM in the middle: every answer that was given is true, and every message was accounted for."""
    with Gateway(shards=shards, environment={"DUNLIN_DRAIN_WINDOW_MS": "700"}, quick_drain=False) as gateway:
        api = Api(gateway.api)
        names = [f"end-{n}" for n in range(12)]
        clients = [plain_user(gateway, api, name) for name in names]
        seen, written, unanswered, lock = collections.Counter(), {}, set(), threading.Lock()
        statuses = collections.Counter()
        under_way = threading.Semaphore(0)

        def publisher(index):
            own = Api(gateway.api)
            for number in range(100_000):
                message = 1_000_000 * index + number
                try:
                    answer = own.push(uids=names, data=message, wait="written", timeout_ms=20_000)
                except (OSError, http.client.HTTPException):
                    with lock:
                        unanswered.add(message)
                    return  # The API is gone.
                with lock:
                    statuses[answer.status] += 1
                    if answer.status in (200, 404):
                        check_receipt(answer.json)
                        written[message] = answer.json["written"]
                    else:
                        assert answer.status == 503 and answer.headers["retry-after"], answer.body
                        written[message] = 0
                if number == 20:
                    under_way.release()
                if answer.headers.get("connection", "").lower() == "close":
                    return

        def reader(client):
            mine = collections.Counter()
            with contextlib.suppress(Closed):
                assert read_to_close(client, mine).close_code in (1001, 1012)
                client.send(frame(CLOSE, close_payload(1000)))
            client.close()
            with lock:
                seen.update(mine)

        def ender():
            for _ in range(3):
                assert under_way.acquire(timeout=30)
            gateway.signal(signal.SIGTERM)

        in_threads(ender, *(lambda i=i: publisher(i) for i in range(3)), *(lambda c=c: reader(c) for c in clients))
        assert gateway.wait() == 0
        assert statuses[200] > 0
        assert {message: seen[message] for message in written} == written
        assert set(seen) <= set(written) | unanswered, "seen, but nobody pushed it"
        assert len(unanswered) <= 3
