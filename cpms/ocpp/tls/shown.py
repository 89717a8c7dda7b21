"""The certificate that a charger shows: whose it is, and whether it counts."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cpms.control.pki import chains
from cpms.control.pki.x509 import fingerprint

#: Characters of a header with certificates; `websockets` takes no longer line.
LONGEST_HEADER = 8_192
#: RFC 9440, and what nginx can send ($ssl_client_escaped_cert).
LEAF, ABOVE, ESCAPED = b"client-cert", b"client-cert-chain", b"x-ssl-client-cert"


class Unreadable(ValueError):
    """What a proxy passed on is no certificate."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate whose chain was verified, but not the times in it."""

    #: Common name and alternative names, in lower case.
    names: frozenset[str]
    #: The common name as written, for people.
    common_name: str
    organisation: str
    #: SHA-256, hexadecimal, of it and of those above it.
    fingerprints: tuple[str, ...]
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, chain: Sequence[x509.Certificate]) -> "Shown":
        """Return what a chain says, the charger's own certificate first."""
        leaf = chain[0]
        common = _first(leaf.subject, NameOID.COMMON_NAME)
        return cls(
            frozenset({common.lower(), *_alternatives(leaf)} - {""}),
            common,
            _first(leaf.subject, NameOID.ORGANIZATION_NAME),
            tuple(fingerprint(one) for one in chain),
            max(one.not_valid_before_utc for one in chain),
            min(one.not_valid_after_utc for one in chain),
        )

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the charger's own certificate."""
        return self.fingerprints[0]

    def untimely(self, now: datetime) -> str:
        """Return "expired" or "not_yet" where it isn't valid now, else ""."""
        if now > self.not_after:
            return "expired"
        return "not_yet" if now < self.not_before else ""


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value).strip() if found else ""


def _alternatives(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    named = (x509.DNSName, x509.UniformResourceIdentifier, x509.RFC822Name)
    return [one.value.strip().lower() for one in found if isinstance(one, named)]


def passed_on(headers: dict[bytes, bytes]) -> list[x509.Certificate]:
    """Return the certificates that a proxy passes on, the charger's own first.

    Empty where it passes none on. Raises `Unreadable`.
    """
    escaped, leaf = headers.get(ESCAPED, b""), headers.get(LEAF, b"")
    if max(len(escaped), len(leaf), len(headers.get(ABOVE, b""))) > LONGEST_HEADER:
        raise Unreadable("too long")
    try:
        if leaf:
            above = [_bytes(item) for item in headers.get(ABOVE, b"").split(b",") if item.strip()]
            sequence = [_bytes(leaf), *above[: chains.MOST_ABOVE]]
            return [x509.load_der_x509_certificate(one) for one in sequence]
        if escaped:
            found = x509.load_pem_x509_certificates(unquote_to_bytes(escaped))
            return found[: chains.MOST_ABOVE + 1]
    except ValueError as problem:
        raise Unreadable(str(problem)) from None
    return []


def _bytes(item: bytes) -> bytes:
    """Return what a byte sequence in a header holds. (RFC 8941 §3.3.5)"""
    item = item.partition(b";")[0].strip()
    if len(item) < 2 or not (item[:1] == item[-1:] == b":"):
        raise Unreadable("not a byte sequence")
    try:
        return base64.b64decode(item[1:-1], validate=True)
    except binascii.Error as problem:
        raise Unreadable(str(problem)) from None


def verified(
    chain: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], now: datetime
) -> list[x509.Certificate] | None:
    """Return the chain from a charger's certificate to one that we trust; None where there is none.

    For what a proxy passes on: whether it verified anything is not for us to know.
    """
    return chains.verified(chain, trusted, now) if chain and _is_client(chain[0]) else None


def _is_client(leaf: x509.Certificate) -> bool:
    """Tell whether it may be shown to a server; one that says nothing of its use may."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage
