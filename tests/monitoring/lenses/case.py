"""A row of a lens' table: what happened at one port, and the figures worked out by hand.

Times are texts in the site's own time zone, "2025-03-09 02:00"; a day alone is its midnight.
Figures are minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any

import pytest

from inventory.opening_hours import parse
from monitoring.days import zone_of
from monitoring.kpis.history import (
    Agreement,
    ChargerHistory,
    Connection,
    Excluded,
    Planned,
    PortHistory,
    Reported,
    Rules,
    SilentRun,
)
from monitoring.kpis.measure import Measured, measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import LensTotals
from monitoring.lenses.standards import STANDARDS, uptime

#: (from, to)
Stretch = tuple[str, str]
PORT = 1
LONG_AGO = "2019-01-01"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def daily(start: str, end: str, days: Sequence[str] = WEEK) -> dict[str, list[tuple[str, str]]]:
    """Return opening hours that are the same on all of the days."""
    return {day: [(start, end)] for day in days}


@dataclass(frozen=True, slots=True)
class Case:
    """One port; Available and online whenever nothing else is said."""

    says: str
    cites: str
    window: Stretch
    #: Minutes: T, T_outage, T_excluded, and the ineligible among T.
    minutes: tuple[float, float, float] | tuple[float, float, float, float]
    #: The uptime as a fraction (up, of all); None: no data.
    value: tuple[float, float] | None
    met: bool | None = None
    #: The same without the ineligible minutes, where there are some.
    without: tuple[float, float] | None = None
    zone: str = "UTC"
    #: (status, from, to)
    down: Sequence[tuple[str, str, str]] = ()
    offline: Sequence[Stretch] = ()
    silent: Sequence[Stretch] = ()
    planned: Sequence[Stretch] = ()
    #: (reason, from, to)
    excluded: Sequence[tuple[str, str, str]] = ()
    hours: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    agreements: Sequence[Agreement] = ()
    seen_from: str = LONG_AGO
    commissioned: Stretch | None = None

    def __str__(self) -> str:
        return self.says

    def at(self, text: str) -> float:
        """Return a time of the row as an instant; "+" after it: the second time it comes."""
        local = datetime.fromisoformat(text.removesuffix("+"))
        fold = int(text.endswith("+"))
        return local.replace(tzinfo=zone_of(self.zone), fold=fold).timestamp()

    def stretch(self, edges: Sequence[str]) -> tuple[float, float]:
        """Return a stretch of the row as instants."""
        start, end = edges
        return self.at(start), self.at(end)

    def measured(self, *lenses: str, windows: Sequence[Stretch] = ()) -> Measured:
        """Return what is measured of the port under the lenses."""
        commissioned = self.stretch(self.commissioned) if self.commissioned else (-inf, inf)
        chosen = [Window(*self.stretch(each)) for each in windows or [self.window]]
        return measured(self.history(lenses), chosen, Window(*commissioned), chosen[-1].end)

    def history(self, lenses: Sequence[str]) -> ChargerHistory:
        """Return what happened as the ledger tells it."""
        port = PortHistory(
            self._statuses(),
            exclusions=sorted(Excluded(*self.stretch(e[1:]), e[0]) for e in self.excluded),
            planned=sorted(Planned(*self.stretch(each)) for each in self.planned),
            silent=[SilentRun(*self.stretch(each)) for each in self.silent],
        )
        under = {PORT: frozenset(lenses) - {"contract"}}
        hours = parse({day: [list(pair) for pair in pairs] for day, pairs in self.hours.items()})
        rules = Rules(self.zone, hours, tuple(self.agreements), under)
        return ChargerHistory({PORT: port}, self._connections(), rules=rules)

    def _statuses(self) -> list[Reported]:
        found, at = [], self.at(LONG_AGO)
        for status, *edges in self.down:
            start, end = self.stretch(edges)
            found += [Reported(at, start, "Available"), Reported(start, end, status)]
            at = end
        return [*found, Reported(at, inf, "Available")]

    def _connections(self) -> list[Connection]:
        found, at = [], self.at(self.seen_from)
        for edges in self.offline:
            start, end = self.stretch(edges)
            found.append(Connection(at, start))
            at = end
        return [*found, Connection(at, inf)]


def check(case: Case, lens: str, seen: LensTotals) -> None:
    """Compare what the lens sees with what was worked out by hand."""
    found = uptime(lens, seen)
    minutes = (found.window, found.outage, found.excluded, found.ineligible)
    assert minutes == pytest.approx((*case.minutes, 0.0)[:4])
    assert found.value == (case.value and pytest.approx(case.value[0] / case.value[1], abs=1e-12))
    without = case.without or case.value
    assert found.without_ineligible == (
        without and pytest.approx(without[0] / without[1], abs=1e-12)
    )
    assert STANDARDS[lens].met(found.value) is case.met


def table(cases: Sequence[Case]) -> Any:
    """Run a test once per row."""
    assert all(case.cites for case in cases)
    return pytest.mark.parametrize("case", cases, ids=str)
