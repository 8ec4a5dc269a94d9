"""The Node client `ws`, driven line by line: one JSON command in, one JSON event out."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from pathlib import Path

from .gateway import PATIENCE

SCRIPT = Path(__file__).resolve().parents[1] / "node" / "ws_client.mjs"


class NodeClient:
    """with NodeClient(url) as client: client.send("x"); client.message()"""

    def __init__(self, url: str, protocols: list[str] | None = None, **options):
        self._process = subprocess.Popen([shutil.which("node"), str(SCRIPT)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self._events: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._command(open={"url": url, "protocols": protocols or [], "options": options})
        self.first = self.event()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._events.put(json.loads(line))
        self._events.put({"exit": True})

    def _command(self, **command) -> None:
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def event(self) -> dict:
        return self._events.get(timeout=PATIENCE)

    def message(self):
        """The next message but heartbeats: a str, or {"binary": base64}."""
        while True:
            event = self.event()
            assert "message" in event, event
            if event["message"] != "heartbeat":
                return event["message"]

    def closed(self) -> dict:
        """{"code", "reason"} of the close that must come; messages before it are passed over."""
        while True:
            event = self.event()
            assert not event.get("exit"), "the client ended"
            if "close" in event:
                return event["close"]

    def send(self, text: str) -> None:
        self._command(send=text)

    def send_binary(self, base64: str) -> None:
        self._command(binary=base64)

    def ping(self) -> None:
        self._command(ping=True)

    def close(self, code: int = 1000) -> None:
        self._command(close=code)

    def __enter__(self) -> "NodeClient":
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
