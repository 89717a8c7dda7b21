"""The lens of the California Energy Commission's EV Charger Data and Reliability Standards.

For a port with direct current: uptime as under NEVI, at least 97 %, kept in intervals of 15
minutes and reported each half-year. Left out are vandalism up to 10 days per incident, loss
of grid power, natural disasters, and planned maintenance up to 72 hours per year. Vehicles'
faults and closed hours are not among them. Pure.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from math import ceil

from monitoring.days import day_of, start_of, zone_of
from monitoring.kpis.history import PortHistory, Rules
from monitoring.kpis.parts import Window
from monitoring.kpis.timeline import Piece
from monitoring.lenses.stretches import Stretch, cut, union
from monitoring.lenses.verdicts import DOWN, Verdict, judged, planned, reasons

NAME = "california"
EXCLUDED = frozenset({"utility_outage", "natural_disaster"})
#: Seconds per incident, which an approved exclusion stands for.
VANDALISM = 10 * 86_400.0
#: Seconds per calendar year of the site and port.
MAINTENANCE = 72 * 3_600.0
QUARTER = 900.0


def seen(timeline: Sequence[Piece], rules: Rules, port: PortHistory, hull: Stretch) -> list[Piece]:
    """Return the port's pieces in `hull` with verdicts for states.

    The port's exclusions and planned work reach back to the start of the year that `hull`
    begins in, so that the caps don't depend on what is looked at.
    """
    cut_short = [Stretch(s, min(e, s + VANDALISM)) for s, e in reasons(port, ["vandalism"])]
    work = [*planned(port), *reasons(port, ["scheduled_maintenance"])]
    maintenance = capped(union(work), rules.timezone, hull)
    return judged(timeline, DOWN, union([*reasons(port, EXCLUDED), *cut_short, *maintenance]))


def capped(work: Sequence[Stretch], timezone: str, hull: Stretch) -> list[Stretch]:
    """Return the first 72 hours of `work` in each calendar year that `hull` touches.

    All the work that was planned uses them up, whether the port was down in it or not.
    """
    found = []
    for year in years(timezone, hull):
        left = MAINTENANCE
        for start, end in work:
            first, last = max(start, year.start), min(end, year.end)
            if first < last and left > 0:
                found.append(Stretch(first, min(last, first + left)))
                left -= last - first
    return found


def years(timezone: str, hull: Stretch) -> Iterator[Stretch]:
    """Yield the calendar years of the zone that `hull` touches."""
    zone = zone_of(timezone)
    first, last = (day_of(datetime.fromtimestamp(at, UTC), zone).year for at in hull)
    for year in range(first, last + 1):
        edges = (start_of(date(y, 1, 1), zone).timestamp() for y in (year, year + 1))
        yield Stretch(*edges)


def quarters(pieces: Sequence[Piece], day: Window) -> tuple[list[int], list[int]]:
    """Return the seconds of outage, and of them the excluded, in each quarter of an hour.

    `day` reaches from midnight to midnight: 96 of them, 92 or 100 where the clocks change.
    """
    count = ceil((day.end - day.start) / QUARTER)
    edges = [day.start + place * QUARTER for place in range(count)]
    slots = [Stretch(edge, min(edge + QUARTER, day.end)) for edge in edges]
    outage, excluded = [0.0] * count, [0.0] * count
    down = [piece for piece in pieces if piece.state in {Verdict.OUTAGE, Verdict.EXCLUDED}]
    for (start, end, verdict), within in cut(down, slots):
        if within:
            place = int((start - day.start) // QUARTER)
            outage[place] += end - start
            excluded[place] += end - start if verdict == Verdict.EXCLUDED else 0.0
    return [round(seconds) for seconds in outage], [round(seconds) for seconds in excluded]
