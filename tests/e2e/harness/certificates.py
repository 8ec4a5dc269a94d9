"""Certificates for tests, made by the openssl command: whatever a real client verifies, it can verify here.

With DUNLIN_TEST_TLS=1 every test's gateway speaks TLS on its public port, and every client with it."""

from __future__ import annotations

import atexit
import os
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

EVERYWHERE = os.environ.get("DUNLIN_TEST_TLS") == "1"


@dataclass
class Certificate:
    certificate: Path
    key: Path


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def make(directory: Path, name: str, names: str = "DNS:localhost,IP:127.0.0.1,IP:::1", issuer: Certificate | None = None,
         days: int = 30, key: str = "EC") -> Certificate:
    """A certificate for `names`, signed by `issuer` or by itself (then it is an authority, too)."""
    made = Certificate(directory / f"{name}.crt", directory / f"{name}.key")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "EC" else ["-newkey", "rsa:2048"]
    authority = "critical,CA:TRUE" if issuer is None else "critical,CA:FALSE"
    signing = ["-CA", issuer.certificate, "-CAkey", issuer.key] if issuer else []
    _openssl("req", "-x509", *kind, "-nodes", "-keyout", made.key, "-out", made.certificate, "-days", days,
             "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-addext", f"basicConstraints={authority}",
             *signing)
    return made


def client_context(authority: Path, certificate: Certificate | None = None, **options) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    if certificate:
        context.load_cert_chain(certificate.certificate, certificate.key)
    for name, value in options.items():
        setattr(context, name, value)
    return context


class Everywhere:
    """What DUNLIN_TEST_TLS=1 needs: a certificate that curl, Node and Python trust by their environment."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="dunlin-e2e-tls-"))
        atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
        made = make(self.directory, "localhost")
        self.environment = {"DUNLIN_PUBLIC_TLS": "true", "DUNLIN_TLS_CERTIFICATES": str(made.certificate),
                            "DUNLIN_TLS_KEYS": str(made.key)}
        for variable in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"):
            os.environ[variable] = str(made.certificate)
        self.context = client_context(made.certificate)
        self.addresses: set[tuple[str, int]] = set()  # Of gateways that speak TLS.


everywhere = Everywhere() if EVERYWHERE else None
