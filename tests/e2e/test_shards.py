"""What crosses shards: connections that move home with whatever was read already, order for each user and
each channel whoever publishes where, and receipts that add up."""

import contextlib
import json
import threading

import pytest

from harness.api import Api, RawApi, request_bytes
from harness.clients import ProtocolClient, plain_user
from harness.raw import PING, PONG, TEXT, RawClient, RawSocket, frame, upgrade_request

JSON = ("Content-Type: application/json",)


def in_threads(*jobs):
    """Runs them at once; the first exception of any is raised here."""
    failures = []

    def guarded(job):
        try:
            job()
        except BaseException as error:  # pylint: disable=broad-except
            failures.append(error)
    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def text(value):
    return frame(TEXT, json.dumps(value).encode())


# --- moving home -----------------------------------------------------------------------------------

class Unread(RawClient):
    """A client whose handshake has been sent, maybe with more, but not yet read."""

    def __init__(self, address):  # pylint: disable=super-init-not-called
        RawSocket.__init__(self, address)


def conversation(uid, channel):
    """A dunlin.v1 client's whole life as one piece of bytes, and the answers it must get."""
    wire = (upgrade_request("/live", sec_websocket_protocol="dunlin.v1") + text({"id": 1, "login": {"uid": uid}}) +
            text({"id": 2, "subscribe": {"channel": channel}}) + text({"id": 3, "ping": {}}) + text({"id": 4, "login": {"uid": "x"}}) +
            text({"id": 5, "ping": {}}) + frame(PING, b"last"))
    return wire, {1: "login", 2: "subscribe", 3: "ping", 4: "error", 5: "ping"}


def check_conversation(client, uid, expected):
    assert client.read_head().status == 101
    answers, pong = {}, None
    while len(answers) < len(expected) or pong is None:
        got = client.frame()
        if got.opcode == PONG:
            pong = got.payload
            continue
        answer = json.loads(got.text)
        assert answer["id"] not in answers, "answered twice"
        answers[answer["id"]] = next(key for key in answer if key != "id")
        if answer["id"] == 1:
            assert answer["login"]["uid"] == uid and len(answers) == 1, "something came before the login's answer"
    assert answers == expected and pong == b"last"
    client.expect_open()


def test_a_life_in_one_segment(each_gateway, each_api, uid, channel):
    """Handshake, login and all further frames at once, for users of every shard: nothing is lost by the move."""
    for number in range(24):
        name = f"{uid}-{number}"
        wire, expected = conversation(name, channel)
        with Unread(each_gateway.public) as client:
            client.send(wire)
            check_conversation(client, name, expected)
            assert each_api.pushed(uid=name, text="x")["matched"] == 1
            assert json.loads(client.text())["push"]["text"] == "x"


def test_a_life_byte_by_byte(each_gateway, uid, channel):
    for number in range(6):
        wire, expected = conversation(f"{uid}-{number}", channel)
        with Unread(each_gateway.public) as client:
            client.send_bytewise(wire)
            check_conversation(client, f"{uid}-{number}", expected)


def test_a_life_cut_at_every_byte(each_gateway, uid, channel):
    """Two segments, cut everywhere from the last byte of the handshake to the end of the frame after the login."""
    wire, expected = conversation(f"{uid}-000", channel)
    begin = wire.index(b"\r\n\r\n") + 1
    end = begin + 3 + sum(len(text(one)) for one in ({"id": 1, "login": {"uid": f"{uid}-000"}}, {"id": 2, "subscribe": {"channel": channel}}))
    for cut in range(begin, end):
        name = f"{uid}-{cut:03}"
        wire, expected = conversation(name, channel)
        with Unread(each_gateway.public) as client:
            client.send(wire[:cut])
            client.send(wire[cut:])
            check_conversation(client, name, expected)


@pytest.mark.plain_tcp  # Two threads use the client at once, which Python's TLS does not allow.
def test_much_behind_the_login(each_gateway, uid):
    """More than any buffer holds follows the login at once; every request is answered, in order."""
    count = 20_000
    for number in range(4):
        wire = upgrade_request("/live", sec_websocket_protocol="dunlin.v1") + text({"id": 1, "login": {"uid": f"{uid}-{number}"}})
        wire += b"".join(text({"id": 2 + n, "ping": {}}) for n in range(count))
        with Unread(each_gateway.public) as client:
            sender = threading.Thread(target=client.send, args=(wire,))
            sender.start()
            assert client.read_head().status == 101
            for n in range(count + 1):
                assert client.json()["id"] == 1 + n
            sender.join(30)


def test_plain_login_with_frames_behind_it(each_gateway, each_api, uid):
    for number in range(12):
        name = f"{uid}-{number}"
        with Unread(each_gateway.public) as client:
            client.send(upgrade_request("/ws") + text({"uid": name}) + text("discarded") * 3 + frame(PING, b"p"))
            assert client.read_head().status == 101
            got = client.frame()
            assert (got.opcode, got.payload) == (PONG, b"p")  # Its login was read before: it is online.
            assert each_api.online(name)["online"] == {name: 1}


def test_key_in_the_query_with_frames_behind_the_handshake(each_gateway, each_api, uid):
    for number in range(12):
        name = f"{uid}-{number}"
        with Unread(each_gateway.public) as client:
            client.send(upgrade_request(f"/context?specialKey={name}") + frame(PING, b"p"))
            assert client.read_head().status == 101
            assert client.frame().payload == b"p"
            assert each_api.pushed(uid=name, text="x")["matched"] == 1
            assert client.text() == "x"


def test_reset_at_once_behind_the_login(each_gateway, each_api, uid):
    """Gone before, during or after the move: nobody stays in the table."""
    names = [f"{uid}-{number}" for number in range(60)]
    for name in names:
        raw = RawSocket(each_gateway.public)
        raw.send(upgrade_request("/ws") + text({"uid": name}))
        raw.reset()
    each_api.await_true(lambda: sorted(each_api.online(*names)["offline"]) == sorted(names), "ghosts in the table")


# --- order -----------------------------------------------------------------------------------------

def push_request(**fields):
    return request_bytes("POST", "/v1/push", json.dumps(fields).encode(), JSON)


def publish_in_order(gateway, count, make_fields, statuses=(200,)):
    """One publisher: `count` pipelined pushes over a connection of its own."""
    with RawApi(gateway.api) as raw:
        for begin in range(0, count, 50):
            raw.send(b"".join(push_request(**make_fields(number)) for number in range(begin, min(count, begin + 50))))
            for _ in range(begin, min(count, begin + 50)):
                answer = raw.answer()
                assert answer.status in statuses, answer.body


@pytest.mark.parametrize("wait", ["none", "queued", "written"])
def test_concurrent_publishers_to_users(each_gateway, each_api, uid, wait):
    """Five publishers, three users with two connections each: every publisher's own order at every connection,
    and both connections of a user see one and the same order."""
    names = [f"{uid}-{n}" for n in range(3)]
    with contextlib.ExitStack() as stack:
        clients = {name: [stack.enter_context(plain_user(each_gateway, each_api, name, n)) for n in (1, 2)] for name in names}
        seen = {}

        def reader(name, index):
            seen[name, index] = [tuple(clients[name][index].json()) for _ in range(5 * 150)]

        def publisher(index):
            publish_in_order(each_gateway, 150, lambda n: {"uids": names, "data": [index, n], "wait": wait}, (200, 202))

        in_threads(*(lambda i=i: publisher(i) for i in range(5)), *(lambda a=name, i=i: reader(a, i) for name in names for i in (0, 1)))
        for name in names:
            assert seen[name, 0] == seen[name, 1]
            for index in range(5):
                assert [n for who, n in seen[name, 0] if who == index] == list(range(150))


def test_accepted_is_ordered_before_what_is_pushed_later_elsewhere(each_gateway, each_api, uid):
    """202 is a promise: what another connection pushes after it comes later, on whatever shards the two stand."""
    with plain_user(each_gateway, each_api, uid) as client, contextlib.ExitStack() as stack:
        publishers = [stack.enter_context(contextlib.closing(Api(each_gateway.api))) for _ in range(6)]
        for number in range(300):
            answer = publishers[number % 6].push(uid=uid, data=number, wait="none" if number % 3 else "queued")
            assert answer.status in (200, 202)
        assert [client.json() for _ in range(300)] == list(range(300))


@pytest.mark.parametrize("wait", ["none", "written"])
def test_channel_messages_come_in_offset_order(each_gateway, uid, channel, wait):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(ProtocolClient(each_gateway, f"{uid}-{n}")) for n in range(5)]
        for client in clients:
            client.subscribe(channel)
        seen = [[] for _ in clients]

        def publisher(index):
            publish_in_order(each_gateway, 100, lambda n: {"channel": channel, "data": [index, n], "wait": wait}, (200, 202))

        def reader(index):
            for _ in range(400):
                push = clients[index].push()
                seen[index].append((push["offset"], *push["data"]))

        in_threads(*(lambda i=i: publisher(i) for i in range(4)), *(lambda i=i: reader(i) for i in range(5)))
        assert [offset for offset, _, _ in seen[0]] == list(range(1, 401))
        for one in seen:
            assert one == seen[0]
        for index in range(4):
            assert [n for _, who, n in seen[0] if who == index] == list(range(100))


def test_channel_moves_between_publishers_of_many_shards(each_gateway, each_api, uid, channel):
    """Many channels, homes everywhere, published to in one request: each has its own gapless offsets."""
    names = [f"{channel}-{n}" for n in range(8)]
    with ProtocolClient(each_gateway, uid) as client:
        for name in names:
            client.subscribe(name)
        for number in range(40):
            assert each_api.pushed(channels=names, data=number)["matched"] == len(names)
        offsets = {name: [] for name in names}
        for _ in range(40 * len(names)):
            push = client.push()
            offsets[push["channel"]].append((push["offset"], push["data"]))
        for name in names:
            assert offsets[name] == [(number + 1, number) for number in range(40)]
