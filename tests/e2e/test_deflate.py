"""permessage-deflate (RFC 7692) from the outside: with Python's websockets, Node's ws, and raw frames."""

import asyncio
import base64
import contextlib
import gzip
import json
import os
import re
import resource
import struct
import zlib

import pytest
import websockets

from harness.api import Api
from harness.clients import ProtocolClient
from harness.gateway import PATIENCE, Gateway
from harness.node import NodeClient
from harness.raw import BINARY, CONTINUATION, PING, TEXT, Frame, RawClient, frame

RSV1 = 4
OFFER = "permessage-deflate"
MIB = 1 << 20
# What ASan keeps of freed memory, to find its use; nothing where nothing of the kind is built in.
QUARANTINE = 300 * MIB if "asan" in os.environ.get("DUNLIN_BIN", "") else 0

CONFIG = """
[compression]
window_bits = {window_bits}
size_max = "256KiB"
deflate_slice_size = "64MiB"

[profiles.echo]
path = "/echo"
on_text = "echo"
on_binary = "echo"
answer_ping = true
compression = "on"
deflate_size_min = 64
server_context_takeover = {takeover}
client_context_takeover = {takeover}
origins = ["any"]

[profiles.ws]
path = "/ws"
identity = "message"
compression = "on"
deflate_size_min = 64
server_context_takeover = {takeover}
client_context_takeover = {takeover}

[profiles.context]
path = "/context"
identity = "query"
uid_param = "specialKey"
gzip_param = "support_gzip"
channels = ["context"]
compression = "on"
server_context_takeover = {takeover}

[profiles.live]
path = "/live"
identity = "message"
on_text = "protocol"
client_subscribe = true
compression = "on"
deflate_size_min = 64
server_context_takeover = {takeover}
client_context_takeover = {takeover}

[profiles.off]
path = "/off"
on_text = "echo"
"""


def config(takeover: bool = False, window_bits: int = 12) -> str:
    return CONFIG.format(takeover="true" if takeover else "false", window_bits=window_bits)


@pytest.fixture(scope="module", params=[False, True], ids=["no_takeover", "takeover"])
def _gateways(request):
    with Gateway(config=config(request.param), shards=2) as gateway:
        gateway.takeover = request.param
        yield gateway


@pytest.fixture
def gateway(_gateways):
    yield _gateways
    assert _gateways.running(), _gateways.output()[-20000:]


@pytest.fixture(scope="module")
def _plain_gateway():
    with Gateway(config=config(), shards=1) as gateway:
        yield gateway


@pytest.fixture
def one_shard(_plain_gateway):
    yield _plain_gateway
    assert _plain_gateway.running(), _plain_gateway.output()[-20000:]


def deflated(text: bytes, bits: int = 15, level: int = 6) -> bytes:
    """One message without context."""
    return Deflater(bits, level).message(text)


class Deflater:
    def __init__(self, bits: int = 15, level: int = 6):
        self._stream = zlib.compressobj(level, zlib.DEFLATED, -bits)

    def message(self, text: bytes) -> bytes:
        data = self._stream.compress(text) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        assert data.endswith(b"\0\0\xff\xff")
        return data[:-4]


class Inflating:
    """Mixed into a raw client: reads compressed frames as what was agreed says, and counts them."""

    compressed = 0
    wire_size = 0
    _inflater = None

    def frame(self) -> Frame:
        while len(self.buffer) < 2:
            self.fill()
        first = self.buffer[0]
        if not first & 0x40:
            return super().frame()
        assert first & 0x0F in (TEXT, BINARY) and first & 0x80, f"RSV1 on {first:02x}"
        self.buffer = bytes([first & ~0x40]) + self.buffer[1:]
        got = super().frame()
        self.compressed += 1
        self.wire_size += len(got.payload)
        agreed = self.head.headers["sec-websocket-extensions"]
        bits = re.search(r"server_max_window_bits=(\d+)", agreed)
        if self._inflater is None or "server_no_context_takeover" in agreed:
            self._inflater = zlib.decompressobj(-(int(bits[1]) if bits else 15))
        return Frame(got.opcode, self._inflater.decompress(got.payload + b"\0\0\xff\xff"))


class DeflateClient(Inflating, RawClient):
    def __init__(self, gateway, path: str, offer: str = OFFER, **options):
        super().__init__(gateway.public, path, sec_websocket_extensions=offer, **options)
        assert self.head.headers.get("sec-websocket-extensions", "").startswith(OFFER), self.head.raw


class ProtocolDeflateClient(Inflating, ProtocolClient):
    def __init__(self, gateway, uid):
        super().__init__(gateway, uid, sec_websocket_extensions=OFFER)


def counter(api: Api, name: str, labels: str = "") -> float:
    return sum(float(value) for found, value in re.findall(rf"^{name}(\S*) (\S+)$", api.get("/metrics").text, re.M)
               if labels in found)


# --- what is agreed --------------------------------------------------------------------------------

def test_off_by_default():
    with Gateway(shards=1) as gateway, RawClient(gateway.public, "/echo", sec_websocket_extensions=OFFER) as client:
        assert "sec-websocket-extensions" not in client.head.headers
        client.send(frame(TEXT, deflated(b"x"), rsv=RSV1))
        client.expect_close(1002)


def test_per_profile(gateway):
    with RawClient(gateway.public, "/off", sec_websocket_extensions=OFFER) as client:
        assert "sec-websocket-extensions" not in client.head.headers


NONE = ""
NEITHER = "; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize("offer, takeover, neither", [
    (OFFER, OFFER, OFFER + NEITHER),
    (OFFER + "; client_max_window_bits", OFFER + "; client_max_window_bits=15", OFFER + NEITHER + "; client_max_window_bits=15"),
    (OFFER + "; server_max_window_bits=10", OFFER + "; server_max_window_bits=10", OFFER + NEITHER + "; server_max_window_bits=10"),
    (OFFER + "; server_max_window_bits=15", OFFER + "; server_max_window_bits=12", OFFER + NEITHER + "; server_max_window_bits=12"),
    (OFFER + "; server_max_window_bits=8", NONE, NONE),
    (OFFER + "; server_max_window_bits=8, " + OFFER, OFFER, OFFER + NEITHER),
    (OFFER + "; unheard_of, foo, " + OFFER + "; server_no_context_takeover", OFFER + "; server_no_context_takeover", OFFER + NEITHER),
    (OFFER + "; server_max_window_bits=08", NONE, NONE),
    (OFFER + "; client_no_context_takeover; client_no_context_takeover", NONE, NONE),
])
def test_negotiation(gateway, offer, takeover, neither):
    with RawClient(gateway.public, "/echo", sec_websocket_extensions=offer) as client:
        answer = client.head.headers.get("sec-websocket-extensions", "")
        assert answer == (takeover if gateway.takeover else neither)
        client.expect_open()


# --- real clients ----------------------------------------------------------------------------------

TEXTS = ["", "x", "ping?", "héllo wörld €𝄞 " * 100, "a" * 65536, json.dumps([{"id": i, "name": f"user {i}"} for i in range(5000)])]


@pytest.mark.parametrize("bits", [None, 9, 12, 15])
async def test_python_client(gateway, bits):
    # The factory says what is offered: windows of both sides, and takeover of neither or both.
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
    factory = ClientPerMessageDeflateFactory(server_max_window_bits=bits, client_max_window_bits=bits or True)
    async with websockets.connect(f"{gateway.ws}/echo", extensions=[factory], compression=None, max_size=4 * MIB) as client:
        assert client.extensions, client.response_headers
        for text in TEXTS * 2 + [b"\0\xff" * 5000, bytes(range(256)) * 40]:
            await client.send(text)
            assert await asyncio.wait_for(client.recv(), PATIENCE) == text
        await client.send(iter(["in ", "frag", "", "ments"] * 50))
        assert await asyncio.wait_for(client.recv(), PATIENCE) == "in fragments" * 50
        await asyncio.wait_for(await client.ping(), PATIENCE)


@pytest.mark.parametrize("options", [True, {"threshold": 0}, {"threshold": 0, "serverMaxWindowBits": 10, "clientMaxWindowBits": 10},
                                     {"threshold": 0, "serverNoContextTakeover": True, "clientNoContextTakeover": True}], ids=str)
def test_node_client(gateway, options):
    with NodeClient(f"{gateway.ws}/echo", perMessageDeflate=options) as client:
        assert client.first["open"]["extensions"] == OFFER
        for text in TEXTS * 2:
            client.send(text)
            assert client.message() == text
        client.close()
        assert client.closed()["code"] == 1000


async def test_python_and_node_get_pushes(gateway, uid):
    with contextlib.closing(Api(gateway.api)) as api:
        async with websockets.connect(f"{gateway.ws}/ws", max_size=4 * MIB) as python:
            await python.send(json.dumps({"uid": uid + "p"}))
            with NodeClient(f"{gateway.ws}/ws") as node:
                node.send(json.dumps({"uid": uid + "n"}))
                for name in "pn":
                    api.await_online(uid + name)
                for i in range(10):
                    text = json.dumps([{"round": i, "row": r, "text": "the same again"} for r in range(100)])
                    for target in ({"uids": [uid + "p", uid + "n"]}, {"all": True}):
                        receipt = api.pushed(text=text, **target)
                        assert receipt["matched"] == 2
                        assert await asyncio.wait_for(python.recv(), PATIENCE) == text
                        assert node.message() == text


# --- what is sent compressed -----------------------------------------------------------------------

def test_echo_answers_above_the_threshold(gateway):
    with DeflateClient(gateway, "/echo") as client:
        client.send(frame(TEXT, b"y" * 63))
        assert client.text() == "y" * 63 and client.compressed == 0
        client.send(frame(TEXT, b"y" * 64))
        assert client.text() == "y" * 64 and client.compressed == 1
        client.send(frame(TEXT, b"ping"))
        assert client.text() == "pong" and client.compressed == 1
        noise = bytes(zlib.crc32(struct.pack("I", i)) & 0xFF for i in range(300))
        client.send(frame(BINARY, noise))
        assert client.message().payload == noise and client.compressed == 1
        client.send(frame(TEXT, b"z" * (256 << 10)) + frame(TEXT, b"z" * ((256 << 10) + 1)))
        assert client.text() == "z" * (256 << 10) and client.compressed == 2
        assert client.text() == "z" * ((256 << 10) + 1) and client.compressed == 2
        client.end()


def test_context_takeover_makes_repetition_cheap(gateway):
    text = "".join(chr(97 + zlib.crc32(struct.pack("I", i)) % 20) for i in range(1500))
    with DeflateClient(gateway, "/echo") as client:
        peer = Deflater()
        for _ in range(10):
            payload = peer.message(text.encode()) if gateway.takeover else deflated(text.encode())
            client.send(frame(TEXT, payload, rsv=RSV1))
            assert client.text() == text
        assert client.compressed == 10
        assert client.wire_size < (2500 if gateway.takeover else 15000)
        assert gateway.takeover or client.wire_size > 5000


@pytest.mark.parametrize("bits", [9, 10, 15])
def test_a_small_window_is_kept(gateway, bits):
    """What is farther back than the client can look goes plain, or is not referred to."""
    half = "".join(chr(97 + zlib.crc32(struct.pack("I", i)) % 20) for i in range(1100))
    with DeflateClient(gateway, "/echo", f"{OFFER}; server_max_window_bits={bits}") as client:
        for text in (half + half, "k" * 400, half, half + "!" + half):
            client.send(frame(TEXT, text.encode()))
            assert client.text() == text
        assert client.compressed >= 1


def test_a_broadcast_is_compressed_once(one_shard, uid):
    with contextlib.closing(Api(one_shard.api)) as api, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(DeflateClient(one_shard, "/ws")) for _ in range(20)]
        plain = stack.enter_context(RawClient(one_shard.public, "/ws"))
        live = [stack.enter_context(ProtocolDeflateClient(one_shard, f"{uid}-{i}")) for i in range(5)]
        for i, client in enumerate([*clients, plain]):
            client.send_json({"uid": f"{uid}{i}"})
            api.await_online(f"{uid}{i}")
        before = counter(api, "dunlin_deflates_total", '"smaller"'), counter(api, "dunlin_deflate_bytes_after_total")
        text = "to everybody " * 100
        assert api.pushed(text=text, all=True)["written"] == 26
        for client in clients:
            assert client.text() == text and client.compressed == 1
        assert plain.text() == text
        for client in live:
            answers = client.compressed
            assert client.push()["text"] == text and client.compressed == answers + 1
        assert counter(api, "dunlin_deflates_total", '"smaller"') - before[0] == 2  # Plain, and dunlin.v1.
        assert counter(api, "dunlin_deflate_bytes_after_total") - before[1] < 500


def test_dunlin_v1_with_recovery(gateway, uid, channel):
    with contextlib.closing(Api(gateway.api)) as api, ProtocolDeflateClient(gateway, uid) as client:
        position = client.subscribe(channel)
        texts = [f"{i} again and again and again" * 10 for i in range(5)]
        answers = client.compressed
        for text in texts:
            api.pushed(text=text, channel=channel)
            assert client.push()["text"] == text
        assert client.compressed == answers + 5
        client.request(unsubscribe={"channel": channel})
        again = client.subscribe(channel, recover={"epoch": position["epoch"], "offset": position["offset"]})
        assert again["recovered"] is True
        answers = client.compressed
        assert [client.push()["text"] for _ in texts] == texts
        assert client.compressed == answers + 5


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_gzip_is_gzip_whatever_the_size(gateway, uid, kind):
    """Above compression.size_max it is not compressed, only wrapped: the client goes on finding what it asked for."""
    with contextlib.closing(Api(gateway.api)) as api, \
            RawClient(gateway.public, f"/context?specialKey={uid}1&support_gzip=1") as packed, \
            RawClient(gateway.public, f"/context?specialKey={uid}2") as plain:
        for key in "12":
            api.await_online(uid + key)
        for size, compressed in ((256 << 10, True), ((256 << 10) + 1, False), (3 << 20, False)):
            payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
            form = {"text": payload.decode()} if kind == "text" else {"binary": base64.b64encode(payload).decode()}
            assert api.pushed(channel="context", **form)["matched"] == 2
            got = packed.message()
            assert got.opcode == BINARY and gzip.decompress(got.payload) == payload
            assert (len(got.payload) < size // 10) == compressed
            assert len(got.payload) < size + size // 1000 + 100
            assert plain.message().payload == payload


def test_gzip_is_not_compressed_twice(gateway, uid):
    with contextlib.closing(Api(gateway.api)) as api, \
            DeflateClient(gateway, f"/context?specialKey={uid}1&support_gzip=1") as both, \
            DeflateClient(gateway, f"/context?specialKey={uid}2") as deflating:
        for key in "12":
            api.await_online(uid + key)
        text = "Broadcast é " * 200
        api.pushed(text=text, channel="context")
        packed = both.message()
        assert packed.opcode == BINARY and gzip.decompress(packed.payload).decode() == text
        assert both.compressed == 0
        assert deflating.text() == text and deflating.compressed == 1
        # To one user it is text for everybody, and permessage-deflate takes over.
        api.pushed(text=text, uid=uid + "1")
        assert both.text() == text and both.compressed == 1


def test_a_slow_client_reads_everything_right(gateway, uid):
    """Partial writes and a queue, with pushes, answers and pings in between."""
    with contextlib.closing(Api(gateway.api)) as api, \
            DeflateClient(gateway, "/ws", receive_buffer=4096) as client:
        client.send_json({"uid": uid})
        api.await_online(uid)
        texts = ["".join(chr(97 + zlib.crc32(struct.pack("II", i, j)) % 26) for j in range(40_000)) for i in range(20)]
        queued = sum(api.pushed(text=text, uid=uid, policy="queue")["queued"] for text in texts)
        client.send(frame(PING, b"in between"))
        got = []
        while len(got) < len(texts):
            message = client.frame()
            if message.opcode == TEXT:
                got.append(message.payload.decode())
        assert got == texts
        assert client.compressed >= len(texts) if not gateway.takeover else client.compressed > 0
        assert queued >= 0
        for _ in range(3):
            api.pushed(text=texts[0], uid=uid)
            assert client.text() == texts[0]


# --- what is received ------------------------------------------------------------------------------

HELLO = bytes.fromhex("f248cdc9c90700")


@pytest.mark.parametrize("rule, wire, answer", [
    ("7.2.3.1", frame(TEXT, HELLO, rsv=RSV1), b"Hello"),
    ("6.1 fragments", frame(TEXT, HELLO[:3], fin=False, rsv=RSV1) + frame(PING, b"") + frame(CONTINUATION, HELLO[3:]), b"Hello"),
    ("7.2.3.3 stored", frame(TEXT, bytes.fromhex("000500faff48656c6c6f00"), rsv=RSV1), b"Hello"),
    ("7.2.3.4 BFINAL", frame(TEXT, bytes.fromhex("f348cdc9c9070000"), rsv=RSV1), b"Hello"),
    ("BFINAL, then more", frame(TEXT, bytes.fromhex("f348cdc9c90700") + HELLO, rsv=RSV1), b"HelloHello"),
    ("7.2.3.5 two blocks", frame(TEXT, bytes.fromhex("f24805000000ffffcac9c90700"), rsv=RSV1), b"Hello"),
    ("7.2.3.6 empty", frame(TEXT, b"\0", rsv=RSV1), b""),
    ("plain where it may be compressed", frame(TEXT, b"plain"), b"plain"),
])
def test_messages(gateway, rule, wire, answer):
    for send in (RawClient.send, RawClient.send_bytewise):
        with DeflateClient(gateway, "/echo") as client:
            for _ in range(2):
                send(client, wire)
                assert client.message().payload == answer, rule
            client.end()


@pytest.mark.parametrize("rule, wire, code", [
    ("block type 3", frame(TEXT, b"\x06", rsv=RSV1), 1007),
    ("ends inside a block", frame(TEXT, HELLO[:3], rsv=RSV1), 1007),
    ("refers to before the beginning", frame(TEXT, bytes.fromhex("4a02110000"), rsv=RSV1), 1007),
    ("invalid UTF-8 after inflating", frame(TEXT, deflated(b"ok \xe2\x82"), rsv=RSV1), 1007),
    ("6.1 RSV1 on a continuation", frame(TEXT, HELLO[:3], fin=False, rsv=RSV1) + frame(CONTINUATION, HELLO[3:], rsv=RSV1), 1002),
    ("6.1 RSV1 on a ping", frame(PING, b"", rsv=RSV1), 1002),
    ("RSV2", frame(TEXT, HELLO, rsv=RSV1 | 2), 1002),
    ("a bomb", frame(BINARY, deflated(b"\0" * (64 * MIB), level=9), rsv=RSV1), 1009),
    ("one byte too much", frame(BINARY, deflated(b"\0" * (MIB + 1)), rsv=RSV1), 1009),
    ("empty blocks without end", frame(BINARY, b"\0\0\0\xff\xff" * 150_000, rsv=RSV1), 1008),
])
def test_violations(gateway, rule, wire, code):
    with contextlib.closing(Api(gateway.api)) as api, DeflateClient(gateway, "/echo") as client:
        failures = counter(api, "dunlin_inflate_failures_total")
        client.send(wire)
        client.expect_close(code)
        if "6.1" not in rule and "RSV2" not in rule and "UTF-8" not in rule:
            assert counter(api, "dunlin_inflate_failures_total") == failures + 1


def test_as_large_as_it_may_be(gateway):
    with DeflateClient(gateway, "/echo") as client:
        noise = b"".join(struct.pack("<I", zlib.crc32(struct.pack("I", i))) for i in range(MIB // 4))
        payload = deflated(noise, level=0)
        assert len(payload) > MIB  # Larger than a message may be, but what it says is not.
        for data in (payload, deflated(noise), deflated(b"\0" * MIB)):
            client.send(frame(BINARY, data, rsv=RSV1))
            assert len(client.message().payload) == MIB


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_bombs_cost_no_memory_and_stall_nobody(one_shard, uid):
    """Fifty clients send bombs at once; pushes to another one go on, and memory stays where it was."""
    bomb = frame(BINARY, deflated(b"\0" * MIB, level=9), rsv=RSV1)
    with contextlib.closing(Api(one_shard.api)) as api, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(DeflateClient(one_shard, "/ws")) for _ in range(50)]
        listener = stack.enter_context(RawClient(one_shard.public, "/ws"))
        for i, client in enumerate([*clients, listener]):
            client.send_json({"uid": f"{uid}-{i}"})
            api.await_online(f"{uid}-{i}")
        before = resident_bytes(one_shard.pid)
        inflated = counter(api, "dunlin_inflated_total")
        for client in clients:  # 2 MiB of inflated text for each; messages from clients are discarded here.
            client.send(bomb * 2)
        for i in range(20):
            api.pushed(text=f"{i}", uid=f"{uid}-50")
            assert listener.text() == f"{i}"
        for client in clients:
            client.expect_open()
        assert counter(api, "dunlin_inflated_total") == inflated + 100
        assert resident_bytes(one_shard.pid) - before < 16 * MIB + QUARANTINE


def test_everybodys_messages_get_their_turn(one_shard):
    """Far more than one turn's share of inflating, from several clients: all is answered, in order."""
    texts = [f"{i:03}".encode() + b"." * 100_000 for i in range(30)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(DeflateClient(one_shard, "/echo")) for _ in range(6)]
        for client in clients:
            client.send(b"".join(frame(BINARY, deflated(text), rsv=RSV1) for text in texts))
        for client in clients:
            for text in texts:
                assert client.message().payload == text
            client.end()


@pytest.mark.plain_tcp
def test_idle_connections_hold_no_window(one_shard):
    """Without context takeover, a connection that has sent and received compressed text costs what any does."""
    with contextlib.ExitStack() as stack:
        warm = [stack.enter_context(DeflateClient(one_shard, "/echo")) for _ in range(100)]
        def talk(clients):
            for client in clients:
                client.send(frame(TEXT, deflated(b"t" * 40_000), rsv=RSV1))
            for client in clients:
                assert len(client.message().payload) == 40_000
        talk(warm)
        before = resident_bytes(one_shard.pid)
        talk([stack.enter_context(DeflateClient(one_shard, "/echo")) for _ in range(300)])
        assert resident_bytes(one_shard.pid) - before < 300 * 10_000
