"""Clients that a load balancer or an HTTP proxy brings: whose connection it is, who is believed, and what a
page may open when the proxy ends TLS."""

import contextlib
import socket
import struct
import time

import pytest

from harness.admission import ask, await_handshakes, await_handshaking, handshakes
from harness.api import Api
from harness.gateway import PATIENCE, Gateway
from harness.raw import TEXT, RawSocket, frame, upgrade_request

pytestmark = pytest.mark.plain_tcp  # What comes before TLS; its own tests speak TLS where they say so.

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"

CONFIG = """
[public]
proxy_protocol = "{proxy}"
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
forwarded = "{forwarded}"

[handshake]
timeout_ms = 1000

[limits]
connections_per_address_max = 3
address_exempt = []

[profiles.ws]
path = "/ws"
identity = "query"
on_text = "echo"
ping_interval_ms = 0
"""


def header(source: str = "192.0.2.1", port: int = 4711, command: int = 1, tlvs: bytes = b"",
           family: int | None = None) -> bytes:
    v6 = ":" in source
    packed = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, source)
    body = packed * 2 + struct.pack(">HH", port, 443) + tlvs
    return SIGNATURE + bytes([0x20 | command, family if family is not None else 0x21 if v6 else 0x11]) + \
        struct.pack(">H", len(body)) + body


def peer_of(api: Api, uid: str) -> str:
    api.await_online(uid, 1)
    return api.get(f"/v1/users/{uid}").json["connections"][0]["peer"]


@pytest.fixture(scope="module", params=[1, 3], ids=["1shard", "3shards"])
def balanced(request):
    with Gateway(config=CONFIG.format(proxy="required", forwarded="x-forwarded-for"),
                 shards=request.param) as gateway:
        yield gateway


@pytest.fixture
def balanced_api(balanced):
    api = Api(balanced.api)
    yield api
    api.close()


@pytest.mark.parametrize("source, shown", [("192.0.2.1", "192.0.2.1:4711"), ("2001:db8::1", "[2001:db8::1]:4711"),
                                           ("::ffff:192.0.2.9", "192.0.2.9:4711")])
def test_the_clients_address_is_the_headers(balanced, balanced_api, uid, source, shown):
    with RawSocket(balanced.public) as raw:
        raw.send(header(source) + upgrade_request(f"/ws?uid={uid}") + frame(TEXT, b"hello"))
        assert raw.read_head().status == 101
        assert raw.read(7) == b"\x81\x05hello"
        assert peer_of(balanced_api, uid) == shown
        connection = balanced_api.get(f"/v1/users/{uid}").json["connections"][0]["id"]
        assert balanced_api.get(f"/v1/connections/{connection}").json["peer"] == shown


def test_byte_by_byte(balanced, balanced_api, uid):
    with RawSocket(balanced.public) as raw:
        raw.send_bytewise(header() + upgrade_request(f"/ws?uid={uid}"))
        assert raw.read_head().status == 101
        assert peer_of(balanced_api, uid) == "192.0.2.1:4711"


@pytest.mark.parametrize("sent", [header(command=0), header(command=0, family=0), SIGNATURE + b"\x20\0\0\0",
                                  SIGNATURE + b"\x21\0\0\0"])
def test_local_and_unspecified_are_the_load_balancers_own(balanced, balanced_api, uid, sent):
    with RawSocket(balanced.public) as raw:
        raw.send(sent + upgrade_request(f"/ws?uid={uid}"))
        assert raw.read_head().status == 101
        assert peer_of(balanced_api, uid).startswith("127.0.0.1:")


NO_HEADER = {"a request": upgrade_request("/ws?uid=a"), "version 1": b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
             "cut": header()[:-1], "version 3": SIGNATURE + b"\x31\x11\0\x0c" + bytes(12),
             "no addresses": SIGNATURE + b"\x21\x11\0\x01x", "too long": SIGNATURE + b"\x21\x11\xff\xff",
             "bad checksum": header(tlvs=b"\x03\0\x04\0\0\0\0"), "bad TLV": header(tlvs=b"\x04\0\xff"),
             "TLS": b"\x16\x03\x01"}


@pytest.mark.parametrize("sent", NO_HEADER.values(), ids=NO_HEADER.keys())
def test_what_is_no_header_is_closed_and_counted(balanced, balanced_api, sent):
    counted = handshakes(balanced_api, "proxy_header") + handshakes(balanced_api, "lost")
    with RawSocket(balanced.public) as raw:
        raw.send(sent)
        with contextlib.suppress(OSError):  # It may be closed already.
            raw.shutdown_write()
        assert raw.read_to_end() == b""
    deadline = time.monotonic() + PATIENCE
    while handshakes(balanced_api, "proxy_header") + handshakes(balanced_api, "lost") != counted + 1:
        assert time.monotonic() < deadline


def test_version_1_is_named_in_the_log():
    with Gateway(config=CONFIG.format(proxy="required", forwarded="none"), shards=1) as gateway:
        with RawSocket(gateway.public) as raw:
            raw.send(b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n" + upgrade_request("/ws?uid=a"))
            assert raw.read_to_end() == b""
        assert "PROXY header of version 1" in gateway.output()


def test_others_than_the_load_balancer_are_closed(balanced, balanced_api):
    counted = handshakes(balanced_api, "proxy_header")
    with RawSocket(balanced.public, source="127.0.0.2") as raw:
        assert raw.read_to_end() == b""
    await_handshakes(balanced_api, "proxy_header", counted + 1)


def test_a_header_that_does_not_come_is_waited_for_no_longer_than_a_handshake(balanced):
    with RawSocket(balanced.public) as raw:
        begin = time.monotonic()
        raw.send(header()[:20])
        raw.read_to_end()
        assert time.monotonic() - begin > 0.8


def test_limits_by_address_count_the_client_not_the_load_balancer(balanced, balanced_api, uid):
    with contextlib.ExitStack() as stack:
        def open_for(source):
            raw = stack.enter_context(RawSocket(balanced.public))
            raw.send(header(source) + upgrade_request(f"/ws?uid={uid}"))
            return raw.read_head().status
        assert [open_for("198.51.100.7") for _ in range(4)] == [101] * 3 + [429]
        assert open_for("198.51.100.8") == 101
        # An IPv6 client has a whole network of addresses.
        assert [open_for(f"2001:db8:0:7::{i}") for i in range(1, 5)] == [101] * 3 + [429]
        assert open_for("2001:db8:0:8::1") == 101
        # Health checks are nobody's.
        for _ in range(6):
            raw = stack.enter_context(RawSocket(balanced.public))
            raw.send(SIGNATURE + b"\x20\0\0\0" + upgrade_request(f"/ws?uid={uid}"))
            assert raw.read_head().status == 101


def test_who_is_refused_by_address_holds_no_place(uid):
    """However long they say nothing: another address finds room."""
    config = CONFIG.format(proxy="required", forwarded="none").replace("timeout_ms = 1000", "timeout_ms = 60000") \
        .replace("[public]", "[public]\nconnections_max = 5")
    with Gateway(config=config, shards=1) as gateway, contextlib.ExitStack() as stack:
        api = stack.enter_context(contextlib.closing(Api(gateway.api)))

        def connect(source):
            raw = stack.enter_context(RawSocket(gateway.public))
            raw.send(header(source))
            return raw

        def places():
            return api.get("/v1/memory").json["connections"]
        for _ in range(3):
            assert ask(connect("198.51.100.7"), f"/ws?uid={uid}")[0].status == 101
        silent = []
        for count in range(1, 7):
            silent.append(connect("198.51.100.7"))
            await_handshaking(api, count)
            api.await_true(lambda: places() == 3, "who is refused keeps its place")
        assert ask(connect("198.51.100.8"), f"/ws?uid={uid}")[0].status == 101
        for raw in silent:
            assert ask(raw, f"/ws?uid={uid}")[1] == "too_many_from_address"
        assert places() == 4


def test_a_forwarded_address_behind_a_load_balancer_is_believed_from_a_trusted_proxy_only(balanced, balanced_api, uid):
    for source, expected in (("10.0.0.5", "192.0.2.7"), ("192.0.2.1", "192.0.2.1:4711")):
        with RawSocket(balanced.public) as raw:
            raw.send(header(source) + upgrade_request(f"/ws?uid={uid}{source}", x_forwarded_for="192.0.2.7"))
            assert raw.read_head().status == 101
            assert peer_of(balanced_api, uid + source) == expected


@pytest.fixture(scope="module", params=["x-forwarded-for", "forwarded", "none"])
def proxied(request):
    with Gateway(config=CONFIG.format(proxy="off", forwarded=request.param), shards=2) as gateway:
        gateway.field = request.param
        yield gateway


@pytest.fixture
def proxied_api(proxied):
    api = Api(proxied.api)
    yield api
    api.close()


def test_the_forwarded_address(proxied, proxied_api, uid):
    """Of both fields only the one that the settings name counts; the rightmost untrusted hop is the client."""
    fields = {"X-Forwarded-For": "6.6.6.6, 192.0.2.1, 10.0.0.1",
              "Forwarded": 'for=6.6.6.6, for="192.0.2.2:99";proto=https, for=10.0.0.1'}
    expected = {"x-forwarded-for": "192.0.2.1", "forwarded": "192.0.2.2:99", "none": "127.0.0.1:"}[proxied.field]
    with RawSocket(proxied.public) as raw:
        raw.send(upgrade_request(f"/ws?uid={uid}", **fields))
        assert raw.read_head().status == 101
        assert peer_of(proxied_api, uid).startswith(expected)


def test_an_untrusted_peer_is_itself_whatever_it_says(proxied, proxied_api, uid):
    with RawSocket(proxied.public, source="127.0.0.2") as raw:
        raw.send(upgrade_request(f"/ws?uid={uid}", X_Forwarded_For="192.0.2.1", Forwarded="for=192.0.2.1"))
        assert raw.read_head().status == 101
        assert peer_of(proxied_api, uid).startswith("127.0.0.2:")


def test_limits_by_forwarded_address(proxied, uid):
    if proxied.field == "none":
        pytest.skip("nothing is forwarded")
    with contextlib.ExitStack() as stack:
        def open_for(client):
            raw = stack.enter_context(RawSocket(proxied.public))
            return ask(raw, f"/ws?uid={uid}", X_Forwarded_For=client, Forwarded=f"for={client}")
        assert [open_for("198.51.100.9")[0].status for _ in range(3)] == [101] * 3
        head, code = open_for("198.51.100.9")
        assert (head.status, code) == (429, "too_many_from_address")
        assert open_for("198.51.100.10")[0].status == 101
        # The proxy's own connections, without a client's address, are not counted by address.
        for _ in range(6):
            assert ask(stack.enter_context(RawSocket(proxied.public)), f"/ws?uid={uid}")[0].status == 101
        # What a client itself claims makes no difference.
        for i in range(2):
            with RawSocket(proxied.public, source="127.0.0.3") as raw:
                assert ask(raw, f"/ws?uid={uid}", X_Forwarded_For=f"192.0.2.{i}")[0].status == 101


@pytest.mark.parametrize("origin, forwarded_host, proto, status", [
    ("https://app.example", "app.example", "https", 101),
    ("https://app.example", "app.example", None, 101),
    ("https://app.example:443", "app.example", "https", 101),
    ("http://app.example", "app.example", "https", 403),    # Came without TLS: anybody on the way wrote it.
    ("https://evil.example", "app.example", "https", 403),
    ("https://inner", "app.example", "https", 403),
    ("https://inner", None, "https", 101),
    ("null", "app.example", "https", 403),
])
def test_origin_behind_a_proxy_that_ends_tls(proxied, uid, origin, forwarded_host, proto, status):
    if proxied.field == "none":
        pytest.skip("nothing is forwarded")
    standard = ["for=192.0.2.1"] + ([f'host="{forwarded_host}"'] if forwarded_host else []) + \
        ([f"proto={proto}"] if proto else [])
    with RawSocket(proxied.public) as raw:
        head, code = ask(raw, f"/ws?uid={uid}", host="inner", Origin=origin, X_Forwarded_Host=forwarded_host,
                         X_Forwarded_Proto=proto, Forwarded=";".join(standard))
        assert head.status == status
        assert code == (None if status == 101 else "origin_not_allowed")


def test_origin_from_an_untrusted_peer_is_compared_with_host(proxied, uid):
    with RawSocket(proxied.public, source="127.0.0.4") as raw:
        head, code = ask(raw, f"/ws?uid={uid}", host="inner", Origin="https://evil.example",
                         X_Forwarded_Host="evil.example", Forwarded="for=192.0.2.1;host=evil.example")
        assert (head.status, code) == (403, "origin_not_allowed")
