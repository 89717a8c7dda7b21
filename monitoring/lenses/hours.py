"""Opening hours as instants: local days, also the 23 and 25 hours long ones. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from inventory.opening_hours import DAYS, Hours
from monitoring.days import day_of, days, start_of, zone_of
from monitoring.lenses.stretches import Stretch, rest, union

_Fixed = tuple[tuple[str, tuple[tuple[time, time], ...]], ...]


def opened(hours: Hours, timezone: str, whole: Stretch) -> list[Stretch]:
    """Return when it is open around `whole`, in order; no hours: all of it.

    On the night that has an hour twice an interval begins at the first time that the clock
    shows its beginning and ends at the last time that it shows its end. Where the clock skips
    an edge, the edge comes as long after midnight as on any other day.
    """
    if not hours:
        return [whole]
    fixed = tuple((day, tuple(intervals)) for day, intervals in sorted(hours.items()))
    zone = zone_of(timezone)
    first, last = (day_of(datetime.fromtimestamp(at, UTC), zone) for at in whole)
    return list(_opened(fixed, timezone, first, last))


def closed(hours: Hours, timezone: str, whole: Stretch) -> list[Stretch]:
    """Return when it is closed in `whole`, in order; no hours: never."""
    return rest(opened(hours, timezone, whole), whole) if hours else []


@lru_cache(maxsize=512)
def _opened(hours: _Fixed, timezone: str, first: date, last: date) -> tuple[Stretch, ...]:
    """Many chargers of a job share hours and days."""
    by_day, zone = dict(hours), zone_of(timezone)
    return tuple(
        union(
            Stretch(_begins(day, start, zone), _ends(day, end, zone))
            for day in _around(first, last)
            for start, end in by_day.get(DAYS[day.weekday()], ())
        )
    )


def _around(first: date, last: date) -> Iterator[date]:
    """Yield the days and one more on both sides: a midnight may come twice."""
    return days(first - timedelta(days=1), last + timedelta(days=1))


def _begins(day: date, edge: time, zone: ZoneInfo) -> float:
    return datetime.combine(day, edge, zone).astimezone(UTC).timestamp()


def _ends(day: date, edge: time, zone: ZoneInfo) -> float:
    if edge == time.max:
        return start_of(day + timedelta(days=1), zone).timestamp()
    shown = [datetime.combine(day, edge.replace(fold=fold), zone) for fold in (0, 1)]
    return max(one.astimezone(UTC).timestamp() for one in shown)
