"""Clients as users have them, on top of the raw one: logged in plainly, or speaking dunlin.v1."""

from __future__ import annotations

import json

from .api import Api
from .gateway import Gateway
from .raw import TEXT, RawClient


def plain_user(gateway: Gateway, api: Api, uid: str, count: int = 1, **options) -> RawClient:
    """A connection to /ws that has said {"uid": …}, once the gateway knows it; `count` with this one."""
    client = RawClient(gateway.public, "/ws", **options)
    client.send_json({"uid": uid})
    api.await_online(uid, count)
    return client


class ProtocolClient(RawClient):
    """A dunlin.v1 connection. Answers are awaited by id; what else comes is kept in arrival order."""

    def __init__(self, gateway: Gateway, uid: str | None = None, path: str = "/live", **options):
        super().__init__(gateway.public, path, sec_websocket_protocol="dunlin.v1", **options)
        assert self.head.headers.get("sec-websocket-protocol") == "dunlin.v1"
        self._last_id = 0
        self.waiting: list[dict] = []  # Read while an answer was awaited.
        self.connection_id = None
        if uid is not None:
            answer = self.request(login={"uid": uid})
            assert answer["login"]["uid"] == uid
            self.connection_id = answer["login"]["connection"]

    def request(self, **request) -> dict:
        self._last_id += 1
        self.send_json({"id": self._last_id, **request})
        while True:
            message = self._read()
            if message.get("id") == self._last_id:
                return message
            assert "id" not in message, message
            self.waiting.append(message)

    def _read(self) -> dict:
        got = self.message()
        assert got.opcode == TEXT, got
        return json.loads(got.payload)

    def next(self) -> dict:
        """The next message that answers no request."""
        return self.waiting.pop(0) if self.waiting else self._read()

    def push(self) -> dict:
        message = self.next()
        assert set(message) == {"push"}, message
        push = message["push"]
        assert isinstance(push["message"], str) and push["message"]
        assert len({"data", "text", "binary"} & set(push)) == 1, push
        assert ("channel" in push) == ("offset" in push), push
        return push

    def subscribe(self, channel: str, **fields) -> dict:
        answer = self.request(subscribe={"channel": channel, **fields})
        assert "subscribe" in answer, answer
        got = answer["subscribe"]
        assert got["channel"] == channel
        return got

    def ack(self, message: str) -> None:
        self.send_json({"ack": message})
