"""Tokens from end to end: every way in, minted by PyJWT, Node and `dunlin token`; what they allow; refusals;
expiry and refreshing; keys that change; connections that move; and logs that never show one."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import jwt
import pytest

from harness.api import Api
from harness.clients import ProtocolClient
from harness.gateway import PATIENCE, Gateway, run
from harness.node import NodeClient
from harness.raw import TEXT, RawClient, RawSocket, frame, upgrade_request
from test_metrics import samples

KINDS = {"ed25519": "EdDSA", "es256": "ES256", "rs256": "RS256", "hs256": "HS256"}
MINT = Path(__file__).resolve().parent / "node" / "mint.mjs"

PROFILES = """
[profiles.ws]
path = "/ws"
identity = "message"
auth = "token"

[profiles.live]
path = "/live"
identity = "message"
auth = "token"
on_text = "protocol"
client_subscribe = true
client_channels = ["news.*", "room"]
subscriptions_max = 4

[profiles.strict]
path = "/strict"
identity = "query"
auth = "token"
token_param = ""

[profiles.echo]
path = "/echo"
auth = "token"
on_text = "echo"

[profiles.few]
path = "/few"
identity = "message"
auth = "token"
connections_per_uid_max = 2
on_excess = "reject_new"

[profiles.open]
path = "/open"
identity = "message"

[profiles.openlive]
path = "/openlive"
identity = "message"
on_text = "protocol"
"""


def new_key(directory, kind, name=None):
    """A key made by `dunlin token --new-key`: what its file holds, and how auth.keys names it."""
    out = Path(directory) / (name or f"{kind}.key")
    done = run("token", "--new-key", kind, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert os.stat(out).st_mode & 0o777 == 0o600
    text = out.read_text()
    setting = f"HS256:{out}" if kind == "hs256" else f"{out}.jwks"
    return {"kind": kind, "alg": KINDS[kind], "file": str(out), "setting": setting,
            "key": text.strip() if kind == "hs256" else text}


def token(key, uid, ttl=3600, headers=None, **claims):
    body = {"sub": uid, "exp": time.time() + ttl} | claims
    return jwt.encode({name: value for name, value in body.items() if value is not None}, key["key"], key["alg"],
                      headers=headers)


def config(*keys, more="token_size_max = 4096", profiles=PROFILES):
    names = ", ".join(json.dumps(key["setting"]) for key in keys)
    return f'[auth]\nkeys = [{names}]\nleeway_ms = 0\n{more}\n{profiles}'


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    return {kind: new_key(directory, kind) for kind in KINDS}


@pytest.fixture(scope="module", params=[1, 2, 3], ids=["1shard", "2shards", "3shards"])
def guarded(request, keys):
    with Gateway(config=config(*keys.values()), shards=request.param) as gateway:
        yield gateway


@pytest.fixture
def client_api(guarded):
    client = Api(guarded.api)
    yield client
    client.close()


def refused(gateway, path, status=401, **headers):
    """The HTTP error that an opening handshake is answered with."""
    with RawSocket(gateway.public) as raw:
        raw.send(upgrade_request(path, **headers))
        head = raw.read_head()
        assert head.status == status, head.raw
        body = raw.read(int(head.headers["content-length"]))
        error = json.loads(body)["error"]
        assert error["message"]
        return error["code"], head.headers.get("www-authenticate")


def pushed_to(client, api, uid):
    """A push to this uid arrives on this connection, and on no other."""
    receipt = api.pushed(uid=uid, text=f"for {uid}")
    assert (receipt["matched"], receipt["written"]) == (1, 1), receipt
    got = client.message()
    return got.text == f"for {uid}" or json.loads(got.text)["push"]["text"] == f"for {uid}"


# --- ways in -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
def test_every_way_in(guarded, client_api, keys, uid, kind):
    text = token(keys[kind], uid)
    with RawClient(guarded.public, "/ws", authorization=f"Bearer {text}") as client:
        client_api.await_online(uid)
        assert pushed_to(client, client_api, uid)
        client.end()
    with RawClient(guarded.public, f"/ws?token={text}") as client:
        client_api.await_online(uid)
        assert pushed_to(client, client_api, uid)
        client.end()
    with RawClient(guarded.public, "/ws") as client:
        client.send_json({"token": text})
        client_api.await_online(uid)
        assert pushed_to(client, client_api, uid)
        client.end()
    with RawClient(guarded.public, "/live", sec_websocket_protocol=f"dunlin.v1, bearer.{text}") as client:
        assert client.head.headers["sec-websocket-protocol"] == "dunlin.v1"
        client_api.await_online(uid)
        assert pushed_to(client, client_api, uid)
        client.end()
    with ProtocolClient(guarded) as client:
        answer = client.request(login={"token": text})["login"]
        assert answer["uid"] == uid and 3_500_000 < answer["expires_in_ms"] <= 3_600_000
        assert pushed_to(client, client_api, uid)
        client.end()


def test_scheme_is_case_insensitive_and_other_schemes_are_no_token(guarded, client_api, keys, uid):
    text = token(keys["ed25519"], uid)
    with RawClient(guarded.public, "/strict", authorization=f"bEARER  {text}") as client:
        client_api.await_online(uid)
        client.end()
    assert refused(guarded, "/strict", authorization="Basic dXNlcjpwYXNz")[0] == "token_missing"


@pytest.mark.parametrize("offered,agreed", [
    ("bearer.{}", None),  # RFC 6455 4.2.2: what is not agreed on is not named.
    ("bearer.{}, dunlin.plain", "dunlin.plain"),
    ("dunlin.plain, bearer.{}", "dunlin.plain"),
    ("other, bearer.{}", None),
])
def test_the_token_is_never_the_subprotocol(guarded, client_api, keys, uid, offered, agreed):
    with RawClient(guarded.public, "/ws", sec_websocket_protocol=offered.format(token(keys["es256"], uid))) as client:
        assert client.head.headers.get("sec-websocket-protocol") == agreed
        client_api.await_online(uid)
        assert pushed_to(client, client_api, uid)
        client.end()


def test_plain_payloads_where_both_subprotocols_are_spoken(guarded, client_api, keys, uid):
    offered = f"dunlin.plain, bearer.{token(keys['es256'], uid)}"
    with RawClient(guarded.public, "/live", sec_websocket_protocol=offered) as client:
        assert client.head.headers["sec-websocket-protocol"] == "dunlin.plain"
        client_api.await_online(uid)
        client_api.pushed(uid=uid, text="as it is")
        assert client.text() == "as it is"
        client.end()


def test_node_ws_and_node_crypto(guarded, client_api, keys, uid):
    """An independent minter and an independent client, that fails a connection without an agreed subprotocol."""
    for kind, key in keys.items():
        request = {"header": {"alg": key["alg"], "typ": "JWT"}, "key": key["key"],
                   "claims": {"sub": f"{uid}-{kind}", "exp": int(time.time()) + 60}}
        text = subprocess.run([shutil.which("node"), str(MINT)], input=json.dumps(request), capture_output=True, text=True,
                              check=True, timeout=PATIENCE).stdout
        with NodeClient(f"{guarded.ws}/ws", ["dunlin.plain", f"bearer.{text}"]) as client:
            assert client.first["open"]["protocol"] == "dunlin.plain"
            client_api.await_online(f"{uid}-{kind}")
            client_api.pushed(uid=f"{uid}-{kind}", text="hello")
            assert client.message() == "hello"


def test_a_token_gives_a_uid_to_any_profile(guarded, client_api, keys, uid):
    with RawClient(guarded.public, f"/echo?token={token(keys['rs256'], uid)}") as client:
        client.send_text("hi")
        assert client.text() == "hi"
        client_api.await_online(uid)
        client.end()


# --- refusals ----------------------------------------------------------------------------------------

def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def hs256(header, claims, secret):
    """A token that no library would make."""
    text = f"{part(header)}.{part(claims)}"
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def bad_tokens(keys, uid):
    """(the code it is refused with, what is wrong with it, the token)"""
    ed, rsa = keys["ed25519"], keys["rs256"]
    good = token(ed, uid)
    head, body, mac = good.split(".")
    public = subprocess.run(["openssl", "pkey", "-in", rsa["file"], "-pubout"], capture_output=True, check=True).stdout
    secret = keys["hs256"]["key"].encode()
    late = {"sub": uid, "exp": time.time() + 60}
    return [
        ("token_malformed", "no token", "this.is.not-a-token-but-a-text"),
        ("token_signature", "other claims", f"{head}.{part({'sub': 'admin', 'exp': time.time() + 60})}.{mac}"),
        ("token_signature", "the public key as a secret", hs256({"alg": "HS256"}, late, public)),
        ("token_algorithm", "no algorithm", f"{part({'alg': 'none'})}.{body}."),
        ("token_expired", "old", token(ed, uid, ttl=-1)),
        ("token_no_expiry", "for ever", token(ed, uid, exp=None)),
        ("token_not_yet_valid", "nbf", token(ed, uid, nbf=time.time() + 60)),
        ("token_issued_in_future", "iat", token(ed, uid, iat=time.time() + 60)),
        ("token_audience", "aud", token(ed, uid, aud="somebody")),
        ("token_uid", "no sub", token(ed, None)),
        ("token_claims", "exp is a text", hs256({"alg": "HS256"}, {"sub": uid, "exp": "soon"}, secret)),
        ("token_critical", "crit", token(ed, uid, headers={"crit": ["exp"]})),
        ("token_unknown_key", "kid", token(ed, uid, headers={"kid": "nobody"})),
        ("token_permissions", "a pattern with a star within", token(ed, uid, channels=["a*b"])),
        ("token_too_large", "long", "a" * 5000),
    ]


def test_bad_tokens_are_refused_on_every_way(guarded, client_api, keys, uid):
    before = {name: value for name, value in samples(client_api).items() if name[0] == "dunlin_tokens_refused_total"}
    bad = bad_tokens(keys, uid)
    for code, name, text in bad:
        for path, headers in (("/ws", {"authorization": f"Bearer {text}"}), (f"/ws?token={text}", {}),
                              ("/live", {"sec_websocket_protocol": f"dunlin.v1, bearer.{text}"})):
            got, challenge = refused(guarded, path, **headers)
            assert got == code, (name, path)
            assert challenge.startswith('Bearer realm="dunlin", error="invalid_token"')
            assert text not in challenge
        with RawClient(guarded.public, "/ws") as client:
            client.send_json({"token": text})
            assert client.expect_close(4003).close_reason == code
        with ProtocolClient(guarded) as client:
            client.send_json({"id": 7, "login": {"token": text}})
            error = client.json()
            assert error["id"] == 7 and error["error"]["code"] == code, (name, error)
            client.expect_close(4003)
    after = samples(client_api)
    for code, _, _ in bad:
        sample = ("dunlin_tokens_refused_total", f'cause="{code[len("token_"):]}"')
        assert after[sample] - before[sample] == 5 * sum(1 for other, _, _ in bad if other == code), sample
    assert client_api.online(uid)["online"] == {}


def test_strangers_may_not_send_much(guarded, keys, uid):
    with RawClient(guarded.public, "/ws") as client:
        client.send_text(" " * (2 * 4096 + 1025))
        client.expect_close(1009)
    with RawClient(guarded.public, "/echo?token=" + token(keys["ed25519"], uid)) as client:
        client.send_text("x" * 100_000)
        assert client.text() == "x" * 100_000
    with ProtocolClient(guarded) as client:
        client.request(login={"token": token(keys["ed25519"], uid)})
        assert "ping" in client.request(ping={}, more="x" * 100_000)


def test_none_and_several_tokens(guarded, keys, uid):
    text = token(keys["ed25519"], uid)
    assert refused(guarded, "/strict") == ("token_missing", 'Bearer realm="dunlin"')
    assert refused(guarded, f"/strict?token={text}")[0] == "token_missing"  # token_param is empty there.
    assert refused(guarded, "/echo")[0] == "token_missing"
    assert refused(guarded, "/ws", authorization="Bearer ")[0] == "token_malformed"
    assert refused(guarded, "/ws?token=")[0] == "token_malformed"
    code, challenge = refused(guarded, f"/ws?token={text}", 400, authorization=f"Bearer {text}")
    assert code == "token_repeated" and 'error="invalid_request"' in challenge
    assert refused(guarded, "/ws", 400, sec_websocket_protocol=f"bearer.{text}, bearer.x")[0] == "token_repeated"
    assert refused(guarded, f"/ws?token={text}&token={text}", 400)[0] == "token_repeated"
    assert refused(guarded, "/ws?token=%zz")[0] == "token_malformed"


def test_the_clients_word_counts_for_nothing_where_tokens_are_asked_for(guarded, client_api, keys, uid):
    with RawClient(guarded.public, "/ws") as client:
        client.send_json({"uid": uid})
        assert client.expect_close(4003).close_reason == "token_missing"
    with ProtocolClient(guarded) as client:
        client.send_json({"id": 1, "login": {"uid": uid}})
        assert client.json()["error"]["code"] == "token_missing"
        client.expect_close(4003)
    assert refused(guarded, f"/strict?uid={uid}")[0] == "token_missing"
    with ProtocolClient(guarded) as client:  # With both, the token decides.
        assert client.request(login={"uid": "admin", "token": token(keys["ed25519"], uid)})["login"]["uid"] == uid
    assert client_api.online("admin")["online"] == {}


def test_tokens_count_for_nothing_where_none_are_asked_for(guarded, client_api, keys, uid):
    with RawClient(guarded.public, "/open", authorization="Bearer rubbish") as client:
        client.send_json({"uid": uid, "token": 7})
        client_api.await_online(uid)
        client.end()
    with RawClient(guarded.public, "/open") as client:
        client.send_json({"token": token(keys["ed25519"], uid)})
        client.expect_close(4003)
    with ProtocolClient(guarded, path="/openlive") as client:
        assert client.request(login={"token": token(keys["ed25519"], uid)})["error"]["code"] == "invalid_uid"
        assert client.request(login={"uid": uid})["login"]["uid"] == uid
        assert client.request(refresh={"token": "x"})["error"]["code"] == "no_token"


# --- what a token allows -----------------------------------------------------------------------------

def test_channels_narrow_what_the_profile_allows(guarded, keys, uid):
    with ProtocolClient(guarded) as client:
        client.request(login={"token": token(keys["ed25519"], uid, channels=["news.a*", "secret"])})
        client.subscribe("news.abc")
        for channel in ("news.b", "room", "secret"):
            assert client.request(subscribe={"channel": channel})["error"]["code"] == "channel_forbidden", channel
    with ProtocolClient(guarded) as client:
        client.request(login={"token": token(keys["ed25519"], uid)})
        client.subscribe("news.b")
        assert client.request(subscribe={"channel": "secret"})["error"]["code"] == "channel_forbidden"


def test_channels_subscribed_to_at_once(guarded, client_api, keys, uid):
    names = [f"{uid}-{n}" for n in range(4)]
    text = token(keys["ed25519"], uid, subscribe=names)
    with RawClient(guarded.public, f"/ws?token={text}") as plain, ProtocolClient(guarded) as client:
        client.request(login={"token": text})
        for name in names:
            client_api.await_true(lambda: client_api.pushed(channel=name, text="there?")["matched"] == 2, name)
            client_api.pushed(channel=name, text=f"to {name}")
            while plain.text() != f"to {name}":
                pass
            while client.push()["text"] != f"to {name}":
                pass
        # They count.
        assert client.request(subscribe={"channel": "room"})["error"]["code"] == "too_many_subscriptions"
    assert refused(guarded, f"/live?token={token(keys['ed25519'], uid, subscribe=names + ['one more'])}")[0] == "token_permissions"


def test_limits_narrow_those_of_the_profile(guarded, client_api, keys, uid):
    with ProtocolClient(guarded) as client:
        client.request(login={"token": token(keys["ed25519"], uid, limits={"subscriptions": 1, "message_size": 300})})
        client.subscribe("news.1")
        assert client.request(subscribe={"channel": "news.2"})["error"]["code"] == "too_many_subscriptions"
        client.send_text(" " * 301)
        client.expect_close(1009)
    with RawClient(guarded.public, f"/echo?token={token(keys['ed25519'], uid, limits={'message_size': 9})}") as client:
        client.send_text("123456789")
        assert client.text() == "123456789"
        client.send_text("1234567890")
        client.expect_close(1009)
    one = token(keys["ed25519"], uid + "-1", limits={"connections": 1})
    many = token(keys["ed25519"], uid + "-2", limits={"connections": 9})
    with contextlib.ExitStack() as stack:
        stack.enter_context(RawClient(guarded.public, f"/few?token={one}"))
        client_api.await_online(uid + "-1")
        assert refused(guarded, f"/few?token={one}", 409)[0] == "too_many_connections"
        for count in (1, 2):  # The profile's own limit holds.
            stack.enter_context(RawClient(guarded.public, f"/few?token={many}"))
            client_api.await_online(uid + "-2", count)
        assert refused(guarded, f"/few?token={many}", 409)[0] == "too_many_connections"
        late = stack.enter_context(RawClient(guarded.public, "/few"))
        late.send_json({"token": many})
        late.expect_close(4002)


# --- the end of a token ------------------------------------------------------------------------------

def test_an_expired_token_ends_the_connection(guarded, keys, uid):
    ways = [lambda text: RawClient(guarded.public, f"/ws?token={text}"), lambda text: RawClient(guarded.public, "/ws"),
            lambda text: ProtocolClient(guarded)]
    begin = time.time()
    text = token(keys["ed25519"], uid, ttl=1.2)
    with ways[0](text) as early, ways[1](text) as late, ways[2](text) as client:
        late.send_json({"token": text})
        left = client.request(login={"token": text})["login"]["expires_in_ms"]
        assert 0 < left <= 1200
        notice = client.next()["token"]  # A quarter of its time before, since that is less than the notice.
        assert 0 < notice["expires_in_ms"] <= left / 4
        for connection in (early, late, client):
            assert connection.expect_close(4004).close_reason == "token_expired"
    assert time.time() - begin >= 1.19


def outlive(client, end):
    """The connection answers until after this moment: only round trips, so that a close would be seen."""
    while time.time() < end + 0.1:
        client.expect_open()


def test_a_fresh_token_keeps_the_connection(guarded, client_api, keys, uid):
    first = time.time() + 3
    with ProtocolClient(guarded) as client:
        client.request(login={"token": token(keys["ed25519"], uid, exp=first, channels=["news.a"])})
        assert client.next()["token"]["expires_in_ms"] <= 750
        answer = client.request(refresh={"token": token(keys["es256"], uid, ttl=600, channels=["news.b"])})
        assert 590_000 < answer["refresh"]["expires_in_ms"] <= 600_000
        client.subscribe("news.b")
        assert client.request(subscribe={"channel": "news.a"})["error"]["code"] == "channel_forbidden"
        outlive(client, first)
        assert pushed_to(client, client_api, uid)


def test_a_fresh_token_ends_what_it_does_not_allow(keys, uid):
    """The client's own subscriptions and its token's, not the profile's and not what the API has made."""
    profiles = PROFILES.replace('path = "/live"', 'path = "/live"\nchannels = ["always"]')
    more = "refresh_interval_ms = 0"
    use = lambda **claims: token(keys["ed25519"], uid, **claims)
    with Gateway(config=config(keys["ed25519"], more=more, profiles=profiles.replace("subscriptions_max = 4", ""))) as gateway, \
            contextlib.closing(Api(gateway.api)) as api, ProtocolClient(gateway) as client:
        client.request(login={"token": use(channels=["news.*"], subscribe=["mine", "gone"])})
        api.await_true(lambda: "gone" in channels_of(api, uid) and "mine" in channels_of(api, uid), "not subscribed")
        for channel in ("news.a", "news.b", "news.ours"):
            client.subscribe(channel)
        for channel in ("news.ours", "theirs"):
            assert api.post(f"/v1/channels/{channel}/subscribers", {"uid": uid}).status == 200
        answer = client.request(refresh={"token": use(channels=["news.b"], subscribe=["mine"])})
        assert "refresh" in answer, answer
        ended = [client.next() for _ in range(2)]
        assert sorted(notice["unsubscribe"]["channel"] for notice in ended) == ["gone", "news.a"], ended
        assert all(set(notice) == {"unsubscribe"} for notice in ended)
        assert channels_of(api, uid) == {"always", "mine", "news.b", "news.ours", "theirs"}
        assert api.pushed(channel="news.a", text="x")["matched"] == 0
        assert api.pushed(channel="news.b", text="y")["matched"] == 1
        assert client.push()["text"] == "y"
        assert client.request(unsubscribe={"channel": "news.a"})["error"]["code"] == "not_subscribed"
        # A token that says nothing of channels leaves them to the profile.
        assert "refresh" in client.request(refresh={"token": use(subscribe=["mine"])})
        assert channels_of(api, uid) == {"always", "mine", "news.b", "news.ours", "theirs"}
        client.expect_open()


def test_a_fresh_token_while_a_subscription_is_under_way(keys, uid):
    """Asked for in one piece: whether or not it was confirmed before the token was looked at, it ends, and is answered."""
    more = "refresh_interval_ms = 0"
    with Gateway(config=config(keys["ed25519"], more=more, profiles=PROFILES.replace("subscriptions_max = 4", "")), shards=3) as gateway, \
            contextlib.closing(Api(gateway.api)) as api, ProtocolClient(gateway) as client:
        client.request(login={"token": token(keys["ed25519"], uid)})
        asked = [{"id": 100 + n, "subscribe": {"channel": f"news.{n}"}} for n in range(20)]
        fresh = {"id": 200, "refresh": {"token": token(keys["ed25519"], uid, channels=["news.7"])}}
        client.send(b"".join(frame(TEXT, json.dumps(request).encode()) for request in asked + [fresh]))
        subscribed, refused, ended, done = set(), set(), set(), False
        while not done or len(subscribed) + len(refused) < 20 or subscribed - ended != {"news.7"}:
            got = json.loads(client.message().payload)
            if "refresh" in got:
                done = True
            elif "error" in got:
                assert got["error"]["code"] == "channel_forbidden"
                refused.add(f"news.{got['id'] - 100}")
            elif "id" in got:
                subscribed.add(got["subscribe"]["channel"])
            else:
                ended.add(got["unsubscribe"]["channel"])
        assert not subscribed & refused and ended < subscribed
        assert channels_of(api, uid) == {"news.7"}


def channels_of(api, uid):
    return {channel for connection in api.get(f"/v1/users/{uid}").json["connections"] for channel in connection["channels"]}


def test_fresh_tokens_that_are_refused(keys, uid):
    with Gateway(config=config(keys["ed25519"], more="refresh_interval_ms = 0")) as gateway:
        with ProtocolClient(gateway) as client:
            client.request(login={"token": token(keys["ed25519"], uid)})
            for code, bad in (("token_other_uid", token(keys["ed25519"], uid + "x")), ("token_algorithm", token(keys["rs256"], uid)),
                              ("token_expired", token(keys["ed25519"], uid, ttl=-1)), ("token_malformed", "x"),
                              ("invalid_token", "")):
                assert client.request(refresh={"token": bad})["error"]["code"] == code
            assert "expires_in_ms" in client.request(refresh={"token": token(keys["ed25519"], uid)})["refresh"]
            client.expect_open()
        for code, bad in (("token_other_uid", token(keys["ed25519"], uid + "x")), ("token_malformed", "x")):
            with RawClient(gateway.public, f"/ws?token={token(keys['ed25519'], uid)}") as client:
                client.send_text("hello")
                client.send_text("{")
                client.send_json({"uid": "x"})
                client.send_json({"token": token(keys["ed25519"], uid)})
                client.expect_open()
                client.send_json({"token": bad})
                assert client.expect_close(4003).close_reason == code
    with Gateway(config=config(keys["ed25519"], more='refresh_interval_ms = "1h"')) as gateway:
        with ProtocolClient(gateway) as client:
            client.request(login={"token": token(keys["ed25519"], uid)})
            assert client.request(refresh={"token": token(keys["ed25519"], uid)})["error"]["code"] == "token_too_soon"
            client.expect_open()


def test_a_plain_client_sends_a_fresh_token_as_a_message(guarded, client_api, keys, uid):
    first = time.time() + 2.5
    with RawClient(guarded.public, f"/ws?token={token(keys['ed25519'], uid, exp=first)}") as client:
        outlive(client, first - 1.4)  # The least time between two tokens.
        client.send_json({"token": token(keys["ed25519"], uid, ttl=600)})
        outlive(client, first)
        assert pushed_to(client, client_api, uid)


def test_tokens_travel_with_connections(guarded, client_api, keys, uid):
    """Many users on all shards, whatever the shard that accepted them: expiry, permissions and limits hold."""
    with contextlib.ExitStack() as stack:
        short, long = [], []
        for n in range(24):
            who = f"{uid}-{n}"
            client = stack.enter_context(ProtocolClient(guarded))
            text = token(keys["ed25519"], who, ttl=2.5 if n % 2 else 600, channels=["news.x"], limits={"subscriptions": 1})
            client.send(b"".join(frame(TEXT, json.dumps(message).encode()) for message in (
                {"id": 91, "login": {"token": text}}, {"id": 92, "subscribe": {"channel": "room"}},
                {"id": 93, "subscribe": {"channel": "news.x"}})))
            assert client.json()["login"]["uid"] == who
            assert client.json()["error"]["code"] == "channel_forbidden"
            assert client.json()["subscribe"]["channel"] == "news.x"
            (short if n % 2 else long).append(client)
        for client in short:
            client.expect_close(4004)
        for client in long:
            client.expect_open()
        assert client_api.pushed(channel="news.x", text="still here")["matched"] == len(long)


# --- keys that change --------------------------------------------------------------------------------

def reload(gateway, text, mark):
    """SIGHUP with this configuration; waits until the log has `mark` once more."""
    before = gateway.output().count(mark)
    gateway.config_file.write_text(text, encoding="utf-8")
    gateway.signal(signal.SIGHUP)
    Api.await_true(lambda: gateway.output().count(mark) > before, f"{mark!r} was not logged")


def test_keys_turn_over_by_a_reload(tmp_path, uid):
    old, new = (new_key(tmp_path, "ed25519", name) for name in ("old", "new"))
    shared = tmp_path / "keys.jwks"
    both = {"alg": "EdDSA", "setting": str(shared)}

    def write(*files):
        found = [json.loads(Path(key["setting"]).read_text())["keys"][0] for key in files]
        shared.write_text(json.dumps({"keys": found}))

    write(old)
    text = config(both, profiles=PROFILES)
    with Gateway(config=text, shards=3) as gateway:
        api = Api(gateway.api)

        def accepts(key):
            with RawSocket(gateway.public) as raw:
                raw.send(upgrade_request("/strict", authorization=f"Bearer {token(key, uid)}"))
                return raw.read_head().status == 101

        def everywhere(expected):
            """Shards take a new configuration one by one, and connections go to any of them."""
            Api.await_true(lambda: all([accepts(old), accepts(new)] == expected for _ in range(12)), f"not {expected}")

        everywhere([True, False])
        kept = RawClient(gateway.public, "/strict", authorization=f"Bearer {token(old, uid)}")
        write(old, new)
        reload(gateway, text, "configuration reloaded")
        everywhere([True, True])
        write(new)
        reload(gateway, text, "configuration reloaded")
        everywhere([False, True])
        kept.expect_open()  # Its token was good when it came.

        # A bad file changes nothing, and it is said why.
        for bad in ("rubbish", Path(new["file"]).read_text(), '{"keys":[]}'):
            shared.write_text(bad)
            reload(gateway, text, "configuration not reloaded")
            everywhere([False, True])
        shared.unlink()
        reload(gateway, text, "configuration not reloaded")
        everywhere([False, True])
        assert "private key; the gateway needs the public half only" in gateway.output()
        assert "cannot be read" in gateway.output()
        for line in Path(new["file"]).read_text().splitlines()[1:-1]:
            assert line not in gateway.output()
        kept.close()
        api.close()


def test_bad_configurations_do_not_start(tmp_path, keys):
    tokens = '[profiles.p]\npath = "/p"\nidentity = "message"\nauth = "token"\n'

    def error(text):
        file = tmp_path / "dunlin.toml"
        file.write_text(text)
        done = run("serve", "--config", str(file), "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0")
        checked = run("check-config", str(file))
        assert done.returncode == checked.returncode == 2 and done.stdout == ""
        assert done.stderr == checked.stderr
        return done.stderr.replace(str(file), "FILE")

    assert error(tokens).startswith('FILE:4: profiles.p.auth: "token" needs auth.keys')
    (tmp_path / "short").write_text("secret\n")
    for setting, why in ((f"HS256:{tmp_path}/short", "is a secret of 6 bytes; HS256 needs at least 32"),
                         (f"{tmp_path}/none", "cannot be read: No such file or directory"),
                         (keys["ed25519"]["file"], "holds a private key"),
                         (f"RS256:{keys['es256']['setting']}", "has no key for RS256")):
        told = error(f'[auth]\nkeys = ["{setting}"]\n' + tokens)
        assert told.startswith("FILE:2: auth.keys: ") and why in told, told


def test_a_gateway_that_believes_everybody_says_so(keys):
    with Gateway(listen="0.0.0.0:0") as gateway:
        assert gateway.output().count("tokens are not asked for") == 3  # ws, context, live.
    with Gateway() as gateway:
        assert "tokens are not asked for" not in gateway.output()


# --- rules that are settings -------------------------------------------------------------------------

def test_settings_of_claims(keys, uid):
    more = 'issuers = ["me"]\naudiences = ["dunlin"]\nuid_claim = "user"\nrequire_exp = false\ntoken_size_max = 400'
    key = keys["ed25519"]
    with Gateway(config=config(key, more=more)) as gateway:
        def way_in(**claims):
            text = token(key, "ignored", **claims)
            with RawSocket(gateway.public) as raw:
                raw.send(upgrade_request(f"/ws?token={text}"))
                head = raw.read_head()
                return "in" if head.status == 101 else json.loads(raw.read(int(head.headers["content-length"])))["error"]["code"]
        good = {"iss": "me", "aud": ["x", "dunlin"], "user": uid, "exp": None}
        assert way_in(**good) == "in"
        assert way_in(**good | {"user": 42}) == "in"
        assert way_in(**good | {"user": None}) == "token_uid"
        assert way_in(**good | {"iss": "you"}) == "token_issuer"
        assert way_in(**good | {"aud": "you"}) == "token_audience"
        assert way_in(**good | {"aud": None}) == "token_audience"
        assert way_in(**good | {"more": "x" * 400}) == "token_too_large"


# --- the command -------------------------------------------------------------------------------------

def public_half(key):
    """As PyJWT reads it from what `dunlin token` published."""
    if key["kind"] == "hs256":
        return key["key"]
    return jwt.PyJWK(json.loads(Path(key["setting"]).read_text())["keys"][0]).key


def test_tokens_of_the_command_and_its_explanations(keys, uid):
    for key in keys.values():
        source = ("--secret-file" if key["kind"] == "hs256" else "--key", key["file"])
        done = run("token", *source, "--uid", uid, "--ttl", "90s", "--channels", "news.*", "--channels", "room",
                   "--subscribe", "inbox", "--claim", "limits={\"connections\":2}", "--claim", "name=Jo", "--kid", "k")
        assert done.returncode == 0 and done.stderr == ""
        text = done.stdout.strip()
        assert jwt.get_unverified_header(text) == {"alg": key["alg"], "typ": "JWT", "kid": "k"}
        claims = jwt.decode(text, public_half(key), algorithms=[key["alg"]])
        assert claims["exp"] - claims["iat"] == 90 and claims["sub"] == uid
        assert claims["channels"] == ["news.*", "room"] and claims["subscribe"] == ["inbox"]
        assert claims["limits"] == {"connections": 2} and claims["name"] == "Jo"
        bare = run("token", *source, "--uid", uid).stdout.strip()
        verified = run("token", "--verify", bare, "--set", f"auth.keys={key['setting']}")
        assert verified.returncode == 0 and f'accepted  uid "{uid}"' in verified.stdout, verified.stdout + verified.stderr
    expired = token(keys["ed25519"], uid, ttl=-60)
    told = run("token", "--verify", expired, "--set", f"auth.keys={keys['ed25519']['setting']}")
    assert told.returncode == 1 and "refused   token_expired" in told.stdout and uid in told.stdout, told.stdout
    assert "it is 20" in told.stdout


def test_bad_uses_of_the_command(tmp_path, keys):
    def complaint(*arguments):
        done = run("token", *arguments)
        assert done.returncode in (1, 2) and done.stdout == "", done
        return done.stderr
    key = keys["ed25519"]["file"]
    uid = ("--uid", "u")
    assert "one of --key" in complaint()
    assert "one of --key" in complaint("--key", key, "--new-key", "hs256")
    assert "expected ed25519, es256, rs256 or hs256" in complaint("--new-key", "dsa", "--out", str(tmp_path / "x"))
    assert "needs --out" in complaint("--new-key", "hs256")
    assert "File exists" in complaint("--new-key", "hs256", "--out", key)
    assert "is a key for EdDSA, not for RS256" in complaint("--key", key, *uid, "--alg", "RS256")
    assert "expected HS256" in complaint("--key", key, "--alg", "none")
    assert "expected a time such as" in complaint("--key", key, "--ttl", "60")
    assert "expected NAME=VALUE" in complaint("--key", key, "--claim", "x")
    assert "goes with --secret-file" in complaint("--key", keys["ed25519"]["setting"], *uid)
    assert "goes with --key" in complaint("--secret-file", key, *uid)
    assert "needs --uid" in complaint("--key", key)
    assert "cannot be read" in complaint("--key", str(tmp_path / "none"), *uid)
    assert "no auth.keys" in complaint("--verify", "a.b.c")
    (tmp_path / "short").write_text("x" * 63)
    assert "HS512 needs at least 64" in complaint("--secret-file", str(tmp_path / "short"), *uid, "--alg", "HS512")
    help_text = run("token", "--help").stdout
    assert "--new-key" in help_text and "Examples:" in help_text


# --- secrecy -----------------------------------------------------------------------------------------

def test_no_log_ever_shows_a_token(keys, uid):
    shown = [key["key"] for key in keys.values()]

    def use(text):
        shown.append(text)
        return text
    with Gateway(config=config(*keys.values()), arguments=("--log-level", "trace")) as gateway:
        api = Api(gateway.api)
        for kind in KINDS:
            good = use(token(keys[kind], f"{uid}-{kind}"))
            for path, headers in ((f"/ws?token={good}", {}), ("/ws", {"authorization": f"Bearer {good}"}),
                                  ("/ws", {"sec_websocket_protocol": f"dunlin.plain, bearer.{good}"}), (f"/nowhere?token={good}", {}),
                                  (f"/chat.html?token={good}", {"upgrade": None})):
                with RawSocket(gateway.public) as raw:
                    raw.send(upgrade_request(path, **headers))
                    raw.read_head()
            with ProtocolClient(gateway) as client:
                client.request(login={"token": good})
                client.request(refresh={"token": use(token(keys[kind], "other"))})
            with RawClient(gateway.public, "/ws") as client:
                client.send_json({"token": good})
                client.send_json({"token": use("rubbish" + good)})
                client.expect_close(4003)
        for _, _, bad in bad_tokens(keys, uid):
            use(bad)
            for path, headers in ((f"/ws?token={bad}", {}), ("/ws", {"authorization": f"Bearer {bad}"}),
                                  ("/ws", {"sec_websocket_protocol": f"bearer.{bad}"})):
                refused(gateway, path, **headers)
            with RawClient(gateway.public, "/ws") as client:
                client.send_json({"token": bad})
                client.expect_close(4003)
        api.close()
        output = gateway.output()
    assert "handshake rejected" in output and "token refused" in output, "nothing was logged: this proves nothing"
    for text in shown:
        for piece in [text, *text.split(".")]:
            if len(piece) > 20 and piece != part({"alg": "HS256"}):
                assert piece not in output
