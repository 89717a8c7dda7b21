"""How a charger was connected in windows: time, reconnects, flapping, round trips. Pure.

Instants are seconds since the epoch.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

from monitoring.kpis.history import ChargerHistory, Connection, Pings
from monitoring.kpis.parts import Parts, Window
from monitoring.kpis.timeline import UNSEEN, Piece, absences, overlaid, union
from monitoring.kpis.totals import NO_REASON, OWN, LinkTotals

ONLINE = "Online"
FLAPPING = "Flapping"
ACCEPTED = "Accepted"
#: So many reconnects in so many seconds are flapping (KPIS.md, "Connectivity").
MANY = 5
WITHIN = 3_600.0


def add_links(
    totals: dict[int, LinkTotals], history: ChargerHistory, parts: Parts, commissioned: Window
) -> None:
    """Add to the totals, by the place of their window, how the charger was connected.

    The history reaches from `WITHIN` before the first window.
    """
    _add_time(totals, history.connections, parts)
    _add_longest(totals, history.connections, parts, commissioned)
    _add_counts(totals, history, parts)
    _add_pings(totals, history.pings, parts, commissioned)
    flapping = parts.spread(_cut(flaps(history.connections), parts.hull))
    for place, _state, seconds in flapping:
        totals[place].flapping += seconds


def flaps(connections: Sequence[Connection]) -> list[Piece]:
    """Return when `MANY` reconnects lay within the `WITHIN` seconds before, in order.

    Reconnects after restarts of our own are none.
    """
    opened = [
        connection.opened
        for before, connection in pairwise(connections)
        if before.reason not in OWN
    ]
    crowds = zip(opened, opened[MANY - 1 :], strict=False)
    return union(
        Piece(last, first + WITHIN, FLAPPING) for first, last in crowds if last < first + WITHIN
    )


def _add_time(
    totals: dict[int, LinkTotals], connections: Sequence[Connection], parts: Parts
) -> None:
    gone = absences(connections, *parts.hull)
    for place, state, seconds in parts.spread(overlaid([Piece(*parts.hull, ONLINE)], gone)):
        if state == ONLINE:
            totals[place].online += seconds
            continue
        totals[place].offline += seconds
        if state == UNSEEN:
            totals[place].unseen += seconds


def _add_longest(
    totals: dict[int, LinkTotals],
    connections: Sequence[Connection],
    parts: Parts,
    commissioned: Window,
) -> None:
    """A stretch counts whole in each window it touches, but for what comes after the window.

    So the longest of a month is the largest of its days', also across midnight.
    """
    for start, end in _offline(connections):
        began = max(start, commissioned.start)
        for place, window in parts.touched(began, end):
            seconds = min(end, window.end) - began
            totals[place].longest_offline = max(totals[place].longest_offline, seconds)


def _offline(connections: Sequence[Connection]) -> Iterator[tuple[float, float]]:
    gone = -inf
    for opened, closed, _reason in connections:
        if -inf < gone < opened:
            yield gone, opened
        gone = max(gone, closed)
    if connections and gone < inf:
        yield gone, inf


def _add_counts(totals: dict[int, LinkTotals], history: ChargerHistory, parts: Parts) -> None:
    for before, connection in pairwise(history.connections):
        place = parts.place_of(connection.opened)
        if place is not None:
            totals[place].reconnects[before.reason or NO_REASON] += 1
    for connection in history.connections:
        place = parts.place_of(connection.closed)
        if place is not None and connection.reason not in OWN:
            totals[place].disconnects += 1
    for authorization in history.authorizations:
        place = parts.place_of(authorization.at)
        if place is not None and authorization.answer != ACCEPTED:
            totals[place].refusals += 1


def _add_pings(
    totals: dict[int, LinkTotals], pings: Sequence[Pings], parts: Parts, commissioned: Window
) -> None:
    """A day's pings count where the first of them was: they are not kept more finely."""
    for first, round_trips, missed in pings:
        place = parts.place_of(max(first, commissioned.start))
        if place is not None:
            totals[place].missed_pings += missed
            for part, number in enumerate(round_trips):
                totals[place].round_trips[part] += number


def _cut(pieces: Sequence[Piece], limits: Window) -> Iterator[Piece]:
    for start, end, state in pieces:
        if start < limits.end and end > limits.start:
            yield Piece(max(start, limits.start), min(end, limits.end), state)
