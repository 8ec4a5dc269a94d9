"""Asking to be let in, and what the gateway counts of it."""

from __future__ import annotations

import json
import time

from .api import Api
from .gateway import PATIENCE
from .raw import Head, RawSocket, upgrade_request


def ask(raw: RawSocket, path: str = "/echo", **headers: str | None) -> tuple[Head, str | None]:
    """Sends an opening handshake: its answer, and the code of an error."""
    raw.send(upgrade_request(path, **headers))
    head = raw.read_head()
    if head.status == 101:
        return head, None
    return head, json.loads(raw.read(int(head.headers["content-length"])))["error"]["code"]


def handshakes(api: Api, result: str) -> int:
    return api.get("/v1/stats").json["handshakes"][result]


def await_handshakes(api: Api, result: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while handshakes(api, result) < count:
        assert time.monotonic() < deadline, api.get("/v1/stats").json["handshakes"]


def await_handshaking(api: Api, count: int) -> None:
    """Until exactly so many handshakes are under way: what was connected may not have been accepted yet."""
    deadline = time.monotonic() + PATIENCE
    while api.get("/v1/stats").json["handshaking"] != count:
        assert time.monotonic() < deadline, api.get("/v1/stats").json
