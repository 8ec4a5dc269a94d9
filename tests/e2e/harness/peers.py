"""The servers that dunlin-bench measures beside Dunlin, started as bench/run.sh does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .gateway import PATIENCE, ROOT, ProcessWatch

START = ROOT / "bench/peers/start.py"
GO_BUILD = ROOT / "bench/peers/go/build.sh"
GO_PACKAGE = Path("/usr/share/gocode/src/github.com/gorilla/websocket")


def go_is_installed() -> bool:
    return shutil.which("go") is not None and GO_PACKAGE.is_dir()


def missing(name: str, build: Path) -> str | None:
    """Why this peer cannot be started here, if so."""
    done = subprocess.run([str(START), "--list", "--build", str(build)], capture_output=True, text=True, check=True)
    if name in done.stdout.split():
        return None
    return next(line for line in done.stderr.splitlines() if line.startswith(f"{name}: "))


def descendants(pid: int) -> list[int]:
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        children += [int(child) for child in (task / "children").read_text().split()]
    return children + [below for child in children for below in descendants(child)]


class Peer:
    """with Peer("nchan", build) as peer: peer.public is (host, port)."""

    def __init__(self, name: str, build: Path):
        self.name, self._build = name, build

    def __enter__(self) -> "Peer":
        self._directory = tempfile.TemporaryDirectory(prefix="dunlin-peer-")
        directory = Path(self._directory.name)
        ready = directory / "ready"
        watch = ProcessWatch(directory)
        try:
            with open(directory / "output", "wb") as output:
                self.process = subprocess.Popen([str(START), self.name, "--ready-file", str(ready), "--build", str(self._build)],
                                                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            alive = watch.wait(self.process, ready.exists, time.monotonic() + PATIENCE)
            assert alive, f"{self.name} did not start:\n{(directory / 'output').read_text()}"
        finally:
            watch.close()
        said = json.loads(ready.read_text(encoding="utf-8"))
        assert said["pid"] == self.process.pid, "what was started must be the server itself"
        self.pid = said["pid"]
        self.public, self.api = ((host, int(port)) for host, port in (said[key].rsplit(":", 1) for key in ("public", "api")))
        return self

    def __exit__(self, *_) -> None:
        family = [self.pid, *descendants(self.pid)]
        self.process.terminate()
        self.process.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while alive := [pid for pid in family if os.path.exists(f"/proc/{pid}")]:
            assert time.monotonic() < deadline, f"{self.name} left processes behind: {alive}"
            time.sleep(0.02)
        self._directory.cleanup()
