"""Days as people on site count them: midnight to midnight of the site's own time zone.

A day is 23 or 25 hours long when the clocks change, and the day that a zone leaves out when
it moves over the date line has no length.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone `name`; a name that is none counts as UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day that the aware time `at` falls into."""
    return at.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the local `day` begins.

    Where the clocks go from 00:00 to 01:00 that is the change itself; where 00:00 comes
    twice, the first.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open window (UTC) of the local `day`."""
    return start_of(day, zone), start_of(day + timedelta(days=1), zone)


def days(first: date, last: date) -> Iterator[date]:
    """Yield the days from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def parts(
    start: datetime, end: datetime, now: datetime, zone: ZoneInfo
) -> tuple[list[date], list[tuple[date, datetime, datetime]]]:
    """Split [start, end) into whole local days, and (day, start, end) of what is cut off.

    Of today, what lies before `now` is the whole. Nothing after `now` is returned.
    """
    end = min(end, now)
    whole, cut = [], []
    for day in days(day_of(start, zone), day_of(end, zone)) if start < end else ():
        first, last = bounds(day, zone)
        if start <= first < min(last, now) <= end:
            whole.append(day)
        elif max(start, first) < min(end, last):
            cut.append((day, max(start, first), min(end, last)))
    return whole, cut
