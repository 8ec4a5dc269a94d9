"""Channels: subscribing by dunlin.v1, publishing, order, history, presence, and recovery."""

import base64
import contextlib
import threading

import pytest

from harness.api import Api
from harness.clients import ProtocolClient, plain_user
from harness.gateway import Gateway
from harness.raw import RawClient


def publish(api, channel, first, last):
    for number in range(first, last + 1):
        api.pushed(channel=channel, data=number)


def test_login_and_ping(each_gateway, each_api, uid):
    with ProtocolClient(each_gateway, uid) as client:
        assert each_api.online(uid)["online"] == {uid: 1}  # The answer came after the table was written.
        assert client.request(ping={}) == {"id": 2, "ping": {}}
        info = each_api.get(f"/v1/connections/{client.connection_id}").json
        assert info["uid"] == uid


def test_push_forms(each_gateway, each_api, uid):
    with ProtocolClient(each_gateway, uid) as client:
        receipt = each_api.pushed(uid=uid, text="é")
        assert client.push() == {"message": receipt["id"], "text": "é"}
        receipt = each_api.pushed(uid=uid, data={"a": [1, None]})
        assert client.push() == {"message": receipt["id"], "data": {"a": [1, None]}}
        receipt = each_api.pushed(uid=uid, binary="AP8=")
        assert base64.b64decode(client.push()["binary"]) == b"\x00\xff"
        each_api.pushed(uid=uid, data=None)
        assert client.push()["data"] is None


def test_subscribe_publish_unsubscribe(each_gateway, each_api, uid, channel):
    with ProtocolClient(each_gateway, uid) as client:
        got = client.subscribe(channel)
        assert "recovered" not in got  # It was not asked for.
        assert got["offset"] == 0 and got["epoch"]
        receipt = each_api.pushed(channel=channel, data={"n": 1})
        assert receipt["matched"] == 1
        assert client.push() == {"message": receipt["id"], "channel": channel, "offset": 1, "data": {"n": 1}}
        assert client.request(unsubscribe={"channel": channel})["unsubscribe"]["channel"] == channel
        assert each_api.pushed(channel=channel, data=2)["matched"] == 0
        each_api.pushed(uid=uid, text="marker")
        assert client.push()["text"] == "marker"
        assert client.subscribe(channel)["offset"] == 2


def test_unsubscribing_from_what_was_never_subscribed(gateway, uid, channel):
    with ProtocolClient(gateway, uid) as client:
        answer = client.request(unsubscribe={"channel": channel})
        assert "unsubscribe" in answer or answer["error"]["code"]
        assert client.request(ping={})["ping"] == {}


def test_subscribing_twice_delivers_once(each_gateway, each_api, uid, channel):
    with ProtocolClient(each_gateway, uid) as client:
        client.subscribe(channel)
        client.request(subscribe={"channel": channel})
        publish(each_api, channel, 1, 2)
        assert [client.push()["offset"], client.push()["offset"]] == [1, 2]


def test_every_subscriber_sees_one_order(each_gateway, uid, channel):
    """Four publishers at once, five subscribers on all shards: the same offsets in the same order, no gap."""
    api = Api(each_gateway.api)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(ProtocolClient(each_gateway, f"{uid}-{n}")) for n in range(5)]
        for client in clients:
            client.subscribe(channel)

        def publisher(index):
            own = Api(each_gateway.api)
            for number in range(50):
                assert own.pushed(channel=channel, data=[index, number])["matched"] == 5
            own.close()

        threads = [threading.Thread(target=publisher, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        seen = [[client.push() for _ in range(200)] for client in clients]
        for thread in threads:
            thread.join(30)
        for pushes in seen:
            assert [push["offset"] for push in pushes] == list(range(1, 201))
            assert pushes == seen[0]
        for index in range(4):
            assert [push["data"][1] for push in seen[0] if push["data"][0] == index] == list(range(50))
    api.close()


def test_publish_to_several_channels(each_gateway, each_api, uid, channel):
    with ProtocolClient(each_gateway, uid) as both, ProtocolClient(each_gateway, uid + "b") as one:
        for name in (channel + "a", channel + "b"):
            both.subscribe(name)
        one.subscribe(channel + "b")
        receipt = each_api.pushed(channels=[channel + "a", channel + "b", channel + "c"], text="x")
        assert receipt["matched"] == 3
        assert sorted([both.push()["channel"], both.push()["channel"]]) == [channel + "a", channel + "b"]
        assert one.push()["channel"] == channel + "b"


def test_publish_without_subscribers_is_kept(each_api, channel):
    assert each_api.pushed(channel=channel, text="first")["matched"] == 0
    info = each_api.get(f"/v1/channels/{channel}").json
    assert info["offset"] == 1 and info["subscribers"] == 0


def test_live_publications_are_not_kept(each_gateway, each_api, uid, channel):
    with ProtocolClient(each_gateway, uid) as client:
        client.subscribe(channel)
        each_api.pushed(channel=channel, text="live", **{"class": "live"})
        assert client.push()["text"] == "live"
    assert history(each_api, channel)[1] == []


def history(api, channel, query=""):
    answer = api.get(f"/v1/channels/{channel}/history{query}")
    assert answer.status == 200, answer.body
    body = answer.json
    return body, body.get("messages", body.get("entries"))


def test_history(each_api, channel):
    publish(each_api, channel, 1, 5)
    body, kept = history(each_api, channel)
    assert [one["offset"] for one in kept] == [1, 2, 3, 4, 5] and [one["data"] for one in kept] == [1, 2, 3, 4, 5]
    assert body["offset"] == 5 and body["epoch"]
    assert [one["offset"] for one in history(each_api, channel, "?since=3")[1]] == [4, 5]
    assert len(history(each_api, channel, "?limit=2")[1]) == 2
    for wrong in ["?since=x", "?since=-1", "?limit=x"]:
        assert each_api.get(f"/v1/channels/{channel}/history{wrong}").status == 400


def test_history_is_bounded(each_api, channel):
    publish(each_api, channel, 1, 150)  # Shipped: 100 messages.
    kept = history(each_api, channel, "?limit=1000")[1]
    assert [one["offset"] for one in kept] == list(range(51, 151))


def test_presence(each_gateway, each_api, uid, channel):
    with ProtocolClient(each_gateway, uid + "a") as ann, ProtocolClient(each_gateway, uid + "a") as again, \
            ProtocolClient(each_gateway, uid + "b") as bob:
        for client in (ann, again, bob):
            client.subscribe(channel)
        presence = each_api.get(f"/v1/channels/{channel}/presence").json
        assert presence["users"] == {uid + "a": 2, uid + "b": 1}
        assert each_api.get(f"/v1/channels/{channel}").json["subscribers"] == 3
        ann.end()
        each_api.await_true(lambda: each_api.get(f"/v1/channels/{channel}/presence").json["users"] ==
                            {uid + "a": 1, uid + "b": 1}, "presence keeps one who has gone")


def test_unknown_channel(api, channel):
    for path in (f"/v1/channels/{channel}", f"/v1/channels/{channel}/presence", f"/v1/channels/{channel}/history"):
        answer = api.get(path)
        assert answer.status in (200, 404)
        if answer.status == 404:
            assert answer.error_code


# --- recovery --------------------------------------------------------------------------------------

def test_recovery_of_everything_missed(each_gateway, each_api, uid, channel):
    with ProtocolClient(each_gateway, uid) as client:
        epoch = client.subscribe(channel)["epoch"]
        publish(each_api, channel, 1, 3)
        assert [client.push()["data"] for _ in range(3)] == [1, 2, 3]
        client.reset()
    publish(each_api, channel, 4, 20)
    with ProtocolClient(each_gateway, uid) as client:
        got = client.subscribe(channel, recover={"epoch": epoch, "offset": 3})
        assert (got["epoch"], got["offset"], got["recovered"]) == (epoch, 20, True)
        publish(each_api, channel, 21, 22)
        pushes = [client.push() for _ in range(19)]
        assert [push["offset"] for push in pushes] == list(range(4, 23))
        assert [push["data"] for push in pushes] == list(range(4, 23))


@pytest.mark.parametrize("offset", [0, 1, 9, 10])
def test_recovery_from_any_offset(each_gateway, each_api, uid, channel, offset):
    publish(each_api, channel, 1, 10)
    epoch = each_api.get(f"/v1/channels/{channel}").json["epoch"]
    with ProtocolClient(each_gateway, uid) as client:
        got = client.subscribe(channel, recover={"epoch": epoch, "offset": offset})
        assert got["recovered"] is True and got["offset"] == 10
        each_api.pushed(channel=channel, data="marker")
        assert [client.push()["offset"] for _ in range(11 - offset)] == list(range(offset + 1, 12))


@pytest.mark.parametrize("case", ["other epoch", "too old", "from the future"])
def test_recovery_that_cannot_be_whole_is_none_at_all(each_gateway, each_api, uid, channel, case):
    publish(each_api, channel, 1, 150)  # 1 to 50 are no longer kept.
    epoch = each_api.get(f"/v1/channels/{channel}").json["epoch"]
    recover = {"other epoch": {"epoch": epoch + "x", "offset": 149}, "too old": {"epoch": epoch, "offset": 49},
               "from the future": {"epoch": epoch, "offset": 151}}[case]
    with ProtocolClient(each_gateway, uid) as client:
        got = client.subscribe(channel, recover=recover)
        assert (got["recovered"], got["offset"], got["epoch"]) == (False, 150, epoch)
        each_api.pushed(channel=channel, data="marker")
        assert client.push()["offset"] == 151


def test_recovery_at_the_edge_of_the_history(each_gateway, each_api, uid, channel):
    publish(each_api, channel, 1, 150)
    epoch = each_api.get(f"/v1/channels/{channel}").json["epoch"]
    with ProtocolClient(each_gateway, uid) as client:
        assert client.subscribe(channel, recover={"epoch": epoch, "offset": 50})["recovered"] is True
        assert [client.push()["offset"] for _ in range(100)] == list(range(51, 151))


def test_epoch_changes_with_a_restart(uid, channel):
    epochs = []
    for _ in range(2):
        with Gateway(shards=1) as gateway, ProtocolClient(gateway, uid) as client:
            epochs.append(client.subscribe(channel)["epoch"])
    assert epochs[0] != epochs[1]


def test_recovery_while_publishing_goes_on(each_gateway, each_api, uid, channel):
    """Subscribing between publications: each offset once, in order, none missing, whatever the moment."""
    publish(each_api, channel, 1, 1)
    epoch = each_api.get(f"/v1/channels/{channel}").json["epoch"]
    stop = threading.Event()
    published = [1]

    def publisher():
        own = Api(each_gateway.api)
        while not stop.is_set() and published[0] < 400:
            published[0] += 1
            own.pushed(channel=channel, data=published[0])
        own.close()

    thread = threading.Thread(target=publisher)
    thread.start()
    position = 0
    for _ in range(15):
        with ProtocolClient(each_gateway, uid) as client:
            got = client.subscribe(channel, recover={"epoch": epoch, "offset": position})
            if not got["recovered"]:
                position = got["offset"]
            for _ in range(5):
                push = client.push()
                assert push["offset"] == position + 1
                position += 1
                if position >= 395:
                    break
        if position >= 395:
            break
    stop.set()
    thread.join(30)


# --- what must be refused --------------------------------------------------------------------------

@pytest.mark.parametrize("request_", [
    {"subscribe": {}}, {"subscribe": {"channel": ""}}, {"subscribe": {"channel": 1}}, {"subscribe": "c"},
    {"subscribe": {"channel": "x" * 300}}, {"unheard_of": {}}, {}, {"login": {"uid": "another"}},
    {"subscribe": {"channel": "c", "recover": {"epoch": 1, "offset": "x"}}}], ids=str)
def test_wrong_requests_are_answered_with_an_error(gateway, uid, request_):
    with ProtocolClient(gateway, uid) as client:
        answer = client.request(**request_)
        assert answer["error"]["code"] and answer["error"]["message"], answer
        assert client.request(ping={})["ping"] == {}


@pytest.mark.parametrize("text", ["", "{", "1", "null", "[]", "x" * 1000, '{"id":1', '{"id":{}}', "\u0000"], ids=ascii)
def test_rubbish_is_refused_without_harm(gateway, uid, text):
    """Either an error without an id, or the end with a code that says not to try the same again."""
    with ProtocolClient(gateway, uid) as client:
        client.send_text(text)
        got = client.message()
        if got.opcode == 8:
            assert got.close_code in (1002, 1003, 1007, 1008) or 4000 <= got.close_code <= 4099
        else:
            assert '"error"' in got.text


@pytest.fixture(scope="module")
def limits_gateway():
    with Gateway(shards=2, config="""
[profiles.live]
path = "/live"
identity = "message"
login_timeout_ms = 500
on_text = "protocol"
client_subscribe = true
client_channels = ["open", "pub-*"]
subscriptions_max = 3

[profiles.closed]
path = "/closed"
identity = "message"
on_text = "protocol"
client_subscribe = false

[profiles.ws]
path = "/ws"
identity = "message"
login_timeout_ms = 500
""") as gateway:
        yield gateway


@pytest.mark.parametrize("name,allowed", [("open", True), ("pub-", True), ("pub-news", True), ("opened", False), ("pub", False),
                                          ("Open", False), ("secret", False), ("*", False)])
def test_channels_clients_may_subscribe_to(limits_gateway, uid, name, allowed):
    with ProtocolClient(limits_gateway, uid) as client:
        answer = client.request(subscribe={"channel": name})
        assert ("subscribe" in answer) == allowed, answer
        if not allowed:
            assert answer["error"]["code"] == "channel_forbidden"


def test_no_subscriptions_where_the_profile_has_none(limits_gateway, uid):
    with ProtocolClient(limits_gateway, uid, path="/closed") as client:
        assert client.request(subscribe={"channel": "open"})["error"]["code"] == "channel_forbidden"


def test_subscriptions_max(limits_gateway, uid):
    with ProtocolClient(limits_gateway, uid) as client:
        for number in range(3):
            client.subscribe(f"pub-{number}")
        assert client.request(subscribe={"channel": "pub-4"})["error"]["code"]
        client.request(unsubscribe={"channel": "pub-0"})
        client.subscribe("pub-4")


@pytest.mark.parametrize("path", ["/ws", "/live"])
def test_login_timeout(limits_gateway, path):
    options = {"sec_websocket_protocol": "dunlin.v1"} if path == "/live" else {}
    with RawClient(limits_gateway.public, path, **options) as client:
        got = client.expect_close()
        assert got.close_code == 1008 or 4000 <= got.close_code <= 4199, got.close_code


def test_before_the_login_nothing_else_is_served(limits_gateway):
    with ProtocolClient(limits_gateway) as client:
        client.send_json({"id": 1, "subscribe": {"channel": "open"}})
        got = client.message()
        assert got.opcode == 8 or '"error"' in got.text


def test_a_login_in_time_is_not_cut(limits_gateway, uid):
    """Another connection that never logs in is ended by the same deadline later: ours still stands."""
    api = Api(limits_gateway.api)
    with plain_user(limits_gateway, api, uid) as client:
        with RawClient(limits_gateway.public, "/ws") as late:
            late.expect_close()
        assert api.send(uid, "still here").status == 200
        assert client.text() == "still here"
    api.close()
