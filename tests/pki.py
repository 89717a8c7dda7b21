"""Keys and certificate requests for tests: made once, and small, since making them takes long."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from cpms.control.pki import x509
from cpms.control.pki.x509 import Algorithm


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return an RSA key, the same for each number."""
    return rsa.generate_private_key(65_537, bits)


@cache
def ec_key(
    number: int | str = 0, curve: type[ec.EllipticCurve] = ec.SECP256R1
) -> ec.EllipticCurvePrivateKey:
    """Return a key on a curve, the same for each number."""
    return ec.generate_private_key(curve())


def quick_keys(patch: pytest.MonkeyPatch) -> None:
    """Have new RSA keys of the product be the test run's one."""
    new = x509.new_key
    patch.setattr(x509, "new_key", lambda kind: rsa_key() if kind is Algorithm.RSA else new(kind))


def csr(
    common_name: str,
    organisation: str = "",
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    algorithm: hashes.SHA224 | hashes.SHA256 | None = None,
) -> str:
    """Return a certificate request as PEM, signed with its key."""
    parts = [crypto.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    if organisation:
        parts.append(crypto.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    built = crypto.CertificateSigningRequestBuilder().subject_name(crypto.Name(parts))
    signed = built.sign(key or ec_key(), algorithm or hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@cache
def root(name: str = "Test root") -> crypto.Certificate:
    """Return somebody's root, the same for each name."""
    start = datetime.now(UTC) - timedelta(days=1)
    return x509.root(name, "Tests", ec_key(), start, start + timedelta(days=3650))
