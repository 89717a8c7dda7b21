"""Certificates as others would make them: authorities, servers, chargers, cars."""

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Paper:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """Return the key as PEM."""
        encoded: bytes = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return encoded.decode()

    def file(self, folder: Path) -> Path:
        """Return a file with both."""
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".pem", delete=False) as both:
            both.write((self.key_pem + self.pem).encode())
        return Path(both.name)


def paper(
    common: str,
    by: Paper | None = None,
    *,
    organisation: str = "Acme",
    is_ca: bool = False,
    is_rsa: bool = False,
    days: tuple[float, float] = (-1, 30),
    hosts: Sequence[str] = (),
    ocsp: str = "",
    extensions: Sequence[x509.ExtensionType] = (),
) -> Paper:
    """Return a new certificate, signed `by` another or by itself; valid from and to in days."""
    key: Any = rsa.generate_private_key(65537, 2048) if is_rsa else None
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
    now = datetime.now(UTC)
    issuer = by.certificate.subject if by else subject
    signing = by.key if by else key
    told = [
        *([x509.SubjectAlternativeName([_host(host) for host in hosts])] if hosts else []),
        *([_responder(ocsp)] if ocsp else []),
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
        *extensions,
    ]
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    )
    for extension in told:
        builder = builder.add_extension(extension, critical=False)
    if is_ca:
        builder = builder.add_extension(_signs(), critical=True)
    return Paper(builder.sign(signing, hashes.SHA256()), key)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _responder(url: str) -> x509.AuthorityInformationAccess:
    where = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)]
    )


def _signs() -> x509.KeyUsage:
    return x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def client(
    trusted: str,
    shown: Path | None = None,
    *,
    suite: str = "",
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """Return how a charger speaks TLS: whom it trusts, and what it shows."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cadata=trusted)
    with warnings.catch_warnings(action="ignore"):  # Of old versions.
        if newest < ssl.TLSVersion.TLSv1_2:
            made.minimum_version = newest
            made.set_ciphers("ALL:@SECLEVEL=0")
        made.maximum_version = newest
    if suite:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(suite)
    if shown is not None:
        made.load_cert_chain(shown)
    return made
