"""The bars of a charger's history: its connection, and what each of its ports was.

A window with few changes is drawn change by change; one with many in buckets, each with the
share of time it was in trouble. Either way a page has a bounded number of pieces.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf

from inventory.models import Charger
from monitoring import words
from monitoring.charger_page import shares, spans, subject
from monitoring.charger_page.spans import Row
from monitoring.charger_page.window import Window
from monitoring.effective import State, state_of_status
from monitoring.kpis import timeline
from monitoring.kpis.history import Connection, Reported

#: The state of a connection's bar where there is one.
ONLINE = "online"
#: Pieces of all bars together; more are drawn in buckets.
MOST_PIECES = 2_400
#: Buckets of a bar: at most one per pixel or two, fewer where there are many bars.
MOST_BUCKETS, LEAST_BUCKETS, ALL_BUCKETS = 480, 120, 6_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a bar: [start, end) in a `State`, with what the charger said of it.

    `share`: how much of that time it was so; less than 1 is drawn over what else it was.
    """

    state: State
    start: datetime
    end: datetime
    note: str = ""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Lane:
    """A bar, and how long it was in each state, longest first."""

    pieces: list[Stretch]
    totals: list[tuple[State, timedelta]]


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a charger over a window; time before it was first seen is in none."""

    window: Window
    connection: Lane
    #: (port number, its bar).
    ports: list[tuple[int, Lane]]
    #: Length of a bucket, where it is drawn in buckets.
    bucket: timedelta | None = None


def bars(charger: Charger, window: Window) -> Bars:
    """Return the connection's bar and each port's effective bar; one or two queries."""
    ports = {evse.pk: evse.number for evse in charger.evses.all()}
    most = MOST_PIECES // (len(ports) + 1)
    rows = spans.spans(charger.pk, list(ports), window.start, window.end, most + 1)
    counts = Counter(row.owner for row in rows.statuses)
    if max(len(rows.links), *counts.values(), 0) > most:
        return _in_buckets(charger, ports, window)
    return _one_by_one(ports, window, rows.links, rows.statuses)


def _one_by_one(
    ports: Mapping[int, int], window: Window, links: Sequence[Row], reported: Sequence[Row]
) -> Bars:
    connected = [Connection(row.began, _until(row.ended)) for row in links]
    start, end = window.start.timestamp(), window.end.timestamp()
    of_port: dict[int, list[Row]] = {port: [] for port in ports}
    for row in reported:
        of_port[row.owner].append(row)
    return Bars(
        window,
        _lane(_connection_pieces(connected, start, end), _closings(links)),
        [
            (number, _lane(_port_pieces(of_port[port], connected, start, end), _errors(rows)))
            for port, number in ports.items()
            for rows in [of_port[port]]
        ],
    )


def _connection_pieces(
    connected: Sequence[Connection], start: float, end: float
) -> list[timeline.Piece]:
    whole = [timeline.Piece(start, end, ONLINE)]
    return list(timeline.overlaid(whole, timeline.absences(connected, start, end)))


def _port_pieces(
    rows: Sequence[Row], connected: Sequence[Connection], start: float, end: float
) -> list[timeline.Piece]:
    statuses = [Reported(row.began, _until(row.ended), row.state) for row in rows]
    return timeline.effective(statuses, connected, start, end)


def _closings(links: Sequence[Row]) -> dict[float, str]:
    return {row.ended: words.closing(row.code) for row in links if row.ended is not None}


def _errors(rows: Sequence[Row]) -> dict[float, str]:
    return {row.began: words.error(row.code, row.vendor_code, row.info) for row in rows}


def _lane(pieces: Sequence[timeline.Piece], notes: Mapping[float, str]) -> Lane:
    seen = [piece for piece in pieces if piece.state != timeline.UNSEEN]
    seconds = shares.totals({piece.state: piece.end - piece.start} for piece in seen)
    return Lane([_stretch(piece, notes.get(piece.start, "")) for piece in seen], _named(seconds))


def _stretch(piece: timeline.Piece, note: str) -> Stretch:
    return Stretch(_state(piece.state), _instant(piece.start), _instant(piece.end), note)


def _in_buckets(charger: Charger, ports: Mapping[int, int], window: Window) -> Bars:
    grid = _grid(charger, window, len(ports) + 1)
    sums = spans.sums(charger.pk, list(ports), window.start, window.end, grid)
    link = shares.connection(grid, sums.links, ONLINE)
    return Bars(
        window,
        _summed(grid, link),
        [
            (number, _summed(grid, shares.port(grid, sums.statuses[port], link)))
            for port, number in ports.items()
        ],
        timedelta(seconds=grid.width),
    )


def _grid(charger: Charger, window: Window, lanes: int) -> shares.Grid:
    count = max(LEAST_BUCKETS, min(MOST_BUCKETS, ALL_BUCKETS // lanes))
    first = subject.first_seen(charger)
    seen = inf if first is None else first.timestamp()
    return shares.Grid(window.start.timestamp(), window.length.total_seconds() / count, count, seen)


def _summed(grid: shares.Grid, buckets: Sequence[Mapping[str, float]]) -> Lane:
    pieces = [
        Stretch(_state(piece.state), _instant(piece.start), _instant(piece.end), "", piece.share)
        for piece in shares.drawn(grid, buckets)
    ]
    return Lane(pieces, _named(shares.totals(buckets)))


def _named(seconds: Mapping[str, float]) -> list[tuple[State, timedelta]]:
    found: dict[State, float] = {}
    for status, length in seconds.items():
        found[_state(status)] = found.get(_state(status), 0.0) + length
    longest = sorted(found.items(), key=lambda total: -total[1])
    return [(state, timedelta(seconds=length)) for state, length in longest]


def _state(name: str) -> State:
    named = {timeline.OFFLINE: State.OFFLINE, ONLINE: State.AVAILABLE}
    return named.get(name) or state_of_status(name)


def _until(ended: float | None) -> float:
    return inf if ended is None else ended


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
