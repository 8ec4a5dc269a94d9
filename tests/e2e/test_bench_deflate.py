"""The load harness with permessage-deflate, against three implementations of it: what comes compressed is
inflated and checked like anything else, and a server that does not compress is not measured as if it did."""

import subprocess

import pytest
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from harness import load_bench
from harness.gateway import BINARY, Gateway
from harness.load_bench import SOUND, UNSOUND, FaultyServer
from harness.peers import Peer, missing

QUICK = ("--warmup", "0.1", "--duration", "0.5", "--settle", "0.1")
JSON = ("--payload", "json", "--size", "1024")
PROFILE = "dunlin-deflate"


def deflate(**options) -> tuple:
    return (ServerPerMessageDeflateFactory(**options),)


BOTH = deflate(server_no_context_takeover=True, client_no_context_takeover=True)


@pytest.mark.parametrize("extensions", [BOTH, deflate(server_no_context_takeover=True),
                                        deflate(server_no_context_takeover=True, server_max_window_bits=9)],
                         ids=["both", "one side", "small window"])
@pytest.mark.parametrize("how", [("push", "--rate", "200", *JSON), ("push", "--rate", "200"),
                                 ("fanout", "--rate", "20", "--payload", "json", "--size", "4096")],
                         ids=["push", "letters", "fanout"])
def test_compressed_messages_are_checked_like_others(extensions, how):
    with FaultyServer(extensions=extensions) as server:
        run = load_bench.run(*how, "-c", "5", *QUICK, public=server.public, api=server.api, profile=PROFILE)
    assert set(run.faults()) <= {"unsent"}, run.text
    assert run.check("received") == run.check("expected") > 0
    assert run.check("other_messages") == 0
    assert run.result["parameters"]["permessage_deflate"] == "true"
    assert run.metric("compressed")["value"] == pytest.approx(100, abs=1)
    assert 20 < run.metric("compressed_size")["value"] < (60 if "json" in how else 101)


@pytest.mark.parametrize("fault, check", [("drop", "lost"), ("duplicate", "duplicated"), ("reorder", "reordered"),
                                          ("corrupt", "corrupted")])
def test_faults_are_found_in_compressed_messages(fault, check):
    with FaultyServer(fault, extensions=BOTH) as server:
        run = load_bench.run("push", "-c", "5", "--rate", "300", "--timeout", "1", *JSON, *QUICK, public=server.public,
                             api=server.api, profile=PROFILE)
        assert run.status == UNSOUND, run.text
        assert run.check(check) == server.faults > 0
        others = {"lost": server.held} if server.held else {}
        assert {name: count for name, count in run.faults().items() if name not in (check, "unsent")} == others


def test_a_server_that_does_not_compress_is_not_measured():
    with FaultyServer() as server:
        run = load_bench.run("fanout", "-c", "2", *QUICK, public=server.public, api=server.api, profile=PROFILE)
    assert run.status == 1
    assert run.text.strip() == ("dunlin-bench: 2 of 2 clients could not connect: the server does not agree to "
                                "permessage-deflate as offered")


def test_nothing_is_offered_where_the_profile_does_not_say_so():
    with FaultyServer(extensions=BOTH) as server:
        run = load_bench.run("push", "-c", "2", "--rate", "100", *JSON, *QUICK, public=server.public, api=server.api)
    assert run.status == SOUND or set(run.faults()) == {"unsent"}, run.text
    assert "permessage_deflate" not in run.result["parameters"]
    assert run.metric("compressed") is None


def test_nodes_ws_compresses_for_each(tmp_path):
    reason = missing("node-ws-deflate", tmp_path)
    if reason:
        pytest.skip(reason)
    with Peer("node-ws-deflate", tmp_path) as peer:
        for how in (("push", *JSON), ("fanout", "--outstanding", "8", *JSON), ("echo", "--payload", "json", "--size", "4096"),
                    ("fanout", "--payload", "json", "--size", "100000"), ("connect",)):
            run = load_bench.run(*how, "-c", "20", *QUICK, public=peer.public, api=peer.api, profile=peer.name, pid=peer.pid)
            assert run.status == SOUND, (how, run.text)
            assert run.check("received") == run.check("expected") > 0, how


def _dunlin_compresses() -> bool:
    done = subprocess.run([BINARY, "print-config", "--reference"], capture_output=True, text=True, check=True)
    return "compression = " in done.stdout


def test_dunlin_compresses():
    if not _dunlin_compresses():
        pytest.skip("this gateway does not compress")
    with Gateway(arguments=("--set", "profiles.ws.compression=on")) as gateway:
        where = {"public": gateway.public, "api": gateway.api, "profile": PROFILE}
        for how in (("fanout", *JSON, "--workers", "2"), ("fanout", "--outstanding", "8", *JSON), ("push", *JSON),
                    ("fanout", "--payload", "json", "--size", "40000"), ("mixed", "--rate", "200", *JSON)):
            run = load_bench.run(*how, "-c", "50", *QUICK, **where)
            assert set(run.faults()) <= {"unsent"}, (how, run.text)
            assert run.check("received") == run.check("expected") > 0, how
            assert run.metric("compressed")["value"] > 0, how
        run = load_bench.run("push", "-c", "10", *QUICK, **where)
        assert run.status == SOUND, run.text
        assert "only 0 % of the messages were compressed" in run.result["warnings"], "64 bytes are not worth it"


def test_json_payloads_arrive_unescaped_without_compression():
    with Gateway(shards=1) as gateway:
        for how in (("push",), ("push", "--batch", "8"), ("push", "--stream"), ("fanout", "--outstanding", "4")):
            run = load_bench.run(*how, "-c", "20", *JSON, *QUICK, public=gateway.public, api=gateway.api)
            assert run.status == SOUND, (how, run.text)
            assert run.check("received") == run.check("expected") > 0, how
