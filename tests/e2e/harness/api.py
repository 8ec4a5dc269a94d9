"""HTTP clients for the internal API: one with keep-alive, and one that pipelines raw bytes."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import quote

from .certificates import everywhere
from .gateway import PATIENCE
from .raw import RawSocket


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def error_code(self) -> str:
        """The stable code of an error answer, whose form is checked."""
        error = self.json["error"]
        assert isinstance(error["code"], str) and error["code"], self.body
        assert isinstance(error["message"], str) and error["message"], self.body
        return error["code"]


class Api:
    """One keep-alive connection; opened again when the gateway has closed it."""

    def __init__(self, address: tuple[str, int], headers: dict[str, str] | None = None):
        if everywhere and address in everywhere.addresses:
            self._connection = http.client.HTTPSConnection(*address, timeout=PATIENCE, context=everywhere.context)
        else:
            self._connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
        self._headers = headers or {}

    def request(self, method: str, path: str, body: bytes | str | None = None,
                headers: dict[str, str] | None = None) -> Answer:
        if isinstance(body, str):
            body = body.encode("utf-8")
        self._connection.request(method, path, body, self._headers | (headers or {}))
        response = self._connection.getresponse()
        data = response.read()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, data)

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def delete(self, path: str) -> Answer:
        return self.request("DELETE", path)

    def post(self, path: str, value, headers: dict[str, str] | None = None) -> Answer:
        return self.request("POST", path, json.dumps(value), {"Content-Type": "application/json"} | (headers or {}))

    def push(self, **fields) -> Answer:
        return self.post("/v1/push", fields)

    def pushed(self, **fields) -> dict:
        """A push that must be answered with 200, and whose receipt must add up."""
        answer = self.push(**fields)
        assert answer.status == 200, (answer.status, answer.body)
        check_receipt(answer.json)
        return answer.json

    def send(self, uid: str, message: str) -> Answer:
        return self.get(f"/send?uid={quote(uid, safe='')}&message={quote(message, safe='')}")

    def online(self, *uids: str) -> dict:
        answer = self.post("/v1/online", {"uids": list(uids)})
        assert answer.status == 200, answer.body
        return answer.json

    def await_online(self, uid: str, count: int = 1) -> None:
        """A plain login is answered by nothing: asks until the uid has `count` connections."""
        self.await_true(lambda: self.online(uid)["online"].get(uid, 0) == count, f"{uid} has not {count} connections")

    @staticmethod
    def await_true(condition, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.002)  # The question itself is the event: nothing tells when the answer changes.

    def close(self) -> None:
        self._connection.close()


def check_receipt(receipt: dict) -> None:
    """What every answer to a push has, and what must add up in it."""
    assert isinstance(receipt["id"], str) and receipt["id"], receipt
    assert isinstance(receipt["complete"], bool), receipt
    for key in ("matched", "written", "queued", "conflated", "dropped"):
        assert isinstance(receipt[key], int) and receipt[key] >= 0, (key, receipt)
    assert receipt["matched"] == sum(receipt[key] for key in ("written", "queued", "conflated", "dropped")), receipt
    assert isinstance(receipt["offline"], list), receipt
    assert receipt["nodes"]["asked"] >= receipt["nodes"]["answered"] >= 1, receipt


class RawApi(RawSocket):
    """Raw bytes to the API port, answers parsed one by one in order."""

    def answer(self) -> Answer:
        head = self.read_head()
        if head.status in (204, 304) or head.status < 200:
            return Answer(head.status, head.headers)
        if head.headers.get("transfer-encoding", "").lower() == "chunked":
            body = b"".join(self.chunks())
        elif "content-length" in head.headers:
            body = self.read(int(head.headers["content-length"]))
        else:
            body = self.read_to_end()
        return Answer(head.status, head.headers, body)

    def chunks(self):
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            data = self.read(size)
            assert self.read(2) == b"\r\n"
            if size == 0:
                return
            yield data


def request_bytes(method: str, path: str, body: bytes = b"", headers: tuple[str, ...] = ()) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
