"""The lens of the UK's Public Charge Point Regulations 2023, SI 2023/1168, reg. 7. Pure.

R = 1 - Σ (inoperative + out of order) / Σ minutes, over the network of rapid charge points
(50 kW and more, reg. 2) and the calendar year (reg. 7(2)), in the hours of access (7(5)).
Available, charging and reserved are working, unknown and blocked ineligible for measurement;
both count as reliable (7(3)). Inoperative and out of order don't (7(4)), and the regulations
know no exclusions.

The statuses are OCPI 2.2.1's of the EVSE (reg. 2): it has UNKNOWN also for a charger that is
offline, and no OCPP status is BLOCKED. A port that fails drivers in silence says AVAILABLE.
"""

from collections.abc import Mapping, Sequence

from monitoring.facts import Status
from monitoring.kpis.history import PortHistory, Rules
from monitoring.kpis.timeline import OFFLINE, PLANNED, UNSEEN, Piece
from monitoring.lenses.hours import opened
from monitoring.lenses.stretches import Stretch
from monitoring.lenses.verdicts import Verdict, judged

NAME = "uk"
#: Watts from which a charge point is a rapid one (reg. 2).
RAPID = 50_000
VERDICTS: Mapping[str, Verdict] = {
    Status.UNAVAILABLE.value: Verdict.OUTAGE,
    PLANNED: Verdict.OUTAGE,
    Status.FAULTED.value: Verdict.OUTAGE,
    OFFLINE: Verdict.INELIGIBLE,
    Status.UNKNOWN.value: Verdict.INELIGIBLE,
    UNSEEN: Verdict.OUTSIDE,
}


def seen(timeline: Sequence[Piece], rules: Rules, _port: PortHistory, hull: Stretch) -> list[Piece]:
    """Return the port's pieces in `hull` in opening hours, with verdicts for states."""
    return judged(timeline, VERDICTS, inside=opened(rules.hours, rules.timezone, hull))
