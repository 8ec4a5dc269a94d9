"""A WebSocket client that hides nothing: bytes out, frames in, every server frame checked for form."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import struct
from dataclasses import dataclass

from .certificates import everywhere
from .gateway import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = b"\x37\xfa\x21\x3d",
          form: int | None = None, length: int | None = None) -> bytes:
    """One client frame. `form` forces the length's form (7, 16 or 64 bits), `length` a false length."""
    size = len(payload) if length is None else length
    form = form or (7 if size <= 125 else 16 if size <= 0xFFFF else 64)
    first = bytes([(fin << 7) | (rsv << 4) | opcode])
    masked = 0x80 if mask is not None else 0
    if form == 7:
        head = first + bytes([masked | size])
    elif form == 16:
        head = first + bytes([masked | 126]) + struct.pack(">H", size)
    else:
        head = first + bytes([masked | 127]) + struct.pack(">Q", size)
    return head + payload if mask is None else head + mask + apply_mask(payload, mask)


def apply_mask(payload: bytes, mask: bytes) -> bytes:
    if not payload:
        return b""
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def close_payload(code: int, reason: bytes = b"") -> bytes:
    return struct.pack(">H", code) + reason


@dataclass
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True

    @property
    def text(self) -> str:
        return self.payload.decode("utf-8")

    @property
    def close_code(self) -> int | None:
        return struct.unpack(">H", self.payload[:2])[0] if len(self.payload) >= 2 else None

    @property
    def close_reason(self) -> str:
        return self.payload[2:].decode("utf-8")


@dataclass
class Head:
    status: int
    headers: dict[str, str]  # Names in lower case; repeated ones joined by ", ".
    raw: bytes = b""


class Closed(Exception):
    """The stream ended (FIN or reset) where a frame was awaited."""


def upgrade_request(path: str = "/", host: str = "localhost", **headers: str | None) -> bytes:
    """A right request head; a header given as None is left out, '_' in names is '-'."""
    fields = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
              "Sec-WebSocket-Version": "13"}
    for name, value in headers.items():
        name = name.replace("_", "-")
        name = next((known for known in fields if known.lower() == name.lower()), name)
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    lines = [f"GET {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class RawSocket:
    """A TCP connection with a read buffer; reads wait PATIENCE at most."""

    def __init__(self, address: tuple[str, int], *, receive_buffer: int | None = None, source: str | None = None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer:  # Before connect: it decides the window.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:  # Another address of this machine: 127.0.0.0/8 is all loopback.
            self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if everywhere and address in everywhere.addresses:
            self.socket = everywhere.context.wrap_socket(self.socket, server_hostname=address[0])
        self.buffer = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_bytewise(self, data: bytes) -> None:
        for index in range(len(data)):
            self.socket.sendall(data[index:index + 1])

    def fill(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except (ConnectionResetError, BrokenPipeError):
            raise Closed("reset") from None
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def read(self, size: int) -> bytes:
        chunks = [self.buffer]
        have = len(self.buffer)
        while have < size:
            self.buffer = b""
            self.fill()
            chunks.append(self.buffer)
            have += len(self.buffer)
        data = b"".join(chunks)
        self.buffer = data[size:]
        return data[:size]

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self.fill()
        index = self.buffer.index(mark) + len(mark)
        data, self.buffer = self.buffer[:index], self.buffer[index:]
        return data

    def read_to_end(self) -> bytes:
        """Everything up to FIN; a reset counts as an end."""
        try:
            while True:
                self.fill()
        except Closed:
            data, self.buffer = self.buffer, b""
            return data

    def read_head(self) -> Head:
        raw = self.read_until(b"\r\n\r\n")
        lines = raw[:-4].decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Head(int(status), headers, raw)

    def shutdown_write(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawClient(RawSocket):
    """with RawClient(gateway.public, "/echo") as client: …; the opening handshake is done."""

    def __init__(self, address: tuple[str, int], path: str, *, receive_buffer: int | None = None, **headers: str | None):
        super().__init__(address, receive_buffer=receive_buffer)
        try:
            self.send(upgrade_request(path, f"{address[0]}:{address[1]}", **headers))
            self.head = self.read_head()
            assert self.head.status == 101, self.head.raw + self.buffer
            expected = base64.b64encode(hashlib.sha1((KEY + GUID).encode()).digest()).decode()
            assert self.head.headers["sec-websocket-accept"] == expected
        except BaseException:
            self.close()
            raise

    def frame(self) -> Frame:
        """The next frame, whatever it is."""
        first, second = self.read(2)
        assert not first & 0x70, f"reserved bits in {first:02x}"
        assert not second & 0x80, "a server must not mask"
        opcode, size = first & 15, second & 127
        assert opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
        if size == 126:
            (size,) = struct.unpack(">H", self.read(2))
            assert size > 125, "length not minimal"
        elif size == 127:
            (size,) = struct.unpack(">Q", self.read(8))
            assert size > 0xFFFF, "length not minimal"
        if opcode >= 8:
            assert first & 0x80 and size <= 125, "bad control frame"
        return Frame(opcode, self.read(size), bool(first & 0x80))

    def message(self) -> Frame:
        """The next data message, or Close; pings are answered, heartbeats passed over."""
        while True:
            got = self.frame()
            if got.opcode == PING:
                self.send(frame(PONG, got.payload))
            elif got.opcode == PONG or (got.opcode == TEXT and got.payload == b"heartbeat"):
                pass
            else:
                assert got.fin, "the gateway frames a message once"
                return got

    def text(self) -> str:
        got = self.message()
        assert got.opcode == TEXT, got
        return got.text

    def json(self):
        return json.loads(self.text())

    def send_text(self, text: str) -> None:
        self.send(frame(TEXT, text.encode("utf-8"), mask=os.urandom(4)))

    def send_json(self, value) -> None:
        self.send_text(json.dumps(value))

    def expect_close(self, *codes: int) -> Frame:
        """Reads up to a Close with one of these codes (any if none is named), answers it, and awaits the end."""
        while True:
            got = self.frame()
            if got.opcode == CLOSE:
                break
        assert not codes or got.close_code in codes, f"closed with {got.close_code} {got.payload[2:]!r}, not {codes}"
        try:
            self.send(frame(CLOSE, got.payload[:2]))
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert self.read_to_end() == b"", "bytes after Close"
        return got

    def expect_open(self) -> None:
        """A round trip with a fresh ping; raises when something else comes."""
        payload = os.urandom(8)
        self.send(frame(PING, payload))
        got = self.frame()
        while got.opcode == PING or got.payload == b"heartbeat":
            got = self.frame()
        assert (got.opcode, got.payload) == (PONG, payload), got

    def end(self) -> None:
        """The closing handshake, begun by us."""
        self.send(frame(CLOSE, close_payload(1000)))
        self.expect_close(1000)
