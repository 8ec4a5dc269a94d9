"""Start and end: SIGTERM and a second one, ports in use, SIGHUP, descriptor limits, the ready file."""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import time
from itertools import zip_longest

import pytest

from harness.api import Api
from harness.clients import ProtocolClient, plain_user
from harness.gateway import Gateway, run
from harness.raw import CLOSE, TEXT, Closed, RawClient, RawSocket, frame, upgrade_request

SLOW_DRAIN = {"DUNLIN_DRAIN_WINDOW_MS": "60000", "DUNLIN_DRAIN_DEADLINE_MS": "60000"}


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_sigterm_closes_everyone_and_ends_with_0(shards):
    with Gateway(shards=shards) as gateway:
        clients = [RawClient(gateway.public, "/ping") for _ in range(50)]
        gateway.signal(signal.SIGTERM)
        codes = {client.expect_close(1001, 1012).close_code for client in clients}
        assert len(codes) == 1
        assert gateway.wait() == 0


def test_sigterm_with_clients_that_never_answer_the_close():
    with Gateway(environment={"DUNLIN_DRAIN_DEADLINE_MS": "1500", "DUNLIN_HANDSHAKE_CLOSE_TIMEOUT_MS": "1000"}) as gateway:
        clients = [RawClient(gateway.public, "/ping") for _ in range(10)]
        half = RawSocket(gateway.public)
        half.send(upgrade_request("/ping")[:30])
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(15) == 0
        for client in clients:
            assert client.frame().opcode == CLOSE
            client.close()
        half.close()


def test_sigterm_does_not_wait_for_silent_connections():
    """Browsers connect in advance: such a connection gets a moment, not the whole handshake time."""
    with Gateway() as gateway:
        silent = [RawSocket(gateway.public) for _ in range(3)]
        api = Api(gateway.api)
        api.await_true(lambda: api.get("/v1/stats").json["handshaking"] == 3, "not accepted")
        gateway.signal(signal.SIGTERM)
        for raw in silent:
            assert raw.read_to_end().startswith(b"HTTP/1.1 408 ")
            raw.close()
        assert gateway.wait(6) == 0
        api.close()


def test_reconnect_notice_before_the_close(uid):
    with Gateway() as gateway:
        with ProtocolClient(gateway, uid) as client:
            gateway.signal(signal.SIGTERM)
            notice = client.next()
            assert 0 <= notice["reconnect"]["delay_ms"] <= 100, notice  # reconnect_spread_ms of QUICK_DRAIN
            client.expect_close(1001, 1012)


def test_draining_is_not_ready_and_takes_nobody():
    """While it drains: /readyz says 503, pushes still reach who is there, new connections are refused."""
    with Gateway(environment=SLOW_DRAIN, quick_drain=False) as gateway:
        api = Api(gateway.api)
        clients = [RawClient(gateway.public, "/ping") for _ in range(3)]
        api.await_true(lambda: api.get("/readyz").status == 200, "never ready")
        assert api.post("/v1/drain", {}).status in (200, 202)
        api.await_true(lambda: api.get("/readyz").status == 503, "ready while draining")
        assert api.get("/healthz").status == 200
        try:
            with RawSocket(gateway.public) as late:
                late.send(upgrade_request("/ping"))
                got = late.read_to_end()
                assert got == b"" or got.startswith(b"HTTP/1.1 503 "), got
        except ConnectionRefusedError:
            pass
        for client in clients:
            client.close()
        gateway.signal(signal.SIGTERM)
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(10) == 0
        api.close()


@pytest.mark.plain_tcp
def test_nobody_gets_in_before_the_order_to_drain_has_come():
    """Not ready is said by any shard; that the order takes its time to come to them (here, because the log is not
    read) lets nobody in."""
    log, log_end = os.pipe()
    with Gateway(environment=SLOW_DRAIN, shards=3, quick_drain=False, preexec=lambda: os.dup2(log_end, 2)) as gateway:
        api = Api(gateway.api)
        with RawClient(gateway.public, "/ping") as here:
            full = os.open(f"/proc/self/fd/{log_end}", os.O_WRONLY | os.O_NONBLOCK)
            with contextlib.suppress(BlockingIOError):
                while os.write(full, b"x"):
                    pass
            assert api.post("/v1/drain", {}).status == 202
            api.await_true(lambda: api.get("/readyz").status == 503, "ready while draining")
            late = [RawSocket(gateway.public) for _ in range(20)]
            for client in late:
                client.send(upgrade_request("/ping"))
                head = client.read_head()
                assert (head.status, "retry-after" in head.headers) == (503, True)
                client.close()
            here.expect_open()
            for descriptor in (log, full, log_end):
                os.close(descriptor)
            gateway.signal(signal.SIGTERM)
            gateway.signal(signal.SIGTERM)
            assert gateway.wait(10) == 0
        api.close()


@pytest.mark.plain_tcp
def test_who_has_connected_when_the_port_closes_is_told():
    """A shard that is busy as the drain begins finds connections waiting: they get an answer, not a reset."""
    limits = {"DUNLIN_API_BODY_SIZE_MAX": "64MiB", "DUNLIN_LIMITS_MEMORY_MAX": "4GiB"}
    slower = {"DUNLIN_DRAIN_WINDOW_MS": "86400000", "DUNLIN_DRAIN_DEADLINE_MS": "86400000"}
    with Gateway(environment=slower | limits, shards=1, quick_drain=False) as gateway, contextlib.ExitStack() as stack:
        api = stack.enter_context(contextlib.closing(Api(gateway.api)))
        here = stack.enter_context(RawClient(gateway.public, "/ping"))  # The drain is to last.
        body = b'{"uid":"1","data":[' + b"[]," * (16 << 20) + b"1]}"  # Checking it takes half a second.
        occupier = stack.enter_context(RawSocket(gateway.api))
        occupier.send(b"POST /v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])
        api.await_true(lambda: api.get("/v1/memory").json["held"]["api_bytes"] >= len(body) - 1, "not received")
        occupier.send(body[-1:])
        time.sleep(0.05)
        late = [stack.enter_context(RawSocket(gateway.public)) for _ in range(20)]
        for client in late:
            client.send(upgrade_request("/ping"))
        gateway.signal(signal.SIGTERM)  # Main is not busy: the order waits at the shard, as they do.
        for client in late:
            assert client.read_head().status in (101, 503)  # 101: we were slow, and it was not busy any more.
        here.expect_open()
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(10) == 0


def test_second_sigterm_at_the_deadline():
    """Both ends of the drain come in one turn of the loop; it ends once."""
    short = {"DUNLIN_DRAIN_WINDOW_MS": "1000", "DUNLIN_DRAIN_DEADLINE_MS": "1000"}
    with Gateway(environment=short, quick_drain=False) as gateway, RawClient(gateway.public, "/ping"):
        gateway.signal(signal.SIGTERM)
        while "draining" not in gateway.output():
            time.sleep(0.01)
        gateway.signal(signal.SIGSTOP)
        time.sleep(1.5)
        gateway.signal(signal.SIGTERM)
        gateway.signal(signal.SIGCONT)
        assert gateway.wait(10) == 0


def test_second_sigterm_ends_at_once():
    with Gateway(environment=SLOW_DRAIN, quick_drain=False) as gateway:
        clients = [RawClient(gateway.public, "/ping") for _ in range(20)]
        gateway.signal(signal.SIGTERM)
        api = Api(gateway.api)
        try:
            api.await_true(lambda: api.get("/readyz").status == 503, "still ready")
        except OSError:
            pass  # The API port may close first.
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(10) == 0
        for client in clients:
            client.close()


def test_sigint_is_like_sigterm():
    with Gateway() as gateway:
        gateway.signal(signal.SIGINT)
        assert gateway.wait() == 0


def test_request_under_way_at_sigterm_is_answered():
    with Gateway() as gateway:
        with RawSocket(gateway.api) as raw, RawClient(gateway.public, "/ping"):
            body = json.dumps({"uids": ["nobody-1", "nobody-2"], "text": "x"}).encode()
            head = f"POST /v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            raw.send(head.encode() + body[:5])
            api = Api(gateway.api)
            assert api.get("/healthz").status == 200  # The first part has been read by now, or will be in order.
            gateway.signal(signal.SIGTERM)
            raw.send(body[5:])
            answer = raw.read_head()
            assert answer.status in (200, 503), answer.raw
        assert gateway.wait() == 0


@pytest.mark.parametrize("which", ["--listen", "--api"])
def test_port_in_use(which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        other = "--api" if which == "--listen" else "--listen"
        done = run("serve", which, address, other, "127.0.0.1:0")
        assert done.returncode == 1
        assert one_line(done.stderr) and address in done.stderr and "in use" in done.stderr.lower()


def test_port_of_another_gateway_is_in_use():
    """SO_REUSEPORT must not let a second gateway share the port by accident."""
    with Gateway() as gateway:
        done = run("serve", "--listen", "%s:%d" % gateway.public, "--api", "127.0.0.1:0")
        assert done.returncode == 1 and "in use" in done.stderr.lower()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may bind any port")
def test_no_permission():
    done = run("serve", "--listen", "127.0.0.1:1", "--api", "127.0.0.1:0")
    assert done.returncode == 1 and one_line(done.stderr)


def test_address_of_another_machine():
    done = run("serve", "--listen", "192.0.2.1:0", "--api", "127.0.0.1:0")
    assert done.returncode == 1 and "192.0.2.1" in done.stderr


def test_missing_file(tmp_path):
    done = run("serve", "--config", str(tmp_path / "none.toml"), "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0")
    assert done.returncode == 1 and one_line(done.stderr) and "none.toml: No such file" in done.stderr


def test_ready_file_that_cannot_be_written(tmp_path):
    done = run("serve", "--ready-file", str(tmp_path / "no" / "ready"), "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0")
    assert done.returncode == 1 and "ready" in done.stderr


def test_open_api_without_keys_is_refused():
    done = run("serve", "--listen", "127.0.0.1:0", "--api", "0.0.0.0:0")
    assert done.returncode == 2 and "api.keys" in done.stderr


def printed(config, words, missing):
    with Gateway(config=config) as gateway:
        Api.await_true(lambda: "then:" in gateway.output(), "nothing was printed")  # After the ready file.
        text = gateway.output()
        assert all(word in text for word in words), text
        assert not any(word in text for word in missing), text


def test_the_start_prints_what_works_here():
    ws = '[profiles.ws]\npath = "/ws"\nidentity = "message"\n'
    printed(ws, ["/push.html?uid=123&api=127.0.0.1:", "curl 'http://"], ["Bearer"])
    printed(ws + '[public]\npages = false\n[api]\nkeys = ["0123456789abcdef"]\n',
            ["connect as user 123", "-H 'Authorization: Bearer KEY' 'http://"], ["push.html", "0123456789abcdef"])


@pytest.mark.plain_tcp
def test_the_start_prints_that_the_api_speaks_tls():
    printed('[profiles.ws]\npath = "/ws"\nidentity = "message"\n[api]\ntls = true\n[tls]\nself_signed = true\n',
            ["/?api=https://127.0.0.1:", "/push.html?uid=123&api=https://127.0.0.1:", "curl -k 'https://"], [])


def one_line(text):
    """One clear line for the operator, and nothing else."""
    return text.startswith("dunlin: ") and text.count("\n") == 1


def test_version_and_help():
    assert "dunlin" in run("--version").stdout
    text = run("--help").stdout
    for word in ("serve", "check-config", "--listen", "--config"):
        assert word in text + run("serve", "--help").stdout


@pytest.mark.parametrize("arguments", [["serv"], ["serve", "--nope"], ["serve", "--shards", "x"], ["serve", "--listen"],
                                       ["serve", "--listen", "nonsense"], ["check-config"][:1] + ["--nope"]], ids=str)
def test_wrong_arguments(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and done.stderr.strip() and done.stdout == ""


# --- SIGHUP ----------------------------------------------------------------------------------------

def reload(gateway, text):
    new = gateway.config_file.with_suffix(".new")  # Replaced as a whole: an earlier SIGHUP may still be read.
    new.write_text(text, encoding="utf-8")
    os.replace(new, gateway.config_file)
    gateway.signal(signal.SIGHUP)


BASE = """
[log]
level = "info"
[profiles.one]
path = "/one"
on_text = "echo"
origins = ["any"]
"""


def await_output(gateway, api, word):
    api.await_true(lambda: word in gateway.output(), f"{word!r} was not logged")


def test_sighup_takes_a_new_profile_into_force():
    with Gateway(config=BASE) as gateway:
        api = Api(gateway.api)
        with RawClient(gateway.public, "/one") as old:
            reload(gateway, BASE + '[profiles.two]\npath = "/two"\non_text = "echo"\norigins = ["any"]\n')

            def there():
                with RawSocket(gateway.public) as raw:
                    raw.send(upgrade_request("/two"))
                    return raw.read_head().status == 101
            api.await_true(there, "/two never came")
            old.send(frame(TEXT, b"still here"))
            assert old.text() == "still here"
        api.close()


@pytest.mark.parametrize("text,key", [(BASE + "[log2]\n", "log2"), (BASE.replace('"info"', '"loud"'), "log.level"), ("[", None),
                                      (BASE + "[api]\nbody_size_max = -1\n", "api.body_size_max")], ids=["key", "value", "syntax", "range"])
def test_bad_file_leaves_the_running_configuration_in_force(text, key):
    with Gateway(config=BASE) as gateway:
        api = Api(gateway.api)
        reload(gateway, text)
        await_output(gateway, api, "not reloaded")
        error = next(line for line in gateway.output().splitlines() if "not reloaded" in line)
        where = next(n for n, (new, old) in enumerate(zip_longest(text.splitlines(), BASE.splitlines()), 1) if new != old)
        where += 1 if "body_size_max" in text else 0  # The table's name stands in a line of its own.
        assert f"dunlin.toml:{where}" in error and (key is None or key in error), error
        with RawClient(gateway.public, "/one") as client:
            client.send(frame(TEXT, b"x"))
            assert client.text() == "x"
        api.close()


@pytest.mark.plain_tcp
def test_sighup_changes_a_limit_that_is_in_use():
    limit = BASE + "[public]\nconnections_max = {}\n"
    with Gateway(config=limit.format(3)) as gateway:
        api = Api(gateway.api)
        clients = [RawClient(gateway.public, "/one") for _ in range(3)]

        def let_in():
            with RawSocket(gateway.public) as raw:
                raw.send(upgrade_request("/one"))
                try:
                    return raw.read_head().status
                except Closed:
                    return None
        assert let_in() in (503, None)
        reload(gateway, limit.format(10))
        api.await_true(lambda: let_in() == 101, "the new limit never took effect")
        reload(gateway, limit.format(1))
        api.await_true(lambda: let_in() in (503, None), "the new limit never took effect")
        for client in clients:  # A smaller limit ends nobody.
            client.expect_open()
            client.close()
        api.close()


def test_sighup_changes_a_profile_for_new_connections():
    with Gateway(config=BASE) as gateway:
        api = Api(gateway.api)
        with RawClient(gateway.public, "/one") as old:
            reload(gateway, BASE + "message_size_max = 10\n")

            def refuses():
                with RawClient(gateway.public, "/one") as client:
                    client.send(frame(TEXT, b"x" * 11))
                    got = client.frame()
                    return got.opcode == CLOSE and got.close_code == 1009
            api.await_true(refuses, "new connections still have the old limit")
            old.send(frame(TEXT, b"x" * 11))
            assert old.text() == "x" * 11
        api.close()


@pytest.mark.parametrize("shards", [1, 3])
def test_profiles_added_before_others_do_not_mix_them_up(shards):
    """Whatever the order in the new file: old connections keep their profile, its counts and its rules."""
    first = '[profiles.one]\npath = "/one"\non_text = "echo"\n[profiles.two]\npath = "/two"\n'
    second = '[profiles.aaa]\npath = "/aaa"\n[profiles.zzz]\npath = "/zzz"\non_text = "echo"\nheartbeat_text = "beat"\n' + first
    with Gateway(config=first, shards=shards) as gateway:
        api = Api(gateway.api)
        old = [RawClient(gateway.public, "/one") for _ in range(6)]
        reload(gateway, second)
        await_output(gateway, api, "configuration reloaded")
        new = []
        api.await_true(lambda: upgraded(gateway, "/aaa", new), "/aaa never came")
        for text in (second, '[profiles.two]\npath = "/two"\n'):  # Removing one waits for a restart.
            reload(gateway, text)
            for client in old:
                client.send(frame(TEXT, b"x"))
                assert client.text() == "x"
        connections = api.get("/v1/stats").json["connections"]
        assert connections == {"one": 6, "two": 0, "aaa": len(new), "zzz": 0}
        for client in old + new:
            client.close()
        api.close()


def upgraded(gateway, path, kept):
    raw = RawSocket(gateway.public)
    raw.send(upgrade_request(path))
    accepted = raw.read_head().status == 101
    kept.append(raw) if accepted else raw.close()
    return accepted


def test_log_level_changes_at_run_time():
    """By the API and by SIGHUP: opening connections are told of at debug, and at nothing above it."""
    with Gateway(config=BASE) as gateway:
        api = Api(gateway.api)

        def set_level(level):
            return api.request("PUT", "/v1/log-level", json.dumps({"level": level}), {"Content-Type": "application/json"})

        def lines():
            with RawClient(gateway.public, "/one") as client:
                client.end()
            return gateway.output().count("connection open")
        assert lines() == 0
        answer = set_level("debug")
        assert answer.status == 200 and answer.json == {"level": "debug"}
        assert lines() == 1
        assert set_level("warn").status == 200
        assert lines() == 1
        for wrong in ("loud", "", 1, None):
            assert set_level(wrong).status == 400
        assert lines() == 1
        reload(gateway, BASE.replace('"info"', '"debug"'))
        api.await_true(lambda: lines() > 1, "the file's level never took effect")
        api.close()


def test_json_log_lines_are_json():
    with Gateway(config=BASE + '[public]\nconnections_max = 5\n', arguments=("--set", "log.format=json", "--set", "log.level=debug")) as gateway:
        with RawClient(gateway.public, "/one") as client, RawSocket(gateway.public) as odd:
            odd.send(b"\"\\\xff\x00 rubbish\r\n\r\n")
            odd.read_to_end()
            client.end()
        lines = (gateway.directory / "stderr").read_text(encoding="utf-8").splitlines()
        assert len(lines) > 3
        for line in lines:
            assert {"level", "message"} <= set(json.loads(line)) or {"level", "msg"} <= set(json.loads(line)), line


def test_sighup_says_what_needs_a_restart():
    with Gateway(config=BASE) as gateway:
        api = Api(gateway.api)
        reload(gateway, BASE + "[hub]\nring_size = 8192\n")
        await_output(gateway, api, "hub.ring_size")
        assert "restart" in gateway.output()
        api.close()


def test_many_sighups_do_no_harm():
    with Gateway(config=BASE) as gateway:
        with RawClient(gateway.public, "/one") as client:
            for number in range(100):
                gateway.signal(signal.SIGHUP)
                client.send(frame(TEXT, b"%d" % number))
                assert client.text() == str(number)


# --- descriptors -----------------------------------------------------------------------------------

def limit_descriptors(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_soft_limit_is_raised():
    with Gateway(preexec=limit_descriptors(64, 4096)) as gateway:
        clients = [RawClient(gateway.public, "/ping") for _ in range(200)]
        clients[-1].send(frame(TEXT, b"ping"))
        assert clients[-1].text() == "pong"
        for client in clients:
            client.close()


def test_hard_limit_too_low_is_said():
    with Gateway(preexec=limit_descriptors(256, 256)) as gateway:
        output = gateway.output()
        assert "open files" in output and "in_force=256" in output, output


@pytest.mark.plain_tcp
def test_running_out_of_descriptors():
    """More clients than descriptors: those within are served, the API answers, nothing spins, and when
    some leave others get in."""
    with Gateway(shards=2, preexec=limit_descriptors(128, 128)) as gateway:
        api = Api(gateway.api)
        with RawClient(gateway.public, "/ping") as client:  # UBSan looks at a type's first use through a pipe: not below.
            api.pushed(all=True, text="x", wait="written")
            assert client.text() == "x"
            client.end()
        sockets, served, silent = [], [], {}
        for _ in range(300):
            raw = RawSocket(gateway.public)
            raw.send(upgrade_request("/ping"))
            sockets.append(raw)
            silent[raw.socket] = raw
        while silent and (readable := select.select(list(silent), [], [], 1.0)[0]):  # Until nothing comes any more.
            for one in readable:
                raw = silent.pop(one)
                with contextlib.suppress(Closed):  # Shed: it was told at once that there is no room.
                    assert raw.read_head().status == 101
                    served.append(raw)
        assert 30 <= len(served) < 128
        before = cpu_seconds(gateway)
        api.request("GET", "/healthz")  # The kept connection still answers.
        socket_wait(1.0)
        assert cpu_seconds(gateway) - before < 0.3, "the accept loop spins"
        assert api.pushed(all=True, text="x", wait="written")["written"] >= len(served)
        for raw in served:
            assert raw.read(3) == b"\x81\x01x"
        for raw in served:
            raw.send(frame(TEXT, b"ping"))
        for raw in served:
            assert raw.read(6)[2:] == b"pong"
        for raw in sockets:
            raw.close()

        def in_again():
            with RawSocket(gateway.public) as raw:
                raw.socket.settimeout(2)
                raw.send(upgrade_request("/ping"))
                try:
                    return raw.read_head().status == 101
                except Exception:
                    return False
        api.await_true(in_again, "nobody gets in after descriptors came back")
        api.close()


def socket_wait(seconds):
    """Measures over a span: the one place where time itself is the subject."""
    time.sleep(seconds)


def cpu_seconds(gateway):
    with open(f"/proc/{gateway.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_idle_gateway_uses_no_cpu():
    with Gateway(environment={"DUNLIN_CANARY_INTERVAL_MS": "0"}) as gateway:
        clients = [RawClient(gateway.public, "/ping") for _ in range(20)]
        before = cpu_seconds(gateway)
        socket_wait(2.0)
        assert cpu_seconds(gateway) - before <= 0.02
        for client in clients:
            client.close()


def test_draining_gateway_uses_no_cpu():
    """Waiting for clients to leave is waiting: no timer of the past may keep the loops awake."""
    with Gateway(environment=SLOW_DRAIN, quick_drain=False) as gateway:
        api = Api(gateway.api)
        api.await_true(lambda: api.get("/readyz").status == 200, "never ready")
        clients = [RawClient(gateway.public, "/ping") for _ in range(5)]
        gateway.signal(signal.SIGTERM)
        await_output(gateway, api, "draining")
        socket_wait(2.1)  # A canary's interval and more.
        before = cpu_seconds(gateway)
        socket_wait(1.0)
        assert cpu_seconds(gateway) - before <= 0.1
        gateway.signal(signal.SIGTERM)
        for client in clients:
            client.close()
        api.close()


def test_gateway_that_is_killed_leaves_nothing_behind():
    """SIGKILL, then the same port again at once."""
    gateway = Gateway().start()
    clients = [RawClient(gateway.public, "/ping") for _ in range(5)]
    gateway.process.kill()
    gateway.process.wait()
    with Gateway(listen="%s:%d" % gateway.public) as again:
        assert again.public == gateway.public
    for client in clients:
        client.close()


def test_standard_streams_closed():
    """A supervisor that closes standard input and output must not turn sockets into logs."""
    gateway = Gateway()
    gateway._preexec = lambda: (os.close(0), os.close(1), os.close(2))
    with gateway:
        with RawClient(gateway.public, "/ping") as client:
            client.send(frame(TEXT, b"ping"))
            assert client.text() == "pong"


def test_push_after_sigterm_is_refused_or_true(uid):
    with Gateway(environment=SLOW_DRAIN, quick_drain=False) as gateway:
        api = Api(gateway.api)
        with plain_user(gateway, api, uid) as client:
            gateway.signal(signal.SIGTERM)
            answer = api.push(uid=uid, text="x")
            if answer.status == 200 and answer.json["written"] == 1:
                got = client.message()
                assert got.opcode == CLOSE or got.payload == b"x"
            else:
                assert answer.status in (200, 404, 503)
                if answer.status == 503:
                    assert answer.headers["retry-after"]
        gateway.signal(signal.SIGTERM)
        api.close()
