"""Keys, certificates and hashes, without a database. (RFC 5280)

Times are aware UTC. Serial numbers have 159 random bits; they are kept as hexadecimal digits in
upper case without leading zeros, as OCPP's hash data has them, give or take their case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import new as new_hash
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Bits of our own RSA keys.
RSA_BITS = 3072
#: What a charger's clock may be slow by when it gets a new certificate.
SLOW_CLOCK = timedelta(hours=1)
#: The longest common name and organisation of X.509. (RFC 5280, appendix A: ub-common-name)
LONGEST_NAME = 64

Certificate = x509.Certificate
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Algorithm(StrEnum):
    """The kind of a key."""

    RSA = "rsa"
    ECDSA = "ecdsa"


class Unreadable(ValueError):
    """This is no certificate, or no key, that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate and the key that signs with it."""

    certificate: Certificate
    key: PrivateKey


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate of a charger or a server is to say."""

    common_name: str
    organisation: str
    #: It is shown to a server (a charger's), or to clients (a listener's, an EVSE's towards cars).
    to_servers: bool = True
    to_clients: bool = False
    #: Host names and IP addresses.
    names: Sequence[str] = ()
    #: Of a certificate for ISO 15118: its subject's domain component. (ISO 15118-2 annex F)
    domain: str = ""
    crl_url: str = ""
    ocsp_url: str = ""
    issuer_url: str = ""
    usage: tuple[x509.ObjectIdentifier, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Set the extended key usage."""
        usage = [
            *([ExtendedKeyUsageOID.CLIENT_AUTH] if self.to_servers else []),
            *([ExtendedKeyUsageOID.SERVER_AUTH] if self.to_clients else []),
        ]
        object.__setattr__(self, "usage", tuple(usage))


def new_key(algorithm: Algorithm) -> PrivateKey:
    """Return a new key: RSA of 3072 bits, or on the curve P-256."""
    if algorithm is Algorithm.RSA:
        return rsa.generate_private_key(65_537, RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def algorithm_of(key: object) -> Algorithm:
    """Return the kind of a key, public or private; raise `Unreadable` for another kind."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return Algorithm.RSA
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return Algorithm.ECDSA
    raise Unreadable("Its key is neither RSA nor on an elliptic curve.")


def key_der(key: PrivateKey) -> bytes:
    """Return a private key as PKCS #8, not encrypted: to be sealed."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def key_pem(key: PrivateKey) -> bytes:
    """Return a private key as a TLS listener reads it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def read_key(text: bytes) -> PrivateKey:
    """Return the private key in DER or PEM without a passphrase; raise `Unreadable`."""
    load = serialization.load_der_private_key
    if b"-----BEGIN" in text:
        load = serialization.load_pem_private_key
    try:
        key = load(text, None)
    except (ValueError, TypeError) as problem:
        raise Unreadable(f"The key can't be read: {problem}") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Unreadable("The key is neither RSA nor on an elliptic curve.")
    return key


def pem(certificate: Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def read(text: str) -> list[Certificate]:
    """Return the certificates of a PEM text, at least one; raise `Unreadable`."""
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        for certificate in found:
            key_of(certificate)
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with what somebody pasted
        raise Unreadable(
            "This is no certificate in PEM: copy all of it, from the line BEGIN CERTIFICATE to the "
            "line END CERTIFICATE."
        ) from None
    return found


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of the DER as 64 hexadecimal digits in lower case."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def serial(certificate: Certificate) -> str:
    """Return the serial number as hexadecimal digits."""
    return f"{certificate.serial_number:X}"


def key_hash(key: PublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo) as hexadecimal digits."""
    return new_hash("sha256", _spki(key)).hexdigest()


def common_name(name: x509.Name) -> str:
    """Return the common name of a subject, "" where it has none."""
    return _first(name, NameOID.COMMON_NAME)


def organisation(name: x509.Name) -> str:
    """Return the organisation of a subject, "" where it has none."""
    return _first(name, NameOID.ORGANIZATION_NAME)


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


@dataclass(frozen=True, slots=True)
class HashData:
    """What names a certificate in OCPP: hexadecimal digits. (CertificateHashDataType)"""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial: str


#: Those of OCSP and OCPP.
HASHES = frozenset({"sha1", "sha256", "sha384", "sha512"})


def issuer_hashes(issuer: Certificate, algorithm: str) -> tuple[bytes, bytes]:
    """Return the hashes of an issuer's name and key with one of `HASHES`. (RFC 6960 §4.1.1)"""
    name = new_hash(algorithm, issuer.subject.public_bytes(), usedforsecurity=False)
    key = new_hash(algorithm, _key_bits(issuer.public_key()), usedforsecurity=False)
    return name.digest(), key.digest()


def hash_data(certificate: Certificate, issuer: Certificate, algorithm: str) -> HashData:
    """Return what names `certificate` in OCPP, hashed with SHA256, SHA384 or SHA512."""
    name, key = issuer_hashes(issuer, algorithm.lower())
    return HashData(algorithm, name.hex(), key.hex(), f"{certificate.serial_number:x}")


def _key_bits(key: object) -> bytes:
    """Return the bits of a public key without their wrapping, as OCSP hashes them."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _spki(key: PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether `issuer` names itself so and signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_authority(certificate: Certificate) -> bool:
    """Tell whether a certificate may sign others."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return found.value.ca


def key_of(certificate: Certificate) -> PublicKey:
    """Return a certificate's key; raise `Unreadable` for a kind that isn't used here."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Unreadable("Its key is neither RSA nor on an elliptic curve.")
    return key


def belongs(key: PrivateKey, certificate: Certificate) -> bool:
    """Tell whether a key is the certificate's."""
    return _spki(key.public_key()) == _spki(key_of(certificate))


def _name(common: str, organisation: str, domain: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ]
    if domain:
        parts.append(x509.NameAttribute(NameOID.DOMAIN_COMPONENT, domain))
    return x509.Name(parts)


def _sign(
    builder: x509.CertificateBuilder, issuer: Certificate | None, key: PrivateKey
) -> Certificate:
    """Add who signs, and sign with SHA-256."""
    public = key.public_key()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    if issuer is not None:
        kept = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(kept)
    return builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256())


def root(
    common: str, organisation: str, key: PrivateKey, start: datetime, end: datetime
) -> Certificate:
    """Return a root: a certificate that its own key signs."""
    name = _name(common, organisation)
    return _sign(_authority(name, name, key.public_key(), start, end, None), None, key)


def intermediate(
    common: str, organisation: str, key: PublicKey, signer: Authority, start: datetime,
    end: datetime,
) -> Certificate:  # fmt: skip
    """Return the certificate of an authority that signs for chargers and servers only."""
    name = _name(common, organisation)
    built = _authority(name, signer.certificate.subject, key, start, end, 0)
    return _sign(built, signer.certificate, signer.key)


def cross(certificate: Certificate, signer: Authority) -> Certificate:
    """Return a root as another root signs it: who trusts that one trusts both."""
    key = key_of(certificate)
    start = max(certificate.not_valid_before_utc, signer.certificate.not_valid_before_utc)
    end = min(certificate.not_valid_after_utc, signer.certificate.not_valid_after_utc)
    name = signer.certificate.subject
    built = _authority(certificate.subject, name, key, start, end, 1)
    return _sign(built, signer.certificate, signer.key)


def _authority(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, start: datetime, end: datetime,
    path_length: int | None,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        _certificate(subject, issuer, key, start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool = False, encrypts: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=encrypts,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def leaf(
    said: Leaf, key: PublicKey, signer: Authority, start: datetime, end: datetime
) -> Certificate:
    """Return a charger's or a server's certificate; none outlives the one that signs it."""
    subject = _name(said.common_name, said.organisation, said.domain)
    end = min(end, signer.certificate.not_valid_after_utc)
    encrypts = algorithm_of(key) is Algorithm.RSA  # The static-RSA suites of OCPP need it.
    built = (
        _certificate(subject, signer.certificate.subject, key, start, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(encrypts=encrypts), critical=True)
        .add_extension(x509.ExtendedKeyUsage(said.usage), critical=False)
    )
    for extension in _addresses(said):
        built = built.add_extension(extension, critical=False)
    return _sign(built, signer.certificate, signer.key)


def _addresses(said: Leaf) -> list[x509.ExtensionType]:
    """Return the names it answers to, and where its revocation can be learnt."""
    found: list[x509.ExtensionType] = []
    if said.names:
        found.append(x509.SubjectAlternativeName([_general(name) for name in said.names]))
    if said.crl_url:
        point = x509.DistributionPoint([_url(said.crl_url)], None, None, None)
        found.append(x509.CRLDistributionPoints([point]))
    access = [(Access.OCSP, said.ocsp_url), (Access.CA_ISSUERS, said.issuer_url)]
    if any(url for _method, url in access):
        told = [x509.AccessDescription(method, _url(url)) for method, url in access if url]
        found.append(x509.AuthorityInformationAccess(told))
    return found


def _url(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
