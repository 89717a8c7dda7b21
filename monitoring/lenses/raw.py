"""No rule at all: 1 - T_outage / T, nothing excluded (KPIS.md, "Uptime, by lens"). Pure.

Unavailable in a planned window is no outage here; of what is unknown it says nothing.
"""

from collections.abc import Mapping, Sequence

from monitoring.kpis.timeline import PLANNED, Piece
from monitoring.kpis.totals import LensTotals, PortTotals
from monitoring.lenses.verdicts import DOWN, Verdict, judged

NAME = "raw"
VERDICTS: Mapping[str, Verdict] = {**DOWN, PLANNED: Verdict.UP}


def seen(timeline: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with verdicts for states."""
    return judged(timeline, VERDICTS)


def totals(ports: PortTotals) -> LensTotals:
    """Return what the raw lens sees in totals: every port is under it."""
    return LensTotals(window=ports.measured, outage=ports.outage)
