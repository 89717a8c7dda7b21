"""When a subscribed report is due, and of which days it is then. Pure.

A report is of the whole week, month, quarter, half-year or year that ended last before it is
due. Its moment is a wall clock's, in the subscription's own time zone: where the clocks leave
out the hour it comes at the change (6:00 stays 6:00), where an hour comes twice at the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitoring.days import day_of, zone_of


class Every(StrEnum):
    """How often."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


#: Months that a period lasts.
MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Schedule:
    """`day` is 1 to 28 of the period's first month, or 1 (Monday) to 7 of the week."""

    every: Every
    day: int
    hour: int
    timezone: str

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return zone_of(self.timezone)


def period_of(every: Every, day: date) -> tuple[date, date]:
    """Return the period that `day` lies in, as [first, end)."""
    if every is Every.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7)
    months = MONTHS[every]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first, add_months(first, months)


def period_before(every: Every, day: date) -> tuple[date, date]:
    """Return the last whole period that ended before `day` began, or with it, as [first, end)."""
    return period_of(every, period_of(every, day)[0] - timedelta(days=1))


def add_months(first: date, months: int) -> date:
    """Return the first of the month that is `months` after that of `first`; may be negative."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def months(first: date, end: date) -> Iterator[date]:
    """Yield the first of each month that [first, end) touches."""
    month = first.replace(day=1)
    while month < end:
        yield month
        month = add_months(month, 1)


def due_in(schedule: Schedule, first: date) -> datetime:
    """Return the moment (UTC) in the period beginning on `first` at which the one before is due."""
    longest = 7 if schedule.every is Every.WEEK else 28
    day = first + timedelta(days=min(max(schedule.day, 1), longest) - 1)
    return datetime.combine(day, time(schedule.hour), schedule.zone).astimezone(UTC)


def next_due(schedule: Schedule, after: datetime) -> datetime:
    """Return the first moment (UTC) after the aware time `after` at which a report is due."""
    first, end = period_of(schedule.every, day_of(after, schedule.zone))
    due = due_in(schedule, first)
    return due if due > after else due_in(schedule, end)


def days_of(schedule: Schedule, due: datetime) -> tuple[date, date]:
    """Return the days [first, end) of which the report is that is due then."""
    return period_before(schedule.every, day_of(due, schedule.zone))
