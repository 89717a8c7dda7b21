"""Certificates that end soon: said in time, and renewed where their chargers can be asked.

A charger renews its certificate by itself as well (OCPP 2.0.1 A03); many don't.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from cpms.control import commands
from cpms.control.commands import Refused
from cpms.control.models import Certificate, Command, InstalledCertificate, SigningRequest
from cpms.control.operations.remote import Trigger
from cpms.control.pki import delivery
from cpms.control.pki.authorities import Unavailable
from cpms.control.pki.requests import Use
from monitoring.models import ChargerState, Event

#: Days before the end at which it is said, and how serious that is then.
WARNINGS = ((7, 2), (30, 4))
#: A charger isn't asked again before that.
ASKED_EVERY = timedelta(hours=20)
#: Certificates looked at in one sweep; the next one finds the others.
MOST = 2_000
#: A granted request without a certificate after that was left by a gateway that died …
LEFT_AFTER = timedelta(seconds=30)
#: … and after that its charger has asked again.
GIVEN_UP_AFTER = timedelta(minutes=10)
LAST_REQUESTS = 500


def sweep(now: datetime) -> None:
    """Say what ends soon, and have it renewed."""
    ending = list(_ending(now).select_related("charger__site")[:MOST])
    for row in ending:
        assert row.charger_id is not None
        _warn(row.charger_id, "CertificateEnding", row.fingerprint, row.not_after, now)
    roots = InstalledCertificate.objects.filter(
        kind=InstalledCertificate.Kind.CSMS_ROOT, not_after__gt=now, not_after__lt=_soon(now)
    )
    for root in roots[:MOST]:
        _warn(root.charger_id, "RootEnding", root.fingerprint, root.not_after, now)
    _renew(ending, now)


def _soon(now: datetime) -> datetime:
    return now + timedelta(days=WARNINGS[-1][0])


def _ending(now: datetime) -> QuerySet[Certificate]:
    """Return the certificates that chargers show us and that end soon, without a successor."""
    shown = Certificate.objects.filter(
        kind__in=[Use.CHARGER, Use.COMBINED], revoked_at=None, charger__isnull=False
    ).exclude(accepted_at=None, used_at=None)
    later = shown.filter(charger=OuterRef("charger"), not_after__gt=OuterRef("not_after"))
    return shown.filter(~Exists(later), not_after__gt=now, not_after__lt=_soon(now))


def _warn(
    charger_id: int, code: str, fingerprint: str, end: datetime | None, now: datetime
) -> None:
    """Enter in the charger's history that something ends, once for each number of days."""
    assert end is not None
    days, severity = next(each for each in WARNINGS if end < now + timedelta(days=each[0]))
    about = {"fingerprint": fingerprint, "days": days}
    said = Event.objects.filter(
        charger=charger_id, kind="security_event", code=code, data__contains=about,
        at__gt=now - timedelta(days=WARNINGS[-1][0] + 1),
    )  # fmt: skip
    if not said.exists():
        Event.objects.create(
            charger_id=charger_id, kind="security_event", code=code, severity=severity,
            at=now, received=now, text=f"{end:%Y-%m-%d}", data={**about, "by": "kilowatch"},
        )  # fmt: skip


def _renew(ending: Iterable[Certificate], now: datetime) -> None:
    """Ask chargers that are there to renew, once a day."""
    for row in _askable(ending, now):
        reason = _("Its certificate ends on %s.") % f"{row.not_after:%Y-%m-%d}"
        try:
            assert row.charger is not None
            renewal = Trigger(message="sign_charger_certificate")
            commands.request(row.charger, renewal, commands.SYSTEM, reason=reason)
        except Refused:
            continue  # Too much waits for it already; tomorrow, then.


def _askable(ending: Iterable[Certificate], now: datetime) -> Iterator[Certificate]:
    rows = {row.charger_id: row for row in ending}
    there = ChargerState.objects.filter(charger__in=rows, online=True)
    asked = Command.objects.filter(
        charger__in=rows, operation=Trigger.name, requested_at__gt=now - ASKED_EVERY,
        request__message="sign_charger_certificate",
    )  # fmt: skip
    done = set(asked.values_list("charger_id", flat=True))
    for charger_id in there.values_list("charger_id", flat=True):
        if charger_id not in done:
            yield rows[charger_id]


def bring_left(now: datetime) -> int:
    """Sign and bring what was granted by a gateway that died then; return how many."""
    last = SigningRequest.objects.order_by("-pk").values("pk")[:LAST_REQUESTS]
    left = SigningRequest.objects.filter(
        pk__in=list(last.values_list("pk", flat=True)), refusal="", certificate=None,
        received_at__gt=now - GIVEN_UP_AFTER, received_at__lt=now - LEFT_AFTER,
    )  # fmt: skip
    brought = 0
    for key in left.values_list("pk", flat=True):
        try:
            brought += delivery.send(key, now) is not None
        except (Refused, Unavailable):
            continue
    return brought
