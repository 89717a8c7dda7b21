"""What each lens asks of an uptime, and the uptime that its totals make. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.kpis.totals import LensTotals
from monitoring.lenses import california, contract, nevi, raw, uk


@dataclass(frozen=True, slots=True)
class Standard:
    """A lens' rule; `least` is a share, None where the lens names none or a contract does."""

    lens: str
    least: float | None
    #: More than `least`, not just as much.
    strict: bool = False

    def met(self, value: float | None, least: float | None = None) -> bool | None:
        """Tell whether `value` is enough; None: nothing is known, or nothing is asked.

        `least` is what was agreed, where the lens itself names nothing.
        """
        asked = self.least if least is None else least
        if value is None or asked is None:
            return None
        return value > asked if self.strict else value >= asked


STANDARDS: Mapping[str, Standard] = {
    standard.lens: standard
    for standard in (
        Standard(raw.NAME, None),
        # 23 CFR 680.116(b): greater than 97 %.
        Standard(nevi.NAME, 0.97, strict=True),
        # SI 2023/1168, reg. 7(2): reliable for 99 % of the time.
        Standard(uk.NAME, 0.99),
        # CEC, EV Charger Data and Reliability Standards: 97 %.
        Standard(california.NAME, 0.97),
        Standard(contract.NAME, None),
    )
}


@dataclass(frozen=True, slots=True)
class Uptime:
    """An uptime as a lens prints it: a share from 0 to 1, and what it is made of, minutes."""

    lens: str
    window: float
    outage: float
    excluded: float
    ineligible: float

    @property
    def value(self) -> float | None:
        """(T - (T_outage - T_excluded)) / T; None: nothing is known."""
        return _share(self.outage - self.excluded, self.window)

    @property
    def without_ineligible(self) -> float | None:
        """The same with the ineligible minutes taken out of T."""
        return _share(self.outage - self.excluded, self.window - self.ineligible)


def uptime(lens: str, totals: LensTotals) -> Uptime:
    """Return the uptime of totals of any ports and any window."""
    seconds = (totals.window, totals.outage, totals.excluded, totals.ineligible)
    return Uptime(lens, *(each / 60 for each in seconds))


def _share(lost: float, window: float) -> float | None:
    """Return 1 - lost / window; sums of floats may stray from 0 and 1 by their last digits."""
    if window <= 0:
        return None
    return min(max(1 - lost / window, 0.0), 1.0)
