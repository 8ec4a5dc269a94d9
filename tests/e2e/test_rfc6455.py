"""RFC 6455 sections 5 to 8 byte by byte, against a profile that only echoes. Tables first: a row is the
rule's section, what the client sends, and what must come back. Every row is sent in one piece and byte
by byte: how a stream is cut must change nothing."""

import os
import select
import socket
import struct
import time

import pytest

from harness.gateway import Gateway
from harness.raw import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, RawClient, close_payload, frame,
                         upgrade_request, RawSocket)

MESSAGE_SIZE_MAX = 1 << 20

CONFIG = f"""
[profiles.plain]
path = "/plain"
on_text = "echo"
on_binary = "echo"
origins = ["any"]
ping_interval_ms = 0
message_size_max = {MESSAGE_SIZE_MAX}
queue_size_max = {16 << 20}

[profiles.small]
path = "/small"
on_text = "echo"
on_binary = "echo"
origins = ["any"]
ping_interval_ms = 0
message_size_max = 1000

[profiles.silent]
path = "/silent"
on_text = "discard"
on_binary = "discard"
origins = ["any"]
ping_interval_ms = 0
"""


@pytest.fixture(scope="module")
def plain_gateway():
    with Gateway(config=CONFIG, shards=1) as gateway:
        yield gateway


@pytest.fixture
def client(plain_gateway):
    with RawClient(plain_gateway.public, "/plain") as client:
        yield client
    assert plain_gateway.running(), plain_gateway.output()[-20000:]


def rows(*table):
    """Parameters out of (name, …) rows."""
    return [pytest.param(*row[1:], id=row[0]) for row in table]


@pytest.fixture(params=["whole", "bytewise"])
def deliver(request, client):
    return client.send if request.param == "whole" else client.send_bytewise


def message_of(client):
    got = client.frame()
    assert got.fin
    return got.opcode, got.payload


def fails_with(client, deliver, wire, *codes):
    """The gateway answers Close with one of `codes` and then ends the TCP connection by itself (7.1.1),
    though we go on as if nothing had happened."""
    try:
        deliver(wire)
    except (BrokenPipeError, ConnectionResetError):
        pass  # It has closed before we had said everything.
    got = client.frame()
    assert got.opcode == CLOSE, got
    assert got.close_code in codes, (got.close_code, got.payload[2:])
    got.close_reason.encode("utf-8")  # 5.5.1: the reason is UTF-8.
    assert client.read_to_end() == b"", "bytes after Close"


# --- 5.2 lengths -----------------------------------------------------------------------------------

SIZES = [0, 1, 2, 3, 7, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537, 300_000, MESSAGE_SIZE_MAX]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", SIZES)
def test_every_length_is_echoed_in_its_minimal_form(client, size, opcode):
    payload = b"*" * size if opcode == TEXT else os.urandom(size)
    client.send(frame(opcode, payload))
    assert message_of(client) == (opcode, payload)
    client.expect_open()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 300])
def test_lengths_byte_by_byte(client, size):
    payload = os.urandom(size)
    client.send_bytewise(frame(BINARY, payload))
    assert message_of(client) == (BINARY, payload)


@pytest.mark.parametrize("form,size", [(16, 0), (16, 1), (16, 124), (16, 125), (64, 0), (64, 1), (64, 125), (64, 126),
                                       (64, 127), (64, 65534), (64, 65535)])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_length_not_minimal(client, opcode, form, size):
    fails_with(client, client.send, frame(opcode, b"*" * size, form=form), 1002)


@pytest.mark.parametrize("length", [1 << 63, (1 << 63) | 5, (1 << 64) - 1, (1 << 63) | (1 << 32)])
def test_64_bit_length_with_the_top_bit_set(client, deliver, length):
    fails_with(client, deliver, frame(BINARY, b"hello", length=length, form=64), 1002)


@pytest.mark.parametrize("length", [MESSAGE_SIZE_MAX + 1, (1 << 32) - 1, 1 << 32, (1 << 32) + 5, (1 << 63) - 1])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_announced_size_is_refused_from_the_header(client, opcode, length):
    fails_with(client, client.send, frame(opcode, b"", length=length, form=64), 1009)


# --- 5.3 masking -----------------------------------------------------------------------------------

@pytest.mark.parametrize("mask", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04", b"\x80\0\0\0", b"\0\0\0\x01"],
                         ids=lambda mask: mask.hex())
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 1000, 4099])
def test_mask(client, mask, size):
    payload = bytes(index * 7 & 0xFF for index in range(size))
    client.send(frame(BINARY, payload, mask=mask))
    assert message_of(client) == (BINARY, payload)


def test_mask_at_every_cut(client):
    """The mask goes on where the piece before it ended, at any alignment."""
    payload = bytes(range(64))
    wire = frame(BINARY, payload, mask=b"\x11\x22\x33\x44")
    for cut in range(1, len(wire)):
        client.send(wire[:cut])
        client.send(wire[cut:])
        assert message_of(client) == (BINARY, payload)


def test_each_frame_has_its_own_mask(client):
    client.send(frame(TEXT, b"one", mask=b"abcd", fin=False) + frame(CONTINUATION, b"two", mask=b"wxyz"))
    assert message_of(client) == (TEXT, b"onetwo")


@pytest.mark.parametrize("opcode", [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG])
@pytest.mark.parametrize("payload", [b"", b"\x03\xe8"], ids=["empty", "two bytes"])
def test_unmasked(client, deliver, opcode, payload):
    fails_with(client, deliver, frame(opcode, payload, mask=None), 1002)


# --- 5.2 reserved bits and opcodes -----------------------------------------------------------------

@pytest.mark.parametrize("rsv", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, CLOSE, PING, PONG])
@pytest.mark.parametrize("payload", [b"", b"\x03\xe8"], ids=["empty", "two bytes"])
def test_reserved_bits(client, rsv, opcode, payload):
    fails_with(client, client.send, frame(opcode, payload, rsv=rsv), 1002)


@pytest.mark.parametrize("rsv", range(1, 8))
def test_reserved_bits_of_a_continuation(client, rsv):
    fails_with(client, client.send, frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=rsv), 1002)


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("fin", [True, False], ids=["fin", "no fin"])
@pytest.mark.parametrize("payload", [b"", b"hello"], ids=["empty", "hello"])
def test_reserved_opcodes(client, opcode, fin, payload):
    fails_with(client, client.send, frame(opcode, payload, fin=fin), 1002)


@pytest.mark.parametrize("opcode", [3, 11])
def test_reserved_opcode_within_a_message(client, deliver, opcode):
    fails_with(client, deliver, frame(TEXT, b"a", fin=False) + frame(opcode, b"b"), 1002)


# --- 5.4 fragmentation -----------------------------------------------------------------------------

FRAGMENTED = rows(
    ("two fragments", [(TEXT, b"Hel", False), (CONTINUATION, b"lo", True)], [(TEXT, b"Hello")]),
    ("binary", [(BINARY, b"\xff\xfe", False), (CONTINUATION, b"\x00", True)], [(BINARY, b"\xff\xfe\x00")]),
    ("empty first", [(TEXT, b"", False), (CONTINUATION, b"lo", True)], [(TEXT, b"lo")]),
    ("empty last", [(TEXT, b"Hel", False), (CONTINUATION, b"", True)], [(TEXT, b"Hel")]),
    ("all empty", [(TEXT, b"", False), (CONTINUATION, b"", False), (CONTINUATION, b"", True)], [(TEXT, b"")]),
    ("empty in the middle", [(TEXT, b"a", False), (CONTINUATION, b"", False), (CONTINUATION, b"b", True)],
     [(TEXT, b"ab")]),
    ("ping between", [(TEXT, b"a", False), (PING, b"p", True), (CONTINUATION, b"b", True)],
     [(PONG, b"p"), (TEXT, b"ab")]),
    ("pong between", [(TEXT, b"a", False), (PONG, b"p", True), (CONTINUATION, b"b", True)], [(TEXT, b"ab")]),
    ("empty ping between", [(BINARY, b"a", False), (PING, b"", True), (CONTINUATION, b"b", True)],
     [(PONG, b""), (BINARY, b"ab")]),
    ("two messages", [(TEXT, b"a", False), (CONTINUATION, b"b", True), (BINARY, b"c", False),
                      (CONTINUATION, b"d", True)], [(TEXT, b"ab"), (BINARY, b"cd")]),
    ("message after fragments", [(TEXT, b"a", False), (CONTINUATION, b"b", True), (TEXT, b"c", True)],
     [(TEXT, b"ab"), (TEXT, b"c")]),
    ("five fragments", [(TEXT, b"1", False)] + [(CONTINUATION, b"%d" % n, False) for n in range(2, 5)] +
     [(CONTINUATION, b"5", True)], [(TEXT, b"12345")]),
)


@pytest.mark.parametrize("sent,expected", FRAGMENTED)
def test_fragments(client, deliver, sent, expected):
    deliver(b"".join(frame(opcode, payload, fin=fin) for opcode, payload, fin in sent))
    for one in expected:
        assert message_of(client) == one
    client.expect_open()


BROKEN_FRAGMENTS = rows(
    ("continuation of nothing", [(CONTINUATION, b"a", True)]),
    ("empty continuation of nothing", [(CONTINUATION, b"", True)]),
    ("unfinished continuation of nothing", [(CONTINUATION, b"a", False)]),
    ("continuation after a finished message", [(TEXT, b"a", False), (CONTINUATION, b"b", True),
                                               (CONTINUATION, b"c", True)]),
    ("text within a message", [(TEXT, b"a", False), (TEXT, b"b", True)]),
    ("unfinished text within a message", [(TEXT, b"a", False), (TEXT, b"b", False)]),
    ("binary within a text", [(TEXT, b"a", False), (BINARY, b"b", True)]),
    ("text within a binary", [(BINARY, b"a", False), (TEXT, b"b", True)]),
    ("text after a ping within a message", [(TEXT, b"a", False), (PING, b"", True), (TEXT, b"b", True)]),
)


@pytest.mark.parametrize("sent", BROKEN_FRAGMENTS)
def test_broken_fragments(client, deliver, sent):
    try:
        deliver(b"".join(frame(opcode, payload, fin=fin) for opcode, payload, fin in sent))
    except (BrokenPipeError, ConnectionResetError):
        pass
    got = client.frame()
    while got.opcode in (TEXT, BINARY, PONG):  # What was right before it is served.
        got = client.frame()
    assert (got.opcode, got.close_code) == (CLOSE, 1002)
    assert client.read_to_end() == b""


def test_a_thousand_fragments_of_one_byte(client):
    payload = os.urandom(1000)
    wire = frame(BINARY, payload[:1], fin=False)
    wire += b"".join(frame(CONTINUATION, payload[n:n + 1], fin=False) for n in range(1, 999))
    client.send(wire + frame(CONTINUATION, payload[999:]))
    assert message_of(client) == (BINARY, payload)


def test_endless_empty_fragments_are_no_free_ride(client):
    """Either they are refused at some point, or they cost nothing: the message still ends right."""
    client.send(frame(BINARY, b"a", fin=False))
    try:
        for _ in range(40):
            client.send(frame(CONTINUATION, b"", fin=False) * 1000)
        client.send(frame(CONTINUATION, b"b"))
    except (BrokenPipeError, ConnectionResetError):
        pass
    got = client.frame()
    assert (got.opcode, got.payload) == (BINARY, b"ab") or got.close_code in (1008, 1009), got


@pytest.mark.parametrize("sizes", [[1000], [500, 500], [999, 1], [1] * 10, [0, 1000, 0]], ids=str)
def test_message_of_exactly_the_limit_in_fragments(plain_gateway, sizes):
    with RawClient(plain_gateway.public, "/small") as client:
        send_fragments(client, sizes)
        assert message_of(client) == (BINARY, b"*" * sum(sizes))
        client.expect_open()


@pytest.mark.parametrize("sizes", [[1001], [500, 501], [1000, 1], [1, 1000], [0, 1001], [1000, 0, 1]], ids=str)
def test_message_over_the_limit(plain_gateway, sizes):
    with RawClient(plain_gateway.public, "/small") as client:
        send_fragments(client, sizes)
        client.expect_close(1009)


def send_fragments(client, sizes):
    client.send(b"".join(frame(BINARY if index == 0 else CONTINUATION, b"*" * size, fin=index == len(sizes) - 1)
                         for index, size in enumerate(sizes)))


@pytest.mark.parametrize("length", [1001, (1 << 32) + 5, (1 << 63) - 1, (1 << 63) - 1000])
def test_continuation_that_announces_too_much(plain_gateway, length):
    """The sum must not wrap round (gorilla CVE-2020-27813)."""
    with RawClient(plain_gateway.public, "/small") as client:
        client.send(frame(BINARY, b"*" * 900, fin=False) + frame(CONTINUATION, b"", length=length))
        client.expect_close(1009)


# --- 5.5 control frames ----------------------------------------------------------------------------

@pytest.mark.parametrize("size", [0, 1, 2, 124, 125])
def test_ping_gets_its_payload_back(client, deliver, size):
    payload = os.urandom(size)
    deliver(frame(PING, payload))
    assert message_of(client) == (PONG, payload)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
@pytest.mark.parametrize("size,form", [(126, 16), (127, 16), (65535, 16), (65536, 64)])
def test_control_frame_too_long(client, opcode, size, form):
    fails_with(client, client.send, frame(opcode, b"\x03\xe8" + b"*" * (size - 2), form=form), 1002)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
@pytest.mark.parametrize("form", [16, 64])
def test_control_frame_too_long_is_refused_from_the_header(client, opcode, form):
    fails_with(client, client.send, frame(opcode, b"", length=126, form=form), 1002)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
@pytest.mark.parametrize("payload", [b"", b"\x03\xe8"], ids=["empty", "two bytes"])
def test_fragmented_control_frame(client, deliver, opcode, payload):
    fails_with(client, deliver, frame(opcode, payload, fin=False), 1002)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_fragmented_control_frame_within_a_message(client, opcode):
    fails_with(client, client.send, frame(TEXT, b"a", fin=False) + frame(opcode, b"", fin=False), 1002)


@pytest.mark.parametrize("payload", [b"", b"unasked", b"*" * 125], ids=["empty", "short", "125"])
def test_unsolicited_pong_is_passed_over(client, payload):
    client.send(frame(PONG, payload))
    client.expect_open()


def test_pings_one_after_the_other(client):
    for number in range(50):
        client.send(frame(PING, b"%d" % number))
        assert message_of(client) == (PONG, b"%d" % number)


def test_of_many_pings_at_once_the_last_is_answered(client):
    """5.5.3: an endpoint may answer the latest only; it must answer that one, and in order."""
    client.send(b"".join(frame(PING, b"%d" % number) for number in range(100)))
    last = -1
    while last != 99:
        opcode, payload = message_of(client)
        assert opcode == PONG and int(payload) > last
        last = int(payload)
    client.expect_open()


def test_ping_of_any_bytes(client):
    client.send(frame(PING, b"\xff\xfe\x80\0"))
    assert message_of(client) == (PONG, b"\xff\xfe\x80\0")


# --- 5.6, 8.1 UTF-8 --------------------------------------------------------------------------------

VALID_TEXTS = ["", "Hello World", "\0", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufeff", "\ufffd",
               "\ufffe", "\uffff", "\U00010000", "\U0001fffe", "\U0010ffff", "Hellö ∑ 中 😀", "κόσμε", "a\u0300",
               "é" * 63, "😀" * 40, "a" * 63 + "é", "a" * 64 + "é", "é" * 10_000]


@pytest.mark.parametrize("text", VALID_TEXTS, ids=lambda text: ascii(text)[:30])
def test_valid_text(client, deliver, text):
    if len(text) > 1000:
        deliver = client.send
    deliver(frame(TEXT, text.encode("utf-8")))
    assert message_of(client) == (TEXT, text.encode("utf-8"))


@pytest.mark.parametrize("text", ["Hellö ∑ 中 😀", "\U0010ffff\ufffe\u07ff"], ids=ascii)
def test_valid_text_in_fragments_cut_anywhere(client, text):
    payload = text.encode("utf-8")
    for cut in range(len(payload) + 1):
        client.send(frame(TEXT, payload[:cut], fin=False) + frame(PING) + frame(CONTINUATION, payload[cut:]))
        assert message_of(client) == (PONG, b"")
        assert message_of(client) == (TEXT, payload)
    client.send(b"".join(frame(CONTINUATION if n else TEXT, payload[n:n + 1], fin=n == len(payload) - 1)
                         for n in range(len(payload))))
    assert message_of(client) == (TEXT, payload)


INVALID = {
    "lone continuation 80": b"\x80", "lone continuation BF": b"\xbf", "two continuations": b"\x80\xbf",
    "C0": b"\xc0", "C1": b"\xc1", "F5": b"\xf5", "F8": b"\xf8", "FC": b"\xfc", "FE": b"\xfe", "FF": b"\xff",
    "overlong 2 C0 80": b"\xc0\x80", "overlong 2 C0 AF": b"\xc0\xaf", "overlong 2 C1 BF": b"\xc1\xbf",
    "overlong 3 E0 80 80": b"\xe0\x80\x80", "overlong 3 E0 80 AF": b"\xe0\x80\xaf", "overlong 3 E0 9F BF": b"\xe0\x9f\xbf",
    "overlong 4 F0 80 80 80": b"\xf0\x80\x80\x80", "overlong 4 F0 8F BF BF": b"\xf0\x8f\xbf\xbf",
    "surrogate D800": b"\xed\xa0\x80", "surrogate DBFF": b"\xed\xaf\xbf", "surrogate DC00": b"\xed\xb0\x80",
    "surrogate DFFF": b"\xed\xbf\xbf", "surrogate pair": b"\xed\xa0\x80\xed\xb0\x80",
    "above 10FFFF": b"\xf4\x90\x80\x80", "above 10FFFF F7": b"\xf7\xbf\xbf\xbf",
    "5 bytes": b"\xf8\x88\x80\x80\x80", "6 bytes": b"\xfc\x84\x80\x80\x80\x80",
    "2 bytes, ASCII second": b"\xc3\x28", "3 bytes, ASCII second": b"\xe2\x28\xa1", "3 bytes, ASCII third": b"\xe2\x82\x28",
    "4 bytes, ASCII second": b"\xf0\x28\x8c\xbc", "4 bytes, ASCII third": b"\xf0\x90\x28\xbc",
    "4 bytes, ASCII fourth": b"\xf0\x90\x8c\x28", "2 bytes, lead second": b"\xc3\xc3", "latin-1": b"caf\xe9!",
}
TRUNCATED = {"cut 2": b"\xc3", "cut 3 after 1": b"\xe2", "cut 3 after 2": b"\xe2\x82", "cut 4 after 1": b"\xf0",
             "cut 4 after 2": b"\xf0\x9f", "cut 4 after 3": b"\xf0\x9f\x98"}
# Each before, after and within ASCII, and after a block long enough for the vectorised check.
AROUND = {"alone": (b"", b""), "after": (b"hello", b""), "within": (b"hello", b"world"), "late": (b"a" * 130, b"b" * 70)}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND.keys())
@pytest.mark.parametrize("payload", INVALID.values(), ids=INVALID.keys())
def test_invalid_text(client, deliver, payload, around):
    fails_with(client, deliver, frame(TEXT, around[0] + payload + around[1]), 1007)


@pytest.mark.parametrize("before", [b"", b"hello", b"a" * 130], ids=["alone", "after", "late"])
@pytest.mark.parametrize("payload", TRUNCATED.values(), ids=TRUNCATED.keys())
def test_text_that_ends_within_a_character(client, deliver, payload, before):
    fails_with(client, deliver, frame(TEXT, before + payload), 1007)


@pytest.mark.parametrize("payload", TRUNCATED.values(), ids=TRUNCATED.keys())
def test_fragmented_text_that_ends_within_a_character(client, payload):
    fails_with(client, client.send, frame(TEXT, payload, fin=False) + frame(CONTINUATION, b""), 1007)


@pytest.mark.parametrize("payload", INVALID.values(), ids=INVALID.keys())
def test_invalid_text_fails_before_the_message_ends(client, payload):
    """8.1: fail fast, without waiting for the last fragment."""
    fails_with(client, client.send, frame(TEXT, b"good", fin=False) + frame(CONTINUATION, payload, fin=False), 1007)


@pytest.mark.parametrize("payload", INVALID.values(), ids=INVALID.keys())
def test_invalid_text_fails_before_the_frame_ends(client, payload):
    wire = frame(TEXT, b"good" + payload + b"*" * 1000)
    fails_with(client, client.send, wire[:len(wire) - 1000], 1007)


def test_bad_bytes_split_over_fragments(client):
    fails_with(client, client.send, frame(TEXT, b"\xed", fin=False) + frame(CONTINUATION, b"\xa0\x80"), 1007)


def test_state_of_one_text_does_not_reach_the_next(client):
    client.send(frame(TEXT, "é".encode()[:1], fin=False) + frame(CONTINUATION, "é".encode()[1:]) + frame(TEXT, b"abc"))
    assert message_of(client) == (TEXT, "é".encode())
    assert message_of(client) == (TEXT, b"abc")


@pytest.mark.parametrize("payload", INVALID.values(), ids=INVALID.keys())
def test_binary_is_never_checked(client, payload):
    client.send(frame(BINARY, payload, fin=False) + frame(CONTINUATION, payload))
    assert message_of(client) == (BINARY, payload * 2)


# --- 7 closing -------------------------------------------------------------------------------------

LEGAL_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999]
ILLEGAL_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32768, 65535]


@pytest.mark.parametrize("code", LEGAL_CODES)
def test_legal_close_code_is_echoed(client, deliver, code):
    deliver(frame(CLOSE, close_payload(code, b"bye")))
    got = client.frame()
    assert (got.opcode, got.close_code) == (CLOSE, code)
    assert client.read_to_end() == b""


@pytest.mark.parametrize("code", ILLEGAL_CODES)
@pytest.mark.parametrize("reason", [b"", b"bye"], ids=["no reason", "reason"])
def test_illegal_close_code(client, code, reason):
    fails_with(client, client.send, frame(CLOSE, close_payload(code, reason)), 1002)


def test_close_without_a_code(client, deliver):
    deliver(frame(CLOSE))
    got = client.frame()
    assert got.opcode == CLOSE and got.close_code in (None, 1000)
    assert client.read_to_end() == b""


@pytest.mark.parametrize("payload", [b"\x03", b"\x00", b"\xff"], ids=lambda payload: payload.hex())
def test_close_payload_of_one_byte(client, deliver, payload):
    fails_with(client, deliver, frame(CLOSE, payload), 1002)


@pytest.mark.parametrize("reason", ["", "a", "*" * 123, "é" * 61, "😀" * 30], ids=ascii)
def test_close_reason_of_any_length(client, reason):
    client.send(frame(CLOSE, close_payload(1000, reason.encode("utf-8"))))
    assert client.frame().close_code == 1000
    assert client.read_to_end() == b""


@pytest.mark.parametrize("reason", list(INVALID.values()) + list(TRUNCATED.values()),
                         ids=list(INVALID.keys()) + list(TRUNCATED.keys()))
def test_close_reason_that_is_not_utf8(client, reason):
    fails_with(client, client.send, frame(CLOSE, close_payload(1000, reason)), 1007)


AFTER_CLOSE = rows(
    ("text", frame(TEXT, b"late")), ("ping", frame(PING, b"late")), ("close", frame(CLOSE, close_payload(1001))),
    ("rubbish", b"\xff" * 50), ("unfinished frame", b"\x81"), ("unmasked", frame(TEXT, b"late", mask=None)))


@pytest.mark.parametrize("late", AFTER_CLOSE)
def test_nothing_is_read_after_close(client, late):
    client.send(frame(CLOSE, close_payload(1000)) + late)
    got = client.frame()
    assert (got.opcode, got.close_code) == (CLOSE, 1000)
    assert client.read_to_end() == b""


def test_close_within_a_message(client):
    client.send(frame(TEXT, b"unfin", fin=False) + frame(CLOSE, close_payload(1000)))
    got = client.frame()
    assert (got.opcode, got.close_code) == (CLOSE, 1000)
    assert client.read_to_end() == b""


def test_echo_before_close_is_delivered(client):
    client.send(frame(TEXT, b"first") + frame(CLOSE, close_payload(1000)))
    assert message_of(client) == (TEXT, b"first")
    assert client.frame().close_code == 1000
    assert client.read_to_end() == b""


@pytest.mark.plain_tcp
@pytest.mark.parametrize("wire", rows(
    ("nothing", b""), ("half a header", b"\x81"), ("header", frame(TEXT, b"hello")[:6]),
    ("half a payload", frame(TEXT, b"hello")[:9]), ("unfinished message", frame(TEXT, b"hello", fin=False))))
def test_half_close_without_a_closing_handshake(client, wire):
    """The peer's FIN without Close: the connection ends, with no Close or with one that says why."""
    client.send(wire)
    client.shutdown_write()
    try:
        got = client.frame()
        assert got.opcode == CLOSE, got
        assert client.read_to_end() == b""
    except Closed:
        pass


@pytest.mark.plain_tcp
def test_half_close_after_a_message_still_gets_its_echo(client):
    client.send(frame(TEXT, b"last"))
    client.shutdown_write()
    assert message_of(client) == (TEXT, b"last")


# --- several things at once ------------------------------------------------------------------------

def test_many_messages_in_one_segment_come_back_in_order(client):
    messages = [b"%d" % number for number in range(500)]
    client.send(b"".join(frame(TEXT, message, mask=os.urandom(4)) for message in messages))
    for message in messages:
        assert message_of(client) == (TEXT, message)


def test_cut_at_every_byte_of_a_conversation(plain_gateway):
    """The same bytes in two pieces, cut at each place in turn, give the same answers."""
    wire = (frame(TEXT, "é1".encode(), fin=False) + frame(PING, b"p") + frame(CONTINUATION, b"2") +
            frame(BINARY, bytes(range(130))) + frame(CLOSE, close_payload(3000, b"end")))
    with RawClient(plain_gateway.public, "/plain") as client:
        client.send(wire)
        expected = client.read_to_end()
    assert expected
    for cut in range(1, len(wire)):
        with RawClient(plain_gateway.public, "/plain") as client:
            client.send(wire[:cut])
            client.send(wire[cut:])
            assert client.read_to_end() == expected, f"cut at {cut}"


@pytest.mark.parametrize("extra", rows(
    ("text", frame(TEXT, b"early")), ("two", frame(TEXT, b"early") + frame(TEXT, b"again")),
    ("half a frame", frame(TEXT, b"early")[:8])))
def test_frames_right_behind_the_handshake(plain_gateway, extra):
    whole = frame(TEXT, b"early") + frame(TEXT, b"again") if len(extra) > 11 else frame(TEXT, b"early")
    with RawSocket(plain_gateway.public) as raw:
        raw.send(upgrade_request("/plain") + extra)
        assert raw.read_head().status == 101
        raw.send(whole[len(extra):])
        assert raw.read(7) == b"\x81\x05early"
        if len(extra) > 11:
            assert raw.read(7) == b"\x81\x05again"


def test_violation_right_behind_the_handshake(plain_gateway):
    with RawSocket(plain_gateway.public) as raw:
        raw.send(upgrade_request("/plain") + frame(3, b""))
        assert raw.read_head().status == 101
        assert raw.read(4)[2:] == struct.pack(">H", 1002)


def test_after_a_violation_nothing_more_is_served(client):
    client.send(frame(TEXT, b"good") + frame(TEXT, b"bad", rsv=4) + frame(TEXT, b"late") * 10)
    assert message_of(client) == (TEXT, b"good")
    got = client.frame()
    assert (got.opcode, got.close_code) == (CLOSE, 1002)
    assert client.read_to_end() == b""


def test_a_violator_that_keeps_its_end_open_does_not_keep_ours(client):
    """7.1.1: the server ends the TCP connection, even if no Close comes back."""
    client.send(frame(TEXT, b"bad", rsv=1))
    assert client.frame().close_code == 1002
    assert client.read_to_end() == b""  # Our own end was never closed.


def test_a_violator_that_goes_on_sending_is_cut_off(client):
    client.send(frame(TEXT, b"bad", rsv=1))
    try:
        for _ in range(2000):
            client.send(b"\0" * 65536)
    except OSError:
        return
    pytest.fail("130 MB were taken after the connection had failed")


def test_the_discarding_profile_checks_as_well(plain_gateway):
    for wire, code in [(frame(TEXT, b"\xff"), 1007), (frame(TEXT, b"a", rsv=1), 1002),
                       (frame(BINARY, b"", length=1 << 40, form=64), 1009)]:
        with RawClient(plain_gateway.public, "/silent") as client:
            client.send(frame(TEXT, b"fine"))
            client.send(wire)
            client.expect_close(code)


def test_no_segment_boundary_is_needed(client):
    """Nagle on, one byte at a time: the kernel joins the bytes as it likes."""
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    client.send_bytewise(b"".join(frame(TEXT, b"%d" % number) for number in range(30)))
    for number in range(30):
        assert message_of(client) == (TEXT, b"%d" % number)


@pytest.mark.plain_tcp
def test_echo_while_both_directions_are_full(client):
    """We send without reading until 8 MiB are under way, then read: nothing is lost or torn."""
    payload = os.urandom(64 << 10)
    client.socket.setblocking(False)
    wire = memoryview(frame(BINARY, payload) * 128)
    sent, received = 0, bytearray()
    while sent < len(wire) or len(received) < 128 * (len(payload) + 10):
        readable, writable, _ = select.select([client.socket], [client.socket] if sent < len(wire) else [], [], 30)
        assert readable or writable, f"stuck at {sent} sent, {len(received)} received"
        if writable:
            sent += client.socket.send(wire[sent:sent + 262144])
        if readable:
            received += client.socket.recv(1 << 18)
    expected = b"\x82\x7f" + struct.pack(">Q", len(payload)) + payload
    assert bytes(received) == expected * 128


@pytest.mark.parametrize("behind", [1, 2, 4, 9, 14, 15, 5000])
def test_large_echoes_however_the_stream_is_cut(client, behind):
    """A large answer takes the place of the question where it can: its header may have come in another read."""
    payloads = [b"a" * 5000, b"b" * 70_000, b"c" * 10, b"d" * 5000, b"e" * 5000, b"f" * 65_535]
    wire, starts = bytearray(), []
    for payload in payloads:
        starts.append(len(wire))
        if payload[:1] == b"e":  # Its first fragment is empty.
            wire += frame(TEXT, b"", fin=False) + frame(CONTINUATION, payload)
        else:
            wire += frame(TEXT, payload)
    cuts = [0] + [start + behind for start in starts] + [len(wire)]
    for begin, end in zip(cuts, cuts[1:]):
        client.send(wire[begin:end])
        time.sleep(0.01)
    for payload in payloads:
        assert message_of(client) == (TEXT, payload)
