"""How long the KPIs take, on a generated past: `python -m tests.bench.kpis`.

It starts servers of its own. One process computes everything, one chunk after the other, and
PostgreSQL works for it in another, so a second of it is at most a second of two cores.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = tuple[str, float, str]
NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def measure(chargers: int, ports: int, days: int) -> list[Row]:
    """Return (what, seconds, remark) for a fleet in an empty database."""
    from monitoring import rollup
    from tests.bench.history import generate

    midnight = NOON.replace(hour=1)
    made: list[Row] = []

    def timed(what: str, work: Callable[[], Any], remark: Callable[[Any], str] = str) -> None:
        started = time.perf_counter()
        result = work()
        made.append((what, time.perf_counter() - started, remark(result)))

    timed(
        "generate the past",
        lambda: generate(chargers, ports, days + 1, until=NOON),
        lambda history: ", ".join(f"{n:,} {table[11:]}" for table, n in history.rows.items()),
    )
    timed("roll up all days", lambda: rollup.settle(midnight), "{:,} charger-days".format)
    timed("refresh today at noon", lambda: rollup.refresh(NOON), "{:,} chargers".format)
    timed("refresh today again", lambda: rollup.refresh(NOON + timedelta(seconds=30)))
    tomorrow = midnight + timedelta(days=1)
    timed("settle one more day", lambda: rollup.settle(tomorrow), "{:,} charger-days".format)
    made.extend(_reads(days))
    return made


def _reads(days: int) -> list[Row]:
    from inventory.models import Charger
    from monitoring.kpi_queries import Days, GroupBy, Instants

    last = NOON.date()
    month = Days(last - timedelta(days=days - 1), last)
    day = Instants(NOON - timedelta(hours=24), NOON)
    everyone = Charger.objects.all()
    one = Charger.objects.filter(pk=everyone.order_by("pk")[0].pk)
    return [
        *((f"read {days} days by {by}", _best(everyone, month, by), "") for by in GroupBy),
        ("read a charger's days by port", _best(one, month, GroupBy.PORT), ""),
        ("read a charger's last 24 hours", _best(one, day, GroupBy.FLEET), ""),
        ("read the fleet's last 24 hours", _best(everyone, day, GroupBy.FLEET), ""),
    ]


def _best(chargers: Any, window: Any, by: Any) -> float:
    from monitoring.kpi_queries import figures

    times = []
    for _run in range(3):
        started = time.perf_counter()
        figures(chargers, window, by=by, now=NOON)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chargers", type=int, default=1_000)
    parser.add_argument("--ports", type=int, default=2)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kilowatch-bench-") as folder:
        os.environ.update(DATA=folder, DJANGO_SETTINGS_MODULE="cpms.settings")
        from cpms import embedded

        with embedded.start(Path(folder)):
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            for what, seconds, remark in measure(**vars(options)):
                print(f"{what:<36} {seconds:9.3f} s   {remark}")


if __name__ == "__main__":
    main()
