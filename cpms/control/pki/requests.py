"""A charger's certificate request: read, and judged as far as that needs no database.

(PKCS #10; Improved security for OCPP 1.6-J §4, A02; OCPP 2.0.1 part 2, A02, A03)
"""

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils.translation import gettext as _

from cpms.control.pki.x509 import (
    LONGEST_NAME,
    PublicKey,
    Unreadable,
    algorithm_of,
    common_name,
    key_hash,
    organisation,
)

#: Bits of a key. (OCPP 2.0.1 A00.FR.505–507: RSA 2048, elliptic curves 224)
FEWEST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
CURVES = {"secp224r1", "secp256r1", "secp384r1", "secp521r1"}
HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
BEGIN, END = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"


class Use(StrEnum):
    """What a charger wants a certificate for."""

    #: To us. (ChargingStationCertificate)
    CHARGER = "charger"
    #: To cars. (V2GCertificate: ISO 15118-2; V2G20Certificate: ISO 15118-20)
    V2G = "v2g"
    V2G20 = "v2g20"
    #: Both. (no certificateType)
    COMBINED = "combined"

    @property
    def is_to_us(self) -> bool:
        """Whether the charger shows it to us."""
        return self in {Use.CHARGER, Use.COMBINED}


class Unacceptable(ValueError):
    """A request that isn't granted: `code` in a word for the charger, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        """`code` has at most 20 characters. (StatusInfoType.reasonCode)"""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Csr:
    """A request that is whole: it names a subject, and its key signed it."""

    common_name: str
    organisation: str
    key: PublicKey
    key_hash: str


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks: what the charger is known by, and whose it is."""

    identity: str
    serial_number: str
    #: Its operator's name on certificates (1.6: CpoName, 2.x: OrganizationName).
    organisation: str


def read(text: str) -> Csr:
    """Return the request in a PEM text, or in its base64 alone; raise `Unacceptable`."""
    request = _parsed(text)
    key = _key(request)
    try:
        is_signed = request.is_signature_valid
        subject = (common_name(request.subject), organisation(request.subject))
    except Exception as problem:  # noqa: BLE001 - whatever a charger put into it
        raise _unreadable(problem) from None
    if not is_signed:
        raise Unacceptable("InvalidSignature", _("The request isn't signed with its own key."))
    if not isinstance(request.signature_hash_algorithm, HASHES):
        raise Unacceptable(
            "WeakSignature", _("The request is signed with a hash weaker than SHA-256.")
        )
    return Csr(*subject, key, key_hash(key))


def _parsed(text: str) -> x509.CertificateSigningRequest:
    text = text.replace("\\n", "\n").replace("NEW CERTIFICATE REQUEST", "CERTIFICATE REQUEST")
    inner = text.partition(BEGIN)[2].partition(END)[0] if BEGIN in text else text
    try:
        der = base64.b64decode("".join(inner.split()), validate=True)
        return x509.load_der_x509_csr(der)
    except (ValueError, binascii.Error) as problem:
        raise _unreadable(problem) from None


def _unreadable(problem: Exception) -> Unacceptable:
    return Unacceptable(
        "InvalidCSR",
        _("The request can't be read: %(problem)s") % {"problem": str(problem)[:200]},
    )


def _key(request: x509.CertificateSigningRequest) -> PublicKey:
    """Return the request's key; raise `Unacceptable` for a kind or size that isn't safe."""
    try:
        key = request.public_key()
        algorithm_of(key)
    except (Unreadable, ValueError, TypeError) as problem:
        raise Unacceptable("UnsupportedKey", str(problem)[:300]) from None
    if isinstance(key, rsa.RSAPublicKey):
        if not FEWEST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
            raise Unacceptable(
                "WeakKey",
                _("Its RSA key has %(bits)s bits; from %(fewest)s to %(most)s are taken.")
                % {"bits": key.key_size, "fewest": FEWEST_RSA_BITS, "most": MOST_RSA_BITS},
            )
        return key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    if key.curve.name not in CURVES:
        raise Unacceptable(
            "UnsupportedKey",
            _("Its key is on the curve %(curve)s; P-256 is taken, and P-224, P-384, P-521.")
            % {"curve": key.curve.name},
        )
    return key


def judge(csr: Csr, use: Use, applicant: Applicant, others: Collection[str] = ()) -> None:
    """Raise `Unacceptable` where this charger mustn't have a certificate with this subject.

    `others` are names, in lower case, of other chargers: their identities and serial numbers.
    """
    if not 0 < len(csr.common_name) <= LONGEST_NAME:
        raise Unacceptable(
            "InvalidCN", _("The request has no common name, or one longer than 64 characters.")
        )
    _judge_name(csr, use, applicant, others)
    if csr.organisation and not _is_same(csr.organisation, applicant.organisation):
        raise Unacceptable(
            "InvalidO",
            _(
                "The request names the organisation “%(named)s”; chargers here are of “%(ours)s”. "
                "Set the operator's name on the charger (CpoName, or OrganizationName), or the "
                "name on certificates here."
            )
            % {"named": csr.organisation[:100], "ours": applicant.organisation},
        )
    if use in {Use.V2G, Use.V2G20} and not isinstance(csr.key, ec.EllipticCurvePublicKey):
        raise Unacceptable(
            "UnsupportedKey", _("A certificate towards cars has a key on an elliptic curve.")
        )


def _judge_name(csr: Csr, use: Use, applicant: Applicant, others: Collection[str]) -> None:
    own = {applicant.identity.lower(), applicant.serial_number.lower()} - {""}
    named = csr.common_name.lower()
    if use.is_to_us and named not in own:
        raise Unacceptable(
            "InvalidCN",
            _(
                "The request names “%(named)s”, which is neither this charger's identity nor its "
                "serial number (%(serial)s)."
            )
            % {"named": csr.common_name, "serial": applicant.serial_number or "–"},
        )
    if named != applicant.identity.lower() and named in others:
        raise Unacceptable(
            "InvalidCN",
            _("The request names “%s”, which is another charger.") % csr.common_name,
        )


def _is_same(named: str, ours: str) -> bool:
    return " ".join(named.split()).casefold() == " ".join(ours.split()).casefold()
