"""A site's last 24 hours: its sessions, its power, and what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from inventory import access
from inventory.models import Charger, Site
from monitoring import security_words, words
from monitoring.access import connections, events, sessions, status_spans
from monitoring.facts import Status
from monitoring.models.events import TOLD
from monitoring.site_power import Delivery, mean_powers

DAY = timedelta(hours=24)
BUCKET = timedelta(minutes=15)
MOST_LINES = 12
MOST_SESSIONS = 12
#: Sessions of a day that its power is made of: of more than any site has, the latest.
MOST_DELIVERIES = 20_000
#: OCPP's severities up to "alert" and "critical" and "error": worth a line here.
WORST_SEVERITY = 4


@dataclass(frozen=True, slots=True)
class Line:
    """Something that went wrong: when, what (a tone's icon), where, and in words."""

    at: datetime
    kind: str
    identity: str
    port: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Visits:
    """The sessions of the site's own day, and its power over the last 24 hours."""

    latest: list[Any]
    #: Since midnight in the site's zone.
    started: int
    running: int
    #: Wh of the sessions that touch the day.
    energy: float
    #: W per `BUCKET`, from `start`.
    powers: list[float]
    start: datetime

    @property
    def peak(self) -> float:
        """The highest of the powers, W."""
        return max(self.powers, default=0.0)

    @property
    def peak_at(self) -> datetime:
        """When the highest began."""
        return self.start + BUCKET * self.powers.index(self.peak)


def _chargers(user: User, site: Site) -> QuerySet[Charger]:
    return access.chargers(user).filter(site=site)


def visits(user: User, site: Site, now: datetime) -> Visits:
    """Return the sessions of the day; three queries, however many there are.

    Sessions that are open and were not heard of in those 24 hours count as running, and have no
    part in the day's power.
    """
    start = now - DAY
    midnight = now.astimezone(ZoneInfo(site.timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    lately = Q(ended=None) | Q(ended__gte=start)
    found = sessions(user).filter(lately, charger__in=_chargers(user, site), started__lt=now)
    latest = found.select_related("charger", "evse").order_by("-started")
    today = Q(ended=None) | Q(ended__gte=midnight)
    sums = found.aggregate(
        begun=Count("pk", filter=Q(started__gte=midnight)),
        open=Count("pk", filter=Q(ended=None)),
        delivered=Sum("energy", filter=today, default=0.0),
    )
    return Visits(
        latest=list(latest[:MOST_SESSIONS]),
        started=sums["begun"],
        running=sums["open"],
        energy=sums["delivered"],
        powers=mean_powers(
            _deliveries(found, start, now),
            start.timestamp(),
            BUCKET.total_seconds(),
            DAY // BUCKET,
        ),
        start=start,
    )


def _deliveries(found: QuerySet[Any], start: datetime, now: datetime) -> Iterator[Delivery]:
    """Yield what the latest of the sessions delivered that touch the day: at most so many."""
    until = Coalesce("ended", Greatest("updated", "started"))
    touching = found.alias(until=until).filter(until__gt=start, energy__gt=0)
    columns = touching.annotate(end=until).values_list("started", "end", "energy")
    for began, end, energy in columns.order_by("-started")[:MOST_DELIVERIES]:
        yield Delivery(began.timestamp(), min(end, now).timestamp(), energy)


def troubles(user: User, site: Site, now: datetime) -> list[Line]:
    """Return the latest losses, faults and bad events of the last 24 hours; three queries."""
    chargers, start = _chargers(user, site), now - DAY
    found = [
        *_losses(user, chargers, start),
        *_faults(user, chargers, start),
        *_events(user, chargers, start),
    ]
    return sorted(found, key=lambda line: line.at, reverse=True)[:MOST_LINES]


def _losses(user: User, chargers: QuerySet[Charger], start: datetime) -> Iterator[Line]:
    lost = connections(user).filter(charger__in=chargers, closed__gte=start)
    for span in lost.select_related("charger").order_by("-closed")[:MOST_LINES]:
        why = words.closing(span.close_reason) or _("the connection ended")
        yield Line(span.closed or start, "lost", span.charger.identity, None, why)


def _faults(user: User, chargers: QuerySet[Charger], start: datetime) -> Iterator[Line]:
    faulted = status_spans(user).filter(
        evse__charger__in=chargers, status=Status.FAULTED, started__gte=start
    )
    for span in faulted.select_related("evse__charger").order_by("-started")[:MOST_LINES]:
        told = words.error(span.error_code, span.vendor_error_code, span.info)
        port = span.evse
        text = told or _("fault without a code")
        yield Line(span.started, "fault", port.charger.identity, port.number, text)


def _events(user: User, chargers: QuerySet[Charger], start: datetime) -> Iterator[Line]:
    bad = events(user).filter(
        charger__in=chargers, kind__in=TOLD, severity__lte=WORST_SEVERITY, at__gte=start
    )
    for event in bad.select_related("charger", "evse").order_by("-at")[:MOST_LINES]:
        number = event.evse.number if event.evse else None
        said = security_words.of(event.kind, event.code) or event.code
        told = " · ".join(part for part in (said, event.text) if part)
        text = ": ".join(part for part in (words.event_kind(event.kind), told) if part)
        yield Line(event.at, "event", event.charger.identity, number, text)
