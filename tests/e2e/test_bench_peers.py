"""Other servers under dunlin-bench: those that are installed start, are measured, lose nothing, and end."""

import subprocess

import pytest

from harness import load_bench
from harness.gateway import PATIENCE, ROOT
from harness.load_bench import BENCH, SOUND, UNSOUND
from harness.peers import GO_BUILD, Peer, go_is_installed, missing

UNSUPPORTED = 3
QUICK = ("--warmup", "0.1", "--duration", "0.5", "--settle", "0.1")

PEERS = ("nchan", "node-ws", "go-gorilla", "nats")
SCENARIOS = {
    "push": (("push", "-c", "50"), "pushes"),
    "push pipelined": (("push", "-c", "50", "--publishers", "2", "--outstanding", "8"), "pushes"),
    # Of 20 KB: goes in pieces through every buffer there is.
    "push large": (("push", "-c", "20", "--size", "20000", "--publishers", "2", "--rate", "200"), "pushes"),
    "fanout": (("fanout", "-c", "50"), "deliveries"),
    "fanout outstanding": (("fanout", "-c", "50", "--outstanding", "8"), "deliveries"),
    "fanout to a channel": (("fanout", "-c", "50", "--channel", "news"), "deliveries"),
    "mixed": (("mixed", "-c", "50", "--rate", "200"), "deliveries"),
    "echo": (("echo", "-c", "10"), "messages"),
    "connect": (("connect", "-c", "8"), "handshakes"),
    "reconnect": (("reconnect", "-c", "50", "--rounds", "1"), "reconnects"),
}
CANNOT = {("nchan", "echo"), ("nats", "echo")}


@pytest.fixture(scope="module")
def peer_build(tmp_path_factory):
    """Where the peers that need building are built."""
    build = tmp_path_factory.mktemp("build")
    if go_is_installed():
        subprocess.run([str(GO_BUILD), str(build / "peers/go-gorilla")], check=True)
    return build


@pytest.fixture(scope="module", params=PEERS)
def peer(request, peer_build):
    reason = missing(request.param, peer_build)
    if reason:
        assert request.param != "go-gorilla" or not go_is_installed(), reason
        pytest.skip(reason)
    with Peer(request.param, peer_build) as server:
        yield server


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_peer_is_measured_and_sound(peer, name):
    (scenario, *arguments), unit = SCENARIOS[name]
    times = QUICK if scenario != "reconnect" else QUICK[4:]
    run = load_bench.run(scenario, *arguments, *times, public=peer.public, api=peer.api, profile=peer.name, pid=peer.pid)
    if (peer.name, name) in CANNOT:
        assert run.status == UNSUPPORTED, run.text
        assert f"profile '{peer.name}' has no client.echo_path" in run.text
        return
    # A machine that is busy with other things may keep the harness from its rate; that is no fault of the server.
    assert set(run.faults()) <= {"unsent"}, run.text
    assert run.status == SOUND or run.faults(), run.text
    assert run.result["target"] == peer.name
    assert run.check("received") == run.check("expected") > 0, run.text
    assert run.check("other_messages") == 0, run.text
    assert run.metric(unit)["value"] > 0
    # Of all its processes: nginx's master does nothing, its worker everything.
    assert run.metric("server_cpu")["value"] > 0.2, run.text


def test_a_runs_table_leaves_out_what_a_server_cannot_do(tmp_path):
    done = subprocess.run([str(ROOT / "bench/run.sh"), "--build", str(BENCH.parent), "--out", str(tmp_path), "--quick",
                           "--duration", "0.3", "--only", "^echo 64$", "--targets", "limit nchan unheard-of"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
    # The row's goal is Dunlin's, which was not asked for.
    assert done.returncode == UNSOUND, done.stdout + done.stderr
    assert "0 goals reached (<=), 0 missed (>!), 1 not measured" in done.stdout
    assert "not measured: echo 64: dunlin / limit" in done.stdout
    assert "left out: unheard-of: no such target" in done.stderr
    # Either because of the row, or because it is not installed.
    assert "echo 64: nchan is left out" in done.stderr or "left out: nchan: " in done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("echo 64"))
    assert float(row.split()[-1]) > 0, "the limit's figure is the only one"
    assert {file.name for file in tmp_path.glob("*.json")} == {"echo_64.limit.1.json"}


@pytest.mark.parametrize("arguments, status, said", [
    (("--help",), 0, "--peers"),
    (("--frobnicate", "1"), 64, "unknown option --frobnicate"),
    (("--reps",), 64, "--reps needs a value"),
])
def test_the_runs_options(arguments, status, said):
    done = subprocess.run([str(ROOT / "bench/run.sh"), *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == status
    assert said in done.stdout + done.stderr
