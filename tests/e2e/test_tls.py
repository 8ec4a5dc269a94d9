"""TLS with real clients: certificates by name, reload, client certificates, versions, sessions, deadlines, and
connections that move between shards with their TLS. (DUNLIN_TEST_TLS=1 runs all other tests over TLS, too.)"""

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from harness.api import Api
from harness.certificates import client_context, make
from harness.gateway import Gateway, run
from harness.raw import TEXT, Closed, RawClient, RawSocket, frame, upgrade_request

pytestmark = pytest.mark.plain_tcp  # Each says for itself where TLS is spoken.

WS = '[profiles.ws]\npath = "/ws"\nidentity = "message"\n[profiles.echo]\npath = "/echo"\non_text = "echo"\n'


class Certificates:
    def __init__(self, directory):
        self.directory = directory
        self.authority = make(directory, "authority")
        self.site = make(directory, "site.test", "DNS:site.test,DNS:localhost,IP:127.0.0.1", self.authority)
        self.other = make(directory, "other.test", "DNS:*.other.test", self.authority, key="RSA")

    def config(self, *certificates, more="") -> str:
        files = ", ".join(f'"{each.certificate}"' for each in certificates)
        keys = ", ".join(f'"{each.key}"' for each in certificates)
        return f"[public]\ntls = true\n[tls]\ncertificates = [{files}]\nkeys = [{keys}]\n{more}\n{WS}"

    def context(self, **options) -> ssl.SSLContext:
        return client_context(self.authority.certificate, **options)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def gateway(certificates):
    with Gateway(config=certificates.config(certificates.site, certificates.other), shards=2) as started:
        yield started


def connect(address, context, name="localhost", session=None):
    return context.wrap_socket(socket.create_connection(address, timeout=15), server_hostname=name, session=session)


class SecureClient(RawClient):
    """A raw client over TLS, the handshake of WebSocket done."""

    def __init__(self, address, path, context, **headers):  # pylint: disable=super-init-not-called
        RawSocket.__init__(self, address)
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.send(upgrade_request(path, f"localhost:{address[1]}", **headers))
        self.head = self.read_head()
        assert self.head.status == 101, self.head.raw


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("name, shown", [("site.test", "site.test"), ("a.other.test", "other.test"), ("A.OTHER.TEST", "other.test"),
                                         ("localhost", "site.test"), ("unknown.test", "site.test")])
def test_the_certificate_for_the_name(gateway, certificates, name, shown, version):
    context = certificates.context(check_hostname=False)
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with connect(gateway.public, context, name) as secure:
        assert dict(item[0] for item in secure.getpeercert()["subject"])["commonName"] == shown
        assert secure.version() == version.replace("_", ".")
        suite = secure.cipher()[0]
        assert "GCM" in suite or "CHACHA20" in suite
        secure.sendall(upgrade_request("/echo") + frame(TEXT, b"hello"))
        got = b""
        while b"hello" not in got:
            got += secure.recv(4096)


def test_old_versions_are_refused(gateway, certificates):
    context = certificates.context(check_hostname=False)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(gateway.public, context)


def test_other_protocols_are_refused(gateway, certificates):
    context = certificates.context(check_hostname=False)
    context.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        connect(gateway.public, context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connect(gateway.public, context) as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"


def test_sessions_are_resumed(gateway, certificates):
    context = certificates.context(check_hostname=False)
    with connect(gateway.public, context) as first:
        first.sendall(upgrade_request("/echo"))
        first.recv(4096)
        session = first.session
        assert not first.session_reused
    with connect(gateway.public, context, session=session) as again:
        assert again.session_reused
    metrics = Api(gateway.api).get("/metrics").body.decode()
    assert 'dunlin_tls_handshakes_total{result="resumed"}' in metrics


def test_plain_http_is_told(gateway):
    with RawSocket(gateway.public) as raw:
        raw.send(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = raw.read_head()
        assert head.status == 400
        assert b"tls_required" in raw.read_to_end()


def test_curl_reads_a_page(gateway, certificates):
    done = subprocess.run(["curl", "-sS", "--max-time", "10", "--cacert", certificates.authority.certificate,
                           f"https://localhost:{gateway.public[1]}/"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "<html" in done.stdout, done.stderr


def test_users_move_home_with_their_tls(gateway, certificates):
    """Both shards, either version, with bytes that arrive together with the login; targeted pushes reach all."""
    api = Api(gateway.api)
    clients = []
    for number in range(24):
        context = certificates.context(check_hostname=False)
        if number % 2:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        client = SecureClient(gateway.public, "/ws", context)
        client.send(frame(TEXT, json.dumps({"uid": f"tls-{number}"}).encode()) + frame(9, b"behind"))
        assert client.frame().payload == b"behind"
        clients.append(client)
    for number, client in enumerate(clients):
        payload = f"{number}-" + "x" * (100_000 if number % 3 == 0 else 10)
        answer = api.post("/v1/push", {"uid": f"tls-{number}", "text": payload, "wait": "written"})
        assert answer.json["written"] == 1, answer.json
        assert client.text() == payload
        client.close()
    api.close()


class HalfClosed:
    """Says all at once, close_notify behind it, and reads on: its socket stays open."""

    def __init__(self, address, context, said: bytes):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.socket = socket.create_connection(address, timeout=15)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                self.incoming.write(self.socket.recv(65536))
        self.tls.write(said)
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.socket.sendall(self.outgoing.read())

    def read_to_end(self) -> None:
        with self.socket:
            while self.socket.recv(65536):
                pass


@pytest.mark.parametrize("messages", [2, 12])
def test_an_end_that_comes_with_too_many_messages_is_seen(certificates, messages):
    config = certificates.config(certificates.site) + \
        "ping_interval_ms = 0\nidle_timeout_ms = 0\nmessage_rate = 10\nmessage_burst = 5\n"
    with Gateway(config=config, shards=1) as gateway:
        said = upgrade_request("/echo") + b"".join(frame(TEXT, b"%d" % i) for i in range(messages))
        HalfClosed(gateway.public, certificates.context(), said).read_to_end()
        with contextlib.closing(Api(gateway.api)) as api:
            stats = api.get("/v1/stats").json
            assert stats["messages_in"] == messages and stats["connections_total"] == 0


def test_an_end_that_comes_with_the_login_is_seen_after_the_move(certificates):
    config = certificates.config(certificates.site).replace('"message"\n', '"message"\nping_interval_ms = 0\n')
    with Gateway(config=config, shards=3) as gateway:
        for number in range(12):
            said = upgrade_request("/ws") + frame(TEXT, b'{"uid":"u%d"}' % number)
            HalfClosed(gateway.public, certificates.context(), said).read_to_end()


def test_records_that_wait_for_their_socket_are_counted(certificates):
    config = certificates.config(certificates.site).replace('"message"\n', '"message"\nqueue_size_max = "16MiB"\n')
    with Gateway(config=config, shards=2) as gateway, contextlib.closing(Api(gateway.api)) as api:
        client = SecureClient(gateway.public, "/ws", certificates.context())
        client.send(frame(TEXT, b'{"uid":"slow"}'))
        api.await_online("slow", 1)

        def held() -> int:
            return api.get("/v1/memory").json["held"]["input_bytes"]
        while held() == 0:  # Until the socket is full.
            assert api.post("/v1/push", {"uid": "slow", "text": "x" * 500_000}).status == 200
        assert held() < 100_000
        client.socket.close()
        api.await_true(lambda: held() == 0, "what waited is still counted")


def test_a_deadline_for_the_handshake(certificates):
    """Whoever begins TLS and does not go on is cut, at any point."""
    with Gateway(config=certificates.config(certificates.site), environment={"DUNLIN_HANDSHAKE_TIMEOUT_MS": "300"}) as gateway:
        hello = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = certificates.context(check_hostname=False).wrap_bio(*hello, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        wire = hello[1].read()
        for size in (0, 1, 20, len(wire)):
            with RawSocket(gateway.public) as raw:
                raw.send(wire[:size])
                raw.read_to_end()
        with connect(gateway.public, certificates.context()) as secure:
            secure.sendall(b"GET /echo HT")
            assert b"408" in secure.recv(4096)


def test_a_new_certificate_without_touching_connections(certificates, tmp_path):
    """What certbot does: the files are replaced, and the gateway is told by SIGHUP."""
    current = make(tmp_path, "current", "DNS:localhost", certificates.authority)
    with Gateway(config=certificates.config(current), shards=2) as gateway:
        api = Api(gateway.api)
        context = certificates.context()
        old = SecureClient(gateway.public, "/echo", context)

        def shown():
            with connect(gateway.public, certificates.context()) as secure:
                return secure.getpeercert()["serialNumber"]
        with connect(gateway.public, context) as first:
            first.sendall(upgrade_request("/echo"))
            first.recv(4096)
            session = first.session
        before = shown()
        current.certificate.write_text("rubbish", encoding="utf-8")
        gateway.signal(signal.SIGHUP)
        api.await_true(lambda: "configuration not reloaded" in gateway.output(), "the bad file was not noticed")
        assert shown() == before
        make(tmp_path, "current", "DNS:localhost", certificates.authority)
        gateway.signal(signal.SIGHUP)
        api.await_true(lambda: shown() != before, "the new certificate was never shown")
        with connect(gateway.public, context, session=session) as again:
            assert not again.session_reused, "the keys of session tickets outlived the reload"
        old.send_text("still here")
        assert old.text() == "still here"
        old.close()
        api.close()


def test_the_api_wants_a_client_certificate(certificates, tmp_path):
    backend = make(tmp_path, "backend", "DNS:backend", certificates.authority)
    stranger = make(tmp_path, "stranger", "DNS:stranger")
    config = certificates.config(certificates.site).replace(
        "[tls]", f'[api]\ntls = true\nclient_ca = "{certificates.authority.certificate}"\n[tls]')
    with Gateway(config=config, shards=2) as gateway:
        url = f"https://localhost:{gateway.api[1]}/v1/push"
        named = {"Content-Type": "application/json", "Host": "push.internal"}  # As backends on other machines ask.
        push = json.dumps({"uid": "nobody", "text": "x" * 200_000}).encode()

        def post(certificate):
            context = client_context(certificates.authority.certificate, certificate)
            request = urllib.request.Request(url, push, named)
            return urllib.request.urlopen(request, timeout=15, context=context)
        with pytest.raises(urllib.error.HTTPError) as offline:
            post(backend)
        assert offline.value.code == 404 and b"nobody" in offline.value.read()
        for wrong in (None, stranger):
            with pytest.raises((urllib.error.URLError, ConnectionError, ssl.SSLError)):
                post(wrong)


def test_a_large_answer_of_the_api(certificates):
    """Thousands of lines answered over TLS, to a client that begins to read late."""
    config = certificates.config(certificates.site).replace("[tls]", "[api]\ntls = true\n[tls]")
    with Gateway(config=config, shards=2) as gateway:
        with connect(gateway.api, certificates.context()) as secure:
            lines = b"".join(json.dumps({"uid": f"u{n}", "text": "x"}).encode() + b"\n" for n in range(20_000))
            secure.sendall(b"POST /v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                           b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(lines))
            secure.settimeout(0.2)
            answered = b""
            left = memoryview(lines)
            while left:
                try:
                    left = left[secure.send(left[:65536]):]
                except (TimeoutError, ssl.SSLWantReadError):
                    answered += secure.recv(1 << 20)
            secure.settimeout(15)
            while chunk := secure.recv(1 << 20):
                answered += chunk
            assert answered.count(b'"offline"') == 20_000


def test_development_certificate():
    with Gateway(arguments=("--dev-tls",)) as gateway:
        assert "wss://127.0.0.1" in gateway.output()
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        client = SecureClient(gateway.public, "/live", context, sec_websocket_protocol="dunlin.v1")
        client.send_json({"id": 1, "login": {"uid": "dev"}})
        assert client.json()["login"]["uid"] == "dev"
        client.close()


@pytest.mark.parametrize("settings, words", [
    ("[public]\ntls = true\n", ["public.tls", "tls.certificates"]),
    ("[public]\ntls = true\n[tls]\ncertificates = ['/none/x.pem']\n", [":4: tls.certificates", "/none/x.pem", "No such file"]),
    ("[public]\ntls = true\n[tls]\ncertificates = ['SITE']\n", ["no private key"]),
    ("[public]\ntls = true\n[tls]\ncertificates = ['SITE']\nkeys = ['OTHER_KEY']\n", [":5: tls.keys", "another certificate"]),
    ("[public]\ntls = true\n[tls]\ncertificates = ['SITE']\nkeys = ['a', 'b']\n", ["tls.keys", "one file for each"]),
    ("[api]\nclient_ca = 'SITE'\n", ["api.client_ca", "api.tls"]),
    ("[api]\ntls = true\nclient_ca = 'SITE_KEY'\n[tls]\nself_signed = true\n", [":3: api.client_ca", "no certificates"]),
    ("[tls]\nmin_version = '1.1'\n", ["tls.min_version", "1.2"]),
])
def test_what_cannot_work_is_said(certificates, tmp_path, settings, words):
    site, other = certificates.site, certificates.other
    for name, file in (("SITE_KEY", site.key), ("OTHER_KEY", other.key), ("SITE", site.certificate)):
        settings = settings.replace(name, str(file))
    file = tmp_path / "dunlin.toml"
    file.write_text(settings + WS, encoding="utf-8")
    for command in (["check-config", str(file)], ["serve", "--config", str(file), "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"]):
        done = run(*command)
        assert done.returncode == 2
        for word in words:
            assert word in done.stderr, done.stderr


def test_an_abrupt_end_is_an_end(gateway, certificates):
    """FIN or RST in the middle of a record, and FIN without close_notify: nothing stays behind."""
    api = Api(gateway.api)
    for end in ("shutdown", "reset"):
        client = SecureClient(gateway.public, "/echo", certificates.context(check_hostname=False))
        raw = socket.socket(fileno=client.socket.detach())
        raw.sendall(b"\x17\x03\x03\x01\x00half a record")
        if end == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        raw.close()
    api.await_true(lambda: 'dunlin_connections{profile="echo",shard="0"} 0' in api.get("/metrics").body.decode()
                   and 'dunlin_connections{profile="echo",shard="1"} 0' in api.get("/metrics").body.decode(), "left behind")
    api.close()


def test_a_changed_record_ends_the_connection(gateway, certificates):
    api = Api(gateway.api)

    def failed() -> str:
        return next(line for line in api.get("/metrics").text.splitlines() if "tls_handshakes" in line and "failed" in line)
    before = failed()
    client = SecureClient(gateway.public, "/echo", certificates.context(check_hostname=False))
    raw = socket.socket(fileno=client.socket.detach())
    raw.settimeout(15)
    raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    try:
        while raw.recv(4096):
            pass
    except (ConnectionError, Closed):
        pass
    raw.close()
    assert failed() == before  # The handshake had not.
    api.close()
