"""A client of TLS 1.3 whose records are its own: Python's ssl makes the handshake, and from then on it says what it is
told to, in any type, order, size and cut."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import tempfile

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from .gateway import PATIENCE
from .raw import Closed, upgrade_request

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLOSE_NOTIFY = b"\1\0"
UPDATE, UPDATE_BOTH = b"\x18\0\0\1\0", b"\x18\0\0\1\1"

_SUITES = {"TLS_AES_128_GCM_SHA256": (AESGCM, 16, "sha256"), "TLS_AES_256_GCM_SHA384": (AESGCM, 32, "sha384"),
           "TLS_CHACHA20_POLY1305_SHA256": (ChaCha20Poly1305, 32, "sha256")}


class Key:
    """RFC 8446 sections 5.2, 5.3, 7.2 and 7.3."""

    def __init__(self, suite: str, secret: bytes):
        self._cipher, self._key_size, self._digest = _SUITES[suite]
        self._set(secret)

    def _expand(self, label: bytes, size: int) -> bytes:
        label = b"tls13 " + label
        block = size.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0\1"
        return hmac.new(self._secret, block, self._digest).digest()[:size]

    def _set(self, secret: bytes) -> None:
        self._secret, self._sequence = secret, 0
        self._iv = int.from_bytes(self._expand(b"iv", 12), "big")
        self._aead = self._cipher(self._expand(b"key", self._key_size))

    def renew(self) -> None:
        self._set(self._expand(b"traffic upd", hashlib.new(self._digest).digest_size))

    def _nonce(self) -> bytes:
        nonce = (self._iv ^ self._sequence).to_bytes(12, "big")
        self._sequence += 1
        return nonce

    def seal(self, kind: int, content: bytes, padding: int = 0) -> bytes:
        inner = content + bytes([kind]) + bytes(padding)
        header = b"\x17\3\3" + (len(inner) + 16).to_bytes(2, "big")
        return header + self._aead.encrypt(self._nonce(), inner, header)

    def open(self, record: bytes) -> tuple[int, bytes]:
        inner = self._aead.decrypt(self._nonce(), record[5:], record[:5]).rstrip(b"\0")
        return inner[-1], inner[:-1]


def _finished_size(flight: bytes) -> int:
    """Of the last record of a flight, which may begin with a change_cipher_spec."""
    return len(flight) - (6 if flight[0] == CHANGE_CIPHER_SPEC else 0)


class RecordClient:
    """`behind`: what is made of the client by this leaves in one segment with its Finished. `finish`: what leaves in
    place of the record of Finished, made of the message and the key of the handshake."""

    def __init__(self, address, behind=None, finish=None, session=None, context=None, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        with tempfile.NamedTemporaryFile("r", encoding="ascii") as log:
            finished = self._shake_hands(context or ssl._create_unverified_context(), log.name, session)  # pylint: disable=protected-access
            secrets = {line.split()[0]: bytes.fromhex(line.split()[2]) for line in log if not line.startswith("#")}
        suite = self.tls.cipher()[0]
        self.writing = Key(suite, secrets["CLIENT_TRAFFIC_SECRET_0"])
        self.reading = Key(suite, secrets["SERVER_TRAFFIC_SECRET_0"])
        self.wire = b""
        self.kept = b""  # Data that was received and not asked for yet.
        self.updates_seen = 0
        if finish:
            handshake, record = Key(suite, secrets["CLIENT_HANDSHAKE_TRAFFIC_SECRET"]), finished[-_finished_size(finished):]
            message = handshake.open(record)[1]
            finished = finished[:-len(record)] + finish(message, Key(suite, secrets["CLIENT_HANDSHAKE_TRAFFIC_SECRET"]))
        self.send(finished + (behind(self) if behind else b""))

    def _shake_hands(self, context, log: str, session) -> bytes:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.keylog_filename = log
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost", session=session)
        while True:
            try:
                self.tls.do_handshake()
                return outgoing.read()
            except ssl.SSLWantReadError:
                self.socket.sendall(outgoing.read())
                incoming.write(self.socket.recv(65536))

    def __enter__(self) -> "RecordClient":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, wire: bytes) -> None:
        self.socket.sendall(wire)

    def seal(self, kind: int, content: bytes, padding: int = 0) -> bytes:
        return self.writing.seal(kind, content, padding)

    def update(self, asks: bool = False) -> bytes:
        record = self.seal(HANDSHAKE, UPDATE_BOTH if asks else UPDATE)
        self.writing.renew()
        return record

    def upgrade(self, path: str = "/echo") -> bytes:
        return self.seal(DATA, upgrade_request(path, "localhost"))

    def record(self) -> tuple[int, bytes]:
        """The next one's type and content; tickets are passed over, and new keys taken."""
        while True:
            self._await(5)
            size = 5 + int.from_bytes(self.wire[3:5], "big")
            self._await(size)
            record, self.wire = self.wire[:size], self.wire[size:]
            kind, content = self.reading.open(record)
            if kind == HANDSHAKE and content == UPDATE:
                self.reading.renew()
                self.updates_seen += 1
            elif kind != HANDSHAKE:
                return kind, content

    def _await(self, size: int) -> None:
        while len(self.wire) < size:
            some = self.socket.recv(65536)
            if not some:
                raise Closed(self.wire)
            self.wire += some

    def data(self, size: int) -> bytes:
        while len(self.kept) < size:
            kind, content = self.record()
            assert kind == DATA, (kind, content)
            self.kept += content
        data, self.kept = self.kept[:size], self.kept[size:]
        return data

    def upgraded(self) -> None:
        while b"\r\n\r\n" not in self.kept:
            kind, content = self.record()
            assert kind == DATA, (kind, content)
            self.kept += content
        head, self.kept = self.kept.split(b"\r\n\r\n", 1)
        assert b" 101 " in head, head

    def text(self) -> bytes:
        """The next message, a whole one in a frame."""
        size = self.data(2)[1]
        if size == 126:
            size = int.from_bytes(self.data(2), "big")
        elif size == 127:
            size = int.from_bytes(self.data(8), "big")
        return self.data(size)

    def alert(self) -> int:
        """The alert that comes next but for data."""
        while True:
            kind, content = self.record()
            if kind == ALERT:
                assert content[0] == (1 if content[1] == 0 else 2), content
                return content[1]
