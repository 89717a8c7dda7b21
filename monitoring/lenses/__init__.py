"""Lenses: one timeline, and what each rule makes of it (KPIS.md, "Uptime, by lens"). Pure."""

from collections.abc import Mapping, Sequence

from monitoring.kpis.history import Excluded, Rules
from monitoring.kpis.parts import Parts
from monitoring.kpis.timeline import Piece
from monitoring.kpis.totals import PortTotals


def add_lenses(
    totals: Mapping[int, PortTotals],
    timeline: Sequence[Piece],
    rules: Rules,
    port: int,
    exclusions: Sequence[Excluded],
    parts: Parts,
) -> None:
    """Add to the totals, by the place of their window, what each lens of the port sees.

    `timeline` is the port's, from the start of the first window to the end of the last.
    """
