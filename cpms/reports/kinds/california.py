"""California's semiannual data: 15-minute intervals and a summary by port.

California Energy Commission, EV Charger Data and Reliability Standards: uptime of direct
current ports, recorded in intervals of 15 minutes; excluded are vandalism up to 10 days per
incident, loss of the grid, natural disasters, and planned maintenance up to 72 hours a year.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.reports.kinds import reading
from cpms.reports.kinds.kind import Kind
from cpms.reports.kinds.tables import (
    PLACE,
    Row,
    exclusions_sheet,
    minutes,
    outages_sheet,
    percent,
    place,
)
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.schedule import Every
from cpms.reports.sheets import Sheet
from inventory.models import Evse, ExclusionReason
from monitoring.days import bounds, zone_of
from monitoring.lenses import california
from monitoring.lenses.standards import STANDARDS, uptime
from monitoring.models import Exclusion, QuarterHours

QUARTER = timedelta(minutes=15)
#: Chargers whose intervals are read at once: a port has some 180 rows in half a year.
FEW = 25
REASONS = (
    ExclusionReason.VANDALISM, ExclusionReason.UTILITY_OUTAGE, ExclusionReason.NATURAL_DISASTER,
    ExclusionReason.SCHEDULED_MAINTENANCE,
)  # fmt: skip


def sheets(order: Order) -> list[Sheet]:
    """Return the data's tables."""
    interval = ("started", "outage_seconds", "excluded_seconds", "uptime_seconds")
    summary = (
        "uptime_percent", "meets_97_percent", "window_minutes", "outage_minutes",
        "excluded_minutes", "no_data_minutes",
        *(f"{reason.value}_minutes" for reason in REASONS), "planned_minutes",
        "vandalism_cap_days_per_incident", "maintenance_cap_hours_per_year",
    )  # fmt: skip
    return [
        Sheet("intervals", _("Intervals"), (*PLACE, *interval), lambda: _intervals(order), 100_000),
        Sheet("summary", _("Summary by port"), (*PLACE, *summary), lambda: _summary(order), 1_000),
        outages_sheet(order),
        exclusions_sheet(order),
    ]


def _intervals(order: Order) -> Iterator[Row]:
    for chargers in reading.batches(order):
        for start in range(0, len(chargers), FEW):
            ports = {evse.pk: evse for evse in reading.ports_of(chargers[start : start + FEW])}
            rows = QuarterHours.objects.filter(
                evse__in=list(ports), day__gte=order.first, day__lt=order.end
            )
            for row in rows.order_by("evse_id", "day").iterator(500):
                yield from _quarters(ports[row.evse_id], row, order.now)


def _quarters(evse: Evse, row: QuarterHours, now: datetime) -> Iterator[Row]:
    """Yield the day's intervals, each at its own moment, also where the clocks change."""
    start, _end = bounds(row.day, zone_of(evse.charger.site.timezone))
    known = place(evse)
    for number, (outage, excluded) in enumerate(zip(row.outage, row.excluded, strict=True)):
        begins = start.astimezone(UTC) + number * QUARTER
        if begins >= now:
            return
        yield (*known, begins, outage, excluded, 900 - (outage - excluded))


def _summary(order: Order) -> Iterator[Row]:
    by_site = _reasons(order)
    for evse, by_month in reading.months_of(order, order.first, order.end):
        time = reading.whole(by_month, order.first.replace(day=1), order.end)
        if not time.under:
            continue
        value = uptime(california.NAME, time.seen).value
        met = STANDARDS[california.NAME].met(value)
        kinds = _kinds(order, evse, by_site[evse.charger.site_id])
        yield (
            *place(evse), percent(value), {True: "yes", False: "no", None: ""}[met],
            minutes(time.seen.window), minutes(time.seen.outage), minutes(time.seen.excluded),
            minutes(time.no_data), *(minutes(kinds[name]) for name in (*REASONS, "planned")),
            california.VANDALISM / 86_400, california.MAINTENANCE / 3_600,
        )  # fmt: skip


Stretch = tuple[str, int | None, int | None, datetime, datetime]


def _reasons(order: Order) -> dict[int, list[Stretch]]:
    """Return what was entered at each site: kind, charger, port, from, to."""
    found: dict[int, list[Stretch]] = defaultdict(list)
    for row in reading.exclusions_of(order):
        kind: Exclusion = row
        found[kind.site_id].append(
            (kind.reason, kind.charger_id, kind.evse_id, kind.started, kind.ended)
        )
    for work in reading.planned_of(order):
        over = min(work.ended, work.cancelled_at or work.ended)
        found[work.site_id].append(("planned", work.charger_id, work.evse_id, work.started, over))
    return found


def _kinds(order: Order, evse: Evse, entered: list[Stretch]) -> defaultdict[str, float]:
    """Return the seconds of each kind that were entered for the port, cut to the window."""
    start, end = reading.bounds_of(order, evse.charger.site.timezone)
    found: defaultdict[str, float] = defaultdict(float)
    for kind, charger, port, begins, ends in entered:
        if charger in (None, evse.charger_id) and port in (None, evse.pk):
            inside = min(ends, end) - max(begins, start)
            found[kind] += max(inside.total_seconds(), 0.0)
    return found


KIND = Kind(
    "california", gettext_lazy("California semiannual data"),
    gettext_lazy(
        "For the California Energy Commission: each direct-current port in intervals of 15 "
        "minutes, and a summary by port with what was excluded, by kind, and the caps."
    ),
    Every.HALF_YEAR, (california.NAME,), (Format.CSV,), sheets, None,
)  # fmt: skip
