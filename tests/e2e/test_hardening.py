"""What the program is built with, what the unit file allows it, and that it works with no more than that."""

import configparser
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import seccomp
from harness.api import Api
from harness.clients import ProtocolClient, plain_user
from harness.gateway import BINARY, ROOT, Gateway, run

UNIT = ROOT / "deploy/dunlin.service"
EXPOSURE_MAX = 1.5
SANITIZED = "san" in os.environ.get("DUNLIN_BIN", "")
with_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, str(BINARY)], check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(SANITIZED, reason="only what is shipped is hardened")
def test_the_program_is_hardened():
    assert "Position-Independent Executable" in readelf("-h")
    dynamic = readelf("-d")
    assert re.search(r"\(FLAGS\).*BIND_NOW", dynamic) and re.search(r"\(FLAGS_1\).*PIE", dynamic)
    assert "(RPATH)" not in dynamic and "(RUNPATH)" not in dynamic and "(TEXTREL)" not in dynamic
    segments = readelf("-l")
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK\s+(0x0+\s+){3}0x0+\s+0x0+\s+RW\s", segments), "an executable stack"
    assert not re.search(r"LOAD\s.*RWE", segments), "memory that can be written and executed"
    symbols = readelf("--dyn-syms")
    assert "__stack_chk_fail" in symbols, "no stack protector"
    assert re.search(r"__\w+_chk@", symbols), "no _FORTIFY_SOURCE"
    if os.uname().machine == "x86_64":
        # The linker notes the feature only when the system's own objects have it, too; ours begin their functions so.
        assert BINARY.read_bytes().count(b"\xf3\x0f\x1e\xfa") > 1000, "no -fcf-protection: endbr64 is missing"


class _Unit(configparser.ConfigParser):
    optionxform = staticmethod(str)


def unit_lines(key):
    """A key may stand several times."""
    return [line.partition("=")[2] for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith(key + "=")]


def test_the_unit_gives_no_more_than_is_needed():
    unit = _Unit(strict=False, interpolation=None)
    unit.read(UNIT, encoding="utf-8")
    service = unit["Service"]
    assert service["User"] == "dunlin" and service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateUsers", "PrivateMounts",
                "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute",
                "ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules",
                "ProtectKernelTunables", "RemoveIPC"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict" and service["SystemCallArchitectures"] == "native"
    assert service["RestrictAddressFamilies"].split() == ["AF_INET", "AF_INET6"]
    assert "ReadWritePaths" not in service and "StateDirectory" not in service
    assert int(service["LimitNOFILE"]) >= 1 << 20
    for key in ("ExecStart", "ExecStartPre"):  # Read from one folder, that only root writes.
        assert "/etc/dunlin/dunlin.toml" in service[key]


def test_the_unit_runs_commands_that_exist():
    for line in unit_lines("ExecStart") + unit_lines("ExecStartPre"):
        program, command, *_ = line.split()
        assert program == "/usr/bin/dunlin"
        answer = run(command, "--help")
        assert answer.returncode == 0, (line, answer.stderr)
    answer = run(*unit_lines("ExecStartPre")[0].split()[1:-1], str(ROOT / "deploy/dunlin.reference.toml"))
    assert answer.returncode == 0, answer.stderr


@with_systemd
def test_the_units_exposure():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", str(UNIT)], capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level for dunlin\.service: ([0-9.]+)", done.stdout)
    assert exposure and float(exposure[1]) < EXPOSURE_MAX, done.stdout + done.stderr


def use(gateway):
    """A bit of everything: connections that move, pushes of each kind, a reload, metrics."""
    api = Api(gateway.api)
    with plain_user(gateway, api, "a") as plain, ProtocolClient(gateway, "b") as client:
        client.subscribe("news")
        for _ in range(20):
            assert api.pushed(uid="a", data=1)["matched"] == 1
            assert plain.json() == 1
            assert api.pushed(channel="news", text="n")["matched"] == 1
            assert client.push()["text"] == "n"
        assert api.pushed(all=True, text="all", wait="written")["written"] == 2
        gateway.signal(signal.SIGHUP)
        for path in ("/metrics", "/v1/stats", "/v1/memory", "/readyz"):
            assert api.get(path).status in (200, 503)
        client.end()
    api.close()


@with_systemd
@pytest.mark.skipif(SANITIZED or not seccomp.AVAILABLE, reason="sanitizers make calls of their own")
@pytest.mark.parametrize("io_uring", [True, False], ids=["io_uring", "plain"])
def test_the_units_system_calls_are_enough(io_uring):
    """Any other ends the process here; without io_uring's the gateway sends plainly, and says so."""
    allowed = seccomp.filtered(unit_lines("SystemCallFilter"))
    assert {"io_uring_enter", "epoll_pwait", "accept4"} <= allowed and not allowed & {"mount", "ptrace", "bpf", "setrlimit"}
    refused = frozenset() if io_uring else frozenset({"io_uring_setup", "io_uring_enter", "io_uring_register"})
    with Gateway(shards=2, preexec=seccomp.confine(allowed, refused)) as gateway:
        use(gateway)
        if not io_uring:
            assert "send=plain" in gateway.output()


def as_nobody():
    os.setgid(65534)
    os.setuid(65534)


@pytest.mark.plain_tcp
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_is_warned():
    with Gateway() as gateway:
        assert "running as root" in gateway.output()
    nobody = Gateway(preexec=as_nobody)
    os.chmod(nobody.directory, 0o777)  # For the ready file.
    with nobody as gateway:
        assert "running as root" not in gateway.output()
