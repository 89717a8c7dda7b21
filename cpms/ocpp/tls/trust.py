"""Whose certificates count: the authorities we trust, what was revoked, and who is who.

Kept in memory by each gateway, looked up in the database every few seconds.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from django.db.models import Count, Max

from cpms.control.models import Certificate, CertificateName
from cpms.control.pki import authorities
from cpms.control.pki.x509 import read
from cpms.ocpp.station import Station
from cpms.ocpp.tls.shown import Shown
from inventory.models import Organisation

#: Seconds between looks.
LOOK_EVERY = 5.0


@dataclass(frozen=True)
class Trust:
    """What was last looked up."""

    #: PEM of the authorities whose certificates are taken.
    pem: str = ""
    trusted: tuple[x509.Certificate, ...] = ()
    #: Fingerprints of our own authorities: what they sign names the charger's organisation.
    ours: frozenset[str] = frozenset()
    #: Fingerprints of certificates that were revoked.
    revoked: frozenset[str] = frozenset()
    #: Organisation -> what it may be called on certificates, folded.
    organisations: dict[int, frozenset[str]] = field(default_factory=dict)

    #: Fingerprints of all authorities whose certificates are taken.
    standing: frozenset[str] = frozenset()

    #: How many certificates were revoked, and when last.
    mark: dict[str, Any] = field(default_factory=dict)

    def has_lost(self, shown: Shown) -> bool:
        """Tell whether a certificate that counted was revoked, or its authority retired."""
        gone = self.revoked.intersection(shown.fingerprints)
        return bool(gone) or not self.standing.intersection(shown.fingerprints)

    def distrust(self, shown: Shown, now: datetime) -> str:
        """Return why a certificate counts for nobody: expired, not_yet, revoked; or ""."""
        if self.revoked.intersection(shown.fingerprints):
            return "revoked"
        return shown.untimely(now)

    def mismatch(self, shown: Shown, station: Station) -> str:
        """Return why a certificate isn't this charger's: name, organisation; or ""."""
        own = {station.identity.lower(), station.serial_number.strip().lower()} - {""}
        if not own & shown.names:
            return "name"
        if not shown.organisation or not self.ours.intersection(shown.fingerprints):
            return ""  # A manufacturer's certificate names the manufacturer.
        called = self.organisations.get(station.organisation_id, frozenset())
        return "" if folded(shown.organisation) in called else "organisation"


def folded(name: str) -> str:
    """Return a name for comparison: case and blanks don't count."""
    return " ".join(name.split()).casefold()


def look(now: datetime, before: Trust | None = None) -> Trust:
    """Return whose certificates count now, from the database.

    Of an external authority it alone: not all that those above it vouch for. What was revoked is
    read again if it isn't as `before`: every renewal may add one.
    """
    rows = authorities.trusted(now)
    ours = [row for row in rows if row.kind != row.Kind.EXTERNAL]
    revoked = Certificate.objects.filter(revoked_at__isnull=False)
    mark = revoked.aggregate(Count("pk"), Max("revoked_at"))
    is_known = before is not None and before.mark == mark
    fingerprints = revoked.filter(not_after__gt=now).values_list("fingerprint", flat=True)
    return Trust(
        "".join(row.certificate for row in rows),
        tuple(read(row.certificate)[0] for row in rows),
        frozenset(row.fingerprint for row in ours),
        before.revoked if before is not None and is_known else frozenset(fingerprints),
        _organisations(),
        frozenset(row.fingerprint for row in rows),
        mark,
    )


def _organisations() -> dict[int, frozenset[str]]:
    """Return what organisations may be called on certificates: the name they chose, and theirs."""
    chosen = dict(CertificateName.objects.values_list("organisation_id", "name"))
    return {
        pk: frozenset({folded(name), folded(chosen.get(pk, name))})
        for pk, name in Organisation.objects.values_list("pk", "name")
    }
