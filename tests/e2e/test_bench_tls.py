"""The load harness by wss: its scenarios are as sound as without TLS, it says what was agreed on, verifies
certificates where it shall, resumes sessions where it shall, and names what went wrong."""

import subprocess

import pytest

from harness import load_bench
from harness.gateway import PATIENCE, ROOT, Gateway
from harness.load_bench import BENCH, LIMIT, SOUND, UNSOUND, Limit

QUICK = ("--warmup", "0.1", "--duration", "0.5", "--settle", "0.1")

SCENARIOS = {
    "connect": (("connect", "-c", "8", *QUICK), "handshakes"),
    "connect resumed": (("connect", "-c", "8", "--tls-resume", *QUICK), "handshakes"),
    "hold": (("hold", "-c", "200", *QUICK), None),
    "fanout": (("fanout", "-c", "100", "--size", "1024", "--workers", "2", *QUICK), "deliveries"),
    "fanout outstanding": (("fanout", "-c", "100", "--size", "20000", "--outstanding", "8", *QUICK), "deliveries"),
    "push": (("push", "-c", "100", *QUICK), "pushes"),
    "push stream": (("push", "-c", "100", "--stream", *QUICK), "pushes"),
    "echo": (("echo", "-c", "20", "--outstanding", "4", *QUICK), "messages"),
    "echo large": (("echo", "-c", "4", "--size", "200000", *QUICK), "messages"),
    "mixed": (("mixed", "-c", "200", "--rate", "300", "--non-readers", "1", *QUICK), "deliveries"),
    "reconnect": (("reconnect", "-c", "100", "--rounds", "2", "--tls-resume", "--settle", "0.1"), "reconnects"),
    "reconnect closing": (("reconnect", "-c", "100", "--rounds", "1", "--drop", "close", "--workers", "2", "--settle", "0.1"),
                          "reconnects"),
    "soak": (("soak", "-c", "50", "--rate", "200", "--broadcast-rate", "5", "--churn", "20", "--churn-clients", "10",
              "--memory-allowance", "1000", "--slices", "5", *QUICK), "deliveries"),
}


@pytest.fixture(scope="module")
def secure_gateway():
    with Gateway(shards=2, arguments=("--dev-tls",)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def secure_limit():
    with Limit("--tls") as server:
        yield server


@pytest.mark.parametrize("name", SCENARIOS)
def test_dunlin_is_sound(secure_gateway, name):
    _check_sound(secure_gateway, "dunlin-tls", name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_limit_is_sound(secure_limit, name):
    _check_sound(secure_limit, "limit-tls", name)


def _check_sound(server, profile, name):
    arguments, unit = SCENARIOS[name]
    run = load_bench.run(*arguments, public=server.public, api=server.api, profile=profile, pid=server.pid)
    # A machine that is busy with other things may keep the harness from its rate; that is no fault of the server.
    assert set(run.faults()) <= {"unsent"}, run.text
    assert run.status == (UNSOUND if run.faults() else SOUND), run.text
    assert run.check("expected") == run.check("received")
    assert run.result["target"] == profile
    assert run.result["parameters"]["tls"] == "TLSv1.3 TLS_AES_256_GCM_SHA384", "like is compared with like"
    assert run.result["parameters"]["certificate"] == "not verified"
    if unit is not None:
        assert run.metric(unit)["value"] > 0
        assert run.check("received") > 0
    resumed = run.metric("tls_resumed")
    assert (resumed is not None) == ("--tls-resume" in arguments)
    if resumed is not None:
        assert resumed["value"] > 95, "every client has a ticket of its last connection"


def test_plain_runs_have_no_word_of_tls():
    with Limit() as server:
        run = load_bench.run("hold", "-c", "5", *QUICK, public=server.public, api=server.api, profile="limit")
    assert run.status == SOUND, run.text
    assert not {"tls", "certificate", "tls_resume"} & set(run.result["parameters"])


def test_a_server_without_tickets_is_told_of():
    with Limit("--tls", "--tls-tickets", "0") as server:
        run = load_bench.run("connect", "-c", "4", "--tls-resume", *QUICK, public=server.public, api=server.api,
                             profile="limit-tls", pid=server.pid)
    assert run.status == SOUND, run.text
    assert run.metric("tls_resumed")["value"] == 0
    assert "only 0 % of the handshakes were resumptions" in run.result["warnings"]


def test_hold_measures_the_memory_of_tls():
    def user_memory(*options: str) -> float:
        with Limit(*options) as server:
            run = load_bench.run("hold", "-c", "400", *QUICK, public=server.public, api=server.api, pid=server.pid,
                                 profile="limit-tls" if options else "limit")
        assert run.status == SOUND, run.text
        return run.metric("user_memory")["value"]
    plain, lean, full = user_memory(), user_memory("--tls", "--tls-release-buffers"), user_memory("--tls")
    assert plain < 4_000 < lean, "OpenSSL alone needs more"
    assert full > lean + 12_000, "a record buffer is 16 KiB and more"


def test_pushes_by_https(tmp_path):
    profile = tmp_path / "https.toml"
    profile.write_text('base = "dunlin-tls"\napi_tls = true\n', encoding="utf-8")
    config = """
        [public]
        tls = true
        [api]
        tls = true
        [tls]
        self_signed = true
        [profiles.ws]
        path = "/ws"
        identity = "message"
    """
    with Gateway(config, shards=1) as gateway:
        for how in (("push", "--outstanding", "4"), ("push", "--batch", "16"), ("push", "--stream"), ("fanout", "--size", "40000")):
            run = load_bench.run(*how, "-c", "20", *QUICK, public=gateway.public, api=gateway.api, profile=str(profile))
            assert run.status == SOUND, (how, run.text)
            assert run.check("received") == run.check("expected") > 0, how


def test_a_row_of_tls_has_targets_of_its_own(tmp_path):
    done = subprocess.run([str(ROOT / "bench/run.sh"), "--build", str(BENCH.parent), "--out", str(tmp_path), "--quick",
                           "--duration", "0.3", "--only", "^(tls fanout|deflate)", "--targets", "limit limit-tls"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
    assert {file.name for file in tmp_path.glob("*.json")} == {"tls_fanout_1000_1_KiB.limit-tls.1.json"}, done.stderr
    assert done.returncode == UNSOUND, "the goal is Dunlin's, which was not asked for"
    assert "not measured: tls fanout 1000 1 KiB: dunlin-tls / limit-tls" in done.stdout, done.stdout


# ---- Certificates ----


def _make_certificate(directory, name: str, names: str):
    key, certificate = directory / f"{name}.key", directory / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    return key, certificate


def test_a_certificate_is_verified_against_a_file(tmp_path):
    key, good = _make_certificate(tmp_path, "good", "IP:127.0.0.1")
    _, stranger = _make_certificate(tmp_path, "stranger", "IP:127.0.0.1")
    elsewhere_key, elsewhere = _make_certificate(tmp_path, "elsewhere", "DNS:example.org")

    def run_against(gateway, authority):
        return load_bench.run("push", "-c", "3", "--ca", str(authority), *QUICK, public=gateway.public, api=gateway.api,
                              profile="dunlin-tls")
    with Gateway(_config(good, key), shards=1) as gateway:
        run = run_against(gateway, good)
        assert run.status == SOUND, run.text
        assert run.result["parameters"]["certificate"] == "verified"
        run = run_against(gateway, stranger)
        assert run.status == 1
        assert run.text.strip() == "dunlin-bench: 3 of 3 clients could not connect: self-signed certificate"
    with Gateway(_config(elsewhere, elsewhere_key), shards=1) as gateway:
        run = run_against(gateway, elsewhere)
        assert run.status == 1
        assert run.text.strip() == "dunlin-bench: 3 of 3 clients could not connect: IP address mismatch"


def _config(certificate, key) -> str:
    return f"""
        [public]
        tls = true
        [tls]
        certificates = ["{certificate}"]
        keys = ["{key}"]
        [profiles.ws]
        path = "/ws"
        identity = "message"
    """


def test_help_says_that_certificates_are_not_verified():
    done = subprocess.run([BENCH, "push", "--help"], capture_output=True, text=True, check=True)
    text = " ".join(done.stdout.split())
    assert "Without it certificates are NOT VERIFIED" in text


# ---- What does not fit together ----


def test_wss_to_a_server_without_tls_is_one_clear_line():
    with Gateway(shards=1) as gateway:
        run = load_bench.run("hold", "-c", "2", public=gateway.public, api=gateway.api, profile="dunlin-tls")
    assert run.status == 1
    assert run.text.strip() == "dunlin-bench: 2 of 2 clients could not connect: wrong version number"


def test_ws_to_a_server_with_tls_fails_and_does_not_hang(secure_limit):
    run = load_bench.run("hold", "-c", "2", public=secure_limit.public, api=secure_limit.api, profile="limit")
    assert run.status == 1
    assert "2 of 2 clients could not connect" in run.text


@pytest.mark.parametrize("option", [("--tls-resume",), ("--ca", "/etc/hostname")])
def test_options_of_tls_without_tls_are_a_mistake(option):
    run = load_bench.run("hold", "-c", "1", *option, public=("127.0.0.1", 1), profile="dunlin")
    assert run.status == 1
    assert run.text.strip() == "dunlin-bench: profile 'dunlin' says nothing of tls: --ca and --tls-resume have no meaning"


def test_the_limit_has_tls_or_io_uring():
    done = subprocess.run([LIMIT, "--tls", "--io-uring"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "--io-uring" in done.stdout + done.stderr
    done = subprocess.run([LIMIT, "--tls-tickets", "1"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "--tls" in done.stdout + done.stderr
