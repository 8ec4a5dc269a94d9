"""POST /v1/push in every form, its receipts, and the questions of section 5: users, online, connections."""

import base64
import contextlib
import json
import random
import select
import subprocess
import threading
from urllib.parse import quote

import pytest

from harness.api import Api, RawApi, check_receipt, request_bytes
from harness.clients import ProtocolClient, plain_user
from harness.gateway import Gateway
from harness.raw import BINARY, TEXT

JSON = ("Content-Type: application/json",)
NDJSON = ("Content-Type: application/x-ndjson",)


@pytest.fixture
def users(each_gateway, each_api, uid):
    """Four users on as many shards as there are, the first with three connections."""
    with contextlib.ExitStack() as stack:
        def add(name, count=1):
            return stack.enter_context(plain_user(each_gateway, each_api, name, count))
        names = [f"{uid}-{n}" for n in range(4)]
        yield {name: [add(name, n) for n in range(1, 4 if name == names[0] else 2)] for name in names}


# --- targets and payloads --------------------------------------------------------------------------

@pytest.mark.parametrize("fields,opcode,payload", [
    ({"text": "Hello World"}, TEXT, b"Hello World"),
    ({"text": ""}, TEXT, b""),
    ({"text": "é😀\n\t\"\\\u0000"}, TEXT, "é😀\n\t\"\\\0".encode()),
    ({"data": {"a": 1}}, TEXT, {"a": 1}),
    ({"data": [1, 2.5, "x", None, True, {"é": "😀"}]}, TEXT, [1, 2.5, "x", None, True, {"é": "😀"}]),
    ({"data": None}, TEXT, None), ({"data": "text"}, TEXT, "text"), ({"data": 0}, TEXT, 0), ({"data": False}, TEXT, False),
    ({"data": 12345678901234567890}, TEXT, 12345678901234567890),
    ({"binary": ""}, BINARY, b""), ({"binary": base64.b64encode(bytes(range(256))).decode()}, BINARY, bytes(range(256))),
    ({"text": "x" * 125}, TEXT, b"x" * 125), ({"text": "x" * 126}, TEXT, b"x" * 126),
    ({"text": "x" * 65535}, TEXT, b"x" * 65535), ({"text": "x" * 65536}, TEXT, b"x" * 65536),
    ({"text": "x" * 500_000}, TEXT, b"x" * 500_000),
], ids=lambda value: str(value)[:40])
def test_payload_arrives_as_it_was_given(gateway, api, uid, fields, opcode, payload):
    with plain_user(gateway, api, uid) as client:
        receipt = api.pushed(uid=uid, **fields)
        assert receipt["matched"] == 1 and receipt["offline"] == [] and receipt["complete"] is True
        got = client.message()
        assert got.opcode == opcode
        assert (got.payload if isinstance(payload, bytes) else json.loads(got.payload)) == payload


def test_json_data_is_passed_on_digit_by_digit(gateway, api, uid):
    """Numbers are not to be read and written again: 1.10 stays 1.10, 1e400 stays."""
    with plain_user(gateway, api, uid) as client:
        data = '{"n":1.10,"big":123456789012345678901234567890,"e":1e400,"u":"\\u00e9"}'
        answer = api.request("POST", "/v1/push", f'{{"uid":"{uid}","data":{data}}}', {"Content-Type": "application/json"})
        assert answer.status == 200, answer.body
        text = client.text()
        for piece in ('1.10', '123456789012345678901234567890', '1e400'):
            assert piece in text


def test_every_connection_of_a_user(users, each_api):
    name = next(iter(users))
    receipt = each_api.pushed(uid=name, text="all three")
    assert (receipt["matched"], receipt["offline"]) == (3, [])
    for client in users[name]:
        assert client.text() == "all three"


def test_uids_and_who_is_offline(users, each_api):
    receipt = each_api.pushed(uids=[*users, "nobody-1", "nobody-2"], data={"n": 1})
    assert receipt["matched"] == 6
    assert sorted(receipt["offline"]) == ["nobody-1", "nobody-2"]
    for clients in users.values():
        for client in clients:
            assert client.json() == {"n": 1}


def test_repeated_uids_get_it_once(users, each_api):
    name = list(users)[1]
    receipt = each_api.pushed(uids=[name, name, name], text="once")
    assert receipt["matched"] in (1, 3)
    each_api.pushed(uid=name, text="marker")
    got = [users[name][0].text() for _ in range(receipt["matched"] + 1)]
    assert got == ["once"] * receipt["matched"] + ["marker"]


def test_uids_all_offline(each_api, uid):
    receipt = each_api.pushed(uids=[uid + "x", uid + "y"], text="-")
    assert receipt["matched"] == 0 and sorted(receipt["offline"]) == [uid + "x", uid + "y"]


def test_single_target_and_nobody_there(each_api, uid):
    for fields in ({"uid": uid}, {"connection": "0" * 24}, {"connection": "f" * 24}):
        answer = each_api.push(text="-", **fields)
        assert answer.status == 404, (fields, answer.body)


def test_one_connection(users, each_api):
    name = next(iter(users))
    connections = each_api.get(f"/v1/users/{name}").json["connections"]
    assert len(connections) == 3
    target = connections[1]["id"] if isinstance(connections[1], dict) else connections[1]
    receipt = each_api.pushed(connection=target, text="only you")
    assert receipt["matched"] == 1
    each_api.pushed(uid=name, text="marker")
    got = [client.text() for client in users[name]]
    assert sorted(got) == ["marker", "marker", "only you"]
    assert users[name][got.index("only you")].text() == "marker"


def test_all_with_exclusions(each_gateway, each_api, uid):
    with ProtocolClient(each_gateway, uid + "a") as ann, ProtocolClient(each_gateway, uid + "b") as bob:
        receipt = each_api.pushed(all=True, text="everyone", exclude=[bob.connection_id])
        assert receipt["matched"] >= 1
        each_api.pushed(uids=[uid + "a", uid + "b"], text="marker")
        assert [ann.push()["text"], ann.push()["text"]] == ["everyone", "marker"]
        assert bob.push()["text"] == "marker"


def test_exclusion_of_an_unknown_connection_changes_nothing(users, each_api):
    name = list(users)[1]
    assert each_api.pushed(uid=name, text="x", exclude=["f" * 24])["matched"] == 1
    assert users[name][0].text() == "x"


@pytest.mark.parametrize("odd", ["ü-😀", "a b", "a/b", "a%2Fb", "..", "a?b#c", "'\"", "x" * 250, "0", "-1"], ids=ascii)
def test_uids_of_any_text(gateway, api, uid, odd):
    name = (odd + uid)[:256]
    with plain_user(gateway, api, name) as client:
        assert api.pushed(uid=name, text="json")["matched"] == 1
        assert api.send(name, "query").status == 200

        path = quote(name, safe="")
        assert api.request("POST", f"/v1/push/{path}", "path").status == 200
        assert api.get(f"/v1/users/{path}").json["uid"] == name
        assert [client.text() for _ in range(3)] == ["json", "query", "path"]


# --- receipts and waiting --------------------------------------------------------------------------

@pytest.mark.parametrize("wait", ["queued", "written", "acked"])
def test_wait(each_gateway, each_api, uid, wait):
    with plain_user(each_gateway, each_api, uid) as client:
        receipt = each_api.pushed(uid=uid, text="x", wait=wait, timeout_ms=2000)
        assert receipt["matched"] == 1
        assert receipt["complete"] is True
        if wait != "queued":
            assert receipt["written"] == 1
        assert client.text() == "x"


def test_wait_none_is_answered_with_202(each_gateway, each_api, uid):
    with plain_user(each_gateway, each_api, uid) as client:
        answer = each_api.push(uid=uid, text="x", wait="none")
        assert answer.status == 202 and answer.json["id"]
        assert client.text() == "x"
        assert each_api.push(uid=uid + "-nobody", text="x", wait="none").status == 202


def test_wait_for_acknowledgement(each_gateway, each_api, uid):
    with ProtocolClient(each_gateway, uid) as client:
        receipts = []
        other = Api(each_gateway.api)
        pusher = threading.Thread(target=lambda: receipts.append(other.pushed(uid=uid, text="x", wait="acked", timeout_ms=20_000)))
        pusher.start()
        push = client.push()
        assert pusher.is_alive() and not receipts
        client.ack(push["message"])
        pusher.join(30)
        assert receipts[0]["complete"] is True and receipts[0]["id"] == push["message"]
        assert receipts[0].get("acked") == 1
        other.close()


def test_acknowledgement_that_never_comes(each_gateway, each_api, uid):
    with ProtocolClient(each_gateway, uid) as client:
        receipt = each_api.pushed(uid=uid, text="x", wait="acked", timeout_ms=100)
        assert receipt["complete"] is False and receipt["written"] == 1 and receipt.get("acked", 0) == 0
        assert client.push()["text"] == "x"


def test_foreign_acknowledgements_do_no_harm(gateway, api, uid):
    with ProtocolClient(gateway, uid) as client:
        for message in ["", "f" * 24, "0" * 24, "x" * 1000]:
            client.ack(message)
        for wrong in [1, None, {}, []]:
            client.send_json({"ack": wrong})
        api.pushed(uid=uid, text="still here")
        message = client.next()
        while "push" not in message:  # Complaints are allowed.
            message = client.next()
        assert message["push"]["text"] == "still here"


def test_order_for_one_user(each_gateway, uid):
    """Pushed one after the other over one keep-alive connection: arrives in that order everywhere."""
    api = Api(each_gateway.api)
    with plain_user(each_gateway, api, uid) as first, plain_user(each_gateway, api, uid, 2) as second:
        for number in range(300):
            assert api.pushed(uid=uid, data=number)["matched"] == 2
        for client in (first, second):
            assert [client.json() for _ in range(300)] == list(range(300))
    api.close()


def test_order_of_pipelined_pushes_over_several_connections(each_gateway, each_api, uid):
    with plain_user(each_gateway, each_api, uid) as client, contextlib.ExitStack() as stack:
        publishers = [stack.enter_context(RawApi(each_gateway.api)) for _ in range(4)]
        for index, publisher in enumerate(publishers):
            publisher.send(b"".join(push_request({"uid": uid, "data": [index, number]}) for number in range(100)))
        for publisher in publishers:
            for _ in range(100):
                answer = publisher.answer()
                assert answer.status == 200 and answer.json["matched"] == 1
        got = [tuple(client.json()) for _ in range(400)]
        for index in range(4):
            assert [number for publisher, number in got if publisher == index] == list(range(100))


def push_request(fields, headers=JSON):
    return request_bytes("POST", "/v1/push", json.dumps(fields).encode(), headers)


# --- policies, conflation, time to live ------------------------------------------------------------

@pytest.mark.parametrize("policy", ["queue", "conflate", "drop_oldest", "drop_newest", "close"])
def test_every_policy_delivers_to_a_client_that_reads(each_gateway, each_api, uid, policy):
    key = {"conflate_key": "k"} if policy == "conflate" else {}
    with plain_user(each_gateway, each_api, uid) as client:
        for number in range(20):
            assert each_api.pushed(uid=uid, data=number, policy=policy, **key)["dropped"] == 0
        got = client.json()
        while got != 19:
            later = client.json()
            assert later > got
            got = later


def test_ttl_of_a_client_that_reads(gateway, api, uid):
    with plain_user(gateway, api, uid) as client:
        for ttl in [0, 1, 1000, 86_400_000]:
            answer = api.push(uid=uid, data=ttl, ttl_ms=ttl)
            assert answer.status in (200, 400), answer.body
            if answer.status == 200 and answer.json["dropped"] == 0:
                assert client.json() == ttl


@pytest.mark.parametrize("kind", ["live", "stored"])
def test_class(gateway, api, uid, kind):
    with plain_user(gateway, api, uid) as client:
        api.pushed(uid=uid, text="x", **{"class": kind})
        assert client.text() == "x"


# --- idempotency -----------------------------------------------------------------------------------

def test_idempotency_key(each_gateway, each_api, uid):
    with plain_user(each_gateway, each_api, uid) as client:
        first = each_api.push(uid=uid, text="once", idempotency_key=uid + "-k")
        again = each_api.push(uid=uid, text="once", idempotency_key=uid + "-k")
        assert (first.status, again.status) == (200, 200)
        assert again.json["id"] == first.json["id"] and again.json["matched"] == 1
        other = each_api.push(uid=uid, text="other", idempotency_key=uid + "-k2")
        assert other.json["id"] != first.json["id"]
        assert [client.text(), client.text()] == ["once", "other"]


def test_idempotency_replay_elsewhere_and_later(each_gateway, each_api, uid):
    """The first answer is given again: over other connections, in a stream, and when the user has gone."""
    key = uid + "-replay"
    with plain_user(each_gateway, each_api, uid) as client:
        first = each_api.push(uid=uid, text="once", idempotency_key=key)
        assert first.status == 200 and "idempotency-replayed" not in first.headers
        for _ in range(6):
            with contextlib.closing(Api(each_gateway.api)) as other:
                again = other.push(uid=uid, text="once", idempotency_key=key)
                assert again.json == first.json and "idempotency-replayed" in again.headers
        lines = "".join(json.dumps({"uid": uid, "data": n, "idempotency_key": f"{key}-{n}"}) + "\n" for n in range(5))
        streams = [each_api.request("POST", "/v1/push", lines, {"Content-Type": "application/x-ndjson"}) for _ in range(20)]
        answers = [json.loads(one) for stream in streams for one in stream.text.splitlines()]
        assert all("id" in one for one in answers), [one for one in answers if "id" not in one]
        ids = [one["id"] for one in answers]
        assert len(set(ids)) == 5 and ids == ids[:5] * 20
        each_api.pushed(uid=uid, text="marker")
        assert [client.text() for _ in range(7)] == ["once", "0", "1", "2", "3", "4", "marker"]
        client.end()
    each_api.await_true(lambda: each_api.online(uid)["offline"] == [uid], "still online")
    assert each_api.push(uid=uid, text="once", idempotency_key=key).json == first.json


def test_idempotency_key_with_another_request(each_gateway, each_api, uid):
    with plain_user(each_gateway, each_api, uid) as client:
        assert each_api.push(uid=uid, text="once", idempotency_key=uid).status == 200
        answer = each_api.push(uid=uid, text="different", idempotency_key=uid)
        assert answer.status in (400, 409, 422) and answer.error_code
        each_api.pushed(uid=uid, text="marker")
        assert [client.text(), client.text()] == ["once", "marker"]


def test_idempotency_under_a_race(each_gateway, each_api, uid):
    """Twenty at once with one key: delivered once, whatever each was told."""
    with plain_user(each_gateway, each_api, uid) as client, contextlib.ExitStack() as stack:
        publishers = [stack.enter_context(RawApi(each_gateway.api)) for _ in range(20)]
        for publisher in publishers:
            publisher.send(push_request({"uid": uid, "text": "once", "idempotency_key": uid + "-race"}))
        answers = [publisher.answer() for publisher in publishers]
        assert any(answer.status == 200 for answer in answers)
        assert all(answer.status in (200, 409, 425, 503) for answer in answers), [answer.status for answer in answers]
        assert len({answer.json["id"] for answer in answers if answer.status == 200}) == 1
        each_api.pushed(uid=uid, text="marker")
        assert [client.text(), client.text()] == ["once", "marker"]


# --- the other forms -------------------------------------------------------------------------------

@pytest.mark.parametrize("content_type,body,opcode", [
    (None, b"Hello", TEXT), ("text/plain", "é😀".encode(), TEXT), ("text/plain; charset=utf-8", b"x", TEXT),
    ("application/octet-stream", b"\x00\xff", BINARY), ("text/plain", b"", TEXT)])
def test_raw_body(each_gateway, each_api, uid, content_type, body, opcode):
    with plain_user(each_gateway, each_api, uid) as client:
        headers = {"Content-Type": content_type} if content_type else {}
        answer = each_api.request("POST", f"/v1/push/{uid}", body, headers)
        assert answer.status == 200, answer.body
        check_receipt(answer.json)
        got = client.message()
        assert (got.opcode, got.payload) == (opcode, body)


def test_raw_body_that_is_not_text(gateway, api, uid):
    """Either refused, or sent as a binary message: never as a text message of wrong UTF-8."""
    with plain_user(gateway, api, uid) as client:
        answer = api.request("POST", f"/v1/push/{uid}", b"\xff\xfe", {"Content-Type": "text/plain"})
        assert answer.status in (200, 400)
        api.pushed(uid=uid, text="marker")
        got = client.message()
        if answer.status == 200:
            assert (got.opcode, got.payload) == (BINARY, b"\xff\xfe")
            got = client.message()
        assert got.payload == b"marker"


def test_raw_body_to_nobody(api, uid):
    assert api.request("POST", f"/v1/push/{uid}", b"x").status == 404


def test_send_without_its_parameters(api, uid):
    for path in ["/send", f"/send?uid={uid}", "/send?message=x", "/send?uid=&message=x"]:
        answer = api.get(path)
        assert answer.status == 400 and answer.error_code, path
    assert api.get(f"/send?uid={uid}&message=%zz").status == 400
    assert api.get(f"/send?uid={uid}&message=%ff").status in (400, 404)


# --- NDJSON ----------------------------------------------------------------------------------------

def ndjson_lines(answer):
    return [json.loads(line) for line in answer.body.splitlines()]


def test_ndjson(users, each_gateway, each_api, uid):
    names = list(users)
    lines = [{"uid": name, "data": [name, n]} for n in range(10) for name in names]
    lines.insert(3, {"uid": uid + "-nobody", "text": "x"})
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    answer = each_api.request("POST", "/v1/push", body, {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200
    got = ndjson_lines(answer)
    assert len(got) == len(lines)
    for sent, receipt in zip(lines, got):  # One a line, in order.
        if sent["uid"].endswith("-nobody"):
            assert receipt.get("error") or receipt["offline"] == [sent["uid"]], receipt
        else:
            assert receipt["matched"] == len(users[sent["uid"]]), receipt
    for name in names:
        for client in users[name]:
            assert [client.json() for _ in range(10)] == [[name, n] for n in range(10)]


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n", b"\n\n\n"], ids=repr)
def test_ndjson_last_line(gateway, api, uid, tail):
    with plain_user(gateway, api, uid) as client:
        line = json.dumps({"uid": uid, "text": "x"}).encode()
        answer = api.request("POST", "/v1/push", line + tail, {"Content-Type": "application/x-ndjson"})
        assert answer.status == 200 and len(ndjson_lines(answer)) == 1, answer.body
        assert client.text() == "x"


def test_ndjson_bad_line_does_not_stop_the_rest(gateway, api, uid):
    with plain_user(gateway, api, uid) as client:
        good = json.dumps({"uid": uid, "text": "good"})
        lines = [good, "{", '{"uid":"' + uid + '"}', "[]", "null", '{"text":"x"}', '{"uid":1,"text":"x"}', good]
        answer = api.request("POST", "/v1/push", "\n".join(lines) + "\n", {"Content-Type": "application/x-ndjson"})
        got = ndjson_lines(answer)
        assert len(got) == len(lines)
        assert [("error" in one) for one in got] == [False] + [True] * 6 + [False], got
        assert all(one["error"]["code"] and one["error"]["message"] for one in got if "error" in one)
        assert [client.text(), client.text()] == ["good", "good"]


def test_ndjson_is_answered_line_by_line_while_it_is_sent(each_gateway, each_api, uid):
    """The answer to a line comes before the next line is sent: a stream, not a file."""
    with plain_user(each_gateway, each_api, uid) as client, RawApi(each_gateway.api) as raw:
        raw.send(request_bytes("POST", "/v1/push", b"", (*NDJSON, "Transfer-Encoding: chunked")).replace(b"Content-Length: 0\r\n", b""))
        head = None
        chunks = b""
        for number in range(20):
            line = json.dumps({"uid": uid, "data": number}).encode() + b"\n"
            for piece in (line[:5], line[5:]):
                raw.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            if head is None:
                head = raw.read_head()
                assert head.status == 200 and head.headers["transfer-encoding"] == "chunked"
                stream = raw.chunks()
            while chunks.count(b"\n") <= number:
                chunks += next(stream)
            assert client.json() == number
        raw.send(b"0\r\n\r\n")
        assert list(stream) == []
        assert len(chunks.splitlines()) == 20
        raw.send(request_bytes("GET", "/healthz"))  # The connection goes on.
        assert raw.answer().status == 200


def test_ndjson_is_backpressured(each_gateway, each_api, uid):
    """Whoever does not read the answers is not read any more; nothing is lost once it reads."""

    with plain_user(each_gateway, each_api, uid) as client, RawApi(each_gateway.api, receive_buffer=4096) as raw:
        # More than the kernel takes on both sides: 4 MB of answers, and 32 MB of lines.
        line = json.dumps({"uid": uid + "-nobody", "text": "x" * 550}).encode() + b"\n"
        count = 100_000
        raw.send(request_bytes("POST", "/v1/push", b"", (*NDJSON, f"Content-Length: {len(line) * count}"))
                 .replace(b"Content-Length: 0\r\n", b""))
        body = memoryview(line * count)
        raw.socket.setblocking(False)
        sent = 0
        while sent < len(body) and select.select([], [raw.socket], [], 1.0)[1]:
            sent += raw.socket.send(body[sent:sent + 65536])
        assert sent < len(body), "a megabyte of answers was kept for one who does not read"
        each_api.pushed(uid=uid, text="others are served meanwhile")
        assert client.text() == "others are served meanwhile"
        received = bytearray()
        while not received.endswith(b"0\r\n\r\n"):
            readable, writable, _ = select.select([raw.socket], [raw.socket] if sent < len(body) else [], [], 30)
            assert readable or writable
            if readable:
                data = raw.socket.recv(1 << 18)
                assert data
                received += data
            if writable and sent < len(body):
                sent += raw.socket.send(body[sent:sent + 65536])
        raw.buffer = bytes(received)
        raw.read_head()
        assert b"".join(raw.chunks()).count(b"\n") == count


def test_fifty_thousand_lines_with_a_slow_reader(each_gateway, each_api, uid):
    """Every line is answered in its place, by whoever reads little at a time; the user gets all in order."""
    count, got = 50_000, []
    with plain_user(each_gateway, each_api, uid) as client, RawApi(each_gateway.api, receive_buffer=4096) as raw:
        body = b"".join(b'{"uid":"%s","data":%d,"wait":"written"}\n' % (uid.encode(), number) for number in range(count))

        def user():
            got.extend(client.json() for _ in range(count))

        def sender():
            raw.send(request_bytes("POST", "/v1/push", b"", (*NDJSON, f"Content-Length: {len(body)}")).replace(b"Content-Length: 0\r\n", b""))
            raw.send(body)
        threads = [threading.Thread(target=job, daemon=True) for job in (user, sender)]
        for thread in threads:
            thread.start()
        select.select([], [], [], 0.5)  # Not a byte is read: the answers pile up, within bounds.
        assert raw.read_head().status == 200
        answered, part = 0, b""
        for chunk in raw.chunks():
            *lines, part = (part + chunk).split(b"\n")
            for line in lines:
                receipt = json.loads(line)
                assert receipt["matched"] == receipt["written"] == 1, receipt
            answered += len(lines)
        assert answered == count and part == b""
        for thread in threads:
            thread.join(60)
        assert got == list(range(count))


# --- wrong requests --------------------------------------------------------------------------------

WRONG = {
    "empty": b"", "not JSON": b"{", "a number": b"1", "a list": b"[]", "null": b"null", "two values": b'{"uid":"a","text":"x"}{}',
    "no target": b'{"text":"x"}', "no payload": b'{"uid":"a"}', "two targets": b'{"uid":"a","all":true,"text":"x"}',
    "uid and uids": b'{"uid":"a","uids":["b"],"text":"x"}', "two payloads": b'{"uid":"a","text":"x","data":1}',
    "uid is a number": b'{"uid":1,"text":"x"}', "uid is empty": b'{"uid":"","text":"x"}', "uid is null": b'{"uid":null,"text":"x"}',
    "uids is a text": b'{"uids":"a","text":"x"}', "uids has a number": b'{"uids":["a",1],"text":"x"}',
    "uids is empty": b'{"uids":[],"text":"x"}', "text is a number": b'{"uid":"a","text":1}',
    "binary is not base64": b'{"uid":"a","binary":"!!!"}', "binary of wrong length": b'{"uid":"a","binary":"QQ"}',
    "all is false": b'{"all":false,"text":"x"}', "all is a text": b'{"all":"yes","text":"x"}',
    "unknown key": b'{"uid":"a","text":"x","txt":"y"}', "unknown policy": b'{"uid":"a","text":"x","policy":"maybe"}',
    "unknown wait": b'{"uid":"a","text":"x","wait":"forever"}', "unknown class": b'{"uid":"a","text":"x","class":"gold"}',
    "negative ttl": b'{"uid":"a","text":"x","ttl_ms":-1}', "ttl is a text": b'{"uid":"a","text":"x","ttl_ms":"1"}',
    "ttl too big": b'{"uid":"a","text":"x","ttl_ms":99999999999999999999}', "ttl is a fraction": b'{"uid":"a","text":"x","ttl_ms":1.5}',
    "conflate without a key": b'{"uid":"a","text":"x","policy":"conflate"}',
    "exclude is a text": b'{"all":true,"text":"x","exclude":"a"}', "connection is no id": b'{"connection":"zz","text":"x"}',
    "uid is not UTF-8": b'{"uid":"\xff","text":"x"}', "text is not UTF-8": b'{"uid":"a","text":"\xff"}',
    "lone surrogate": b'{"uid":"a","text":"\\ud800"}', "uid too long": b'{"uid":"' + b"u" * 257 + b'","text":"x"}',
    "deep nesting": b'{"uid":"a","data":' + b"[" * 5000 + b"]" * 5000 + b"}", "trailing comma": b'{"uid":"a","text":"x",}',
    "single quotes": b"{'uid':'a','text':'x'}", "comment": b'{"uid":"a"/* */,"text":"x"}', "NaN": b'{"uid":"a","data":NaN}',
    "BOM": b'\xef\xbb\xbf{"uid":"a","text":"x"',
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_wrong_push(gateway, body):
    api = Api(gateway.api)
    answer = api.request("POST", "/v1/push", body, {"Content-Type": "application/json"})
    allowed = (400, 404) if b'"connection"' in body else (400,)
    assert answer.status in allowed, answer.body
    assert answer.headers["content-type"].startswith("application/json")
    code = answer.error_code
    assert code == code.lower() and " " not in code
    again = api.request("POST", "/v1/push", body, {"Content-Type": "application/json"})
    assert again.error_code == code  # Stable, and the connection was kept.
    api.close()


def test_wrong_push_names_the_place(api):
    answer = api.push(uid="a", text="x", policy="maybe")
    assert answer.json["error"]["path"] == "policy" and "drop_oldest" in answer.json["error"]["message"]
    answer = api.push(uid="a", text="x", txt="y")
    assert answer.json["error"]["path"] == "txt"


def test_body_too_large(gateway, api):
    with RawApi(gateway.api) as raw:
        raw.send(request_bytes("POST", "/v1/push", b"", (*JSON, "Content-Length: 99999999999")).replace(b"Content-Length: 0\r\n", b""))
        answer = raw.answer()
        assert answer.status == 413 and answer.error_code
        assert raw.read_to_end() == b""
    assert api.get("/healthz").status == 200


def test_expect_continue(gateway):
    with RawApi(gateway.api) as raw:
        body = json.dumps({"uids": ["nobody-1", "nobody-2"], "text": "x"}).encode()
        raw.send(request_bytes("POST", "/v1/push", body, (*JSON, "Expect: 100-continue"))[:-len(body)])
        head = raw.read_head()
        assert head.status == 100
        raw.send(body)
        assert raw.answer().status == 200


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/nowhere", 404), ("GET", "/v1", 404), ("POST", "/v1/nothing", 404), ("GET", "/v1/push", 405),
    ("PUT", "/v1/push", 405), ("DELETE", "/v1/push", 405), ("POST", "/v1/users/a", 405), ("GET", "/v1/online", 405),
    ("POST", "/healthz", 405), ("DELETE", "/metrics", 405)])
def test_unknown_routes_and_methods(api, method, path, status):
    answer = api.request(method, path, b"{}" if method in ("POST", "PUT") else None)
    assert answer.status == status and answer.error_code
    if status == 405:
        assert answer.headers["allow"]


# --- HTTP ------------------------------------------------------------------------------------------

def test_pipelined_answers_come_in_order(each_gateway, each_api, uid):
    """Quick and slow requests, right and wrong ones, mixed: the answers keep the requests' order."""
    with plain_user(each_gateway, each_api, uid), RawApi(each_gateway.api) as raw:
        requests, expected = [], []
        chooser = random.Random(7)
        for number in range(200):
            kind = chooser.randrange(5)
            if kind == 0:
                requests.append(push_request({"uid": uid, "data": number}))
                expected.append(200)
            elif kind == 1:
                requests.append(push_request({"uid": f"{uid}-nobody-{number}", "data": number}))
                expected.append(404)
            elif kind == 2:
                requests.append(push_request({"uid": uid}))
                expected.append(400)
            elif kind == 3:
                requests.append(request_bytes("GET", "/healthz"))
                expected.append(200)
            else:
                requests.append(push_request({"uid": uid, "data": number, "wait": "none"}))
                expected.append(202)
        raw.send(b"".join(requests))
        assert [raw.answer().status for _ in requests] == expected


def test_pipelined_bytewise(gateway, api, uid):
    with plain_user(gateway, api, uid) as client, RawApi(gateway.api) as raw:
        raw.send_bytewise(push_request({"uid": uid, "text": "1"}) + push_request({"uid": uid, "text": "2"}))
        assert [raw.answer().status, raw.answer().status] == [200, 200]
        assert [client.text(), client.text()] == ["1", "2"]


def test_keep_alive_and_close(gateway):
    with RawApi(gateway.api) as raw:
        for _ in range(5):
            raw.send(request_bytes("GET", "/healthz"))
            assert raw.answer().status == 200
        raw.send(request_bytes("GET", "/healthz", b"", ("Connection: close",)))
        answer = raw.answer()
        assert answer.headers["connection"].lower() == "close"
        assert raw.read_to_end() == b""


def test_http_1_0(gateway):
    with RawApi(gateway.api) as raw:
        raw.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert raw.answer().status == 200
        assert raw.read_to_end() == b""


@pytest.mark.parametrize("wire", [
    b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"rubbish\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n",
    b"POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"POST /v1/push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /v1/push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"], ids=lambda wire: repr(wire[:60]))
def test_hostile_http(gateway, api, wire):
    with RawApi(gateway.api) as raw:
        try:
            raw.send(wire + b"GET /metrics HTTP/1.1\r\nHost: smuggled\r\n\r\n")
        except OSError:
            pass
        answer = raw.answer()
        assert 400 <= answer.status < 502 and answer.error_code
        assert raw.read_to_end() == b"", "went on after an ambiguous request"
    assert api.get("/healthz").status == 200


# --- questions -------------------------------------------------------------------------------------

def test_users(users, each_api, uid):
    name = next(iter(users))
    answer = each_api.get(f"/v1/users/{name}")
    assert answer.status == 200 and answer.json["uid"] == name and answer.json["online"] is True
    assert len(answer.json["connections"]) == 3
    ids = [one["id"] for one in answer.json["connections"]]
    assert len(set(ids)) == 3
    for one in ids:
        got = each_api.get(f"/v1/connections/{one}")
        assert got.status == 200 and got.json["id"] == one and got.json["uid"] == name
    nobody = each_api.get(f"/v1/users/{uid}-nobody")
    assert nobody.status == 200 and nobody.json == {"uid": f"{uid}-nobody", "online": False, "connections": []}


def test_online(users, each_api, uid):
    names = list(users)
    assert each_api.online(*names, uid) == {"online": {names[0]: 3, names[1]: 1, names[2]: 1, names[3]: 1}, "offline": [uid]}
    for wrong in [{}, {"uids": "a"}, {"uids": [1]}, [], None]:
        assert each_api.post("/v1/online", wrong).status == 400


def test_unknown_connections(api):
    for one in ["f" * 24, "0" * 24, "nonsense", "%00"]:
        assert api.get(f"/v1/connections/{one}").status in (400, 404), one
        assert api.delete(f"/v1/connections/{one}").status in (400, 404), one


@pytest.mark.parametrize("query,code,reason", [("", None, None), ("?code=4100&reason=later", 4100, "later"),
                                               ("?code=4200", 4200, None), ("?reason=%C3%A9t%C3%A9", None, "été")])
def test_kick_a_user(users, each_api, query, code, reason):
    name = next(iter(users))
    answer = each_api.delete(f"/v1/users/{name}{query}")
    assert answer.status == 200 and answer.json == {"closed": 3}, answer.body
    for client in users[name]:
        got = client.expect_close(*([code] if code else range(4000, 4100)))
        assert reason is None or got.close_reason == reason
    each_api.await_true(lambda: each_api.online(name)["offline"] == [name], "still online")
    again = each_api.delete(f"/v1/users/{name}")  # Closing twice is harmless.
    assert again.status == 200 and again.json == {"closed": 0}


def test_kick_a_connection(users, each_api):
    name = next(iter(users))
    ids = [one["id"] for one in each_api.get(f"/v1/users/{name}").json["connections"]]
    assert each_api.delete(f"/v1/connections/{ids[0]}").status == 200
    each_api.await_true(lambda: each_api.online(name)["online"].get(name) == 2, "not kicked")
    assert each_api.pushed(uid=name, text="rest")["matched"] == 2


@pytest.mark.parametrize("query", ["?code=1", "?code=1005", "?code=65536", "?code=abc", "?reason=" + "x" * 200, "?code=-1"])
def test_kick_with_a_wrong_code(gateway, api, uid, query):
    with plain_user(gateway, api, uid) as client:
        assert api.delete(f"/v1/users/{uid}{query}").status == 400
        client.expect_open()


# --- keys ------------------------------------------------------------------------------------------

KEYS = '[api]\nkeys = ["secret-key-number-one", "secret-key-number-two"]\n'


@pytest.fixture(scope="module")
def locked_gateway():
    with Gateway(config=KEYS, shards=1) as gateway:
        yield gateway


@pytest.mark.parametrize("headers,status", [
    ({}, 401), ({"Authorization": "Bearer secret-key-number-one"}, 200), ({"Authorization": "bearer secret-key-number-two"}, 200),
    ({"X-API-Key": "secret-key-number-two"}, 200), ({"X-API-Key": "secret-key-number-on"}, 401),
    ({"X-API-Key": "secret-key-number-one "}, 200), ({"X-API-Key": ""}, 401), ({"Authorization": "Bearer"}, 401),
    ({"Authorization": "Basic secret-key-number-one"}, 401), ({"Authorization": "secret-key-number-one"}, 401),
    ({"X-API-Key": "secret-key-number-onee"}, 401), ({"X-API-Key": "SECRET-KEY-NUMBER-ONE"}, 401)], ids=str)
def test_keys(locked_gateway, headers, status):
    api = Api(locked_gateway.api, headers)
    for ask in (lambda: api.post("/v1/online", {"uids": ["a"]}), lambda: api.get("/v1/stats"), lambda: api.push(uids=["a", "b"], text="x")):
        answer = ask()
        assert answer.status == status, answer.body
        if status == 401:
            assert answer.error_code and "www-authenticate" in answer.headers
    if status == 401:
        assert api.send("a", "x").status == 401 and api.delete("/v1/users/a").status == 401
    api.close()


def test_health_needs_no_key(locked_gateway):
    api = Api(locked_gateway.api)
    assert api.get("/healthz").status == 200
    api.close()


def test_keys_are_not_logged(locked_gateway):
    assert "secret-key-number" not in locked_gateway.output()


def test_curl_needs_no_header(each_gateway, each_api, uid):
    """The README's line: what curl -d calls a form is read as JSON."""
    with plain_user(each_gateway, each_api, uid) as client:
        host, port = each_gateway.api
        done = subprocess.run(["curl", "-sS", "--max-time", "10", f"http://{host}:{port}/v1/push",
                               "-d", json.dumps({"uid": uid, "text": "hi"})],
                              capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["written"] == 1
        assert client.text() == "hi"


def test_a_uid_named_twice_gets_it_once(each_gateway, each_api, uid):
    with plain_user(each_gateway, each_api, uid) as client:
        assert each_api.pushed(uids=[uid, "nobody-" + uid, uid], text="once")["matched"] == 1
        assert client.text() == "once"
        each_api.pushed(uid=uid, text="next")
        assert client.text() == "next"
