"""No rule at all: 1 - T_outage / T, nothing excluded (KPIS.md, "Uptime, by lens"). Pure.

Unavailable in a planned window is no outage here; of what is unknown it says nothing.
"""

from monitoring.kpis.totals import LensTotals, PortTotals

NAME = "raw"


def totals(ports: PortTotals) -> LensTotals:
    """Return what the raw lens sees in totals: every port is under it."""
    return LensTotals(window=ports.measured, outage=ports.outage)
