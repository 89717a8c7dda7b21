"""What a charger says it has installed, and what that is known to be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from cpms.control import settlement
from cpms.control.models import (
    Authority,
    Certificate,
    Command,
    InstalledCertificate,
    KnownRoot,
)
from cpms.control.pki import authorities, x509
from cpms.control.pki.x509 import HashData
from inventory.models import Charger

#: Certificates kept of one charger's answer.
MOST = 100
#: Commands that a list is held against.
LATELY = timedelta(days=7)
#: Roots that are remembered of one organisation.
MOST_KNOWN = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A certificate that a charger names by its hashes."""

    kind: str
    named: HashData
    #: 0, or how far above the certificate of its chain it stands.
    depth: int = 0


def keep(charger: Charger, kinds: Sequence[str], found: Iterable[Found], now: datetime) -> None:
    """Replace what is kept of these kinds, of all where none is named, by what was found."""
    rows = list(_rows(charger, found, now))
    with transaction.atomic():
        before = InstalledCertificate.objects.filter(charger=charger)
        if kinds:
            before = before.filter(kind__in=kinds)
        before.delete()
        InstalledCertificate.objects.bulk_create(rows, ignore_conflicts=True)


def _rows(
    charger: Charger, found: Iterable[Found], now: datetime
) -> Iterator[InstalledCertificate]:
    known = _Known(charger)
    for number, one in enumerate(found):
        if number == MOST:
            return
        certificate = known.find(one.named)
        yield InstalledCertificate(
            charger=charger,
            kind=one.kind,
            hash_algorithm=one.named.algorithm[:6],
            issuer_name_hash=one.named.issuer_name[:128].lower(),
            issuer_key_hash=one.named.issuer_key[:128].lower(),
            serial=one.named.serial[:40].lower(),
            depth=min(one.depth, 10),
            seen_at=now,
            subject=authorities.name_of(certificate) if certificate else "",
            fingerprint=x509.fingerprint(certificate) if certificate else "",
            not_after=certificate.not_valid_after_utc if certificate else None,
        )


class _Known:
    """The certificates that are known here, by their hashes."""

    def __init__(self, charger: Charger) -> None:
        """Read those of our authorities, of the charger's organisation, and its own."""
        organisation = charger.site.organisation_id
        texts = [
            *Authority.objects.values_list("certificate", flat=True),
            *KnownRoot.objects.filter(organisation=organisation).values_list(
                "certificate", flat=True
            ),
        ]
        self._issuers = [x509.read(text)[0] for text in texts]
        own = Certificate.objects.filter(charger=charger).values_list("certificate", flat=True)
        self._all = [*self._issuers, *(x509.read(text)[0] for text in own)]
        self._hashed: dict[str, dict[tuple[str, str, str], x509.Certificate]] = {}

    def find(self, named: HashData) -> x509.Certificate | None:
        """Return the certificate with these hashes."""
        algorithm = named.algorithm.upper()
        if algorithm.lower() not in x509.HASHES:
            return None
        if algorithm not in self._hashed:
            self._hashed[algorithm] = dict(self._names(algorithm))
        serial = named.serial.lower().lstrip("0")
        return self._hashed[algorithm].get(
            (named.issuer_name.lower(), named.issuer_key.lower(), serial)
        )

    def _names(self, algorithm: str) -> Iterator[tuple[tuple[str, str, str], x509.Certificate]]:
        """Yield each certificate with its hashes by whoever is called like its issuer."""
        issuers: dict[bytes, list[x509.Certificate]] = {}
        for issuer in self._issuers:
            issuers.setdefault(issuer.subject.public_bytes(), []).append(issuer)
        for certificate in self._all:
            for issuer in issuers.get(certificate.issuer.public_bytes(), ()):
                hashed = x509.hash_data(certificate, issuer, algorithm)
                yield (hashed.issuer_name, hashed.issuer_key, hashed.serial), certificate


def verify(charger: Charger, kinds: Sequence[str], now: datetime) -> None:
    """Hold what a charger has of these kinds (none: all) against what it took and deleted."""
    accepted = Command.objects.filter(
        charger=charger,
        state=Command.State.ACCEPTED,
        verified=None,
        operation__in=["install_certificate", "delete_certificate"],
        answered_at__gt=now - LATELY,
    )
    has = list(InstalledCertificate.objects.filter(charger=charger))
    for command in accepted:
        holds = _holds(command.operation, command.request, kinds, has)
        if holds is not None:
            settlement.verify(command, now, "certificates_listed", holds=holds)


def _holds(
    operation: str,
    asked: Mapping[str, str],
    kinds: Sequence[str],
    has: Sequence[InstalledCertificate],
) -> bool | None:
    """Tell whether a list bears a command out; None where it says nothing of it."""
    if operation == "install_certificate":
        if kinds and asked["kind"] not in kinds:
            return None
        fingerprint = x509.fingerprint(x509.read(asked["certificate"])[0])
        return any(row.fingerprint == fingerprint for row in has)
    if any(_is_named(row, asked) for row in has):
        return False
    return None if kinds else True  # It may be of a kind that wasn't asked for.


def _is_named(row: InstalledCertificate, asked: Mapping[str, str]) -> bool:
    return row.serial == asked["serial"].lower() and (
        row.issuer_key_hash == asked["issuer_key_hash"].lower()
    )


def remember(organisation_id: int, text: str) -> None:
    """Remember a root that was installed, to know it by its hashes when a charger names it."""
    certificate = x509.read(text)[0]
    fingerprint = x509.fingerprint(certificate)
    rows = KnownRoot.objects.filter(organisation=organisation_id)
    if rows.count() >= MOST_KNOWN or Authority.objects.filter(fingerprint=fingerprint).exists():
        return
    KnownRoot.objects.get_or_create(
        organisation_id=organisation_id,
        fingerprint=fingerprint,
        defaults={
            "subject": certificate.subject.rfc4514_string()[:300],
            "certificate": x509.pem(certificate),
            "not_after": certificate.not_valid_after_utc,
        },
    )


def gone(charger: Charger, named: HashData) -> None:
    """Forget a certificate that the charger deleted."""
    InstalledCertificate.objects.filter(
        charger=charger,
        hash_algorithm=named.algorithm,
        issuer_name_hash=named.issuer_name.lower(),
        issuer_key_hash=named.issuer_key.lower(),
        serial=named.serial.lower(),
    ).delete()
