"""One charger's history measured in windows: what the roll-ups store. Pure.

Instants are seconds since the epoch; windows are half-open, in order and free of overlap.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from monitoring.kpis.attempts import (
    ACCEPTED,
    TIMEOUT,
    Attempt,
    Outcome,
    assigned,
    judged,
    ports_of,
    stretches,
)
from monitoring.kpis.history import ChargerHistory
from monitoring.kpis.timeline import UNSEEN, Piece, absences, gapless, overlaid
from monitoring.kpis.totals import NO_REASON, LinkTotals, PortTotals

ONLINE = "Online"


class Window(NamedTuple):
    """A stretch [start, end) to measure."""

    start: float
    end: float


@dataclass(slots=True)
class Measured:
    """Totals by the place of their window; windows without commissioned time are left out."""

    links: dict[int, LinkTotals] = field(default_factory=dict)
    #: By the port's key, then by window.
    ports: dict[int, dict[int, PortTotals]] = field(default_factory=dict)
    #: The attempts of each port that ended in the windows.
    attempts: dict[int, list[Attempt]] = field(default_factory=dict)
    #: How far back the history must reach for the attempts to be exact.
    needs: float = inf


def measured(
    history: ChargerHistory, windows: Sequence[Window], commissioned: Window, now: float
) -> Measured:
    """Return what the charger and its ports did in the past and commissioned part of `windows`.

    The history reaches from `attempts.TIMEOUT` before the first window to as much after the
    last, or to `now`.
    """
    found = Measured(ports={key: {} for key in history.ports})
    parts = _Parts(windows, Window(commissioned.start, min(commissioned.end, now)))
    if parts.windows:
        _add_links(found, history, parts)
        _add_time(found, history, parts)
        _add_attempts(found, history, parts, now)
    return found


class _Parts:
    """The parts of windows that lie in `limits`, and the places of those that have one."""

    def __init__(self, windows: Sequence[Window], limits: Window) -> None:
        cut = [Window(max(w.start, limits.start), min(w.end, limits.end)) for w in windows]
        self.places = [place for place, window in enumerate(cut) if window.start < window.end]
        self.windows = [cut[place] for place in self.places]
        self._starts = [window.start for window in self.windows]

    @property
    def hull(self) -> Window:
        """From the first start to the last end."""
        return Window(self.windows[0].start, self.windows[-1].end)

    def place_of(self, instant: float) -> int | None:
        """Return the place of the window that contains the instant."""
        part = bisect_right(self._starts, instant) - 1
        if part < 0 or instant >= self.windows[part].end:
            return None
        return self.places[part]

    def spread(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, str, float]]:
        """Yield (place, state, seconds) of the pieces cut at the windows."""
        part, count = 0, len(self.windows)
        for start, end, state in pieces:
            while part < count and self.windows[part].end <= start:
                part += 1
            at = part
            while at < count and self.windows[at].start < end:
                window = self.windows[at]
                yield self.places[at], state, min(end, window.end) - max(start, window.start)
                at += 1


def _add_links(found: Measured, history: ChargerHistory, parts: _Parts) -> None:
    found.links = {place: LinkTotals() for place in parts.places}
    online = [Piece(*parts.hull, ONLINE)]
    gone = absences(history.connections, *parts.hull)
    for place, state, seconds in parts.spread(overlaid(online, gone)):
        totals = found.links[place]
        if state == ONLINE:
            totals.online += seconds
            continue
        totals.offline += seconds
        if state == UNSEEN:
            totals.unseen += seconds
    _add_reconnects(found, history, parts)


def _add_reconnects(found: Measured, history: ChargerHistory, parts: _Parts) -> None:
    for before, connection in zip(history.connections, history.connections[1:], strict=False):
        place = parts.place_of(connection.opened)
        if place is not None:
            found.links[place].reconnects[before.reason or NO_REASON] += 1
    for authorization in history.authorizations:
        place = parts.place_of(authorization.at)
        if place is not None and authorization.answer != ACCEPTED:
            found.links[place].refusals += 1


def _add_time(found: Measured, history: ChargerHistory, parts: _Parts) -> None:
    gone = absences(history.connections, *parts.hull)
    for key, port in history.ports.items():
        totals = found.ports[key] = {place: PortTotals() for place in parts.places}
        timeline = overlaid(gapless(port.statuses, *parts.hull), gone)
        for place, state, seconds in parts.spread(timeline):
            totals[place].add_time(state, seconds)


def _add_attempts(found: Measured, history: ChargerHistory, parts: _Parts, now: float) -> None:
    ports = ports_of(history)
    accepted = assigned(ports, (a for a in history.authorizations if a.answer == ACCEPTED))
    refused = assigned(ports, (a for a in history.authorizations if a.answer != ACCEPTED))
    for key, port in ports.items():
        found.attempts[key] = []
        for stretch in stretches(port, accepted[key]):
            if stretch.end < parts.hull.start:
                continue
            found.needs = min(found.needs, stretch.start - TIMEOUT)
            place = parts.place_of(stretch.end)
            if place is not None and stretch.end < now:
                attempt = judged(port, stretch, refused[key])
                found.attempts[key].append(attempt)
                _count(found.ports[key][place], attempt)


def _count(totals: PortTotals, attempt: Attempt) -> None:
    if attempt.outcome is Outcome.REFUSED:
        totals.refused += 1
        return
    totals.attempts += 1
    totals.successes += attempt.outcome is Outcome.SUCCESS
