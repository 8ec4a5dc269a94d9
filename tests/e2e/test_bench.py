"""The load harness: each scenario ends well with a server that works, and finds what is wrong with one
that does not."""

import json
import subprocess
import sys
import threading
import time

import pytest

from harness import load_bench
from harness.gateway import Gateway
from harness.load_bench import BENCH, LIMIT, SOUND, UNSOUND, FaultyServer, Limit

QUICK = ("--warmup", "0.1", "--duration", "0.5", "--settle", "0.1")

# Scenario and its arguments; the unit of work it counts; the latency it is about.
SCENARIOS = {
    "connect": (("connect", "-c", "8", *QUICK), "handshakes", "handshake"),
    "connect at a rate": (("connect", "-c", "8", "--rate", "200", *QUICK), "handshakes", "handshake"),
    "connect storm": (("connect", "-c", "200", "--storm", *QUICK), None, "handshake"),
    "hold": (("hold", "-c", "200", *QUICK), None, "handshake"),
    "fanout": (("fanout", "-c", "100", *QUICK), "deliveries", "delivery"),
    "fanout at a rate": (("fanout", "-c", "100", "--rate", "20", "--workers", "2", *QUICK), "deliveries", "completion"),
    "push": (("push", "-c", "100", *QUICK), "pushes", "push"),
    "push at a rate": (("push", "-c", "100", "--rate", "500", *QUICK), "pushes", "push"),
    "push pipelined": (("push", "-c", "100", "--publishers", "2", "--outstanding", "8", *QUICK), "pushes", "push"),
    "push batch": (("push", "-c", "100", "--batch", "16", *QUICK), "pushes", "push"),
    "push stream": (("push", "-c", "100", "--stream", "--workers", "2", *QUICK), "pushes", "push"),
    "push stream at a rate": (("push", "-c", "100", "--stream", "--rate", "2000", *QUICK), "pushes", "push"),
    "echo": (("echo", "-c", "20", *QUICK), "messages", "echo"),
    "mixed": (("mixed", "-c", "200", "--rate", "300", "--non-readers", "1", *QUICK), "deliveries", "push"),
    "reconnect": (("reconnect", "-c", "200", "--rounds", "2", "--settle", "0.1"), "reconnects", "reconnection"),
    "reconnect storm": (("reconnect", "-c", "200", "--rounds", "1", "--storm", "--drop", "close", "--workers", "2",
                         "--settle", "0.1"), "reconnects", "reconnection"),
    # Half a second says nothing about growth.
    "soak": (("soak", "-c", "100", "--rate", "300", "--broadcast-rate", "10", "--churn", "40", "--churn-clients", "20",
              "--memory-allowance", "1000", "--slices", "5", *QUICK[:2], "--duration", "1", "--settle", "0.1"), "deliveries", "push"),
}


@pytest.fixture(scope="module", autouse=True)
def _built():
    for program in (BENCH, LIMIT):
        assert program.exists(), f"there is no {program}: build it, or set DUNLIN_BENCH_BIN"


@pytest.fixture(scope="module")
def bench_gateway():
    with Gateway(shards=2) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def limit():
    with Limit() as server:
        yield server


@pytest.mark.parametrize("name", SCENARIOS)
def test_dunlin_is_sound(bench_gateway, name):
    _check_sound(bench_gateway, "dunlin", name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_limit_is_sound(limit, name):
    _check_sound(limit, "limit", name)


def _check_sound(server, profile, name):
    arguments, unit, latency = SCENARIOS[name]
    run = load_bench.run(*arguments, public=server.public, api=server.api, profile=profile, pid=server.pid)
    # A machine that is busy with other things may keep the harness from its rate; that is no fault of the server.
    assert set(run.faults()) <= {"unsent"}, run.text
    assert run.status == (UNSOUND if run.faults() else SOUND), run.text
    assert run.result["scenario"] == arguments[0]
    assert run.result["target"] == profile
    assert run.check("expected") == run.check("received")
    assert run.latency(latency)["count"] > 0
    assert 0 < run.latency(latency)["p50"] <= run.latency(latency)["max"]
    if unit is not None:
        assert run.metric(unit)["value"] > 0
        assert run.metric("server_cpu")["value"] > 0
        assert run.check("received") > 0


def test_an_open_loop_keeps_its_rate(bench_gateway):
    for how in ((), ("--stream",), ("--batch", "10"), ("--outstanding", "4", "--publishers", "1")):
        run = load_bench.run("push", "-c", "50", "--rate", "1000", "--warmup", "0", "--duration", "1", "--settle", "0.1", *how,
                             public=bench_gateway.public, api=bench_gateway.api)
        due = run.check("expected") + run.check("unsent")
        assert 990 <= due <= 1020, (how, run.text)


def test_hold_tells_user_and_kernel_memory_apart(bench_gateway):
    run = load_bench.run("hold", "-c", "500", *QUICK, public=bench_gateway.public, api=bench_gateway.api,
                         pid=bench_gateway.pid)
    assert run.metric("user_memory")["unit"] == "bytes/connection"
    assert run.metric("kernel_memory_both_ends") is not None
    assert run.metric("idle_cpu")["value"] >= 0


def test_hold_says_how_many_pings_the_idle_clients_answered():
    config = """
        [profiles.push]
        path = "/ws"
        identity = "message"
        ping_interval_ms = "100ms"
        ping_jitter_percent = 0
    """
    with Gateway(config, shards=1) as gateway:
        run = load_bench.run("hold", "-c", "50", *QUICK, public=gateway.public, api=gateway.api, pid=gateway.pid)
    assert run.status == SOUND, run.text
    assert 100 <= run.metric("pings")["value"] <= 600, "fifty clients, ten times a second"


def test_a_server_that_dies_ends_the_run_early():
    with Limit() as server:
        threading.Timer(1, server.kill).start()
        began = time.monotonic()
        run = load_bench.run("soak", "-c", "20", "--duration", "60", "--slices", "60", "--timeout", "0.5", public=server.public,
                             api=server.api, pid=server.pid)
    assert run.status == 1
    assert run.text.strip().splitlines() == ["dunlin-bench: the server has died"]
    assert time.monotonic() - began < 20


def test_reconnect_has_figures_of_each_round(bench_gateway):
    run = load_bench.run("reconnect", "-c", "300", "--rounds", "3", "--settle", "0.1", public=bench_gateway.public,
                         api=bench_gateway.api, pid=bench_gateway.pid)
    assert run.status == SOUND, run.text
    assert len(run.metric("all_reconnected")["samples"]) == 3
    assert run.metric("all_reconnected")["value"] == max(run.metric("all_reconnected")["samples"])
    assert len(run.metric("server_cpu")["samples"]) == 3
    assert run.latency("reconnection")["count"] == 900
    assert run.latency("push")["count"] == 900, "each client is pushed to once a round"
    assert run.latency("delivery")["count"] == 900, "and gets one broadcast"
    assert run.latency("reconnection")["unit"] == "ns"
    assert run.latency("reconnection")["max"] <= 1e9 * run.metric("all_reconnected")["value"]


def test_reconnect_is_held_to_the_cost_of_a_handshake(bench_gateway, tmp_path):
    baseline = tmp_path / "connect.json"
    where = {"public": bench_gateway.public, "api": bench_gateway.api, "pid": bench_gateway.pid}
    connect = load_bench.run("connect", "-c", "8", *QUICK, **where)
    baseline.write_text(json.dumps(connect.result), encoding="utf-8")
    for factor, status in ((1000.0, SOUND), (0.001, UNSOUND)):
        run = load_bench.run("reconnect", "-c", "100", "--rounds", "1", "--settle", "0.1", "--baseline", str(baseline),
                             "--baseline-max", str(factor), **where)
        assert run.status == status, run.text
        assert not run.faults(), "dear is not lost"
        said = [f"more than --baseline-max {factor:g}" in bound for bound in run.result["exceeded"]]
        assert said == ([] if status == SOUND else [True])
        assert run.metric("cpu_to_baseline")["value"] == pytest.approx(
            run.metric("server_cpu")["value"] / connect.metric("server_cpu")["value"])


def test_soak_looks_at_memory_files_and_latency_of_each_slice(bench_gateway):
    run = load_bench.run(*SCENARIOS["soak"][0], public=bench_gateway.public, api=bench_gateway.api, pid=bench_gateway.pid)
    assert len(run.metric("user_held")["samples"]) == 6, "one at each border"
    assert len(run.metric("push_p99")["samples"]) == 5
    assert run.metric("open_files")["value"] > 100
    assert run.metric("user_growth") is not None
    # 40 a second in warm-up and window; a busy machine makes the window longer.
    assert 20 <= run.latency("reconnection")["count"] <= 80


def test_a_server_that_grows_fails_a_soak(bench_gateway):
    # It is watched in place of the gateway: a gigabyte at most, which takes longer than the run.
    grow = "import time\nheld = []\nfor _ in range(500): held.append(b'x' * 2**21); time.sleep(0.01)\ntime.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", grow]) as growing:
        try:
            run = load_bench.run("soak", "-c", "20", "--rate", "100", "--churn-clients", "5", "--slices", "5", *QUICK,
                                 public=bench_gateway.public, api=bench_gateway.api, pid=growing.pid)
        finally:
            growing.kill()
    assert run.status == UNSOUND, run.text
    assert not set(run.faults()) - {"unsent"}, "growth is no loss"
    assert any("the server grew: user memory" in bound for bound in run.result["exceeded"]), run.text
    assert "(!) the server grew" in run.text


def test_a_worker_with_nobody_to_push_to_is_a_mistake(bench_gateway):
    run = load_bench.run("mixed", "-c", "20", "--workers", "4", "--probes", "3", *QUICK, public=bench_gateway.public,
                         api=bench_gateway.api)
    assert run.status == 1
    assert "has no client to push to: give fewer --workers, or more --probes" in run.text


# ---- A server that is at fault ----


@pytest.mark.parametrize("fault, check", [("drop", "lost"), ("duplicate", "duplicated"), ("reorder", "reordered"),
                                          ("corrupt", "corrupted"), ("refuse", "refused")])
def test_every_fault_of_a_push_is_found_and_counted(fault, check):
    with FaultyServer(fault) as server:
        run = load_bench.run("push", "-c", "5", "--rate", "300", "--timeout", "1", *QUICK, public=server.public, api=server.api)
        assert server.faults > 2
        assert run.status == UNSOUND, run.text
        assert run.check(check) == server.faults
        # What is held back in the end never comes.
        others = {"lost": server.held} if server.held else {}
        assert {name: count for name, count in run.faults().items() if name not in (check, "unsent")} == others


@pytest.mark.parametrize("fault, check", [("drop", "lost"), ("duplicate", "duplicated"), ("corrupt", "corrupted")])
def test_every_fault_of_a_broadcast_is_found(fault, check):
    with FaultyServer(fault, every=5) as server:
        run = load_bench.run("fanout", "-c", "5", "--rate", "20", "--timeout", "1", *QUICK, public=server.public,
                             api=server.api)
        assert run.status == UNSOUND, run.text
        assert run.check(check) == server.faults > 0


def test_a_server_without_faults_is_sound():
    with FaultyServer() as server:
        run = load_bench.run("push", "-c", "5", "--rate", "300", *QUICK, public=server.public, api=server.api)
        assert set(run.faults()) <= {"unsent"}, run.text
        assert server.faults == 0


def test_a_loss_in_a_soak_is_found():
    with FaultyServer("drop") as server:
        run = load_bench.run("soak", "-c", "5", "--rate", "300", "--broadcast-rate", "5", "--churn", "0", "--churn-clients", "1",
                             "--non-readers", "0", "--timeout", "1", *QUICK, public=server.public, api=server.api)
        assert run.status == UNSOUND, run.text
        assert run.check("lost") > 0


def test_reconnecting_clients_honour_the_hint():
    with FaultyServer(welcome=20, turn_away=10, retry_after=1) as server:
        run = load_bench.run("reconnect", "-c", "20", "--rounds", "1", "--storm", "--settle", "0.1", public=server.public,
                             api=server.api)
        assert run.status == SOUND, run.text
        assert run.check("turned_away") == server.turned_away == 10
        assert run.check("refused_past_hint") == 0
        assert run.metric("all_reconnected")["value"] >= 1, "nobody came before the hint was over"


def test_being_refused_for_longer_than_the_hint_is_found():
    with FaultyServer(welcome=10, turn_away=25, retry_after=1) as server:
        run = load_bench.run("reconnect", "-c", "10", "--rounds", "1", "--storm", "--settle", "0.1", public=server.public,
                             api=server.api)
        assert run.status == UNSOUND, run.text
        assert run.check("turned_away") == 25
        assert run.check("refused_past_hint") == 15, "ten first refusals, the rest came after the hint"
        assert run.latency("past_hint")["count"] == 15


def test_clients_that_are_never_let_in_again_are_given_up():
    with FaultyServer(welcome=5, turn_away=10**6, retry_after=60) as server:
        run = load_bench.run("reconnect", "-c", "5", "--rounds", "2", "--return-timeout", "0.5", "--timeout", "0.5",
                             "--settle", "0.1", public=server.public, api=server.api)
        assert run.status == UNSOUND, run.text
        assert run.check("not_back") == 5


# ---- The command line ----


def test_every_scenario_explains_itself():
    for scenario in ("connect", "hold", "fanout", "push", "echo", "mixed", "reconnect", "soak"):
        done = subprocess.run([BENCH, scenario, "--help"], capture_output=True, text=True, check=True)
        assert "--connections" in done.stdout and "Exit status" in done.stdout, scenario


def test_a_server_that_is_not_there_is_one_clear_line():
    run = load_bench.run("push", "-c", "1", public=("127.0.0.1", 1), api=("127.0.0.1", 1))
    assert run.status == 1
    assert run.text.strip().splitlines() == ["dunlin-bench: 1 of 1 clients could not connect"]
