"""The five systems people know from tutorials, each with real clients: Python `websockets` and Node `ws`."""

import asyncio
import base64
import gzip
import json

import pytest
import websockets

from harness.api import Api
from harness.node import NodeClient
from harness.raw import BINARY, TEXT, RawClient, frame

TIMEOUT = 30


def connect(gateway, path, **options):
    return websockets.connect(gateway.ws + path, open_timeout=TIMEOUT, close_timeout=TIMEOUT, compression=None, **options)


async def receive(socket):
    """The next message that is no heartbeat."""
    while True:
        message = await asyncio.wait_for(socket.recv(), TIMEOUT)
        if message != "heartbeat":
            return message


# --- 1: echo with heartbeat ------------------------------------------------------------------------

async def test_echo_python(each_gateway):
    async with connect(each_gateway, "/echo") as socket:
        for message in ["Hello", "", "é😀" * 100, b"\x00\xff", b"", "x" * 100_000]:
            await socket.send(message)
            assert await receive(socket) == message


async def test_echo_heartbeat_each_second(gateway):
    async with connect(gateway, "/echo") as socket:
        loop = asyncio.get_running_loop()
        times = []
        while len(times) < 4:
            assert await asyncio.wait_for(socket.recv(), TIMEOUT) == "heartbeat"
            times.append(loop.time())
        for gap in (later - earlier for earlier, later in zip(times, times[1:])):
            assert 0.5 < gap < 2.5, times


def test_echo_node(each_gateway):
    with NodeClient(each_gateway.ws + "/echo") as client:
        assert client.first == {"open": {"protocol": "", "extensions": ""}} or "permessage-deflate" in client.first["open"]["extensions"]
        client.send("Hello")
        assert client.message() == "Hello"
        client.send_binary(base64.b64encode(b"\x00\xff").decode())
        assert client.message() == {"binary": base64.b64encode(b"\x00\xff").decode()}
        client.ping()
        event = client.event()
        while event.get("message") == "heartbeat":
            event = client.event()
        assert event == {"pong": base64.b64encode(b"hello").decode()}
        client.close(3001)
        assert client.closed()["code"] == 3001


# --- 2: ping and pong ------------------------------------------------------------------------------

async def test_ping_python(each_gateway):
    async with connect(each_gateway, "/ping") as socket:
        for message, answer in [("ping", "pong"), ("Ping", "Ping"), (" ping", " ping"), ("pings", "pings"),
                                ("pong", "pong"), ("ping", "pong"), (b"ping", b"ping")]:
            await socket.send(message)
            assert await receive(socket) == answer, message


def test_ping_node(each_gateway):
    with NodeClient(each_gateway.ws + "/ping") as client:
        client.send("ping")
        client.send("Hello")
        assert [client.message(), client.message()] == ["pong", "Hello"]


def test_ping_in_fragments_is_still_ping(gateway):
    with RawClient(gateway.public, "/ping") as client:
        client.send(frame(TEXT, b"pi", fin=False) + frame(0, b"ng"))
        assert client.text() == "pong"


# --- 3: chat ---------------------------------------------------------------------------------------

async def test_chat_reaches_all(each_gateway):
    """Whoever sends reaches all, in one order for all; white space is trimmed, newlines become spaces."""
    async with connect(each_gateway, "/chat") as ann, connect(each_gateway, "/chat") as bob, connect(each_gateway, "/chat") as cid:
        everyone = [ann, bob, cid]
        for who, said, heard in [(ann, "hello", "hello"), (bob, "  hi \n", "hi"), (cid, "two\nlines", "two lines"),
                                 (ann, "\t é\n😀 ", "é 😀")]:
            await who.send(said)
            assert [await receive(one) for one in everyone] == [heard] * 3
        for number in range(100):
            await everyone[number % 3].send(str(number))
        heard = [[await receive(one) for _ in range(100)] for one in everyone]
        assert heard[0] == heard[1] == heard[2]
        assert sorted(heard[0], key=int) == [str(number) for number in range(100)]
        for first in range(3):
            own = [int(text) for text in heard[0] if int(text) % 3 == first]
            assert own == sorted(own), "one sender's messages out of order"


async def test_chat_leaving_does_not_disturb(gateway):
    async with connect(gateway, "/chat") as ann:
        async with connect(gateway, "/chat") as bob:
            await bob.send("here")
            assert await receive(ann) == await receive(bob) == "here"
        await ann.send("alone")
        assert await receive(ann) == "alone"


async def test_chat_between_python_and_node(gateway):
    async with connect(gateway, "/chat") as ann:
        with NodeClient(gateway.ws + "/chat") as bob:
            bob.send(" from node ")
            assert await receive(ann) == "from node"
            assert bob.message() == "from node"


# --- 4: push to a user -----------------------------------------------------------------------------

async def test_push_to_a_user(each_gateway, each_api, uid):
    async with connect(each_gateway, "/ws") as first, connect(each_gateway, "/ws") as second:
        for socket in (first, second):
            await socket.send(json.dumps({"uid": uid}))
        each_api.await_online(uid, 2)
        answer = each_api.send(uid, "Hello World")
        assert answer.status == 200
        assert [await receive(first), await receive(second)] == ["Hello World"] * 2
        for text in ["é😀 & = ? + %", "a+b", " "]:
            assert each_api.send(uid, text).status == 200
            assert [await receive(first), await receive(second)] == [text] * 2
        await first.close()
        each_api.await_online(uid, 1)
        assert each_api.send(uid, "again").json["matched"] == 1
        assert await receive(second) == "again"
    each_api.await_online(uid, 0)
    assert each_api.online(uid) == {"online": {}, "offline": [uid]}
    assert each_api.send(uid, "nobody").status == 404


def test_plus_is_a_space_in_the_query(gateway, api, uid):
    with RawClient(gateway.public, "/ws") as client:
        log_in(client, api, uid)
        assert api.get(f"/send?uid={uid}&message=Hello+World%2B").status == 200
        assert client.text() == "Hello World+"


def log_in(client, api, uid):
    client.send_json({"uid": uid})
    api.await_online(uid)


async def test_messages_after_the_login_are_discarded(gateway, api, uid):
    async with connect(gateway, "/ws") as socket:
        await socket.send(json.dumps({"uid": uid}))
        for message in ["hello", json.dumps({"uid": uid + "x"}), b"\x00", "{", "x" * 10_000]:
            await socket.send(message)
        api.await_online(uid, 1)
        api.send(uid, "marker")
        assert await receive(socket) == "marker"
        assert uid + "x" not in api.online(uid + "x")["online"]


def test_push_node(each_gateway, each_api, uid):
    with NodeClient(each_gateway.ws + "/ws") as client:
        client.send(json.dumps({"uid": uid}))
        each_api.await_online(uid)
        each_api.send(uid, "Hello World")
        each_api.pushed(uid=uid, data={"n": [1, 2.5, None, "é"]})
        each_api.pushed(uid=uid, binary=base64.b64encode(b"\x00\x01").decode())
        assert client.message() == "Hello World"
        assert json.loads(client.message()) == {"n": [1, 2.5, None, "é"]}
        assert client.message() == {"binary": "AAE="}


# --- 5: context ------------------------------------------------------------------------------------

async def test_context_second_connection_closes_the_first(each_gateway, uid):
    first = await connect(each_gateway, f"/context?specialKey={uid}")
    async with connect(each_gateway, f"/context?specialKey={uid}-other") as other:
        second = await connect(each_gateway, f"/context?specialKey={uid}")
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(first.recv(), TIMEOUT)
        assert 4000 <= first.close_code <= 4099, (first.close_code, first.close_reason)
        for socket in (second, other):
            pong = await socket.ping()
            await asyncio.wait_for(pong, TIMEOUT)
        await second.close()


@pytest.mark.parametrize("target", [{"all": True}, {"channel": "context"}], ids=str)
async def test_context_broadcast_as_gzip_to_those_who_asked(each_gateway, each_api, uid, target):
    text = "Broadcast é " * 100
    async with connect(each_gateway, f"/context?specialKey={uid}1&support_gzip=1") as zipped, \
            connect(each_gateway, f"/context?specialKey={uid}2") as plain, \
            connect(each_gateway, f"/context?specialKey={uid}3&support_gzip=0") as refusing:
        for key in "123":
            each_api.await_online(uid + key)
        receipt = each_api.pushed(text=text, **target)
        assert receipt["matched"] >= 3
        assert await receive(plain) == text
        assert await receive(refusing) == text
        packed = await receive(zipped)
        assert isinstance(packed, bytes) and len(packed) < len(text)
        assert gzip.decompress(packed).decode() == text


def test_context_node(gateway, uid):
    with NodeClient(f"{gateway.ws}/context?specialKey={uid}") as first:
        assert "open" in first.first
        with NodeClient(f"{gateway.ws}/context?specialKey={uid}") as second:
            assert "open" in second.first
            assert 4000 <= first.closed()["code"] <= 4099


# --- pages, and closing twice ----------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/", "/longconnecthtml", "/chat.html", "/echo.html", "/push.html", "/context.html", "/dunlin.js"])
def test_page(gateway, path):
    client = Api(gateway.public)
    answer = client.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/javascript" if path.endswith(".js") else "text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.body) > 500
    etag = answer.headers["etag"]
    again = client.request("GET", path, headers={"If-None-Match": etag})
    assert again.status == 304 and again.body == b"" and again.headers["etag"] == etag
    head = client.request("HEAD", path)
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) == len(answer.body)
    client.close()


def test_closing_twice_is_harmless(gateway):
    for _ in range(20):
        with RawClient(gateway.public, "/echo") as client:
            client.send(frame(8, b"\x03\xe8") + frame(8, b"\x03\xe8"))
            client.expect_close(1000)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_largest_message(gateway, opcode):
    with RawClient(gateway.public, "/echo") as client:
        payload = b"x" * (1 << 20)
        client.send(frame(opcode, payload))
        assert client.message().payload == payload
        client.send(frame(opcode, payload + b"x"))
        client.expect_close(1009)
