"""Clients that do not read: bounded queues, policies, truthful receipts, 'you missed n', and everybody
else undisturbed."""

import os

import pytest

from harness.api import Api
from harness.clients import ProtocolClient, plain_user
from harness.gateway import Gateway
from harness.raw import PING, TEXT, Closed, RawClient, frame

QUEUE = 256 << 10

# What ASan keeps of freed memory, to find its use; nothing where nothing of the kind is built in.
QUARANTINE = 300 << 20 if "asan" in os.environ.get("DUNLIN_BIN", "") else 0
CONFIG = """
[profiles.ws]
path = "/ws"
identity = "message"
ping_interval_ms = 0
queue_size_max = "256KiB"
queue_messages_max = 100
queue_overflow = "{overflow}"

[profiles.live]
path = "/live"
identity = "message"
on_text = "protocol"
client_subscribe = true
ping_interval_ms = 0
queue_size_max = "256KiB"
queue_messages_max = 100
queue_overflow = "drop_newest"

[profiles.chat]
path = "/chat"
on_text = "broadcast"
room = "chat"
ping_interval_ms = 0
message_size_max = "8KiB"
queue_size_max = "64KiB"
queue_overflow = "close"

[profiles.echo]
path = "/echo"
on_text = "echo"
on_binary = "echo"
ping_interval_ms = 0
"""


@pytest.fixture(scope="module", params=[1, 3], ids=["1shard", "3shards"])
def slow_gateway(request):
    with Gateway(config=CONFIG.format(overflow="drop_newest"), shards=request.param) as gateway:
        yield gateway


@pytest.fixture
def slow_api(slow_gateway):
    api = Api(slow_gateway.api)
    yield api
    api.close()


BIG = "x" * 16_000


def fill(api, uid, **fields):
    """Pushes until the kernel takes no more and the first message waits; how many were written."""
    written = 0
    while True:
        receipt = api.pushed(uid=uid, data=[written, BIG], **fields)
        assert receipt["dropped"] == 0
        if receipt["queued"]:
            return written
        written += receipt["written"]
        assert written < 5000, "16 KiB each and still nothing waits"


def test_queued_then_dropped_newest(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096) as client:
        written = fill(slow_api, uid)
        queued, dropped = 1, 0
        for number in range(40):
            receipt = slow_api.pushed(uid=uid, data=[written + 1 + number, BIG])
            queued += receipt["queued"]
            dropped += receipt["dropped"]
        assert dropped > 0 and queued * len(BIG) <= QUEUE + 2 * len(BIG)
        for number in range(written + queued):  # What was taken arrives, in order and whole.
            assert client.json() == [number, BIG]
        slow_api.await_true(lambda: slow_api.pushed(uid=uid, text="marker")["written"] == 1, "never drained")
        assert client.text() == "marker"


def test_drop_oldest(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096) as client:
        fill(slow_api, uid, policy="drop_oldest")
        for number in range(60):
            receipt = slow_api.pushed(uid=uid, data=["late", number, BIG], policy="drop_oldest")
            assert receipt["queued"] == 1, receipt  # The new one is taken; an older one gave way.
        got = [client.json()]
        while got[-1][:2] != ["late", 59]:
            got.append(client.json())
        late = [one[1] for one in got if one[0] == "late"]
        assert late == list(range(late[0], 60)) and late[0] > 0, late


def test_conflation_replaces_what_waits(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096) as client:
        fill(slow_api, uid)
        for key in ("EUR", "USD"):
            assert slow_api.pushed(uid=uid, data={key: 0}, policy="conflate", conflate_key=key)["queued"] == 1
        for number in range(1, 50):
            for key in ("EUR", "USD"):
                receipt = slow_api.pushed(uid=uid, data={key: number}, policy="conflate", conflate_key=key)
                assert receipt["conflated"] == 1, receipt
        slow_api.pushed(uid=uid, text='"end"')
        got = []
        while (message := client.json()) != "end":
            got.append(message)
        assert [one for one in got if isinstance(one, dict)] == [{"EUR": 49}, {"USD": 49}]  # In their first places.


def test_policy_close(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096):
        fill(slow_api, uid, policy="close")
        receipt = {"dropped": 0}
        for _ in range(60):
            answer = slow_api.push(uid=uid, data=["late", BIG], policy="close")
            if answer.status == 404:
                break
            receipt = answer.json
        slow_api.await_true(lambda: slow_api.online(uid)["offline"] == [uid], "a slow client was not cut")
        assert receipt["dropped"] == 1 or answer.status == 404


def test_ttl_of_what_waits(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096) as client:
        fill(slow_api, uid)
        receipt = slow_api.pushed(uid=uid, text="stale", ttl_ms=50, wait="written", timeout_ms=5000)
        assert receipt["dropped"] == 1 or receipt["complete"] is False, receipt
        slow_api.pushed(uid=uid, text='"end"')
        while (message := client.message()).payload != b'"end"':
            assert message.payload != b"stale"


def test_wait_written_waits_for_a_slow_client(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096):
        fill(slow_api, uid)
        receipt = slow_api.pushed(uid=uid, text="x", wait="written", timeout_ms=100)
        assert receipt["complete"] is False and receipt["queued"] == 1


def test_missed_notice(slow_gateway, slow_api, uid):
    """A dunlin.v1 client is told how many it missed, no more and no fewer."""
    with ProtocolClient(slow_gateway, uid, receive_buffer=4096) as client:
        total, dropped = 0, 0
        while dropped < 20 and total < 5000:
            receipt = slow_api.pushed(uid=uid, data=[total, BIG])
            dropped += receipt["dropped"]
            total += 1
        assert dropped == 20
        received, missed = 0, 0
        last = -1
        while received + missed < total:
            message = client.next()
            if "missed" in message:
                assert message["missed"]["count"] > 0
                missed += message["missed"]["count"]
            else:
                assert message["push"]["data"][0] > last
                last = message["push"]["data"][0]
                received += 1
        assert missed == dropped and received + missed == total
        slow_api.pushed(uid=uid, text="marker")
        assert client.push()["text"] == "marker"


def test_slow_chatter_is_cut_and_the_room_goes_on(slow_gateway, slow_api):
    slow = RawClient(slow_gateway.public, "/chat", receive_buffer=4096)
    with RawClient(slow_gateway.public, "/chat") as talker, RawClient(slow_gateway.public, "/chat") as listener:
        line = "y" * 8000
        for number in range(1500):  # 12 MB: more than any socket buffer holds.
            text = f"{number} {line}"
            talker.send_text(text)
            assert talker.text() == text
            assert listener.text() == text
    with pytest.raises((Closed, AssertionError)):
        for _ in range(1500):
            got = slow.frame()
            assert got.opcode == TEXT
    slow.close()
    metrics = slow_api.get("/metrics").text
    assert any("slow" in line and not line.startswith("#") and line.rsplit(" ", 1)[1] not in ("0", "0.0")
               for line in metrics.splitlines()), "the cut was not counted"


def test_client_that_floods_pings_and_never_reads(slow_gateway, slow_api, uid):
    """Pongs are bounded (5.5.3): memory does not grow with unanswered pings; others are served."""
    with RawClient(slow_gateway.public, "/echo", receive_buffer=4096) as flooder, plain_user(slow_gateway, slow_api, uid) as other:
        flooder.socket.settimeout(1)
        before = resident(slow_gateway)
        try:
            for _ in range(400):
                flooder.send(frame(PING, b"p" * 125) * 500)  # 26 MB of pings in all.
        except OSError:
            pass  # Not read any more, or cut: both are bounds.
        assert resident(slow_gateway) - before < (16 << 20) + QUARANTINE
        slow_api.pushed(uid=uid, text="x")
        assert other.text() == "x"


def test_client_that_echoes_and_never_reads(slow_gateway, slow_api, uid):
    with RawClient(slow_gateway.public, "/echo", receive_buffer=4096) as flooder, plain_user(slow_gateway, slow_api, uid) as other:
        flooder.socket.settimeout(1)
        before = resident(slow_gateway)
        try:
            for _ in range(1000):
                flooder.send(frame(TEXT, b"p" * 60_000))
            pytest.fail("60 MB were taken from one who does not read")
        except OSError:
            pass
        assert resident(slow_gateway) - before < (24 << 20) + QUARANTINE
        slow_api.pushed(uid=uid, text="x")
        assert other.text() == "x"


def test_a_slow_client_does_not_delay_the_others(slow_gateway, slow_api, uid):
    with plain_user(slow_gateway, slow_api, uid, receive_buffer=4096), plain_user(slow_gateway, slow_api, uid, 2) as quick:
        for number in range(600):
            receipt = slow_api.pushed(uid=uid, data=[number, BIG])
            assert receipt["matched"] == 2 and receipt["written"] >= 1, receipt
            assert quick.json()[0] == number


def resident(gateway):
    with open(f"/proc/{gateway.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))
