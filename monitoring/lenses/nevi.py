"""The lens of the U.S. NEVI programme, 23 CFR 680.116(b). Pure.

µ = (T - (T_outage - T_excluded)) / T for each charging port, calculated each month for the
twelve months before ((b)(2)), and greater than 97 % ((b)). The rule writes 525,600 minutes
for T ((b)(3)); here it is the real number: 527,040 with a 29 February, fewer for a port
that came or went, and without the time of which nothing is known.

A port is up when it is online and available or in use, and dispenses electricity ((b)(1)):
offline is outage, and so is failing every driver in silence.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from monitoring.kpis.history import PortHistory, Rules
from monitoring.kpis.timeline import Piece
from monitoring.lenses.hours import closed
from monitoring.lenses.stretches import Stretch, union
from monitoring.lenses.verdicts import DOWN, judged, planned, reasons

NAME = "nevi"
#: What T_excluded is made of (KPIS.md), beside planned work and closed hours. An outage of
#: the network provider is none of it.
EXCLUDED = frozenset(
    {
        "utility_outage",
        "vehicle_fault",
        "scheduled_maintenance",
        "vandalism",
        "natural_disaster",
        "outside_opening_hours",
    }
)


def seen(timeline: Sequence[Piece], rules: Rules, port: PortHistory, hull: Stretch) -> list[Piece]:
    """Return the port's pieces in `hull` with verdicts for states.

    Outage in hours when the station is closed is excluded, the hours themselves stay in T.
    """
    hours = closed(rules.hours, rules.timezone, hull)
    return judged(timeline, DOWN, union([*planned(port), *reasons(port, EXCLUDED), *hours]))


def window(month: date) -> tuple[date, date]:
    """Return the first and the last of the twelve months' days that end with `month`.

    23 CFR 680.116(b)(2): "on a monthly basis for the previous twelve months".
    """
    after = (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    return after.replace(year=after.year - 1), after - timedelta(days=1)
