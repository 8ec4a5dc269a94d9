#!/usr/bin/python3
"""Becomes one of the servers that dunlin-bench measures, ready when its ready file is there.

    bench/peers/start.py TARGET --ready-file FILE [--build DIR]
    bench/peers/start.py --list [--build DIR]     those that can be started here; on stderr why not the others

The process keeps its id: what is started, pinned and ended is the server itself. Addresses are on
loopback, ports the system's choice. What a server needs on disk stands in FILE.d.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # Where Debian puts servers.
NGINX_MODULES = Path("/usr/lib/nginx/modules")
READY_TIMEOUT_S = 10


@dataclass(frozen=True)
class Place:
    build: Path
    ready_file: Path

    @property
    def state(self) -> Path:
        return self.ready_file.with_name(self.ready_file.name + ".d")


@dataclass(frozen=True)
class Target:
    missing: Callable[[Path], str | None]  # Why it cannot be started, of a build directory.
    become: Callable[[Place], None]        # Does not return.


# Servers that write the ready file themselves.

def program(path: Callable[[Path], Path], *arguments: str, **environment: str) -> Target:
    def missing(build: Path) -> str | None:
        return None if os.access(path(build), os.X_OK) else f"{path(build)} is not built"

    def become(place: Place) -> None:
        command = [str(path(place.build)), *arguments, "--ready-file", str(place.ready_file)]
        os.execve(command[0], command, os.environ | environment)

    return Target(missing, become)


# The shipped limits are in force, but a storm of connections is what some rows are.
NO_STORM = ("--set", "limits.accept_rate=10000000", "--set", "limits.accept_burst=10000000")


def dunlin(*arguments: str, shards: int = 1) -> Target:
    return program(lambda build: build / "dunlin", "serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0",
                   "--shards", str(shards), *NO_STORM, *arguments)


def limit(*arguments: str) -> Target:
    return program(lambda build: build / "dunlin-limit", *arguments)


def node_ws(*arguments: str) -> Target:
    def missing(_build: Path) -> str | None:
        if shutil.which("node") is None:
            return "node is not installed"
        return None if (ROOT / "tests/node_modules/ws").is_dir() else "tests/node_modules has no ws"

    def become(place: Place) -> None:
        os.execvp("node", ["node", str(HERE / "node/hub.js"), "--ready-file", str(place.ready_file), *arguments])

    return Target(missing, become)


# Servers that know no ready file: somebody waits and writes it for them.

def nchan() -> Target:
    def missing(_build: Path) -> str | None:
        if shutil.which("nginx", path=SYSTEM_PATH) is None:
            return "nginx is not installed"
        module = NGINX_MODULES / "ngx_nchan_module.so"
        return None if module.exists() else f"there is no {module}"

    def become(place: Place) -> None:
        sockets = [listening_socket(), listening_socket()]
        public, api = (f"127.0.0.1:{s.getsockname()[1]}" for s in sockets)
        config = fill(HERE / "nchan/nginx.conf", place, modules=NGINX_MODULES, public=public, api=api,
                      connections=min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))

        def answers() -> tuple[str, str] | None:
            return (public, api) if answers_http(api, "/all") else None

        in_background(lambda server: write_when_ready(place, server, answers), sockets)
        # nginx takes listening sockets from whoever started it, as it does from its own older self.
        os.environ["NGINX"] = "".join(f"{s.fileno()};" for s in sockets)
        nginx = shutil.which("nginx", path=SYSTEM_PATH)
        os.execv(nginx, [nginx, "-p", str(place.state), "-c", str(config), "-e", "stderr"])

    return Target(missing, become)


def nats() -> Target:
    def missing(_build: Path) -> str | None:
        return None if shutil.which("nats-server", path=SYSTEM_PATH) else "nats-server is not installed"

    def become(place: Place) -> None:
        config = fill(HERE / "nats/nats.conf", place)

        def ports() -> tuple[str, str] | None:
            files = list(place.state.glob("*.ports"))
            try:
                known = json.loads(files[0].read_text(encoding="utf-8"))
            except (IndexError, json.JSONDecodeError):  # Not there yet, or not whole.
                return None
            return tuple(known[kind][0].partition("://")[2] for kind in ("websocket", "nats"))

        in_background(lambda server: write_when_ready(place, server, ports), [])
        program_path = shutil.which("nats-server", path=SYSTEM_PATH)
        os.execve(program_path, [program_path, "--config", str(config)], os.environ | {"GOMAXPROCS": "1"})

    return Target(missing, become)


def listening_socket() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


def fill(template: Path, place: Place, **values: object) -> Path:
    shutil.rmtree(place.state, ignore_errors=True)
    place.state.mkdir(parents=True)
    text = template.read_text(encoding="utf-8")
    for name, value in {"state": place.state, **values}.items():
        text = text.replace(f"{{{name}}}", str(value))
    config = place.state / template.name
    config.write_text(text, encoding="utf-8")
    return config


def in_background(work: Callable[[int], None], sockets: list[socket.socket]) -> None:
    """Runs work(our process id) in a process that is nobody's child, so that it is not taken for the server's."""
    server = os.getpid()
    child = os.fork()
    if child != 0:
        os.waitpid(child, 0)
        return
    if os.fork() == 0:
        for s in sockets:
            s.close()
        work(server)
    os._exit(0)


def write_when_ready(place: Place, server: int, addresses: Callable[[], tuple[str, str] | None]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and Path(f"/proc/{server}").exists():
        found = addresses()
        if found:
            whole = place.ready_file.with_name(place.ready_file.name + ".tmp")
            whole.write_text(json.dumps({"pid": server, "public": found[0], "api": found[1]}) + "\n",
                             encoding="utf-8")
            whole.rename(place.ready_file)
            return
        time.sleep(0.02)


def answers_http(address: str, path: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=1)
    try:
        connection.request("GET", path)
        connection.getresponse()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


TARGETS = {
    "dunlin": dunlin(),
    "dunlin-plain": dunlin("--set", "hub.send_batch=plain"),
    "dunlin-2-shards": dunlin(shards=2),  # On one core like the others: what the hop between shards costs.
    "dunlin-tls": dunlin("--dev-tls"),
    "dunlin-tls-plain": dunlin("--dev-tls", "--set", "hub.send_batch=plain"),
    "dunlin-deflate": dunlin("--set", "profiles.ws.compression=on"),
    "limit": limit(),
    "limit-ring": limit("--io-uring", "--join"),
    # One ticket, as Dunlin: each costs time in the handshake. The other for the memory of idle connections.
    "limit-tls": limit("--tls", "--tls-tickets", "1"),
    "limit-tls-lean": limit("--tls", "--tls-tickets", "1", "--tls-release-buffers"),
    "nchan": nchan(),
    "node-ws": node_ws(),
    "node-ws-deflate": node_ws("--deflate"),
    "go-gorilla": program(lambda build: build / "peers/go-gorilla", GOMAXPROCS="1"),
    "nats": nats(),
}


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", choices=TARGETS, metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--ready-file", type=Path, help="written when it accepts: its addresses and process id")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="where the built programs stand")
    parser.add_argument("--list", action="store_true", help="name the targets that can be started here")
    options = parser.parse_args()

    if options.list:
        for name, target in TARGETS.items():
            reason = target.missing(options.build)
            print(*([f"{name}: {reason}"] if reason else [name]), file=sys.stderr if reason else sys.stdout)
        return 0
    if options.target is None or options.ready_file is None:
        parser.error("say which TARGET, and its --ready-file")
    reason = TARGETS[options.target].missing(options.build)
    if reason:
        print(f"start.py: {options.target}: {reason}", file=sys.stderr)
        return 1
    raise_file_limit()
    options.ready_file.unlink(missing_ok=True)
    TARGETS[options.target].become(Place(options.build.resolve(), options.ready_file.resolve()))
    return 1


if __name__ == "__main__":
    sys.exit(main())
