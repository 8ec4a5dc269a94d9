"""dunlin-bench and dunlin-limit as processes, and a server with faults of its own for the harness to find."""

from __future__ import annotations

import asyncio
import http
import json
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import websockets

from .gateway import BINARY, PATIENCE, ROOT, ProcessWatch

# Sanitizer builds have no harness of their own; what is measured matters there, not who measures.
_NEXT_TO_IT = BINARY.parent / "dunlin-bench"
BENCH = Path(os.environ.get("DUNLIN_BENCH_BIN", _NEXT_TO_IT if _NEXT_TO_IT.exists() else ROOT / "build/release/dunlin-bench"))
LIMIT = BENCH.parent / "dunlin-limit"

SOUND, UNSOUND = 0, 2  # The latter also of a run that kept no bound, or missed a goal.


@dataclass
class Run:
    status: int
    text: str
    result: dict | None

    def check(self, name: str) -> int:
        return next(check["count"] for check in self.result["checks"] if check["name"] == name)

    def faults(self) -> dict[str, int]:
        """What should be zero and is not."""
        return {check["name"]: check["count"] for check in self.result["checks"]
                if check["must_be_zero"] and check["count"]}

    def metric(self, name: str) -> dict | None:
        return next((metric for metric in self.result["metrics"] if metric["name"] == name), None)

    def latency(self, name: str) -> dict | None:
        return next((latency for latency in self.result["latencies"] if latency["name"] == name), None)


def run(scenario: str, *arguments: str, public: tuple[str, int], api: tuple[str, int] | None = None,
        profile: str = "dunlin", pid: int | None = None) -> Run:
    with tempfile.TemporaryDirectory(prefix="dunlin-bench-") as directory:
        file = Path(directory) / "result.json"
        command = [str(BENCH), scenario, "--profile", profile, "--public", "%s:%d" % public, "--json", str(file), *arguments]
        if api is not None:
            command += ["--api", "%s:%d" % api]
        if pid is not None:
            command += ["--pid", str(pid)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * PATIENCE,
                              check=False)
        result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
        return Run(done.returncode, done.stdout + done.stderr, result)


class Limit:
    """with Limit() as limit: the featureless server, on ports the system chooses."""

    def __init__(self, *arguments: str):
        self._arguments = arguments

    def __enter__(self) -> "Limit":
        self._directory = tempfile.TemporaryDirectory(prefix="dunlin-limit-")
        ready = Path(self._directory.name) / "ready.json"
        watch = ProcessWatch(Path(self._directory.name))
        self._process = subprocess.Popen([str(LIMIT), "--ready-file", str(ready), *self._arguments], stdin=subprocess.DEVNULL)
        try:
            assert watch.wait(self._process, ready.exists, time.monotonic() + PATIENCE), "dunlin-limit did not start"
        finally:
            watch.close()
        said = json.loads(ready.read_text(encoding="utf-8"))
        self.pid = said["pid"]
        self.public, self.api = ((host, int(port)) for host, port in (said[key].rsplit(":", 1) for key in ("public", "api")))
        return self

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)  # Reaped: a zombie would still have a process id.

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._directory.cleanup()


@dataclass
class FaultyServer:
    """A push server that does one thing wrong, every `every`-th time, and counts how often. Takes
    {"uid":…} as login and POST {"uid":…,"text":…} or {"all":true,"text":…} as pushes."""

    fault: str = ""          # "", drop, duplicate, reorder, corrupt or refuse.
    every: int = 25
    turn_away: int = 0       # The first so many handshakes after the first `welcome` get 503 …
    welcome: int = 0
    retry_after: int = 1     # … and this hint.
    extensions: tuple = ()   # What it agrees to.
    faults: int = 0
    turned_away: int = 0
    _pushes: int = 0
    _handshakes: int = 0
    _connections: dict = field(default_factory=dict)
    _held: dict = field(default_factory=dict)

    def __enter__(self) -> "FaultyServer":
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)))
        self._thread.start()
        assert started.wait(PATIENCE)
        return self

    def __exit__(self, *_) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        clients = await websockets.serve(self._on_client, "127.0.0.1", 0, process_request=self._on_handshake,
                                         compression=None, extensions=list(self.extensions), ping_interval=None,
                                         close_timeout=0.1)
        pushes = await asyncio.start_server(self._on_publisher, "127.0.0.1", 0)
        self.public = clients.sockets[0].getsockname()
        self.api = pushes.sockets[0].getsockname()
        started.set()
        await self._stop.wait()
        clients.close()
        pushes.close()
        await clients.wait_closed()

    async def _on_handshake(self, _path, _headers):
        self._handshakes += 1
        if self._handshakes <= self.welcome or self.turned_away >= self.turn_away:
            return None
        self.turned_away += 1
        return http.HTTPStatus.SERVICE_UNAVAILABLE, [("Retry-After", str(self.retry_after))], b""

    async def _on_client(self, client, _path=None) -> None:
        try:
            uid = json.loads(await client.recv())["uid"]
            self._connections[uid] = client
            await client.wait_closed()
        except websockets.ConnectionClosed:
            pass

    async def _on_publisher(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                size = int(head.split("content-length:")[1].split("\r\n")[0])
                status = await self._push(json.loads(await reader.readexactly(size)))
                writer.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\n{}" % status)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _push(self, push: dict) -> bytes:
        self._pushes += 1
        faulty = self.fault and self._pushes % self.every == 0
        if faulty and self.fault == "refuse":
            self.faults += 1
            return b"500 No"
        receivers = list(self._connections) if push.get("all") else [push["uid"]]
        for uid in receivers:
            for text in self._spoilt(uid, push["text"], faulty):
                await self._connections[uid].send(text)
        return b"200 OK"

    def _spoilt(self, uid: str, text: str, faulty: bool) -> list[str]:
        """What is really sent in place of `text`."""
        if uid in self._held:  # The one that was held back comes behind its successor.
            self.faults += 1
            return [text, self._held.pop(uid)]
        if not faulty:
            return [text]
        if self.fault == "reorder":
            self._held[uid] = text
            return []
        self.faults += 1
        return {"drop": [], "duplicate": [text, text], "corrupt": [text[:-1] + "?"]}[self.fault]

    @property
    def held(self) -> int:
        return len(self._held)
