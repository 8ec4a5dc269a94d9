"""Clients of TLS 1.3 that have the keys and mean no good: whatever they say in records is answered as RFC 8446 asks, or
ends their connection, and nobody else's."""

import contextlib
import socket

import pytest

from harness.api import Api
from harness.certificates import client_context, make
from harness.gateway import Gateway
from harness.raw import CLOSE, PING, TEXT, Closed, close_payload, frame, upgrade_request
from harness.records import (ALERT, CHANGE_CIPHER_SPEC, CLOSE_NOTIFY, DATA, HANDSHAKE, UPDATE, RecordClient)

pytestmark = pytest.mark.plain_tcp  # Its clients bring their own TLS.

PROFILES = '[profiles.ws]\npath = "/ws"\nidentity = "message"\nping_interval_ms = 0\nqueue_size_max = "64MiB"\n' \
           '[profiles.echo]\npath = "/echo"\non_text = "echo"\n'
SECURE = ("--set", "public.tls=true", "--set", "tls.self_signed=true")
UNEXPECTED_MESSAGE, BAD_RECORD_MAC, RECORD_OVERFLOW, ILLEGAL_PARAMETER, DECODE_ERROR = 10, 20, 22, 47, 50


@pytest.fixture(scope="module")
def gateway():
    with Gateway(config=PROFILES, shards=2, arguments=SECURE) as started:
        yield started


@pytest.fixture
def client(gateway):
    with RecordClient(gateway.public) as made:
        yield made


def echo(client, text: bytes) -> None:
    wire = frame(TEXT, text)
    client.send(b"".join(client.seal(DATA, wire[at:at + 16_384]) for at in range(0, len(wire), 16_384)))
    assert client.text() == text


def test_data_in_one_segment_with_finished(gateway):
    def behind(client):
        return client.upgrade() + client.update(asks=True) + client.seal(DATA, frame(TEXT, b"at once"))
    with RecordClient(gateway.public, behind) as client:
        client.upgraded()
        assert client.text() == b"at once"
        assert client.updates_seen == 1
        echo(client, b"later")


@pytest.mark.parametrize("behind", [UPDATE, b"\x18"])
def test_a_message_in_one_record_with_finished(gateway, behind):
    """RFC 8446 section 5.1: a message before a change of keys ends its record."""
    with RecordClient(gateway.public, finish=lambda finished, key: key.seal(HANDSHAKE, finished + behind)) as client:
        assert client.alert() == UNEXPECTED_MESSAGE


@pytest.mark.parametrize("cut", [1, 4, 30])
def test_finished_in_parts(gateway, cut):
    def finish(finished, key):
        return key.seal(HANDSHAKE, finished[:cut]) + b"\x14\3\3\0\1\1" + key.seal(HANDSHAKE, finished[cut:], padding=9)
    with RecordClient(gateway.public, lambda client: client.upgrade(), finish) as client:
        client.upgraded()
        echo(client, b"heard")


def test_each_byte_in_its_own_record_and_segment(client):
    for byte in upgrade_request("/echo", "localhost"):
        record = client.seal(DATA, bytes([byte]), padding=byte % 3)
        client.send(record[:7])
        client.send(record[7:])
    client.upgraded()
    echo(client, b"done")


@pytest.mark.parametrize("padding", [0, 1, 16_000])
def test_empty_records_and_padding(client, padding):
    client.send(client.seal(DATA, b"", padding) + client.upgrade())
    client.upgraded()
    client.send(client.seal(DATA, b"", padding))
    echo(client, b"heard")


FAULTS = {
    "change cipher spec": (lambda client: b"\x14\3\3\0\1\1", UNEXPECTED_MESSAGE),
    "change cipher spec inside": (lambda client: client.seal(CHANGE_CIPHER_SPEC, b"\1"), UNEXPECTED_MESSAGE),
    "plain alert": (lambda client: b"\x15\3\3\0\2\1\0", UNEXPECTED_MESSAGE),
    "plain data": (lambda client: b"\x17\3\3\0\x20" + bytes(32), BAD_RECORD_MAC),
    "twice": (lambda client: client.seal(DATA, b"G") * 2, BAD_RECORD_MAC),
    "swapped": (lambda client: b"".join(reversed([client.seal(DATA, b"G"), client.seal(DATA, b"E")])), BAD_RECORD_MAC),
    "version changed": (lambda client: b"\x17\3\1" + client.seal(DATA, b"G")[3:], BAD_RECORD_MAC),
    "cut short by its header": (lambda client: (lambda r: r[:3] + b"\0\x12" + r[5:])(client.seal(DATA, b"GE")), BAD_RECORD_MAC),
    "too long": (lambda client: b"\x17\3\3\x40\x12", RECORD_OVERFLOW),
    "too short": (lambda client: b"\x17\3\3\0\x10", DECODE_ERROR),
    "finished again": (lambda client: client.seal(HANDSHAKE, b"\x14\0\0\x30" + bytes(48)), UNEXPECTED_MESSAGE),
    "client hello again": (lambda client: client.seal(HANDSHAKE, b"\1\0\1\0" + bytes(256)), UNEXPECTED_MESSAGE),
    "end of early data": (lambda client: client.seal(HANDSHAKE, b"\5\0\0\0"), UNEXPECTED_MESSAGE),
    "a ticket": (lambda client: client.seal(HANDSHAKE, b"\4\0\0\x20" + bytes(32)), UNEXPECTED_MESSAGE),
    "empty handshake": (lambda client: client.seal(HANDSHAKE, b""), UNEXPECTED_MESSAGE),
    "empty alert": (lambda client: client.seal(ALERT, b""), UNEXPECTED_MESSAGE),
    "three bytes of alert": (lambda client: client.seal(ALERT, b"\1\0\0"), DECODE_ERROR),
    "strange key update": (lambda client: client.seal(HANDSHAKE, b"\x18\0\0\1\2"), ILLEGAL_PARAMETER),
    "key update and data under the old key": (lambda client: client.seal(HANDSHAKE, UPDATE) + client.seal(DATA, b"G"),
                                              BAD_RECORD_MAC),
    "data behind a key update": (lambda client: client.seal(HANDSHAKE, UPDATE + b"\x18"), UNEXPECTED_MESSAGE),
    "data within a key update": (lambda client: client.seal(HANDSHAKE, UPDATE[:3]) + client.seal(DATA, b"G"), UNEXPECTED_MESSAGE),
    "padding only": (lambda client: client.seal(0, b"", 100), UNEXPECTED_MESSAGE),
    "too many key updates": (lambda client: b"".join(client.update() for _ in range(257)), UNEXPECTED_MESSAGE),
    "too many empty records": (lambda client: b"".join(client.seal(DATA, b"") for _ in range(33)), UNEXPECTED_MESSAGE),
    "canceled without end": (lambda client: b"".join(client.seal(ALERT, b"\1\x5a") for _ in range(33)), UNEXPECTED_MESSAGE),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("upgraded", [False, True])
def test_faults_are_told(gateway, name, upgraded):
    with RecordClient(gateway.public) as client:
        if upgraded:
            client.send(client.upgrade())
            client.upgraded()
        make_fault, alert = FAULTS[name]
        client.send(make_fault(client))
        assert client.alert() == alert
        with pytest.raises((Closed, ConnectionError)):
            client.record()


def test_faults_after_the_handshake_are_no_handshakes(gateway):
    with contextlib.closing(Api(gateway.api)) as api:
        def handshakes(result):
            lines = api.get("/metrics").body.decode().splitlines()
            return next(int(line.split()[-1]) for line in lines if line.startswith(f'dunlin_tls_handshakes_total{{result="{result}"'))
        full, failed = handshakes("full"), handshakes("failed")
        with RecordClient(gateway.public) as client:
            client.send(client.seal(0, b"", 1))
            assert client.alert() == UNEXPECTED_MESSAGE
        with RecordClient(gateway.public, lambda client: client.seal(ALERT, CLOSE_NOTIFY)) as client:
            assert client.alert() == 0
        assert (handshakes("full"), handshakes("failed")) == (full + 2, failed)
        with RecordClient(gateway.public, finish=lambda finished, key: key.seal(HANDSHAKE, bytes(len(finished)))) as client:
            assert client.alert() == UNEXPECTED_MESSAGE
        assert (handshakes("full"), handshakes("failed")) == (full + 2, failed + 1)


def test_what_follows_close_notify_is_not_heard(client, gateway):
    client.send(client.upgrade())
    client.upgraded()
    client.send(client.seal(ALERT, CLOSE_NOTIFY) + client.seal(DATA, frame(TEXT, b"not heard")) + b"rubbish")
    assert client.alert() == 0
    with pytest.raises((Closed, ConnectionError)):
        client.record()


def test_the_api_answers_who_has_said_all():
    with Gateway(config="[api]\ntls = true\n" + PROFILES, arguments=SECURE) as gateway:
        request = b"GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with RecordClient(gateway.api, lambda client: client.seal(DATA, request) + client.seal(ALERT, CLOSE_NOTIFY)) as client:
            assert client.data(15) == b"HTTP/1.1 200 OK"
            assert client.alert() == 0


def test_a_record_cut_by_the_end(client):
    client.send(client.upgrade())
    client.upgraded()
    client.send(client.seal(DATA, frame(TEXT, b"x" * 1000))[:-1])
    client.socket.shutdown(socket.SHUT_WR)
    with pytest.raises((Closed, ConnectionError)):
        while client.record()[0] == ALERT:
            pass


def test_the_end_of_a_websocket_is_one_of_tls(client):
    client.send(client.upgrade())
    client.upgraded()
    client.send(client.update(asks=True) + client.seal(DATA, frame(CLOSE, close_payload(1000))))
    assert client.data(4) == b"\x88\x02\x03\xe8"
    assert client.updates_seen == 1
    assert client.alert() == 0
    with pytest.raises((Closed, ConnectionError)):
        client.record()


def test_new_keys_while_pushes_flow_and_the_reader_stalls(gateway):
    """Answers to key updates wait behind records that the socket took in part, and data behind them, on both shards."""
    clients = []
    for number in range(6):
        client = RecordClient(gateway.public, lambda client: client.upgrade("/ws"), receive_buffer=4096)
        client.upgraded()
        client.send(client.seal(DATA, frame(TEXT, b'{"uid":"stalled-%d"}' % number)))
        clients.append(client)
    with contextlib.closing(Api(gateway.api)) as api:
        for number in range(len(clients)):
            api.await_online(f"stalled-{number}", 1)
        expected = [[] for _ in clients]
        for step in range(30):
            for number, client in enumerate(clients):
                text = f"{step}-" + "abcdefgh" * (1 + (step * 7919 + number * 104729) % 40_000)
                assert api.post("/v1/push", {"uid": f"stalled-{number}", "text": text}).status == 200
                expected[number].append(text.encode())
                client.send(client.update(asks=True) + client.seal(DATA, frame(PING, b"%d" % step)))
                if step % 5 == number % 5:  # Some of it is read in between.
                    take_message(client, expected[number])
        for number, client in enumerate(clients):
            while expected[number]:
                take_message(client, expected[number])
            assert 1 <= client.updates_seen <= 30
            client.socket.close()


def take_message(client, expected) -> None:
    while True:
        first, size = client.data(2)
        if size == 126:
            size = int.from_bytes(client.data(2), "big")
        elif size == 127:
            size = int.from_bytes(client.data(8), "big")
        payload = client.data(size)
        if first == 0x8A:  # A pong.
            continue
        assert first == 0x81 and payload == expected.pop(0)
        return


def test_an_announced_record_takes_no_memory(gateway):
    with contextlib.ExitStack() as stack, contextlib.closing(Api(gateway.api)) as api:
        def held():
            return api.get("/v1/memory").json["held"]["input_bytes"]
        before = held()
        clients = [stack.enter_context(RecordClient(gateway.public)) for _ in range(20)]
        for client in clients:
            client.send(client.seal(DATA, bytes(16_000))[:50])
        api.await_true(lambda: held() >= before + 20 * 50, "what has come is not counted")
        assert held() <= before + 20 * 100
        for client in clients:
            client.socket.close()
        api.await_true(lambda: held() == before, "what was held is still counted")


def test_a_strict_openssl_configuration(tmp_path):
    """The machine's own may ask for other groups (then a HelloRetryRequest comes first), padding and suites."""
    file = tmp_path / "openssl.cnf"
    file.write_text("openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = all\n[all]\n"
                    "Groups = P-384\nRecordPadding = 512\nNumTickets = 5\nCiphersuites = TLS_AES_128_CCM_SHA256\n"
                    "MinProtocol = TLSv1.3\nOptions = KTLS,-MiddleboxCompat\n", encoding="utf-8")
    with Gateway(config=PROFILES, arguments=SECURE, environment={"OPENSSL_CONF": str(file)}) as gateway:
        with RecordClient(gateway.public, lambda client: client.upgrade()) as client:
            client.upgraded()
            echo(client, b"x" * 100_000)
