"""Certificates that end soon: said in time, and renewed where their chargers can be asked.

A charger renews its certificate by itself as well (OCPP 2.0.1 A03); many don't.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from cpms.control import commands
from cpms.control.commands import Refused
from cpms.control.models import Certificate, Command, InstalledCertificate, SigningRequest
from cpms.control.operations import BadRequest
from cpms.control.operations.remote import Trigger
from cpms.control.pki import delivery
from cpms.control.pki.authorities import Unavailable
from cpms.control.pki.requests import Use
from monitoring.models import ChargerState, Event

log = structlog.get_logger(__name__)

#: Days before the end at which it is said, and how serious that is then.
WARNINGS = ((7, 2), (30, 4))
#: A charger isn't asked again before that.
ASKED_EVERY = timedelta(hours=20)
#: Warnings of one kind, and renewals, in one sweep: the next one goes on.
MOST, MOST_RENEWED = 2_000, 500
#: A granted request without a certificate after that was left by a gateway that died …
LEFT_AFTER = timedelta(seconds=30)
#: … and after that its charger has asked again.
GIVEN_UP_AFTER = timedelta(minutes=10)
LAST_REQUESTS = 500


def sweep(now: datetime) -> None:
    """Say what ends soon, and have it renewed."""
    shown = _shown(now)
    roots = InstalledCertificate.objects.filter(
        kind=InstalledCertificate.Kind.CSMS_ROOT, not_after__gt=now
    )
    since = now
    for days, severity in WARNINGS:
        until = now + timedelta(days=days)
        span = Q(not_after__gt=since, not_after__lte=until)
        _warn(shown.filter(span), "CertificateEnding", days, severity, now)
        _warn(roots.filter(span), "RootEnding", days, severity, now)
        since = until
    _renew(shown.filter(not_after__lte=since), now)


def _shown(now: datetime) -> QuerySet[Certificate]:
    """Return the certificates that chargers show us, each the last of its charger."""
    shown = Certificate.objects.filter(
        kind__in=[Use.CHARGER, Use.COMBINED], revoked_at=None, charger__isnull=False
    ).exclude(accepted_at=None, used_at=None)
    later = shown.filter(charger=OuterRef("charger"), not_after__gt=OuterRef("not_after"))
    return shown.filter(~Exists(later), not_after__gt=now)


def _warn(
    ending: QuerySet[Certificate] | QuerySet[InstalledCertificate],
    code: str,
    days: int,
    severity: int,
    now: datetime,
) -> None:
    """Enter in chargers' histories what ends, once for each number of days."""
    said = Event.objects.annotate(of=KT("data__fingerprint")).filter(
        charger=OuterRef("charger"), kind="security_event", code=code, data__days=days,
        at__gt=now - timedelta(days=WARNINGS[-1][0] + 1), of=OuterRef("fingerprint"),
    )  # fmt: skip
    rows = ending.filter(~Exists(said)).order_by("not_after")
    found = rows.values_list("charger_id", "fingerprint", "not_after")[:MOST]
    Event.objects.bulk_create(
        Event(
            charger_id=charger, kind="security_event", code=code, severity=severity,
            at=now, received=now, text=f"{end:%Y-%m-%d}",
            data={"fingerprint": fingerprint, "days": days, "by": "kilowatch"},
        )
        for charger, fingerprint, end in found
    )  # fmt: skip


def _renew(ending: QuerySet[Certificate], now: datetime) -> None:
    """Ask chargers that are there to renew, once a day."""
    there = ChargerState.objects.filter(charger=OuterRef("charger"), online=True)
    asked = Command.objects.filter(
        charger=OuterRef("charger"), operation=Trigger.name, requested_at__gt=now - ASKED_EVERY,
        request__message="sign_charger_certificate",
    )  # fmt: skip
    due = ending.filter(Exists(there), ~Exists(asked)).select_related("charger__site")
    for row in due.order_by("not_after")[:MOST_RENEWED]:
        assert row.charger is not None
        reason = _("Its certificate ends on %s.") % f"{row.not_after:%Y-%m-%d}"
        renewal = Trigger(message="sign_charger_certificate")
        with suppress(Refused):  # Too much waits for it already; tomorrow, then.
            commands.request(row.charger, renewal, commands.SYSTEM, reason=reason)


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
        except (Refused, BadRequest, Unavailable) as problem:
            log.warning("certificate_not_brought", request=key, why=str(problem))
    return brought
