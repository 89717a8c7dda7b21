"""Totals as columns of the rolled-up tables, there and back. Pure.

Most columns add up; `LARGEST` are maxima, `HOURLY` and `COUNTED` arrays that add up place by
place. Columns of lenses are None where the port isn't under the lens, arrays where all is 0.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from monitoring.kpis.attempts import Outcome
from monitoring.kpis.totals import (
    ADDED,
    REASONS,
    RTT_BOUNDS,
    LensTotals,
    LinkTotals,
    PortTotals,
)

#: Outcomes of attempts that failed, each a column.
FAILURES = tuple(
    outcome.value for outcome in Outcome if outcome not in (Outcome.SUCCESS, Outcome.REFUSED)
)
USE = ("sessions", "energy", "charging", "occupied", "idle")
#: Lens -> the parts that it keeps.
LENSES: Mapping[str, tuple[str, ...]] = {
    "nevi": ("window", "outage", "excluded"),
    "uk": ("window", "outage", "ineligible"),
    "california": ("window", "outage", "excluded"),
    "contract": ("window", "outage", "excluded"),
}
OF_LENSES = tuple(f"{lens}_{part}" for lens, parts in LENSES.items() for part in parts)
_PARTS = {f"{lens}_{part}": (lens, part) for lens, parts in LENSES.items() for part in parts}
_OF_PORTS = frozenset(ADDED)
HOURLY = ("lost_hours", "busy_hours")
PORT_LARGEST = ("peak_power",)
_OF_USE = frozenset((*USE, *PORT_LARGEST))
#: Columns of a port's day that add up.
PORT_SUMS = (*ADDED, *FAILURES, *USE, *OF_LENSES)

AFTER = tuple(f"after_{reason}" for reason in REASONS)
COUNTED = ("round_trips",)
LINK_LARGEST = ("longest_offline",)
#: Columns of a charger's day that add up.
LINK_SUMS = (
    *("online", "offline", "unseen", "refusals", "disconnects", "flapping", "missed_pings"),
    *AFTER,
)

#: What is counted; all other columns that add up are measured.
COUNTS = frozenset(
    {
        *("outages", "attempts", "successes", "refused", "authorized", "regular", "first"),
        *("first_successes", "sessions", *FAILURES),
        *("refusals", "disconnects", "missed_pings", *AFTER),
    }
)
#: The classes of `round_trips`, where each is a column.
CLASSES = tuple(f"round_trips_{place}" for place in range(len(RTT_BOUNDS) + 1))


def port_columns(totals: PortTotals) -> dict[str, Any]:
    """Return the totals by column."""
    row: dict[str, Any] = {name: getattr(totals, name) for name in ADDED}
    row |= {outcome: totals.failures[outcome] for outcome in FAILURES}
    row |= {name: getattr(totals.use, name) for name in (*USE, *PORT_LARGEST)}
    for lens, parts in LENSES.items():
        seen = totals.lenses.get(lens)
        row |= {f"{lens}_{part}": getattr(seen, part) if seen else None for part in parts}
    return row | {name: _seconds(getattr(totals, name)) for name in HOURLY}


def port_totals(row: Mapping[str, Any]) -> PortTotals:
    """Return the totals that the columns say; what is missing or None is 0.

    A lens that saw nothing is none.
    """
    known = {name: value for name, value in row.items() if value}
    totals = PortTotals()
    for name in known.keys() & _OF_PORTS:
        setattr(totals, name, known[name])
    for name in known.keys() & _OF_USE:
        setattr(totals.use, name, known[name])
    for name in known.keys() & set(FAILURES):
        totals.failures[name] = known[name]
    for name in known.keys() & _PARTS.keys():
        lens, part = _PARTS[name]
        setattr(totals.lenses.setdefault(lens, LensTotals()), part, known[name])
    for name in known.keys() & set(HOURLY):
        setattr(totals, name, [float(hour) for hour in known[name]])
    return totals


def link_columns(totals: LinkTotals) -> dict[str, Any]:
    """Return the totals by column."""
    names = [name for name in (*LINK_SUMS, *LINK_LARGEST) if name not in AFTER]
    row: dict[str, Any] = {name: getattr(totals, name) for name in names}
    row |= {f"after_{reason}": totals.reconnects[reason] for reason in REASONS}
    return row | {"round_trips": totals.round_trips if any(totals.round_trips) else None}


def link_totals(row: Mapping[str, Any]) -> LinkTotals:
    """Return the totals that the columns say; what is missing or None is 0.

    Round trips are an array, or a column for each of `CLASSES`.
    """
    counts = {reason: row.get(f"after_{reason}") or 0 for reason in REASONS}
    totals = LinkTotals(reconnects=+Counter(counts))
    for name in (*LINK_SUMS, *LINK_LARGEST):
        if name not in AFTER:
            setattr(totals, name, row.get(name) or 0)
    if row.get("round_trips"):
        totals.round_trips = list(row["round_trips"])
    elif CLASSES[0] in row:
        totals.round_trips = [row[name] or 0 for name in CLASSES]
    return totals


def _seconds(hours: list[float]) -> list[int] | None:
    return [round(seconds) for seconds in hours] if any(hours) else None
