"""The opening handshake against hostile and sloppy HTTP: RFC 6455 4.2, RFC 9112, and the faults of peers
in the security checklist, A and B. A refusal is a framed HTTP error that closes the connection and holds
nothing the client said."""

import json
import select
import time

import pytest

from harness.gateway import Gateway
from harness.raw import KEY, TEXT, RawClient, RawSocket, frame, upgrade_request

ORIGIN_CONFIG = """
[handshake]
timeout_ms = 700

[profiles.same]
path = "/same"
on_text = "echo"

[profiles.listed]
path = "/listed"
on_text = "echo"
origins = ["https://good.example", "http://other.example:8080"]

[profiles.any]
path = "/any"
on_text = "echo"
origins = ["any"]
"""


@pytest.fixture(scope="module")
def strict_gateway():
    with Gateway(config=ORIGIN_CONFIG, shards=1) as gateway:
        yield gateway


def exchange(address, wire, bytewise=False):
    """Sends a request; the head of the answer, and the body if it is an error."""
    with RawSocket(address) as raw:
        try:
            (raw.send_bytewise if bytewise else raw.send)(wire)
        except (BrokenPipeError, ConnectionResetError):
            pass
        head = raw.read_head()
        if head.status == 101:
            return head, b""
        body = raw.read(int(head.headers["content-length"]))
        assert raw.read_to_end() == b"", "bytes after an error"
        return head, body


def refused(gateway, wire, *statuses):
    head, body = exchange(gateway.public, wire)
    assert head.status in statuses, (head.status, body)
    assert "close" in tokens(head, "connection")
    if body:
        error = json.loads(body)["error"]
        assert error["code"] and error["message"]
    return head


def tokens(head, name):
    return {token.strip().lower() for token in head.headers.get(name, "").split(",")}


def head_of(*lines):
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


REQUEST = ["GET /echo HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
           f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"]


def with_lines(*extra):
    return head_of(*REQUEST, *extra)


def instead(name, *lines):
    """The right request with the field `name` replaced by whole lines (none: left out)."""
    kept = [line for line in REQUEST if not line.lower().startswith(name.lower() + ":")]
    assert len(kept) == len(REQUEST) - 1
    return head_of(*kept, *lines)


# --- accepted --------------------------------------------------------------------------------------

ACCEPTED = {
    "plain": head_of(*REQUEST),
    "names in upper case": head_of(REQUEST[0], *[f"{n.upper()}:{v}" for n, v in (l.split(":", 1) for l in REQUEST[1:])]),
    "names in lower case": head_of(REQUEST[0], *[f"{n.lower()}:{v}" for n, v in (l.split(":", 1) for l in REQUEST[1:])]),
    "Upgrade: WebSocket": instead("Upgrade", "Upgrade: WebSocket"),
    "Connection: keep-alive, Upgrade": instead("Connection", "Connection: keep-alive, Upgrade"),
    "Connection: upgrade": instead("Connection", "Connection: upgrade"),
    "two Connection fields": instead("Connection", "Connection: keep-alive", "Connection: Upgrade"),
    "empty list elements": instead("Connection", "Connection: ,, ,Upgrade,"),
    "white space around values": instead("Upgrade", "Upgrade: \t websocket \t "),
    "no white space after colons": head_of(REQUEST[0], *[l.replace(": ", ":") for l in REQUEST[1:]]),
    "query": head_of("GET /echo?a=1&b=%20 HTTP/1.1", *REQUEST[1:]),
    "absolute form": head_of("GET http://localhost/echo HTTP/1.1", *REQUEST[1:]),
    "Host with a port": instead("Host", "Host: localhost:1234"),
    "Host is IPv6": instead("Host", "Host: [::1]:80"),
    "many fields": with_lines(*[f"X-Field-{n}: {n}" for n in range(60)]),
    "a long field": with_lines("Cookie: " + "c" * 6000),
    "a long target": head_of("GET /echo?" + "q" * 7900 + " HTTP/1.1", *REQUEST[1:]),
    "Content-Length: 0": with_lines("Content-Length: 0"),
    "unknown extension": with_lines("Sec-WebSocket-Extensions: x-unheard-of; a=1"),
    "unknown subprotocol": with_lines("Sec-WebSocket-Protocol: chat, superchat"),
    "obs-text in a value": with_lines("X-Name: caf\xe9"),
    "other Upgrade tokens": instead("Upgrade", "Upgrade: foo/1, websocket"),
}


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("wire", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(gateway, wire, bytewise):
    if bytewise and len(wire) > 2000:
        pytest.skip("long")
    head, _ = exchange(gateway.public, wire, bytewise)
    assert head.status == 101
    assert head.headers["upgrade"].lower() == "websocket"
    assert head.headers["connection"].lower() == "upgrade"
    assert head.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 1.3
    assert "sec-websocket-protocol" not in head.headers
    assert "sec-websocket-extensions" not in head.headers
    assert "content-length" not in head.headers and "transfer-encoding" not in head.headers


def test_head_cut_at_every_byte(gateway):
    wire = head_of(*REQUEST)
    for cut in range(1, len(wire)):
        with RawSocket(gateway.public) as raw:
            raw.send(wire[:cut])
            raw.send(wire[cut:])
            assert raw.read_head().status == 101, cut


# --- refused ---------------------------------------------------------------------------------------

REFUSED = {
    # A5: exactly one Host
    "no Host": (instead("Host"), 400), "two Hosts": (with_lines("Host: localhost"), 400),
    "two different Hosts": (with_lines("Host: evil"), 400), "Host with a space": (instead("Host", "Host: a b"), 400),
    "Host with a path": (instead("Host", "Host: a/b"), 400), "Host with user": (instead("Host", "Host: u@a"), 400),
    "Host with a comma": (instead("Host", "Host: a, b"), 400), "Host with a bad port": (instead("Host", "Host: a:b"), 400),
    # A6: method, version, target
    "POST": (head_of("POST /echo HTTP/1.1", *REQUEST[1:]), (400, 405)),
    "HEAD": (head_of("HEAD /echo HTTP/1.1", *REQUEST[1:]), (400, 405)),
    "PUT": (head_of("PUT /echo HTTP/1.1", *REQUEST[1:]), (400, 405)),
    "get": (head_of("get /echo HTTP/1.1", *REQUEST[1:]), (400, 405, 501)),
    "unknown method": (head_of("BREW /echo HTTP/1.1", *REQUEST[1:]), (400, 405, 501)),
    "CONNECT": (head_of("CONNECT localhost:80 HTTP/1.1", *REQUEST[1:]), (400, 405)),
    "HTTP/1.0": (head_of("GET /echo HTTP/1.0", *REQUEST[1:]), (400, 426, 505)),
    "HTTP/0.9": (head_of("GET /echo HTTP/0.9", *REQUEST[1:]), (400, 505)),
    "HTTP/2.0": (head_of("GET /echo HTTP/2.0", *REQUEST[1:]), (400, 505)),
    "HTTP/1.2": (head_of("GET /echo HTTP/1.2", *REQUEST[1:]), (400, 505)),
    "http/1.1": (head_of("GET /echo http/1.1", *REQUEST[1:]), 400),
    "no version": (head_of("GET /echo", *REQUEST[1:]), 400),
    "asterisk": (head_of("GET * HTTP/1.1", *REQUEST[1:]), (400, 404)),
    "authority form": (head_of("GET localhost:80 HTTP/1.1", *REQUEST[1:]), 400),
    "relative target": (head_of("GET echo HTTP/1.1", *REQUEST[1:]), 400),
    "two spaces": (head_of("GET  /echo HTTP/1.1", *REQUEST[1:]), 400),
    "target with a space": (head_of("GET /ec ho HTTP/1.1", *REQUEST[1:]), 400),
    "target with a tab": (head_of("GET /ec\tho HTTP/1.1", *REQUEST[1:]), 400),
    "target with NUL": (head_of("GET /echo\0 HTTP/1.1", *REQUEST[1:]), 400),
    "raw 8-bit target": (head_of("GET /ech\xf6 HTTP/1.1", *REQUEST[1:]), (400, 404)),
    # A4: reject, do not repair
    "space before colon": (instead("Upgrade", "Upgrade : websocket"), 400),
    "folded line": (with_lines("X-A: 1", " folded"), 400), "folded by tab": (with_lines("X-A: 1", "\tfolded"), 400),
    "no colon": (with_lines("X-A"), 400), "empty name": (with_lines(": x"), 400),
    "name with a space": (with_lines("X A: 1"), 400), "name with brackets": (with_lines("X(A): 1"), 400),
    "8-bit name": (with_lines("X-\xe9: 1"), 400), "NUL in a value": (with_lines("X-A: a\0b"), 400),
    "bare CR in a value": (with_lines("X-A: a\rb"), 400), "control in a value": (with_lines("X-A: a\x01b"), 400),
    "DEL in a value": (with_lines("X-A: a\x7fb"), 400), "bare LF": (with_lines("X-A: 1").replace(b"\r\n", b"\n"), 400),
    "one bare LF": (with_lines("X-A: 1\nX-B: 2"), 400),
    "CR smuggles a field": (with_lines("X-A: 1\rTransfer-Encoding: chunked"), 400),
    "space before the first field": (head_of(REQUEST[0], " " + REQUEST[1], *REQUEST[2:]), 400),
    "binary rubbish": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 405, 505)),
    # A7: no body on an upgrade
    "Content-Length": (with_lines("Content-Length: 5") + b"hello", 400),
    "huge Content-Length": (with_lines("Content-Length: 99999999999999999999"), 400),
    "two Content-Lengths": (with_lines("Content-Length: 5", "Content-Length: 6"), 400),
    "two lengths in one": (with_lines("Content-Length: 5, 6"), 400), "negative": (with_lines("Content-Length: -1"), 400),
    "plus": (with_lines("Content-Length: +5"), 400), "hexadecimal": (with_lines("Content-Length: 0x5"), 400),
    "chunked": (with_lines("Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "other coding": (with_lines("Transfer-Encoding: gzip"), (400, 501)),
    "chunked and length": (with_lines("Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\n", 400),
    # A8, 4.2.1: the upgrade itself
    "h2c": (instead("Upgrade", "Upgrade: h2c"), (400, 426)),
    "websocketx": (instead("Upgrade", "Upgrade: websocketx"), (400, 426)),
    "no Upgrade": (instead("Upgrade"), (400, 426)), "no Connection": (instead("Connection"), (400, 426)),
    "Connection: close": (instead("Connection", "Connection: close"), (400, 426)),
    "Connection: notupgrade": (instead("Connection", "Connection: notupgrade"), (400, 426)),
    # B12: the key
    "no key": (instead("Sec-WebSocket-Key"), 400), "two keys": (with_lines(f"Sec-WebSocket-Key: {KEY}"), 400),
    "empty key": (instead("Sec-WebSocket-Key", "Sec-WebSocket-Key:"), 400),
    "short key": (instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: c2hvcnQ="), 400),
    "long key": (instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAAAA=="), 400),
    "key without padding": (instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"), 400),
    "key not base64": (instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q=="), 400),
    "key of 24 letters": (instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: " + "a" * 24), 400),
    # B13: the version
    "no version field": (instead("Sec-WebSocket-Version"), (400, 426)),
    **{f"version {v}": (instead("Sec-WebSocket-Version", f"Sec-WebSocket-Version: {v}"), 426) for v in ("0", "8", "12", "14")},
    **{f"version {v!r}": (instead("Sec-WebSocket-Version", f"Sec-WebSocket-Version: {v}"), (400, 426))
       for v in ("013", "+13", "0x0d", "13.0", "13 13", "13,13", "-13", "1 3", "thirteen", "")},
    "two versions": (with_lines("Sec-WebSocket-Version: 13"), (400, 426)),
    "versions 13 and 8": (with_lines("Sec-WebSocket-Version: 8"), (400, 426)),
    # A2: limits
    "target too long": (head_of("GET /" + "a" * 9000 + " HTTP/1.1", *REQUEST[1:]), 414),
    "too many fields": (with_lines(*[f"X-{n}: 1" for n in range(200)]), 431),
    "fields too big": (with_lines("X-A: " + "a" * 40_000), 431),
    "one endless name": (with_lines("X" * 40_000 + ": 1"), (400, 431)),
    "mandatory fields beyond the limit": (head_of(REQUEST[0], *[f"X-{n}: 1" for n in range(3000)], *REQUEST[1:]), 431),
    # paths
    "unknown path": (head_of("GET /nowhere HTTP/1.1", *REQUEST[1:]), 404),
    "path is a prefix": (head_of("GET /ech HTTP/1.1", *REQUEST[1:]), 404),
    "path with more": (head_of("GET /echo/ HTTP/1.1", *REQUEST[1:]), 404),
    "path in capitals": (head_of("GET /ECHO HTTP/1.1", *REQUEST[1:]), 404),
    "dots": (head_of("GET /./echo HTTP/1.1", *REQUEST[1:]), 404),
}


@pytest.mark.parametrize("wire,statuses", REFUSED.values(), ids=REFUSED.keys())
def test_refused(gateway, wire, statuses):
    head = refused(gateway, wire, *(statuses if isinstance(statuses, tuple) else (statuses,)))
    if head.status == 426:
        assert head.headers["sec-websocket-version"] == "13"
        assert head.headers["upgrade"].lower() == "websocket"
        assert "upgrade" in tokens(head, "connection")  # RFC 9110 7.8: whoever sends Upgrade sends this.
    if head.status == 405:
        assert "GET" in head.headers["allow"]


@pytest.mark.parametrize("wire", [
    head_of("GET /<marker>?<marker> HTTP/1.1", *REQUEST[1:]), instead("Host", "Host: <marker>"),
    instead("Sec-WebSocket-Key", "Sec-WebSocket-Key: <marker>"), with_lines("<marker>"),
    instead("Sec-WebSocket-Version", "Sec-WebSocket-Version: <marker>"), instead("Upgrade", "Upgrade: <marker>"),
    head_of("<marker> /echo HTTP/1.1", *REQUEST[1:])])
def test_nothing_is_reflected(gateway, wire):
    head, body = exchange(gateway.public, wire)
    assert head.status >= 400 and b"marker" not in head.raw + body


def test_plain_get_of_an_endpoint_asks_for_an_upgrade(gateway):
    head, _ = exchange(gateway.public, b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert head.status == 426
    assert head.headers["upgrade"].lower() == "websocket"
    assert head.headers["sec-websocket-version"] == "13"


def test_the_next_request_is_not_http(gateway):
    """What follows a 101 is frames, whatever it looks like (A7, A9)."""
    with RawSocket(gateway.public) as raw:
        raw.send(head_of(*REQUEST) + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert raw.read_head().status == 101
        assert b"HTTP/1.1" not in raw.read_to_end()


# --- subprotocols, extensions (B14-B17) ------------------------------------------------------------

@pytest.mark.parametrize("offer,chosen", [
    ("dunlin.v1", "dunlin.v1"), ("chat, dunlin.v1", "dunlin.v1"), ("dunlin.v1,chat", "dunlin.v1"),
    (" dunlin.v1 ", "dunlin.v1"), ("dunlin.v2", None), ("DUNLIN.V1", None), ("xdunlin.v1", None), ("constructor", None)])
def test_subprotocol(gateway, offer, chosen):
    head, _ = exchange(gateway.public, upgrade_request("/live", sec_websocket_protocol=offer))
    assert head.status == 101
    assert head.headers.get("sec-websocket-protocol") == chosen


@pytest.mark.parametrize("offer", ["chat,,\"x", "a b", "(", ",".join("p%d" % n for n in range(1000)), "\\" * 5000, "=" * 200])
def test_malformed_subprotocols_do_no_harm(gateway, offer):
    head, _ = exchange(gateway.public, upgrade_request("/live", sec_websocket_protocol=offer))
    assert head.status in (101, 400)
    assert "sec-websocket-protocol" not in head.headers


@pytest.mark.parametrize("offer", [
    "permessage-deflate; server_max_window_bits=08", "permessage-deflate; server_max_window_bits=1e1",
    "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits", "permessage-deflate; unheard_of",
    "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; server_max_window_bits=8",
    "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10", "permessage-deflate; x=\"" + "\\a" * 4000,
    "x-webkit-deflate-frame", ";;;", "permessage-deflate;", ", ,permessage-deflate; =1"])
def test_bad_extension_offers_are_never_agreed_to(gateway, offer):
    head, _ = exchange(gateway.public, upgrade_request("/echo", sec_websocket_extensions=offer))
    assert head.status in (101, 400)
    assert "sec-websocket-extensions" not in head.headers


# --- origin (B18) ----------------------------------------------------------------------------------

@pytest.mark.parametrize("path,origin,status", [
    ("/same", None, 101), pytest.param("/same", "http://HOST", 101, marks=pytest.mark.plain_tcp),
    ("/same", "https://evil.example", 403), ("/same", "null", 403),
    ("/same", "http://HOST.evil.example", 403), ("/same", "", 403), ("/same", "http://localhost:1", 403),
    ("/listed", "https://good.example", 101), ("/listed", "http://other.example:8080", 101),
    ("/listed", "http://good.example", 403), ("/listed", "https://good.example:444", 403),
    ("/listed", "https://good.example.evil", 403), ("/listed", "https://sub.good.example", 403),
    ("/listed", "http://other.example", 403), ("/listed", None, 101),
    ("/any", "https://evil.example", 101), ("/any", "null", 101)])
def test_origin(strict_gateway, path, origin, status):
    host = "%s:%d" % strict_gateway.public
    headers = {} if origin is None else {"Origin": origin.replace("HOST", host)}
    head, _ = exchange(strict_gateway.public, upgrade_request(path, host, **headers))
    assert head.status == status


# --- time (A3) -------------------------------------------------------------------------------------

@pytest.mark.parametrize("start", [b"", b"G", b"GET /same HTTP/1.1\r\n", upgrade_request("/same")[:-1], upgrade_request("/same")[:-2]],
                         ids=["nothing", "a letter", "request line", "no last LF", "no empty line"])
def test_unfinished_head_is_ended(strict_gateway, start):
    with RawSocket(strict_gateway.public) as raw:
        raw.send(start)
        got = raw.read_to_end()  # Within PATIENCE; the setting is 0.7 s.
        assert got == b"" or got.startswith(b"HTTP/1.1 408 "), got


def test_dripping_does_not_buy_time(strict_gateway):
    """The deadline counts from accept: a byte now and then resets nothing."""
    wire = upgrade_request("/same", x_long="x" * 100)
    began = time.monotonic()
    with RawSocket(strict_gateway.public) as raw:
        for index in range(len(wire)):
            try:
                raw.socket.send(wire[index:index + 1])
            except OSError:
                break
            if select.select([raw.socket], [], [], 0.1)[0]:
                break
        took = time.monotonic() - began
        got = raw.read_to_end()
    assert took < 10 and (got == b"" or got.startswith(b"HTTP/1.1 408 ")), (took, got)


def test_a_finished_handshake_is_not_ended_by_its_deadline(strict_gateway):
    """A connection outlives the handshake deadline of another that began later and was ended by it."""
    with RawClient(strict_gateway.public, "/same") as client, RawSocket(strict_gateway.public) as late:
        late.read_to_end()
        client.send(frame(TEXT, b"still here"))
        assert client.text() == "still here"


@pytest.mark.plain_tcp
def test_half_close_before_the_head_is_complete(gateway):
    with RawSocket(gateway.public) as raw:
        raw.send(b"GET /echo HT")
        raw.shutdown_write()
        got = raw.read_to_end()
        assert got == b"" or got.startswith(b"HTTP/1.1 4"), got


def test_reset_before_the_head_is_complete(gateway):
    for cut in range(1, 100, 7):
        raw = RawSocket(gateway.public)
        raw.send(head_of(*REQUEST)[:cut])
        raw.reset()
    with RawClient(gateway.public, "/echo") as client:
        client.send(frame(TEXT, b"x"))
        assert client.text() == "x"
