"""What is asked of an OCSP responder, and what its answer is worth. (RFC 6960) Pure.

Who signed is told from the hash of the issuer's key, which is in the question: a key with that
hash is the issuer's, wherever we found it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
#: Clocks of others may be so far off.
SLACK = timedelta(minutes=5)
#: An answer that doesn't say until when it holds.
HOLDS = timedelta(minutes=5)
#: Certificates of an answer that are looked at.
MOST_CERTIFICATES = 5


class BadQuestion(ValueError):
    """What a charger asks can't be asked."""


class BadAnswer(ValueError):
    """What a responder answers isn't worth anything; the message says why."""


class Standing(StrEnum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """A certificate by its hashes, lower-case hexadecimal as in OCPP, and whom to ask."""

    algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial: str
    url: str

    def encoded(self) -> bytes:
        """Return the request in DER; raise `BadQuestion`."""
        try:
            serial = int(self.serial, 16)
            built = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
                bytes.fromhex(self.issuer_name_hash),
                bytes.fromhex(self.issuer_key_hash),
                serial,
                ALGORITHMS[self.algorithm](),
            )
            return built.build().public_bytes(serialization.Encoding.DER)
        except (ValueError, KeyError, TypeError) as problem:
            raise BadQuestion(f"The certificate's hashes can't be read: {problem}") from None

    def is_of_key(self, key: object) -> bool:
        """Tell whether a public key is the issuer's."""
        return _digest(self.algorithm, key_bits(key)) == self.issuer_key_hash.lower()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A responder's answer that fits the question."""

    standing: Standing
    #: The answer as it came, DER.
    encoded: bytes
    #: It holds until then.
    until: datetime
    #: The issuer, or somebody whom it appointed, signed it. Else we know no issuer to tell.
    verified: bool


def about(leaf: x509.Certificate, issuer: x509.Certificate, url: str = "") -> Question:
    """Return the question about a certificate; raise `BadQuestion` where nobody can be asked."""
    url = url or responder_of(leaf)
    if not url:
        raise BadQuestion("The certificate names no OCSP responder.")
    return Question(
        "SHA256",
        _digest("SHA256", leaf.issuer.public_bytes()),
        _digest("SHA256", key_bits(issuer.public_key())),
        f"{leaf.serial_number:x}",
        url,
    )


def responder_of(certificate: x509.Certificate) -> str:
    """Return the address of the responder that a certificate names, or ""."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for one in found.value:
        is_ocsp = one.access_method == AuthorityInformationAccessOID.OCSP
        if is_ocsp and isinstance(one.access_location, x509.UniformResourceIdentifier):
            return one.access_location.value
    return ""


def judge(
    encoded: bytes, question: Question, now: datetime, known: Sequence[x509.Certificate] = ()
) -> Verdict:
    """Return what an answer in DER is worth; raise `BadAnswer`.

    `known`: certificates that we have, among which the issuer may be.
    """
    try:
        answer = ocsp.load_der_ocsp_response(encoded)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise BadAnswer(f"The responder declined: {answer.response_status.name.lower()}.")
        single = _single(answer, question)
        until = _until(single, now)
        verified = _is_signed(answer, question, now, known)
        standing = Standing[single.certificate_status.name]
    except BadAnswer:
        raise
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm) as problem:
        raise BadAnswer(f"The answer can't be read: {problem}"[:300]) from None
    return Verdict(standing, encoded, until, verified)


def _single(answer: ocsp.OCSPResponse, question: Question) -> ocsp.OCSPSingleResponse:
    """Return what it says of the certificate that was asked for, and of no other."""
    asked = (
        ALGORITHMS[question.algorithm]().name,
        bytes.fromhex(question.issuer_name_hash),
        bytes.fromhex(question.issuer_key_hash),
        int(question.serial, 16),
    )
    for one in answer.responses:
        named = (one.hash_algorithm.name, one.issuer_name_hash, one.issuer_key_hash)
        if (*named, one.serial_number) == asked:
            return one
    raise BadAnswer("The answer is about another certificate.")


def _until(single: ocsp.OCSPSingleResponse, now: datetime) -> datetime:
    until = single.next_update_utc or single.this_update_utc + HOLDS
    if single.this_update_utc > now + SLACK:
        raise BadAnswer("The answer is of the future.")
    if until < now - SLACK:
        raise BadAnswer("The answer is out of date.")
    return until


def _is_signed(
    answer: ocsp.OCSPResponse, question: Question, now: datetime, known: Sequence[x509.Certificate]
) -> bool:
    """Tell whether the issuer vouches for it; False where we know no issuer.

    Raises `BadAnswer` where it is signed by nobody who could.
    """
    sent = list(answer.certificates)[:MOST_CERTIFICATES]
    issuers = [one for one in (*sent, *known) if question.is_of_key(one.public_key())]
    if any(_signs(issuer.public_key(), answer) for issuer in issuers[:1]):
        return True
    deputies = [one for one in sent if _is_deputy(one, now) and _signs(one.public_key(), answer)]
    if issuers and any(_is_issued(one, issuers[0]) for one in deputies):
        return True
    if issuers or not deputies:
        raise BadAnswer("The answer isn't signed by the certificate's issuer, nor for it.")
    return False


def _is_deputy(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a certificate is for signing OCSP answers. (RFC 6960 §4.2.2.2)"""
    if not certificate.not_valid_before_utc - SLACK <= now <= certificate.not_valid_after_utc:
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _signs(key: object, answer: ocsp.OCSPResponse) -> bool:
    """Tell whether the answer's signature is by `key`."""
    algorithm, said = answer.signature_hash_algorithm, answer.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(answer.signature, said, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(answer.signature, said, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(answer.signature, said)
        else:
            return False
    except InvalidSignature:
        return False
    return not isinstance(algorithm, hashes.SHA1 | hashes.MD5)


def _digest(algorithm: str, data: bytes) -> str:
    made = hashes.Hash(ALGORITHMS[algorithm]())
    made.update(data)
    return made.finalize().hex()


def key_bits(key: object) -> bytes:
    """Return a public key without its wrapping, as OCSP hashes it. (RFC 6960 §4.1.1)"""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b""
