"""Whose clock a page shows: the reader's own zone if they chose one, else the site's."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

_reader: ContextVar[str] = ContextVar("reader", default="")


def shown(zone: str) -> str:
    """Return the name of the zone in which to write a time that belongs to `zone`."""
    return _reader.get() or zone


@contextmanager
def read_in(zone: str) -> Iterator[None]:
    """Show every time in `zone` meanwhile; "" leaves each in the zone of its site."""
    if not is_known(zone):
        yield
        return
    token = _reader.set(zone)
    try:
        with timezone.override(ZoneInfo(zone)):
            yield
    finally:
        _reader.reset(token)


def is_known(zone: str) -> bool:
    """Tell whether this machine's time zone data has the zone."""
    return zone in _known()


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def choices() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (region, zones) of all zones that people live in, sorted."""
    regions: dict[str, list[str]] = {}
    for zone in sorted(_known()):
        region, slash, _city = zone.partition("/")
        if slash and region not in {"Etc", "SystemV", "posix", "right"}:
            regions.setdefault(region, []).append(zone)
    return (("UTC", ("UTC",)), *((region, tuple(zones)) for region, zones in regions.items()))
