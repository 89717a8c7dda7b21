"""How pages write times: relative with the absolute beside it, and always in a named zone.

`zone` is the zone of the site that a time belongs to; a reader who has chosen a zone of their
own is shown that instead (`cpms.web.zones`).
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone as clock
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cpms.web import zones
from cpms.web.durations import spoken

NOTHING = format_html('<span class="text-secondary">{}</span>', "–")


def ago(at: datetime | None, zone: str = "UTC") -> SafeString:
    """Say how long ago `at` was ("3 min ago"), with the time in `zone` on hover and focus."""
    return _relative(at, zone, _("%s ago"), "ago")


def lasting(since: datetime | None, zone: str = "UTC") -> SafeString:
    """Say for how long something has been so ("3 min"), with its beginning on hover and focus."""
    return _relative(since, zone, "%s", "lasting")


def _relative(at: datetime | None, zone: str, pattern: str, kind: str) -> SafeString:
    if at is None:
        return NOTHING
    text = pattern % spoken(clock.now() - at)
    return format_html(
        '<time datetime="{}" title="{}" data-relative="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        absolute(at, zone),
        kind,
        text,
    )


def clock_time(
    at: datetime | None, zone: str = "UTC", form: str = "minutes", *, with_zone: bool = False
) -> SafeString:
    """Write a time in `zone`, with everything on hover; `form`: minutes, seconds, day or time.

    `with_zone` where times of several zones stand together: it adds the zone's abbreviation.
    """
    if at is None:
        return NOTHING
    local = _local(at, zone)
    return format_html(
        '<time datetime="{}" title="{}">{}{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        absolute(at, zone),
        date_format(local, shape(form)),
        f" {local:%Z}" if with_zone else "",
    )


def calendar_day(day: date) -> str:
    """Write a day of the calendar, which has no zone."""
    return date_format(day, shape("day"))


def absolute(at: datetime, zone: str) -> str:
    """Return the whole time with its zone, e.g. "2 Mar 2026, 09:00:12 CET (Europe/Berlin)"."""
    name = zones.shown(zone)
    local = _local(at, zone)
    written = date_format(local, shape("whole"))
    return f"{written} UTC" if name == "UTC" else f"{written} {local:%Z} ({name})"


def zone_name(zone: str, at: datetime | None = None) -> str:
    """Return the zone that times of `zone` are shown in, e.g. "Europe/Berlin (CET)"."""
    name = zones.shown(zone)
    short = (at or clock.now()).astimezone(ZoneInfo(name)).tzname()
    return name if short in {None, name} else f"{name} ({short})"


def shape(form: str) -> str:
    """Return the format (Django's letters) of minutes, seconds, day, time or whole."""
    return {
        "minutes": pgettext("format of a time: day and minute", "j M, H:i"),
        "seconds": pgettext("format of a time: day and second", "j M, H:i:s"),
        "day": pgettext("format of a day", "j M Y"),
        "month": pgettext("format of a month", "M Y"),
        "short day": pgettext("format of a day without the year", "j M"),
        "time": "H:i:s",
        "whole": pgettext("format of a time: everything", "j M Y, H:i:s"),
    }[form]


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zones.shown(zone)))
