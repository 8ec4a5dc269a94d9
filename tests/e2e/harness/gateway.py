"""The real binary as a process: started on ports the system chooses, awaited by its ready file, ended
by SIGTERM, and held to its exit status and to what it printed."""

from __future__ import annotations

import ctypes
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .certificates import everywhere

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("DUNLIN_BIN", ROOT / "build/release/dunlin"))

# How long a test waits for what must happen: only a failure takes this long.
PATIENCE = float(os.environ.get("DUNLIN_TEST_PATIENCE", "30"))

# Tests end gateways all the time: no spreading of closes over seconds.
QUICK_DRAIN = {"DUNLIN_DRAIN_WINDOW_MS": "100", "DUNLIN_DRAIN_RECONNECT_SPREAD_MS": "100"}

SANITIZER_REPORT = re.compile(
    r"==\d+==\s*(?:ERROR|WARNING): |WARNING: ThreadSanitizer|ERROR: (?:Address|Leak)Sanitizer|runtime error: |assertion failed")

_IN_CLOSE_WRITE, _IN_MOVED_TO = 0x8, 0x80


class ProcessWatch:
    """Waits for a file to appear in a directory, or for a process to end, whichever comes first."""

    def __init__(self, directory: Path):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._libc.inotify_add_watch(self._inotify, str(directory).encode(), _IN_CLOSE_WRITE | _IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def wait(self, process: subprocess.Popen, ready, deadline: float) -> bool:
        """True when ready() is true; False when the process has ended; raises on time-out."""
        pidfd = os.pidfd_open(process.pid)
        try:
            while not ready():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the gateway is not ready")
                fired, _, _ = select.select([self._inotify, pidfd], [], [], left)
                if self._inotify in fired:
                    os.read(self._inotify, 65536)
                if pidfd in fired and not ready():
                    return False
            return True
        finally:
            os.close(pidfd)

    def close(self) -> None:
        os.close(self._inotify)


class Gateway:
    """with Gateway(config="…", shards=2) as gateway: gateway.public is (host, port)."""

    def __init__(self, config: str | None = None, shards: int | None = 2, arguments: tuple[str, ...] = (),
                 environment: dict[str, str] | None = None, preexec=None, listen: str = "127.0.0.1:0",
                 api: str = "127.0.0.1:0", quick_drain: bool = True):
        self._directory = tempfile.TemporaryDirectory(prefix="dunlin-e2e-")
        self.directory = Path(self._directory.name)
        self.ready_file = self.directory / "ready.json"
        self.config_file = self.directory / "dunlin.toml"
        self.command = [str(BINARY), "serve", "--listen", listen, "--api", api, "--ready-file", str(self.ready_file)]
        if config is not None:
            self.config_file.write_text(config, encoding="utf-8")
            self.command += ["--config", str(self.config_file)]
        if shards is not None:
            self.command += ["--shards", str(shards)]
        self.command += arguments
        clean = {key: value for key, value in os.environ.items() if not key.startswith("DUNLIN_")}
        tls = everywhere.environment if everywhere else {}
        self._environment = clean | tls | (QUICK_DRAIN if quick_drain else {}) | (environment or {})
        self._preexec = preexec
        self.process: subprocess.Popen | None = None
        self._told_to_end = False
        self.public: tuple[str, int] = ("", 0)
        self.api: tuple[str, int] = ("", 0)

    def start(self) -> "Gateway":
        watch = ProcessWatch(self.directory)
        try:
            with open(self.directory / "stdout", "wb") as out, open(self.directory / "stderr", "wb") as err:
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                                env=self._environment, preexec_fn=self._preexec)
            try:
                alive = watch.wait(self.process, self._is_ready, time.monotonic() + PATIENCE)
            except TimeoutError:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"not ready after {PATIENCE} s\n{self.output()}") from None
            if not alive:
                raise AssertionError(f"ended with status {self.process.wait()} before it was ready\n{self.output()}")
        finally:
            watch.close()
        ready = json.loads(self.ready_file.read_text(encoding="utf-8"))
        assert ready["pid"] == self.process.pid
        self.public, self.api = _address(ready["public"]), _address(ready["api"])
        if everywhere:
            everywhere.addresses.add(self.public)
        return self

    def _is_ready(self) -> bool:
        try:
            json.loads(self.ready_file.read_text(encoding="utf-8"))
            return True
        except (FileNotFoundError, json.JSONDecodeError):
            return False

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ws(self) -> str:
        return f"ws{'s' if everywhere else ''}://{self.public[0]}:{self.public[1]}"

    @property
    def http(self) -> str:
        return f"http{'s' if everywhere else ''}://{self.public[0]}:{self.public[1]}"

    @property
    def api_url(self) -> str:
        return f"http://{self.api[0]}:{self.api[1]}"

    def output(self) -> str:
        return "".join((self.directory / name).read_text(encoding="utf-8", errors="replace")
                       for name in ("stdout", "stderr") if (self.directory / name).exists())

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        self._told_to_end = self._told_to_end or number in (signal.SIGTERM, signal.SIGINT)
        self.process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        return self.process.wait(timeout)

    def terminate(self) -> int:
        if self.running():
            self.signal(signal.SIGTERM)
        return self.wait()

    def check_output(self) -> None:
        """Raises when the gateway's own words tell of a fault of ours."""
        output = self.output()
        if SANITIZER_REPORT.search(output):
            raise AssertionError(f"the gateway reported a fault:\n{output[-20000:]}")

    def stop(self) -> None:
        """Ends it as an operator would, and holds it to a clean end."""
        try:
            died_early = not self.running() and not self._told_to_end
            try:
                status = self.terminate()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"still running {PATIENCE} s after SIGTERM\n{self.output()[-20000:]}") from None
            self.check_output()
            if died_early or status != 0:
                raise AssertionError(f"ended with status {status}{' before SIGTERM' if died_early else ''}\n"
                                     f"{self.output()[-20000:]}")
        finally:
            self._directory.cleanup()

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()
        self.check_output()
        self._directory.cleanup()

    def __enter__(self) -> "Gateway":
        return self.start()

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self.stop()
            return
        if self.running():  # The test failed already; its error is the one to show.
            self.process.kill()
        self.process.wait()
        print(self.output()[-20000:])
        self._directory.cleanup()


def run(*arguments: str, environment: dict[str, str] | None = None, cwd: Path | None = None,
        timeout: float = PATIENCE) -> subprocess.CompletedProcess:
    """A command of the binary that ends by itself, such as check-config."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("DUNLIN_")}
    done = subprocess.run([str(BINARY), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=clean | (environment or {}), cwd=cwd, timeout=timeout, check=False)
    assert not SANITIZER_REPORT.search(done.stdout + done.stderr), done.stdout + done.stderr
    return done


def _address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)
