"""How a port was used in windows: sessions, energy, charging, and by hour of the day. Pure.

Times are what the port itself said while its charger was connected, and only where it served
drivers: what is outage is no use. Taken: by a vehicle or a reservation, whatever it does. Idle:
Finishing, or SuspendedEV, once the vehicle has charged. A vehicle that pauses for less than
`PAUSE` and then goes on charging isn't idle, one that pauses longer is.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from math import inf
from zoneinfo import ZoneInfo

from monitoring.facts import Status
from monitoring.kpis.attempts import MOST_POWER, TIMEOUT, believed, joined
from monitoring.kpis.history import PortHistory, Reported, Session
from monitoring.kpis.parts import Parts, Window
from monitoring.kpis.timeline import Piece
from monitoring.kpis.totals import PortTotals
from monitoring.outages.stretches import KIND_OF

#: A pause of the vehicle that lasts so long is the end of its charging, seconds: as much as is
#: read after a window.
PAUSE = TIMEOUT

_CHARGING = Status.CHARGING.value
_FREE = frozenset({Status.AVAILABLE.value, Status.RESERVED.value})
_TAKEN = frozenset(
    status.value
    for status in Status
    if status not in {Status.AVAILABLE, Status.FAULTED, Status.UNAVAILABLE, Status.UNKNOWN}
)
_FULL = frozenset({Status.SUSPENDED_EV.value, Status.FINISHING.value})
_IDLE = "Idle"


def add_use(
    totals: Mapping[int, PortTotals],
    timeline: Sequence[Piece],
    port: PortHistory,
    timezone: str,
    parts: Parts,
) -> float:
    """Add to the totals, by the place of their window, how the port was used.

    `timeline` is the port's, from the start of the first window to the end of the last;
    hours are of the `timezone` (IANA). Returns from where on the history must be known for
    that to be exact.
    """
    _add_sessions(totals, port.sessions, parts)
    for place, state, seconds in parts.spread(timeline):
        use = totals[place].use
        use.occupied += seconds * (state in _TAKEN)
        use.charging += seconds * (state == _CHARGING)
    idle, needs = idle_spans(port.statuses, parts.hull)
    for place, _state, seconds in parts.spread(_both(timeline, idle)):
        totals[place].use.idle += seconds
    _add_hours(totals, timeline, timezone, parts)
    return needs


def idle_spans(statuses: Sequence[Reported], window: Window) -> tuple[list[Piece], float]:
    """Return when the port was idle, and from where on the statuses must be known for that.

    The second is infinite where they are known well enough for the window.
    """
    spans, needs = [], inf
    charged: bool | None = None
    for span, then in pairwise([*joined(statuses), Reported(inf, inf, "")]):
        if span.state in _FREE or span.state == _CHARGING:
            charged = span.state == _CHARGING
        elif span.state not in _FULL or _pauses(span, then):
            continue
        elif charged:
            spans.append(Piece(span.start, span.end, _IDLE))
        elif charged is None and span.start < window.end and span.end > window.start:
            needs = statuses[0].start - 1.0
    return spans, needs


def _pauses(span: Reported, then: Reported) -> bool:
    goes_on = then.state == _CHARGING and then.start == span.end
    return span.state == Status.SUSPENDED_EV and goes_on and span.end - span.start < PAUSE


def _add_sessions(
    totals: Mapping[int, PortTotals], sessions: Sequence[Session], parts: Parts
) -> None:
    for session in sessions:
        place = parts.place_of(session.end)
        if place is not None:
            use = totals[place].use
            use.sessions += 1
            use.energy += believed(session)
            power = session.peak_power or 0.0
            use.peak_power = max(use.peak_power, power if power <= MOST_POWER else 0.0)


def _both(timeline: Sequence[Piece], idle: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the idle spans as far as the timeline has them: a charger may be offline."""
    at = 0
    for piece in timeline:
        while at < len(idle) and idle[at].end <= piece.start:
            at += 1
        if piece.state not in _FULL:
            continue
        reached = at
        while reached < len(idle) and idle[reached].start < piece.end:
            span = idle[reached]
            yield Piece(max(span.start, piece.start), min(span.end, piece.end), _IDLE)
            reached += 1


def _add_hours(
    totals: Mapping[int, PortTotals], timeline: Sequence[Piece], timezone: str, parts: Parts
) -> None:
    for piece in timeline:
        if piece.state in KIND_OF:
            for place, hour, seconds in _by_hour(piece, timezone, parts):
                totals[place].lost_hours[hour] += seconds
        elif piece.state == _CHARGING:
            for place, hour, seconds in _by_hour(piece, timezone, parts):
                totals[place].busy_hours[hour] += seconds


def _by_hour(piece: Piece, timezone: str, parts: Parts) -> Iterator[tuple[int, int, float]]:
    for place, window in parts.touched(piece.start, piece.end):
        starts, hours = local_hours(window, timezone)
        start, end = max(piece.start, window.start), min(piece.end, window.end)
        part = bisect_right(starts, start) - 1
        while start < end:
            after = min(starts[part + 1], end) if part + 1 < len(starts) else end
            yield place, hours[part], after - start
            start, part = after, part + 1


@lru_cache(maxsize=4_096)
def local_hours(window: Window, timezone: str) -> tuple[list[float], list[int]]:
    """Return where each local hour begins in the window, and which it is (0 to 23).

    An hour that the clock shows twice is there twice; one that it skips isn't.
    """
    zone = ZoneInfo(timezone)
    starts, hours, at = [], [], window.start
    while at < window.end:
        local = datetime.fromtimestamp(at, UTC).astimezone(zone)
        starts.append(at)
        hours.append(local.hour)
        at += 3_600 - (local.minute * 60 + local.second + local.microsecond / 1e6)
    return starts, hours
