"""A charger's keys and certificates: made when it is asked for them, kept while it lives."""

from dataclasses import dataclass, field

from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cpms.control.pki import x509
from cpms.ocpp.simulator.rpc import Json

#: Roots that it has room for.
MOST_ROOTS = 8


@dataclass
class Papers:
    """What a charger trusts, and what it shows."""

    #: Kind (certificateType) and certificate.
    roots: list[tuple[str, crypto.Certificate]] = field(default_factory=list)
    #: Of the last request, until it is answered.
    key: ec.EllipticCurvePrivateKey | None = None
    chain: list[crypto.Certificate] = field(default_factory=list)

    def request(self, name: str) -> str:
        """Make a key, and return a request to have a certificate signed for it."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = crypto.Name([crypto.NameAttribute(NameOID.COMMON_NAME, name)])
        built = crypto.CertificateSigningRequestBuilder().subject_name(subject)
        signed = built.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def take(self, chain: str) -> bool:
        """Keep a signed certificate; False where it isn't for the key of the last request."""
        try:
            found = x509.read(chain)
        except x509.Unreadable:
            return False
        if self.key is None or not x509.belongs(self.key, found[0]):
            return False
        self.chain, self.key = found, None
        return True

    def install(self, kind: str, text: str) -> str:
        """Trust one more root; return the status word."""
        try:
            found = x509.read(text)[0]
        except x509.Unreadable:
            return "Rejected"
        if (kind, found) not in self.roots:
            if len(self.roots) >= MOST_ROOTS:
                return "Failed"
            self.roots.append((kind, found))
        return "Accepted"

    def named(self, kinds: list[str]) -> list[tuple[str, Json]]:
        """Return the roots of these kinds, of all where none is named, by their hashes."""
        return [
            (kind, _hashes(root, "SHA256"))
            for kind, root in self.roots
            if not kinds or kind in kinds
        ]

    def delete(self, named: Json) -> str:
        """Forget a root; return the status word."""
        for one in self.roots:
            if _hashes(one[1], named["hashAlgorithm"]) == named:
                self.roots.remove(one)
                return "Accepted"
        return "NotFound"


def _hashes(root: crypto.Certificate, algorithm: str) -> Json:
    found = x509.hash_data(root, root, algorithm)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": found.issuer_name,
        "issuerKeyHash": found.issuer_key,
        "serialNumber": found.serial,
    }
