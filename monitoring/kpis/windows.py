"""Windows that KPIs are read over: whole days of each site, or instants."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitoring.days import bounds


@dataclass(frozen=True, slots=True)
class Days:
    """The days from `first` to `last`, both included, each in its site's own time zone."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Instants:
    """The half-open window [start, end) of aware times."""

    start: datetime
    end: datetime


Window = Days | Instants


def instants(window: Window, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return where the window begins and ends at sites of `zone`."""
    if isinstance(window, Instants):
        return window.start, window.end
    return bounds(window.first, zone)[0], bounds(window.last, zone)[1]


def last_day(window: Window) -> date:
    """Return the window's last day; of instants, that of their end in UTC."""
    return window.last if isinstance(window, Days) else window.end.date()
