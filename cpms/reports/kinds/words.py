"""How a report writes figures, days and windows for people, in its own language."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.kpis.figures import Unit


def number(value: float, places: int = 0) -> str:
    """Write a number with grouped thousands."""
    return str(number_format(round(value, places), places, force_grouping=True))


def share(value: float | None, places: int = 2) -> str:
    """Write a share (0 to 1) in per cent; less than all is never 100 %, more than 0 never 0 %."""
    if value is None:
        return _("no data")
    part = 10.0**-places
    percent = value * 100
    if percent < 100:
        percent = min(percent, 100 - part)
    if percent > 0:
        percent = max(percent, part)
    return f"{number(percent, places)} %"


def hours(seconds: float) -> str:
    """Write seconds as hours, or minutes where there are few."""
    if seconds == 0:
        return _("0 min")
    if seconds < 5_400:
        return _("%s min") % number(seconds / 60, 1 if seconds < 600 else 0)
    return _("%s h") % number(seconds / 3_600, 1 if seconds < 360_000 else 0)


def energy(watt_hours: float) -> str:
    """Write Wh as kWh or MWh."""
    if watt_hours < 10_000_000:
        return f"{number(watt_hours / 1_000, 1)} kWh"
    return f"{number(watt_hours / 1_000_000, 1)} MWh"


def figure(value: float | None, unit: Unit) -> str:
    """Write a figure's value in its unit."""
    if value is None:
        return _("no data")
    if unit in WRITTEN:
        return WRITTEN[unit](value)
    return number(value, 0 if value == int(value) else 2)


WRITTEN: Mapping[Unit, Callable[[float], str]] = {
    Unit.SHARE: share,
    Unit.SECONDS: hours,
    Unit.MILLISECONDS: lambda value: f"{number(value)} ms",
    Unit.PER_DAY: lambda value: _("%s a day") % number(value, 2),
    Unit.WATT_HOURS: energy,
    Unit.WATTS: lambda value: f"{number(value / 1_000, 1)} kW",
}


def day(at: date) -> str:
    """Write a day."""
    return date_format(at, "j M Y")


def moment(at: datetime | None) -> str:
    """Write a moment, in UTC."""
    return f"{date_format(at, 'j M Y, H:i')} UTC" if at else "–"


def window(first: date, end: date) -> str:
    """Write the window [first, end) by its whole month, quarter, half or year, else by its days."""
    last = end - timedelta(days=1)
    if first.day == 1 and end.day == 1:
        months = (end.year - first.year) * 12 + end.month - first.month
        if months == 1:
            return date_format(first, "F Y")
        if months == 12 and first.month == 1:
            return str(first.year)
        if months == 3 and first.month % 3 == 1:
            return _("quarter %(quarter)d of %(year)d") % {
                "quarter": first.month // 3 + 1,
                "year": first.year,
            }
        if months == 6 and first.month in (1, 7):
            half = 1 if first.month == 1 else 2
            return _("half %(half)d of %(year)d") % {"half": half, "year": first.year}
    return f"{day(first)} – {day(last)}"


def ports(count: int) -> str:
    """Write a number of ports."""
    return ngettext("%s port", "%s ports", count) % number(count)


def sites(count: int) -> str:
    """Write a number of sites."""
    return ngettext("%s site", "%s sites", count) % number(count)
