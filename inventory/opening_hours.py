"""Opening hours: `{"mon": [["08:00", "20:00"]], …}` in the site's own time zone."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from itertools import pairwise

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = dict[str, list[tuple[time, time]]]


class BadOpeningHours(ValueError):
    """Opening hours that can't be read; the message says what to write."""


def parse(stored: object) -> Hours:
    """Return the hours per weekday; empty means always open.

    "24:00" ends a day. Raises `BadOpeningHours` for unknown days, times that are no times,
    and intervals that end before they start or overlap.
    """
    if not isinstance(stored, Mapping):
        raise BadOpeningHours('Opening hours are an object like {"mon": [["08:00", "20:00"]]}.')
    return {_day(day): _intervals(day, intervals) for day, intervals in stored.items()}


def _day(day: object) -> str:
    if day not in DAYS:
        raise BadOpeningHours(f"{day!r} is not a day; write one of {', '.join(DAYS)}.")
    return str(day)


def _intervals(day: str, intervals: object) -> list[tuple[time, time]]:
    if not isinstance(intervals, list):
        raise BadOpeningHours(f"The hours of {day} are a list of [from, to] pairs.")
    parsed = sorted(_interval(day, pair) for pair in intervals)
    for (_start, end), (start, _end) in pairwise(parsed):
        if start < end:
            raise BadOpeningHours(f"Two intervals of {day} overlap.")
    return parsed


def _interval(day: str, pair: object) -> tuple[time, time]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise BadOpeningHours(f"An interval of {day} is a pair like ['08:00', '20:00'].")
    start, end = (_time(day, text) for text in pair)
    if end <= start:
        raise BadOpeningHours(f"An interval of {day} ends before it starts.")
    return start, end


def _time(day: str, text: object) -> time:
    if text == "24:00":
        return time.max
    try:
        return time.fromisoformat(str(text))
    except ValueError:
        raise BadOpeningHours(f"{text!r} on {day} is not a time; write 08:00.") from None


def written(edge: time) -> str:
    """Return when an interval begins or ends as `parse` reads it."""
    return "24:00" if edge == time.max else f"{edge:%H:%M}"


def is_open(hours: Hours, local: datetime) -> bool:
    """Tell whether it is open at `local`, a time in the site's zone; no hours: always."""
    today = hours.get(DAYS[local.weekday()], [])
    return not hours or any(start <= local.time() < end for start, end in today)


def next_change(hours: Hours, local: datetime) -> datetime | None:
    """Return when it next opens or closes, in the zone of `local`; None: never.

    Found among the edges of the next eight days: hours that meet at midnight are no change.
    """
    now_open = is_open(hours, local)
    for edge in _edges(hours, local):
        if edge > local and is_open(hours, edge) != now_open:
            return edge
    return None


def _edges(hours: Hours, local: datetime) -> list[datetime]:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = []
    for ahead in range(8):
        day = midnight + timedelta(days=ahead)
        for interval in hours.get(DAYS[day.weekday()], []):
            edges += [_at(day, edge) for edge in interval]
    return sorted(edges)


def _at(midnight: datetime, edge: time) -> datetime:
    if edge == time.max:
        return midnight + timedelta(days=1)
    return midnight.replace(hour=edge.hour, minute=edge.minute, second=edge.second)
