"""A charger's sessions: a list that can be narrowed, and the story of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger
from monitoring import access
from monitoring.charger_page.window import Window, asked
from monitoring.models import Attempt, Event, Session, StatusSpan

PAGE_SIZE = 25
#: How long after its start a session's first state of charge may come.
FIRST_SOC = timedelta(minutes=15)
#: What of its port's states belongs to a session's story, before and after it.
AROUND = timedelta(minutes=5)
MOST_STEPS = 200
#: Kinds of events that are told elsewhere, or by the thousand.
NO_STEPS = ("authorization", "remote_start", "data_transfer", "event_stream")

_FIRST_SOC = """
SELECT s.id, m.soc
  FROM unnest(%(ids)s::bigint[], %(starts)s::timestamptz[]) AS s (id, started)
 CROSS JOIN LATERAL (
    SELECT soc FROM monitoring_metersample
     WHERE charger_id = %(charger)s AND at >= s.started - interval '1 minute'
       AND at < s.started + %(within)s AND session_id = s.id AND soc IS NOT NULL
     ORDER BY at LIMIT 1) AS m
"""

#: Parameter `outcome` -> what it is called.
OUTCOMES: dict[str, str | Promise] = {
    "running": _("Running"),
    "good": _("Successful"),
    "failed": _("Failed"),
    "odd": _("With something odd"),
    "empty": _("Without energy"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; the names are the page's parameters."""

    port: int | None = None
    outcome: str = ""
    window: Window | None = None

    @property
    def narrowed(self) -> bool:
        """Tell whether anything is left out."""
        return self.port is not None or bool(self.outcome) or self.window is not None


@dataclass(frozen=True, slots=True)
class Row:
    """A session as the list shows it; power in W, energy in Wh, SoC in %."""

    session: Session
    soc_from: float | None
    #: What came of it, as the KPIs judge it; None until it is judged.
    attempt: Attempt | None

    @property
    def mean_power(self) -> float | None:
        """Return its energy over its whole time; None while it is short or unmetered."""
        ended, energy = self.session.ended, self.session.energy
        lasted = ((ended or self.session.updated) - self.session.started).total_seconds()
        return None if energy is None or lasted < 60 else energy / (lasted / 3600)

    @property
    def empty(self) -> bool:
        """Tell whether it ended with less energy than a session that counts."""
        return (
            self.session.ended is not None and (self.session.energy or 0) < settings.LEAST_ENERGY_WH
        )


@dataclass(frozen=True, slots=True)
class Step:
    """Something in the story of a session."""

    at: datetime
    kind: str
    row: Any


def wanted(parameters: Mapping[str, str], zone: str, now: datetime) -> Wanted:
    """Read what the list is narrowed to; what can't be read doesn't narrow."""
    port, outcome = parameters.get("port", ""), parameters.get("outcome", "")
    timed = any(parameters.get(name) for name in ("from", "to", "window"))
    return Wanted(
        port=int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None,
        outcome=outcome if outcome in OUTCOMES else "",
        window=asked(parameters, zone, now) if timed else None,
    )


def of_charger(user: User, charger: Charger, narrowed: Wanted) -> QuerySet[Session]:
    """Return the sessions that are asked for, the latest first."""
    found = access.sessions(user).filter(charger=charger).select_related("evse")
    if narrowed.port is not None:
        found = found.filter(evse__number=narrowed.port)
    if narrowed.window is not None:
        found = found.filter(started__gte=narrowed.window.start, started__lt=narrowed.window.end)
    if narrowed.outcome:
        found = found.filter(_outcome(narrowed.outcome))
    return found.order_by("-started", "-pk")


def _outcome(name: str) -> Q:
    judged = Attempt.objects.filter(session=OuterRef("pk"))
    return {
        "running": Q(ended=None),
        "good": Q(Exists(judged.filter(outcome="success"))),
        "failed": Q(Exists(judged.exclude(outcome__in=("success", "refused")))),
        "odd": ~Q(flags=[]),
        "empty": Q(ended__isnull=False) & (Q(energy=None) | Q(energy__lt=settings.LEAST_ENERGY_WH)),
    }[name]


def page(found: QuerySet[Session], charger: Charger, number: int) -> Page[Any]:
    """Return one page of `Row`s; four queries."""
    chosen: Page[Any] = Paginator(found, PAGE_SIZE).get_page(number)
    chosen.object_list = rows(charger, list(chosen.object_list))
    return chosen


def rows(charger: Charger, shown: Sequence[Session]) -> list[Row]:
    """Return the sessions with their first state of charge and what came of them."""
    first = first_socs(charger, shown)
    judged = {
        attempt.session_id: attempt
        for attempt in Attempt.objects.filter(session__in=[session.pk for session in shown])
    }
    return [Row(session, first.get(session.pk), judged.get(session.pk)) for session in shown]


def first_socs(charger: Charger, shown: Iterable[Session]) -> dict[int, float]:
    """Return the first state of charge of each session that has one, %; one query."""
    known = [session for session in shown if session.soc is not None]
    if not known:
        return {}
    values: dict[str, Any] = {"charger": charger.pk, "within": FIRST_SOC}
    values |= {"ids": [s.pk for s in known], "starts": [s.started for s in known]}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_SOC, values)
        return dict(cursor.fetchall())


def find(user: User, charger: Charger, key: int) -> Session | None:
    """Return a session of the charger, if it is one."""
    found = access.sessions(user).filter(charger=charger, pk=key)
    return found.select_related("evse").first()


def story(user: User, charger: Charger, session: Session, now: datetime) -> list[Step]:
    """Return what happened around the session, in order; three queries."""
    start, end = session.started - AROUND, (session.ended or now) + AROUND
    steps = [Step(session.started, "session_started", session)]
    if session.ended:
        steps.append(Step(session.ended, "session_ended", session))
    steps += [Step(row.at, "authorization", row) for row in _asked(user, charger, session)]
    steps += [Step(row.at, "event", row) for row in _events(user, charger, session, start, end)]
    steps += [Step(row.started, "status", row) for row in _statuses(session, start, end)]
    return sorted(steps, key=lambda step: step.at)


def _asked(user: User, charger: Charger, session: Session) -> QuerySet[Event]:
    tokens = [token for token in (session.id_token, session.stop_token) if token]
    near = session.started - AROUND, (session.ended or session.updated) + AROUND
    asked_for = access.events(user).filter(charger=charger, kind="authorization", at__range=near)
    return asked_for.filter(text__in=tokens).order_by("at")[:MOST_STEPS]


def _events(
    user: User, charger: Charger, session: Session, start: datetime, end: datetime
) -> QuerySet[Event]:
    found = access.events(user).filter(charger=charger, at__range=(start, end))
    return found.exclude(kind__in=NO_STEPS).order_by("at")[:MOST_STEPS]


def _statuses(session: Session, start: datetime, end: datetime) -> list[StatusSpan]:
    if session.evse_id is None:
        return []
    spans = StatusSpan.objects.filter(evse=session.evse_id, started__range=(start, end))
    told: list[StatusSpan] = []
    for span in spans.order_by("started")[:MOST_STEPS]:
        if not told or (told[-1].status, told[-1].error_code) != (span.status, span.error_code):
            told.append(span)
    return told
