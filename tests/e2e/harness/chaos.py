"""What the chaos test is made of: a ledger of who was told what and who received what, clients that behave
(witnesses), clients and API callers that do not, and hands that disturb the gateway itself."""

from __future__ import annotations

import base64
import collections
import contextlib
import json
import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field

from .api import Api, RawApi, check_receipt, request_bytes
from .clients import ProtocolClient
from .gateway import PATIENCE, Gateway
from .raw import CLOSE, PING, PONG, TEXT, Closed, RawClient, RawSocket, close_payload, frame, upgrade_request

# A profile for those who behave, with room for whatever they have not read yet, and others for those who do
# not: small queues, one of each policy.
CONFIG = """
[log]
level = "{log_level}"

[public]
connections_max = 100000

[hub]
ring_size = 64
outstanding_max = 256
fanouts_max = 64
history_messages = 5000
history_size = "8MiB"

[handshake]
timeout_ms = "1s"
close_timeout_ms = "{close_timeout_ms}ms"

[canary]
interval_ms = "200ms"

[profiles.steady]
path = "/steady"
identity = "message"
queue_size_max = "64MiB"
queue_messages_max = 100000
ping_interval_ms = "500ms"
pong_timeout_ms = "60s"

[profiles.steady-live]
path = "/steady-live"
identity = "message"
on_text = "protocol"
client_subscribe = true
queue_size_max = "64MiB"
queue_messages_max = 100000
ping_interval_ms = "500ms"
pong_timeout_ms = "60s"

[profiles.oldest]
path = "/oldest"
identity = "message"
queue_size_max = "{queue_size_max}KiB"
queue_messages_max = 20
queue_overflow = "drop_oldest"
login_timeout_ms = "1s"
ping_interval_ms = "500ms"
pong_timeout_ms = "2s"

[profiles.newest]
path = "/newest"
identity = "message"
on_text = "protocol"
client_subscribe = true
queue_size_max = "64KiB"
queue_messages_max = 20
queue_overflow = "drop_newest"
login_timeout_ms = "1s"
idle_timeout_ms = "2s"

[profiles.cut]
path = "/cut"
identity = "message"
connections_per_uid_max = 1
queue_size_max = "32KiB"
queue_messages_max = 10
queue_overflow = "close"
login_timeout_ms = "1s"

[profiles.echo]
path = "/echo"
on_text = "echo"
on_binary = "echo"
message_size_max = "8KiB"
queue_size_max = "64KiB"
"""

SETTINGS = {"log_level": "warn", "close_timeout_ms": 500, "queue_size_max": 64}
STEADY = ("w0", "w1", "w2", "w3")
UNSTEADY = tuple(f"u{n}" for n in range(4))
UNSTEADY_PATHS = ("/oldest", "/newest", "/cut")
VANISHED, RETRIED = "vanished", "retried"  # Uids of the witnesses of API callers that misbehave.


@dataclass
class Push:
    number: int
    fields: dict
    status: int | None = None  # None: nobody was told.
    receipt: dict | None = None

    def is_for(self, uid: str | None, path: str, channels: set[str]) -> bool:
        if self.fields.get("all"):
            return self.fields.get("profile", path[1:]) == path[1:]
        if "channel" in self.fields:
            return self.fields["channel"] in channels
        return uid is not None and uid in self.fields.get("uids", [self.fields.get("uid")])


@dataclass
class Ledger:
    pushes: dict[int, Push] = field(default_factory=dict)
    received: collections.Counter = field(default_factory=collections.Counter)  # By number, of all connections.
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, text: str) -> None:
        with self.lock:
            self.faults.append(text)

    def answered(self) -> list[Push]:
        return [push for push in self.pushes.values() if push.status in (200, 202, 404)]

    def settle(self, uid: str | None, path: str, channels: set[str], numbers: list[int]) -> None:
        """What one connection received: nothing twice, nothing for others, nothing that was refused."""
        with self.lock:
            self.received.update(numbers)
            for number, times in collections.Counter(numbers).items():
                push = self.pushes.get(number)
                if times != 1:
                    self.faults.append(f"{uid} on {path} got {number} {times} times")
                if push is None or push.status == 503 or not push.is_for(uid, path, channels):
                    self.faults.append(f"{uid} on {path} got {number}: {push}")


def number_in(payload: bytes) -> int | None:
    """Of a push, in whatever form it travels; None for what is none."""
    value = json.loads(payload)
    if "push" in value:
        push = value["push"]
        value = push.get("data") or json.loads(push["text"] if "text" in push else base64.b64decode(push["binary"]))
    return value.get("n")


class Witness(threading.Thread):
    """A connection that always reads and answers pings, until a push with `fence` comes."""

    def __init__(self, gateway: Gateway, api: Api, uid: str, path: str, connections: int = 1, channel: str | None = None):
        super().__init__(daemon=True)
        self.uid, self.path, self.channel = uid, path, channel
        self.numbers: list[int] = []
        self.offsets: list[int] = []
        self.error: str | None = None
        if path == "/steady":
            self.client = RawClient(gateway.public, path)
            self.client.send_json({"uid": uid})
            api.await_online(uid, connections)
        else:
            self.client = ProtocolClient(gateway, uid, path)
            if channel:
                self.client.subscribe(channel)
        self.start()

    def run(self) -> None:
        try:
            while True:
                got = self.client.message()
                if got.opcode == CLOSE:
                    raise Closed(f"closed with {got.close_code}")
                payload = json.loads(got.payload) if got.opcode == TEXT else {}
                push = payload.get("push", payload)
                if "fence" in (push.get("data") or push):
                    return
                self.numbers.append(number_in(got.payload))
                if "offset" in push:
                    self.offsets.append(push["offset"])
        except Exception as error:  # pylint: disable=broad-except  # Told by the test.
            self.error = f"{type(error).__name__}: {error}"

    def leave(self) -> None:
        self.client.end()
        self.client.close()


def payload_fields(chooser: random.Random, number: int, size: int) -> dict:
    value = {"n": number, "pad": "x" * size}
    form = chooser.choice(("data", "data", "text", "binary"))
    if form == "data":
        return {"data": value}
    text = json.dumps(value)
    return {"text": text} if form == "text" else {"binary": base64.b64encode(text.encode()).decode()}


def connected(gateway: Gateway) -> Api:
    """Before descriptors run out; from then on the connection must hold."""
    api = Api(gateway.api)
    assert api.get("/healthz").status == 200
    return api


class Publisher:
    """Pushes at a bounded rate to everybody, in every way, and writes down what it was told."""

    def __init__(self, gateway: Gateway, ledger: Ledger, index: int, seed: int):
        self.chooser = random.Random(f"{seed}-publisher-{index}")
        self.api = connected(gateway)
        self.ledger = ledger
        self.number = (index + 1) * 10_000_000

    def fields(self) -> dict:
        choose = self.chooser
        kind = choose.choices(("unsteady", "steady", "mixed", "channel", "all", "offline", "unanswered"),
                              (40, 20, 10, 12, 4, 6, 8))[0]
        steady = [choose.choice(STEADY)]
        if kind == "unanswered":  # 202: nobody tells what it matched, so it goes where that is known.
            return {"uid": steady[0], "wait": "none"}
        fields: dict = {"wait": choose.choice(("queued", "queued", "written"))}
        if fields["wait"] == "written":
            fields["timeout_ms"] = choose.choice((0, 50, 500))
        if kind == "steady":
            return fields | {"uid": steady[0]}
        if kind == "offline":
            return fields | {"uid": "nobody"}
        if kind == "channel":
            return fields | {"channel": "news", "class": choose.choice(("stored", "stored", "live"))}
        if kind == "all":
            return fields | {"all": True} | choose.choice(({}, {"profile": "steady"}, {"profile": "cut"}))
        fields["policy"] = choose.choice(("queue", "conflate", "drop_oldest", "drop_newest", "close"))
        if fields["policy"] == "conflate":
            fields["conflate_key"] = choose.choice("abc")
        if choose.random() < 0.3:
            fields["ttl_ms"] = choose.choice((1, 50, 1000))
        uids = choose.sample(UNSTEADY, choose.randrange(1, 4))
        if kind == "mixed":  # No policy that could take something from those who behave.
            fields = {key: fields[key] for key in ("wait", "timeout_ms") if key in fields}
            uids += steady + ["nobody-either"]
        return fields | {"uids": uids}

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.number += 1
            fields = self.fields()
            to_steady = "uid" in fields or "channel" in fields or "all" in fields
            size = self.chooser.choice((0, 100, 1000) if to_steady else (0, 500, 20_000, 60_000))
            push = Push(self.number, fields)
            with self.ledger.lock:
                self.ledger.pushes[self.number] = push
            try:
                answer = self.api.push(**fields, **payload_fields(self.chooser, self.number, size))
            except OSError as error:
                self.ledger.fault(f"{push.number} got no answer: {error}")
                return
            if answer.status in (200, 404):
                check_receipt(answer.json)
                push.receipt = answer.json
            elif answer.status not in (202, 503):
                self.ledger.fault(f"{push.number}: {answer.status} {answer.body!r}")
            push.status = answer.status
            stop.wait(0.002)  # The rate's bound.
        self.api.close()


class Vanisher:
    """Starts API requests and is gone, anywhere from the first byte to the answer. What of it was accepted is
    what its witness receives."""

    def __init__(self, gateway: Gateway, ledger: Ledger, seed: int):
        self.address, self.ledger = gateway.api, ledger
        self.chooser = random.Random(f"{seed}-vanisher")

    def run(self, stop: threading.Event) -> None:
        number = 80_000_000
        while not stop.is_set():
            wire = b""
            for _ in range(self.chooser.randrange(1, 4)):
                number += 1
                fields = {"uid": VANISHED, "wait": self.chooser.choice(("none", "queued", "written"))}
                with self.ledger.lock:
                    self.ledger.pushes[number] = Push(number, fields)
                body = json.dumps(fields | {"data": {"n": number}}).encode()
                wire += request_bytes("POST", "/v1/push", body, ("Content-Type: application/json",))
            if self.chooser.random() < 0.6:
                wire = wire[:self.chooser.randrange(len(wire))]
            with contextlib.suppress(OSError, Closed):
                with RawSocket(self.address) as caller:
                    caller.send(wire)
                    if self.chooser.random() < 0.3:
                        caller.socket.settimeout(0.1)
                        caller.fill()
                    if self.chooser.random() < 0.5:
                        caller.reset()
            stop.wait(0.01)


class Retrier:
    """Sends each push with an idempotency key, vanishes a few times, and then asks until it is told."""

    def __init__(self, gateway: Gateway, ledger: Ledger, seed: int):
        self.address, self.ledger = gateway.api, ledger
        self.chooser = random.Random(f"{seed}-retrier")
        self.done = 0

    def run(self, stop: threading.Event) -> None:
        number = 90_000_000
        while not stop.is_set():
            number += 1
            push = Push(number, {"uid": RETRIED})
            with self.ledger.lock:
                self.ledger.pushes[number] = push
            body = json.dumps({"uid": RETRIED, "data": {"n": number}, "idempotency_key": str(number)}).encode()
            wire = request_bytes("POST", "/v1/push", body, ("Content-Type: application/json",))
            for _ in range(self.chooser.randrange(3)):
                with contextlib.suppress(OSError, Closed):
                    with RawSocket(self.address) as caller:
                        caller.send(wire[:self.chooser.choice((len(wire), self.chooser.randrange(len(wire))))])
                        caller.reset()
            deadline = time.monotonic() + PATIENCE
            while push.status is None and time.monotonic() < deadline:
                with contextlib.suppress(OSError, Closed):
                    with RawApi(self.address) as caller:
                        caller.send(wire)
                        answer = caller.answer()
                        if answer.status == 200:
                            push.status, push.receipt = 200, answer.json
                        elif answer.status not in (409, 503):
                            self.ledger.fault(f"{number}: {answer.status} {answer.body!r}")
                            return
            if push.status is None:
                self.ledger.fault(f"{number} was never answered")
                return
            self.done += 1
            stop.wait(0.01)


class Tap(RawSocket):
    """Reads what comes, whole frames or not, and tells at the end which pushes there were."""

    def __init__(self, address, **options):
        super().__init__(address, **options)
        self.socket.settimeout(0.2)
        self.ended = False

    def drink(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            try:
                self.fill()
            except TimeoutError:
                pass
            except (Closed, OSError):
                self.ended = True

    def numbers(self) -> list[int]:
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark or not head.startswith(b"HTTP/1.1 101"):
            return []
        numbers = []
        while len(rest) >= 2:
            opcode, size, at = rest[0] & 15, rest[1] & 127, 2
            if size >= 126:
                width = 2 if size == 126 else 8
                size, at = int.from_bytes(rest[2:2 + width], "big"), 2 + width
            if len(rest) < at + size:
                break
            payload, rest = rest[at:at + size], rest[at + size:]
            if opcode in (1, 2) and (number := number_in(payload)) is not None:
                numbers.append(number)
        return numbers


class Unsteady:
    """Connects over and over, each time as another kind of bad client."""

    def __init__(self, gateway: Gateway, ledger: Ledger, index: int, seed: int, subscribes: bool):
        self.address, self.ledger, self.subscribes = gateway.public, ledger, subscribes
        self.chooser = random.Random(f"{seed}-unsteady-{index}")

    def run(self, stop: threading.Event) -> None:
        kinds = (self.reads_and_leaves, self.reads_and_leaves, self.stalls, self.stalls, self.sends_slowly,
                 self.talks_nonsense, self.vanishes_early, self.comes_twice, self.floods)
        while not stop.is_set():
            with contextlib.suppress(OSError, Closed, TimeoutError):
                self.chooser.choice(kinds)(stop)
            stop.wait(0.005)

    def hello(self, path: str, uid: str, channels: set[str]) -> bytes:
        protocol = {"sec_websocket_protocol": "dunlin.v1"} if path == "/newest" else {}
        login = {"id": 1, "login": {"uid": uid}} if protocol else {"uid": uid}
        wire = upgrade_request(path, **protocol) + frame(TEXT, json.dumps(login).encode())
        for channel in channels:
            wire += frame(TEXT, json.dumps({"id": 2, "subscribe": {"channel": channel}}).encode())
        return wire

    @contextlib.contextmanager
    def connection(self, receive_buffer: int | None = None):
        """A login that is on its way; what comes of it is settled at the end."""
        path, uid = self.chooser.choice(UNSTEADY_PATHS), self.chooser.choice(UNSTEADY)
        channels = {"news"} if self.subscribes and path == "/newest" else set()
        tap = Tap(self.address, receive_buffer=receive_buffer)
        try:
            yield tap, self.hello(path, uid, channels)
        finally:
            with contextlib.suppress(OSError):
                tap.close()
            self.ledger.settle(uid, path, channels, tap.numbers())

    def leave(self, tap: Tap) -> None:
        how = self.chooser.randrange(5)
        if how == 0:
            tap.send(frame(CLOSE, close_payload(1000)))
            tap.drink(1)
        elif how == 1:
            tap.shutdown_write()
            tap.drink(1)
        elif how == 2:
            tap.reset()
        elif how == 3:
            tap.send(frame(CLOSE, close_payload(1001)))  # And is not there for the answer.

    def reads_and_leaves(self, stop) -> None:
        with self.connection() as (tap, hello):
            tap.send(hello)
            tap.drink(self.chooser.uniform(0, 1))
            self.leave(tap)

    def stalls(self, stop) -> None:
        with self.connection(receive_buffer=4096) as (tap, hello):
            tap.send(hello)
            stop.wait(self.chooser.uniform(0.2, 3))
            if self.chooser.random() < 0.5:
                tap.drink(self.chooser.uniform(0, 1))
            self.leave(tap)

    def sends_slowly(self, stop) -> None:
        with self.connection() as (tap, hello):
            at = 0
            while at < len(hello) and not stop.is_set():
                size = self.chooser.randrange(1, 40)
                tap.send(hello[at:at + size])
                at += size
                stop.wait(0.005)
            tap.drink(0.2)
            self.leave(tap)

    def talks_nonsense(self, stop) -> None:
        nonsense = self.chooser.choice((
            frame(TEXT, b"\xff\xfe"), frame(TEXT, b"x", mask=None), frame(3, b"x"), frame(PING, b"x", fin=False),
            frame(TEXT, b"x", length=1 << 62), frame(CLOSE, close_payload(1005)), b"{" * 50, os.urandom(64)))
        with self.connection() as (tap, hello):
            tap.send(hello if self.chooser.random() < 0.8 else hello[:-9])
            tap.send(nonsense * self.chooser.randrange(1, 50))
            tap.drink(0.3)

    def vanishes_early(self, stop) -> None:
        with self.connection() as (tap, hello):
            tap.send(hello[:self.chooser.randrange(len(hello))])
            self.chooser.choice((tap.reset, tap.close, tap.shutdown_write))()

    def comes_twice(self, stop) -> None:
        with self.connection() as (first, hello):
            first.send(hello)
            with self.connection() as (second, hello_again):
                second.send(hello_again)
                first.drink(0.1)
                first.reset()
                second.drink(0.3)
                self.leave(second)

    def floods(self, stop) -> None:
        """Pings and texts to be echoed, and never a byte read."""
        with RawSocket(self.address, receive_buffer=4096) as raw:
            raw.socket.settimeout(0.3)
            raw.send(upgrade_request("/echo"))
            wire = frame(PING, b"p" * 100) * 20 + frame(TEXT, b"t" * 3000)
            for _ in range(200):
                raw.send(wire)


class Recoverer:
    """Subscribes, reads a while and is cut off, over and over, each time going on from where it was."""

    def __init__(self, gateway: Gateway, ledger: Ledger, seed: int):
        self.gateway, self.ledger = gateway, ledger
        self.chooser = random.Random(f"{seed}-recoverer")
        self.recoveries = 0

    @staticmethod
    def next_of(client: ProtocolClient) -> dict:
        """The next frame as what it says; of a ping nothing, so that the end is seen when no message comes."""
        got = client.frame()
        if got.opcode == PING:
            client.send(frame(PONG, got.payload))
        return json.loads(got.payload) if got.opcode == TEXT else {}

    def run(self, stop: threading.Event) -> None:
        position = None
        while not stop.is_set():
            with contextlib.suppress(OSError, Closed, TimeoutError):
                with ProtocolClient(self.gateway, "recoverer", "/steady-live") as client:
                    recover = {"recover": position} if position else {}
                    answer = client.subscribe("news", **recover)
                    if position:
                        if answer["recovered"] is not True:
                            self.ledger.fault(f"not recovered from {position}: {answer}")
                            return
                        self.recoveries += 1
                    else:
                        position = {"epoch": answer["epoch"], "offset": answer["offset"]}
                    leave_at = time.monotonic() + self.chooser.uniform(0, 0.5)
                    while time.monotonic() < leave_at and not stop.is_set():
                        got = client.waiting.pop(0) if client.waiting else self.next_of(client)
                        push = got.get("push", {})
                        if push.get("offset", 0) == 0:
                            continue
                        if push["offset"] != position["offset"] + 1:
                            self.ledger.fault(f"recoverer got offset {push['offset']} after {position['offset']}")
                            return
                        position["offset"] = push["offset"]
                    client.reset()


class Crowd:
    """More connections than there are descriptors, for a moment."""

    def __init__(self, gateway: Gateway, size: int, seed: int):
        self.address, self.size = gateway.public, size
        self.chooser = random.Random(f"{seed}-crowd")

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(self.chooser.uniform(0.5, 2)):
            crowd = []
            with contextlib.suppress(OSError):
                for _ in range(self.size):
                    crowd.append(RawSocket(self.address))
                    crowd[-1].send(upgrade_request("/echo")[:self.chooser.choice((10, 1000))])
            stop.wait(self.chooser.uniform(0, 0.3))
            for raw in crowd:
                self.chooser.choice((raw.reset, raw.close))()


class Hands:
    """Of an operator who does not know what he does, and of a machine with better things to do."""

    def __init__(self, gateway: Gateway, seed: int):
        self.gateway, self.api = gateway, connected(gateway)
        self.chooser = random.Random(f"{seed}-hands")
        self.reloads = self.stops = 0

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(self.chooser.uniform(0.05, 0.5)):
            what = self.chooser.choice(("reload", "reload", "stop", "kick", "ask"))
            if what == "reload":
                self.reload()
            elif what == "stop":
                self.gateway.signal(signal.SIGSTOP)
                try:
                    time.sleep(self.chooser.uniform(0.01, 0.3))  # How long it stands still.
                finally:
                    self.gateway.signal(signal.SIGCONT)
                self.stops += 1
            elif what == "kick":
                assert self.api.delete(f"/v1/users/{self.chooser.choice(UNSTEADY)}").status == 200
            else:
                for path in ("/metrics", "/v1/stats", "/v1/channels/news", "/readyz"):
                    assert self.api.get(path).status in (200, 503)
        self.api.close()
        self.gateway.config_file.write_text(CONFIG.format(**SETTINGS), encoding="utf-8")
        self.gateway.signal(signal.SIGHUP)

    def reload(self) -> None:
        settings = {"log_level": self.chooser.choice(("warn", "error")),
                    "close_timeout_ms": self.chooser.choice((200, 500)),
                    "queue_size_max": self.chooser.choice((32, 64, 128))}
        text = CONFIG.format(**settings)
        text = self.chooser.choice((text, text, "", text[:self.chooser.randrange(len(text))], text + "\n[nonsense"))
        # Half a file may be a whole one with fewer profiles; those stay until a restart.
        self.gateway.config_file.write_text(text, encoding="utf-8")
        self.gateway.signal(signal.SIGHUP)
        self.reloads += 1
