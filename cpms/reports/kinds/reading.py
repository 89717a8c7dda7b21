"""Reads what reports list, some chargers at a time: memory is bounded whatever the fleet."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from cpms.reports.order import Order
from inventory.models import Charger, Evse
from monitoring.days import start_of, zone_of
from monitoring.kpis.totals import LensTotals
from monitoring.models import (
    Attempt,
    DailyKpi,
    Exclusion,
    MaintenanceWindow,
    Outage,
    Session,
)
from monitoring.outages.queries import lines, outages

#: Chargers that are read at once.
BATCH = 250
LENS_PARTS = {
    "raw": {},
    "nevi": {"window": "nevi_window", "outage": "nevi_outage", "excluded": "nevi_excluded"},
    "uk": {"window": "uk_window", "outage": "uk_outage", "ineligible": "uk_ineligible"},
    "california": {
        "window": "california_window", "outage": "california_outage",
        "excluded": "california_excluded",
    },
    "contract": {
        "window": "contract_window", "outage": "contract_outage",
        "excluded": "contract_excluded",
    },
}  # fmt: skip


@dataclass(slots=True)
class PortTime:
    """A port's time in one stretch of days, seconds: under a lens, and without data."""

    seen: LensTotals = field(default_factory=LensTotals)
    no_data: float = 0.0
    #: Whether the lens looks at the port at all.
    under: bool = False

    def add(self, other: "PortTime") -> None:
        """Count what `other` counted as well."""
        self.seen.add(other.seen)
        self.no_data += other.no_data
        self.under |= other.under


def batches(order: Order) -> Iterator[list[Charger]]:
    """Yield the report's chargers with their sites, by site and identity."""
    rows = order.chargers().order_by("site__name", "site_id", "identity").values_list("pk")
    keys = [key for (key,) in rows]
    for start in range(0, len(keys), BATCH):
        here = keys[start : start + BATCH]
        found = Charger.objects.select_related("site", "model").in_bulk(here)
        yield [found[key] for key in here if key in found]


def ports_of(chargers: list[Charger]) -> list[Evse]:
    """Return the chargers' ports, in their order."""
    place = {charger.pk: (n, charger) for n, charger in enumerate(chargers)}
    rows = sorted(
        Evse.objects.filter(charger__in=list(place)),
        key=lambda evse: (place[evse.charger_id][0], evse.number),
    )
    for evse in rows:
        evse.charger = place[evse.charger_id][1]
    return rows


def port_id(evse: Evse) -> str:
    """Return the identifier that drivers and authorities know the port by."""
    return evse.evse_id or f"{evse.charger.identity}/{evse.number}"


def months_of(order: Order, first: date, end: date) -> Iterator[tuple[Evse, dict[date, PortTime]]]:
    """Yield each port with its time by month (its first day) in [first, end)."""
    for chargers in batches(order):
        by_port = _months(chargers, order.lens, first, end)
        for evse in ports_of(chargers):
            yield evse, by_port.get(evse.pk, {})


def _months(
    chargers: list[Charger], lens: str, first: date, end: date
) -> dict[int, dict[date, PortTime]]:
    rows = DailyKpi.objects.filter(
        charger__in=[charger.pk for charger in chargers], day__gte=first, day__lt=end
    )
    wanted: dict[str, Any] = {f"of_{part}": Sum(name) for part, name in LENS_PARTS[lens].items()}
    raw = Sum(F("offline") + F("faulted") + F("unavailable") + F("silent"))
    wanted |= {"lost": raw, "known": Sum(F("up") + F("planned")), "unknown": Sum("no_data")}
    grouped = rows.order_by().annotate(month=TruncMonth("day")).values("evse_id", "month")
    found: dict[int, dict[date, PortTime]] = defaultdict(dict)
    for row in grouped.annotate(**wanted).iterator(5_000):
        found[row["evse_id"]][row["month"]] = _time({**row}, lens)
    return found


def _time(row: dict[str, Any], lens: str) -> PortTime:
    if lens == "raw":
        seen = LensTotals(window=row["known"] + row["lost"], outage=row["lost"])
        return PortTime(seen, row["unknown"], under=True)
    parts = {part: row[f"of_{part}"] for part in LENS_PARTS[lens]}
    under = parts["window"] is not None
    return PortTime(
        LensTotals(**{part: value or 0.0 for part, value in parts.items()}),
        row["unknown"], under=under,
    )  # fmt: skip


def whole(months: dict[date, PortTime], first: date, end: date) -> PortTime:
    """Return the sum of the months that begin in [first, end)."""
    found = PortTime()
    for month, time in months.items():
        if first <= month < end:
            found.add(time)
    return found


def bounds_of(order: Order, zone: str) -> tuple[datetime, datetime]:
    """Return the window's instants at sites of that zone."""
    named = zone_of(zone)
    return start_of(order.first, named), start_of(order.end, named)


def _by_zone(chargers: list[Charger]) -> dict[str, list[int]]:
    zones: dict[str, list[int]] = defaultdict(list)
    for charger in chargers:
        zones[charger.site.timezone].append(charger.pk)
    return zones


def outages_of(
    order: Order, chargers: list[Charger], *, judged: bool = False
) -> Iterator[tuple[Outage, float, float]]:
    """Yield the chargers' outages in the window with seconds lost and excluded in it.

    What the lens excludes is read only where it is to be `judged`: that takes longer.
    """
    for zone, keys in _by_zone(chargers).items():
        start, end = bounds_of(order, zone)
        found = outages(Charger.objects.filter(pk__in=keys), start, min(end, order.now))
        rows = found.order_by("charger_id", "evse_id", "started")
        if not judged or order.lens == "raw":
            plain = rows.defer("evidence", "course").iterator(2_000)
            yield from ((row, row.lost, 0.0) for row in plain)  # type: ignore[attr-defined]
            continue
        for line in lines(rows.iterator(2_000), start, min(end, order.now)):
            seen = line.lenses.get(order.lens)
            yield line.outage, line.seconds, seen.excluded if seen else 0.0


def causes_of(order: Order) -> Iterator[tuple[str, float, int]]:
    """Yield causes with the seconds that were lost by them in the window, and how many outages."""
    zones = order.where().order_by().values_list("timezone", flat=True).distinct()
    for zone in zones:
        start, end = bounds_of(order, zone)
        here = order.chargers().filter(site__timezone=zone)
        found = outages(here, start, min(end, order.now)).order_by()
        sums = found.values_list("cause", "found_cause").annotate(Sum("lost"), Sum("stretches"))
        for cause, found_cause, lost, count in sums:
            yield found_cause or cause, lost, count


def sessions_of(order: Order, chargers: list[Charger]) -> Iterator[Session]:
    """Yield the chargers' sessions that ended in the window."""
    for zone, keys in _by_zone(chargers).items():
        start, end = bounds_of(order, zone)
        rows = Session.objects.filter(charger__in=keys, ended__gte=start, ended__lt=end)
        yield from rows.order_by("charger_id", "started").iterator(2_000)


def attempts_of(order: Order, chargers: list[Charger]) -> Iterator[Attempt]:
    """Yield the attempts that ended in the window."""
    for zone, keys in _by_zone(chargers).items():
        start, end = bounds_of(order, zone)
        rows = Attempt.objects.filter(evse__charger__in=keys, ended__gte=start, ended__lt=end)
        yield from rows.order_by("evse_id", "started").iterator(2_000)


def exclusions_of(order: Order) -> QuerySet[Exclusion]:
    """Return the approved exclusions that touch the window, by their time."""
    start, end = _widest(order)
    rows = Exclusion.objects.filter(
        site__in=order.where(), state=Exclusion.State.APPROVED, started__lt=end, ended__gt=start
    )
    people = rows.select_related("site", "charger", "evse", "proposed_by", "decided_by")
    return people.defer("photo").order_by("started", "pk")


def planned_of(order: Order) -> QuerySet[MaintenanceWindow]:
    """Return the planned work that touches the window, by its time."""
    start, end = _widest(order)
    rows = MaintenanceWindow.objects.filter(
        site__in=order.where(), started__lt=end, ended__gt=start
    ).filter(Q(cancelled_at=None) | Q(cancelled_at__gt=F("started")))
    return rows.select_related("site", "charger", "evse", "planned_by").order_by("started", "pk")


def _widest(order: Order) -> tuple[datetime, datetime]:
    """Return the window's instants in whichever of the sites' zones they lie widest."""
    names = order.where().order_by().values_list("timezone", flat=True).distinct()
    ends = [bounds_of(order, name) for name in names] or [bounds_of(order, "UTC")]
    return min(start for start, _end in ends), max(end for _start, end in ends)
