"""/metrics, /healthz, /readyz, /v1/stats, /v1/memory: well-formed, and telling the truth."""

import re

import pytest

from harness.api import Api
from harness.clients import plain_user
from harness.gateway import Gateway
from harness.raw import CLOSE, PING, TEXT, RawClient, RawSocket, frame, upgrade_request

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$')


def samples(api):
    """{(name, labels): value} of the exposition, whose form is checked line by line."""
    answer = api.get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found, typed = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in typed, f"{name} typed twice"
            typed[name] = kind
        elif not line.startswith("#") and line:
            match = SAMPLE.match(line)
            assert match, line
            key = (match[1], match[2] or "")
            assert key not in found, f"{key} twice"
            found[key] = float(match[3])
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in typed or typed.get(family) in ("histogram", "summary"), f"{line}: no TYPE"
    for (name, _), value in found.items():
        if typed.get(name) == "counter":
            assert value >= 0
    return found


def total(found, pattern):
    """The sum of all samples whose 'name{labels}' matches."""
    return sum(value for (name, labels), value in found.items() if re.search(pattern, f"{name}{{{labels}}}"))


@pytest.fixture(params=[1, 3], ids=["1shard", "3shards"])
def fresh(request):
    with Gateway(shards=request.param) as gateway:
        api = Api(gateway.api)
        yield gateway, api
        api.close()


def test_exposition_is_well_formed_and_names_are_ours(fresh):
    _, api = fresh
    found = samples(api)
    assert len(found) > 30
    assert sum(1 for name, _ in found if name.startswith("dunlin_")) > 20


def test_connections_by_profile(fresh):
    gateway, api = fresh
    clients = [RawClient(gateway.public, "/ping") for _ in range(5)] + [RawClient(gateway.public, "/echo") for _ in range(3)]
    api.await_true(lambda: total(samples(api), r'^dunlin_connections\{.*profile="ping"') == 5, "not 5 on /ping")
    assert total(samples(api), r'^dunlin_connections\{.*profile="echo"') == 3
    for client in clients:
        client.end()
        client.close()
    api.await_true(lambda: total(samples(api), r"^dunlin_connections\{") == 0, "connections are still counted")


def test_handshakes_and_their_refusals_are_counted(fresh):
    gateway, api = fresh
    for path in ["/ping"] * 3 + ["/nowhere"] * 2:
        with RawSocket(gateway.public) as raw:
            raw.send(upgrade_request(path))
            raw.read_head()
    api.await_true(lambda: total(samples(api), r'handshake.*accepted') == 3, "accepted handshakes")
    api.await_true(lambda: total(samples(api), r'handshake.*rejected') == 2, "rejected handshakes")


def test_pushes_and_receipts_are_counted(fresh, uid):
    gateway, api = fresh
    with plain_user(gateway, api, uid) as client:
        for number in range(7):
            api.pushed(uid=uid, data=number)
            assert client.json() == number
        found = samples(api)
        assert total(found, r"^dunlin_.*written") >= 7
        counts = [value for (name, labels), value in found.items() if name.endswith("_count") and "latency" in name]
        assert sum(counts) >= 7, "the push latency histogram is empty"


def test_closes_by_cause(fresh):
    gateway, api = fresh
    with RawClient(gateway.public, "/ping") as client:
        client.send(frame(TEXT, b"x", rsv=1))
        client.expect_close(1002)
    with RawClient(gateway.public, "/ping") as client:
        client.end()
    client = RawClient(gateway.public, "/ping")
    client.reset()
    for cause in ("violation", "client", "lost"):
        api.await_true(lambda: total(samples(api), rf'close.*"{cause}"') == 1, f"close by {cause} not counted")  # pylint: disable=W0640


DEADLINES = """
[profiles.login]
path = "/login"
identity = "message"
login_timeout_ms = "200ms"

[profiles.ping]
path = "/ping"
on_text = "echo"
ping_interval_ms = "100ms"
pong_timeout_ms = "100ms"

[profiles.idle]
path = "/idle"
on_text = "echo"
ping_interval_ms = 0
idle_timeout_ms = "500ms"
"""


def test_whoever_says_nothing_is_closed():
    """No login, no pong, no message: each has its deadline, its code, and its cause in the metrics."""
    with Gateway(config=DEADLINES) as gateway:
        api = Api(gateway.api)
        for path, code, cause in (("/login", 4101, "login_timeout"), ("/ping", 4200, "pong_timeout"), ("/idle", 4102, "idle_timeout")):
            with RawClient(gateway.public, path) as client:
                while (got := client.frame()).opcode != CLOSE:  # No ping is answered.
                    assert got.opcode == PING and path == "/ping"
                assert got.close_code == code, (path, got)
            api.await_true(lambda: total(samples(api), rf'dunlin_closes_total.*"{cause}"') == 1, f"{cause} not counted")  # pylint: disable=W0640
        api.close()


def test_ready_after_the_canary_has_arrived(fresh):
    _, api = fresh
    assert api.get("/healthz").status == 200
    api.await_true(lambda: api.get("/readyz").status == 200, "never ready")


def test_canaries_go_between_every_two_shards():
    for shards in (1, 3):
        with Gateway(shards=shards, environment={"DUNLIN_CANARY_INTERVAL_MS": "20", "DUNLIN_CANARY_TIMEOUT_MS": "5000"}) as gateway:
            api = Api(gateway.api)
            api.await_true(lambda: api.get("/readyz").status == 200, "never ready")
            api.await_true(lambda: total(samples(api), r"^dunlin_canaries_arrived_total\{") >= 10 * shards * shards, "no canaries")
            ready = api.get("/readyz").json
            assert ready["ready"] is True and ready["draining"] is False
            canary = ready["canary"]
            assert canary["watched"] is True and canary["pairs"] == shards * shards and canary["pairs_overdue"] == 0
            found = samples(api)
            for shard in range(shards):  # Each shard sends to each.
                assert total(found, rf'^dunlin_canaries_sent_total\{{shard="{shard}"') >= shards
                assert total(found, rf'^dunlin_canaries_arrived_total\{{shard="{shard}"') >= shards
            assert total(found, r"^dunlin_pushes_total\{") == 0 == total(found, r"^dunlin_connections\{")  # They are not counted as work.
            api.close()


def test_stats(fresh, uid):
    gateway, api = fresh
    with plain_user(gateway, api, uid):
        stats = api.get("/v1/stats")
        assert stats.status == 200 and isinstance(stats.json, dict)
        assert uid not in stats.text


def test_memory(fresh):
    _, api = fresh
    memory = api.get("/v1/memory")
    assert memory.status == 200 and isinstance(memory.json, dict)


def test_scrapes_while_much_happens(gateway, api, uid):
    with plain_user(gateway, api, uid) as client:
        for number in range(50):
            api.pushed(uid=uid, data=number)
            samples(api)
        assert [client.json() for _ in range(50)] == list(range(50))
