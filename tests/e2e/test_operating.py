"""What operators are told of certificates, token keys and reloads: metrics, and a warning in time."""

import re
import signal
import ssl
import time
import urllib.request

import pytest

from harness.api import Api
from harness.certificates import make
from harness.gateway import Gateway, run
from test_metrics import samples

pytestmark = pytest.mark.plain_tcp  # Each says for itself where TLS is spoken.

DAY = 86_400


class Files:
    """A configuration with two certificates, one of which ends soon and is named twice, and a key for tokens."""

    def __init__(self, directory):
        self.directory = directory
        self.soon = make(directory, "soon", "DNS:soon.test,DNS:also.test", days=5)
        self.later = make(directory, "later", "IP:127.0.0.1", days=90)
        self.keys = directory / "tokens.key.jwks"
        done = run("token", "--new-key", "ed25519", "--out", str(directory / "tokens.key"))
        assert done.returncode == 0, done.stderr

    def config(self, more="") -> str:
        return f"""[public]
tls = true
[auth]
keys = ["{self.keys}"]
[tls]
certificates = ["{self.soon.certificate}", "{self.later.certificate}", "{self.soon.certificate}"]
keys = ["{self.soon.key}", "{self.later.key}", "{self.soon.key}"]
{more}
[profiles.ws]
path = "/ws"
identity = "message"
auth = "token"
"""


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def expiries(api) -> dict[str, float]:
    """{file: days until its certificate ends}"""
    ends = {}
    for (name, labels), value in samples(api).items():
        if name == "dunlin_tls_certificate_expiry_timestamp_seconds":
            ends[re.search(r'file="([^"]*)"', labels)[1]] = (value - time.time()) / DAY
    return ends


def reloads(api) -> dict[str, float]:
    found = {re.search(r'result="(\w+)"', labels)[1]: value for (name, labels), value in samples(api).items()
             if name == "dunlin_reloads_total"}
    return {result: value for result, value in found.items() if value}


def test_ends_of_certificates(files):
    with Gateway(config=files.config(), shards=2) as gateway:
        api = Api(gateway.api)
        ends = expiries(api)
        assert set(ends) == {str(files.soon.certificate), str(files.later.certificate)}
        assert 4.9 < ends[str(files.soon.certificate)] <= 5
        assert 89.9 < ends[str(files.later.certificate)] <= 90
        exposition = api.get("/metrics").text
        assert 'name="soon.test"' in exposition and "also.test" not in exposition
        assert samples(api)["dunlin_token_keys", ""] == 1
        warned = [line for line in gateway.output().splitlines() if "a certificate ends soon" in line]
        assert len(warned) == 2 and "soon.test also.test" in warned[0] and re.search(r"days_left=[45]$", warned[0]), warned
        assert f"file={files.soon.certificate}" in warned[0]
        # Renewed: the metric follows the file, and there is nothing to warn of.
        make(files.directory, "soon", "DNS:soon.test", days=60)
        gateway.signal(signal.SIGHUP)
        api.await_true(lambda: expiries(api)[str(files.soon.certificate)] > 59, "the new end is not told")
        assert gateway.output().count("a certificate ends soon") == 2
        api.close()


def test_reloads_are_counted_by_what_was_wrong(files):
    with Gateway(config=files.config(), shards=2) as gateway:
        api = Api(gateway.api)

        def gauge(name) -> float:
            return samples(api)[name, ""]

        def reload(result, count, successful):
            gateway.signal(signal.SIGHUP)
            api.await_true(lambda: reloads(api).get(result) == count, f"{result}: {reloads(api)}")
            assert gauge("dunlin_last_reload_successful") == successful
        assert reloads(api) == {} and gauge("dunlin_last_reload_successful") == 1
        started = gauge("dunlin_last_reload_success_timestamp_seconds")
        assert abs(started - time.time()) < 600
        reload("applied", 1, 1)
        certificate, keys = files.soon.certificate.read_text(), files.keys.read_text()
        files.soon.certificate.write_text("rubbish")
        reload("bad_certificates", 1, 0)
        assert expiries(api)[str(files.soon.certificate)] > 4  # What is in force, not what is in the file.
        files.soon.certificate.write_text(certificate)
        files.keys.write_text("rubbish")
        reload("bad_token_keys", 1, 0)
        assert gauge("dunlin_token_keys") == 1
        gateway.config_file.write_text(files.config("[limits]\naccept_rate = 'many'\n"))
        reload("bad_configuration", 1, 0)  # Which comes before the keys.
        files.keys.write_text(keys)
        gateway.config_file.write_text(files.config())
        reload("applied", 2, 1)
        assert gauge("dunlin_last_reload_success_timestamp_seconds") >= started
        assert reloads(api) == {"applied": 2, "bad_certificates": 1, "bad_token_keys": 1, "bad_configuration": 1}
        api.close()


def test_the_certificate_of_the_api_alone(files):
    config = files.config().replace("[public]\ntls = true", "[api]\ntls = true")
    with Gateway(config=config, shards=1) as gateway:
        anyone = ssl.create_default_context()
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"https://127.0.0.1:{gateway.api[1]}/metrics", timeout=20, context=anyone) as answer:
            assert f'{{file="{files.later.certificate}",name=""}}' in answer.read().decode()


def test_nothing_to_tell_without_tls():
    with Gateway(shards=1) as gateway:
        api = Api(gateway.api)
        assert expiries(api) == {}
        assert samples(api)["dunlin_token_keys", ""] == 0
        api.close()
    with Gateway(shards=1, arguments=("--dev-tls",)) as gateway:
        api = Api(gateway.api)
        assert list(expiries(api)) == ["self-signed"]
        api.close()
