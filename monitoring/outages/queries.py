"""Reads the ledger: outages of any chargers in a window, and what each lens makes of them.

found = outages(access.chargers(user), start, end)      # a queryset, to filter and page
for line in lines(found[:50], start, end):
    line.seconds, line.lenses["nevi"].excluded, line.exclusions
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Extract, Greatest, Least

from inventory.models import Charger
from monitoring.facts import Status
from monitoring.kpis.histories import decisions
from monitoring.kpis.history import ChargerHistory, PortHistory
from monitoring.kpis.parts import Parts, Window
from monitoring.kpis.timeline import Piece
from monitoring.kpis.totals import LensTotals, PortTotals
from monitoring.lenses import add_lenses
from monitoring.models import Exclusion, Outage
from monitoring.outages.entries import KINDS, Entry, stored
from monitoring.outages.splice import cut
from monitoring.outages.stretches import STATE_OF

#: Outages whose exclusions are read at once.
PORTION = 500


@dataclass(frozen=True, slots=True)
class Line:
    """An outage as a window sees it."""

    outage: Outage
    #: Its part [start, end) in the window; one that is still open ends where it is known up to.
    start: datetime
    end: datetime
    #: Seconds lost in it; less than from start to end where the row stands for many outages.
    seconds: float
    #: What each lens that the port is under makes of them, seconds: `outage`, `excluded`, …
    lenses: Mapping[str, LensTotals]
    #: Approved exclusions that overlap it.
    exclusions: Sequence[Exclusion]


def outages(chargers: QuerySet[Charger], start: datetime, end: datetime) -> QuerySet[Outage]:
    """Return the outages of `chargers` that share a moment with [start, end), latest first.

    `lost` is the seconds lost in the window. The queryset is the scope.
    """
    found = Outage.objects.filter(charger__in=chargers.order_by().values("pk"), started__lt=end)
    return with_lost(found.filter(Q(ended=None, until__gt=start) | Q(ended__gt=start)), start, end)


def with_lost(found: QuerySet[Outage], start: datetime, end: datetime) -> QuerySet[Outage]:
    """Have each outage say as `lost` the seconds that it lost in [start, end)."""
    last = Coalesce("ended", "until")
    inside = _seconds(Greatest("started", Value(start)), Least(last, Value(end)))
    lost = F("offline") + F("faulted") + F("unavailable") + F("silent")
    share = Greatest(inside, Value(0.0)) / Greatest(_seconds(F("started"), last), Value(1e-6))
    return found.annotate(lost=lost * share)


def lines(found: Iterable[Outage], start: datetime, end: datetime) -> Iterator[Line]:
    """Yield the outages as [start, end) sees them; a few queries for each `PORTION`."""
    rest = iter(found)
    while portion := list(islice(rest, PORTION)):
        yield from _lines(portion, start, end)


def _seconds(start: Any, end: Any) -> Cast:
    return Cast(Extract(end, "epoch") - Extract(start, "epoch"), FloatField())


def _lines(found: Sequence[Outage], start: datetime, end: datetime) -> Iterator[Line]:
    first = max(min(outage.started for outage in found), start)
    last = min(max(outage.until for outage in found), end)
    decided = decisions(sorted({outage.charger_id for outage in found}), first, last)
    window = Window(start.timestamp(), end.timestamp())
    parts = [cut(_entry(outage), *window) for outage in found]
    approved = [_approved(o, part, decided) for o, part in zip(found, parts, strict=True)]
    exclusions = Exclusion.objects.defer("photo").in_bulk(
        {key for keys in approved for key in keys}
    )
    for outage, part, keys in zip(found, parts, approved, strict=True):
        yield Line(
            outage,
            datetime.fromtimestamp(part.start, UTC),
            datetime.fromtimestamp(part.end, UTC),
            sum(part.seconds),
            _seen(outage, part, decided[outage.charger_id]),
            [exclusions[key] for key in keys if key in exclusions],
        )


def _entry(outage: Outage) -> Entry:
    lost = (outage.offline, outage.faulted, outage.unavailable, outage.silent)
    start, end = outage.started.timestamp(), (outage.ended or outage.until).timestamp()
    return stored(
        start, end, outage.ended is None, outage.kind, lost, outage.stretches, outage.course
    )


def _approved(outage: Outage, part: Entry, decided: Mapping[int, ChargerHistory]) -> Sequence[int]:
    """Return the keys of the approved exclusions that overlap a part of an outage."""
    port = decided[outage.charger_id].ports.get(outage.evse_id, PortHistory())
    return [one.key for one in port.exclusions if one.start < part.end and one.end > part.start]


def _seen(outage: Outage, part: Entry, history: ChargerHistory) -> Mapping[str, LensTotals]:
    whole = Window(part.start, part.end)
    port = history.ports.get(outage.evse_id, PortHistory())
    totals = {0: PortTotals()}
    add_lenses(totals, _timeline(part), history.rules, outage.evse_id, port, Parts([whole], whole))
    return totals[0].lenses


def _timeline(part: Entry) -> list[Piece]:
    """Return a part of an outage as a port's timeline; kinds of which only sums are known follow
    each other, and the up time between many outages comes last."""
    found = []
    for one in part.legs:
        at = one.start
        for kind, seconds in zip(KINDS, one.seconds, strict=True):
            if seconds > 0:
                found.append(Piece(at, min(at + seconds, one.end), STATE_OF[kind]))
                at = found[-1].end
        if at < one.end:
            found.append(Piece(at, one.end, Status.AVAILABLE.value))
    return found
