"""How a port was used in windows: sessions, energy, charging, and by hour of the day. Pure."""

from collections.abc import Mapping, Sequence

from monitoring.kpis.history import Session
from monitoring.kpis.parts import Parts
from monitoring.kpis.timeline import Piece
from monitoring.kpis.totals import PortTotals


def add_use(
    totals: Mapping[int, PortTotals],
    timeline: Sequence[Piece],
    sessions: Sequence[Session],
    timezone: str,
    parts: Parts,
) -> None:
    """Add to the totals, by the place of their window, how the port was used.

    `timeline` is the port's, from the start of the first window to the end of the last;
    hours are of the `timezone` (IANA).
    """
    for session in sessions:
        place = parts.place_of(session.end)
        if place is not None:
            totals[place].use.sessions += 1
            totals[place].use.energy += session.energy or 0.0
