"""How long the KPIs take on a generated past: one process computes, PostgreSQL in another."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.table import Table

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def run(table: Table, quick: bool) -> None:
    """Roll a month of a fleet up, refresh a day of it, and read it in every grouping."""
    from inventory.models import Charger
    from monitoring.kpis import rollup
    from tests.bench.history import generate

    chargers, days = (100, 7) if quick else (1_000, 30)
    midnight = NOON.replace(hour=1)
    # Only this fleet counts, whatever other parts left in the database.
    Charger.objects.update(commissioned_at=None)
    generate(chargers, 2, days + 1, seed=2, until=NOON)
    fleet = f"{chargers:,} chargers × 2 ports"
    for what, seconds, target in (
        (f"KPIs: {days} days rolled up, {fleet}", _timed(rollup.settle, midnight), 60),
        (f"KPIs: today refreshed at noon, {fleet}", _timed(rollup.refresh, NOON), 5),
        (f"KPIs: a day settled, {fleet}", _timed(rollup.settle, midnight + timedelta(days=1)), 5),
    ):
        table.add(what, f"{seconds:.1f} s", f"< {target} s", seconds < target)
    _reads(table, days, fleet)


def _reads(table: Table, days: int, fleet: str) -> None:
    from inventory.models import Charger
    from monitoring.kpis.queries import Days, GroupBy

    month = Days(NOON.date() - timedelta(days=days - 1), NOON.date())
    everyone = Charger.objects.filter(commissioned_at__isnull=False)
    one = everyone.filter(pk=everyone.order_by("pk")[0].pk)
    for by in (GroupBy.FLEET, GroupBy.ORGANISATION, GroupBy.SITE, GroupBy.CHARGER):
        best = _read(everyone, month, by)
        table.add(f"KPIs: {days} days by {by} read, {fleet}", _ms(best), "< 100 ms", best < 0.1)
    best = _read(one, month, GroupBy.PORT)
    table.add(f"KPIs: {days} days of one charger by port read", _ms(best), "< 100 ms", best < 0.1)


def _read(chargers: Any, window: Any, by: Any) -> float:
    """Return the median of five tries, seconds."""
    from monitoring.kpis.queries import figures

    return sorted(_timed(figures, chargers, window, by=by, now=NOON) for _try in range(5))[2]


def _timed(work: Callable[..., Any], *arguments: Any, **options: Any) -> float:
    started = time.perf_counter()
    work(*arguments, **options)
    return time.perf_counter() - started


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
