"""The records of TLS 1.3 against other people's implementations: each suite, small and large messages both ways,
new keys at any time."""

import os
import select
import subprocess
import time

import pytest

from harness.certificates import make
from harness.gateway import Gateway
from harness.raw import TEXT, frame, upgrade_request

pytestmark = pytest.mark.plain_tcp  # Its clients bring their own TLS.

SUITES = ["AES_128_GCM", "AES_256_GCM", "CHACHA20_POLY1305"]
CONFIG = '[public]\ntls = true\n[tls]\ncertificates = ["{0}"]\nkeys = ["{1}"]\n' \
         '[profiles.echo]\npath = "/echo"\non_text = "echo"\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    return make(directory, "localhost", "DNS:localhost,IP:127.0.0.1", make(directory, "authority"))


@pytest.fixture(scope="module")
def gateway(site):
    with Gateway(config=CONFIG.format(site.certificate, site.key), shards=2) as started:
        yield started


class Client:
    """A program whose standard input and output are the plaintext of a connection, among other words."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0)
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def send(self, data: bytes):
        while data:
            data = data[self.process.stdin.write(data):]

    def await_words(self, words: bytes, seconds=20):
        """Forgets what came before them, and them."""
        deadline = time.monotonic() + seconds
        while words not in self.seen:
            assert select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0], self.seen[-500:]
            some = os.read(self.process.stdout.fileno(), 1 << 16)
            assert some, self.seen[-500:]
            self.seen += some
        self.seen = self.seen.split(words, 1)[1]

    def upgrade(self):
        self.send(upgrade_request("/echo", "localhost"))
        self.await_words(b"101 Switching Protocols")

    def echo(self, text: bytes):
        self.send(frame(TEXT, text))
        self.await_words(text)


def openssl(gateway, *options):
    return Client(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.public[1]}", "-tls1_3", *options])


def gnutls(gateway, priority, *options):
    return Client(["gnutls-cli", "--insecure", "--port", str(gateway.public[1]), "--priority", priority, *options, "localhost"])


def clients(gateway, suite):
    gnutls_name = {"CHACHA20_POLY1305": "CHACHA20-POLY1305"}.get(suite, suite.replace("_", "-"))
    digest = "SHA384" if "256_GCM" in suite else "SHA256"
    yield openssl(gateway, "-ciphersuites", f"TLS_{suite}_{digest}")
    yield gnutls(gateway, f"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+{gnutls_name}")


@pytest.mark.parametrize("suite", SUITES)
def test_each_suite(gateway, suite):
    for client in clients(gateway, suite):
        with client:
            client.upgrade()
            for size in (1, 100, 16_383, 16_385, 50_000):
                client.echo(b"<" + b"x" * size + b">")


@pytest.mark.parametrize("option", ["512", "1024", "4096"])
def test_records_as_small_as_the_client_wants(gateway, option):
    with openssl(gateway, "-maxfraglen", option) as client:
        client.upgrade()
        client.echo(b"<" + b"x" * 50_000 + b">")


def test_new_keys_of_openssl(gateway):
    with openssl(gateway) as client:
        client.upgrade()
        for number in range(20):
            client.send(b"K\n" if number % 2 else b"k\n")  # K asks for our new key, too.
            client.await_words(b"KEYUPDATE")
            client.echo(b"after update %d." % number)
            client.echo(b"<" + b"x" * 20_000 + b">")


def test_new_keys_of_gnutls(gateway):
    for _ in range(3):
        with gnutls(gateway, "NORMAL:-VERS-ALL:+VERS-TLS1.3", "--inline-commands") as client:
            client.upgrade()
            client.send(b"^rekey^\n")  # Behind other bytes than those of a line it would be sent as it is.
            client.await_words(b"Rekey was completed")
            for number in range(20):
                client.echo(b"after the update, %d." % number)


def test_tickets_of_several_records(site, tmp_path):
    """They hold the client's certificate and are more than one record of 512 bytes: OpenSSL's records before ours."""
    authority = make(tmp_path, "clients")
    backend = make(tmp_path, "backend", "DNS:backend", authority)
    config = f'[api]\ntls = true\nclient_ca = "{authority.certificate}"\n' + CONFIG.format(site.certificate, site.key)
    with Gateway(config=config, shards=1) as gateway:
        session = tmp_path / "session"
        for option, words in (("-sess_out", b"New, TLSv1.3"), ("-sess_in", b"Reused, TLSv1.3")):
            with Client(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.api[1]}", "-tls1_3", "-maxfraglen", "512",
                         "-cert", str(backend.certificate), "-key", str(backend.key), option, str(session)]) as client:
                client.await_words(words)
                client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.await_words(b"200 OK")
