"""What isn't valid any more, for whoever asks: lists (RFC 5280) and answers (OCSP, RFC 6960)."""

import contextlib
from datetime import datetime, timedelta

from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as rfc6960

from cpms.control.models import Authority, Certificate
from cpms.control.pki import authorities, x509
from cpms.control.pki.authorities import Unavailable

#: A list or an answer may be kept for so long by who asked.
FRESH = timedelta(hours=24)
REASONS = {reason.value: reason for reason in crypto.ReasonFlags}
MALFORMED = rfc6960.OCSPResponseBuilder.build_unsuccessful(
    rfc6960.OCSPResponseStatus.MALFORMED_REQUEST
).public_bytes(serialization.Encoding.DER)
UNAUTHORIZED = rfc6960.OCSPResponseBuilder.build_unsuccessful(
    rfc6960.OCSPResponseStatus.UNAUTHORIZED
).public_bytes(serialization.Encoding.DER)
#: The largest request that is looked at, bytes.
LARGEST_REQUEST = 4_096


def crl(authority_id: int, now: datetime) -> bytes | None:
    """Return the list of what an authority revoked, DER; None where there is no such authority.

    Certificates that have ended are left out. Raises `Unavailable`.
    """
    row = Authority.objects.filter(pk=authority_id, key__isnull=False).first()
    return _crl(row, now).public_bytes(serialization.Encoding.DER) if row else None


def crls_pem(now: datetime) -> bytes:
    """Return the lists of all authorities that issue, PEM one after the other."""
    issuing = Authority.objects.filter(key__isnull=False, not_after__gt=now).exclude(
        kind=Authority.Kind.ROOT
    )
    lists = [_crl(row, now) for row in issuing]
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in lists)


def _crl(row: Authority, now: datetime) -> crypto.CertificateRevocationList:
    signer = authorities.opened(row).authority
    public = signer.key.public_key()
    built = (
        crypto.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(now - x509.SLOW_CLOCK)
        .next_update(now + FRESH)
        .add_extension(crypto.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(crypto.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    revoked = Certificate.objects.filter(authority=row, revoked_at__isnull=False, not_after__gt=now)
    for serial, at, reason in revoked.values_list("serial", "revoked_at", "revocation"):
        assert at is not None
        built = built.add_revoked_certificate(_entry(serial, at, reason))
    return built.sign(signer.key, hashes.SHA256())


def _entry(serial: str, at: datetime, reason: str) -> crypto.RevokedCertificate:
    entry = crypto.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(at)
    if reason in REASONS and reason != "unspecified":  # RFC 5280 §5.3.1: left out then.
        entry = entry.add_extension(crypto.CRLReason(REASONS[reason]), critical=False)
    return entry.build()


def ocsp(request: bytes, now: datetime) -> bytes:
    """Return the answer to an OCSP request, both DER; what isn't ours is answered unauthorized."""
    if len(request) > LARGEST_REQUEST:
        return MALFORMED
    try:
        asked = rfc6960.load_der_ocsp_request(request)
        algorithm, serial = asked.hash_algorithm, f"{asked.serial_number:X}"
    except Exception:  # noqa: BLE001 - whatever somebody sent
        return MALFORMED
    row = _asked_of(asked, algorithm.name)
    if row is None:
        return UNAUTHORIZED
    try:
        return _answer(row, asked, serial, now)
    except Unavailable:
        return UNAUTHORIZED


def _asked_of(asked: rfc6960.OCSPRequest, algorithm: str) -> Authority | None:
    """Return the authority of ours that a request names by its hashes."""
    if algorithm not in x509.HASHES:
        return None
    for row in Authority.objects.filter(key__isnull=False):
        found = x509.issuer_hashes(authorities.certificate_of(row), algorithm)
        if found == (asked.issuer_name_hash, asked.issuer_key_hash):
            return row
    return None


def _answer(row: Authority, asked: rfc6960.OCSPRequest, serial: str, now: datetime) -> bytes:
    signer = authorities.opened(row).authority
    found = Certificate.objects.filter(authority=row, serial=serial).first()
    status, at, why = rfc6960.OCSPCertStatus.UNKNOWN, None, None
    if found is not None and found.revoked_at is not None:
        status, at = rfc6960.OCSPCertStatus.REVOKED, found.revoked_at
        why = REASONS.get(found.revocation)
    elif found is not None:
        status = rfc6960.OCSPCertStatus.GOOD
    built = (
        rfc6960.OCSPResponseBuilder()
        .add_response_by_hash(
            asked.issuer_name_hash, asked.issuer_key_hash, asked.serial_number,
            asked.hash_algorithm, status, now - x509.SLOW_CLOCK, now + FRESH, at, why,
        )
        .responder_id(rfc6960.OCSPResponderEncoding.HASH, signer.certificate)
    )  # fmt: skip
    with contextlib.suppress(crypto.ExtensionNotFound):
        nonce = asked.extensions.get_extension_for_class(crypto.OCSPNonce).value
        built = built.add_extension(nonce, critical=False)
    answer = built.sign(signer.key, hashes.SHA256())
    return answer.public_bytes(serialization.Encoding.DER)
