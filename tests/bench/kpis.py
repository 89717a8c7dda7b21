"""What the KPIs of a large fleet cost: rolled up, read, shown and reported.

A year of days is written straight into the rolled-up tables (`past`), raw history (`history`)
only where it is rolled up. Reads are compared between a tenth of the fleet and all of it.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.table import Table

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
#: Seconds of a page, and of a report; bytes of a report.
PAGE, REPORT, REPORT_BYTES = 0.5, 60.0, 500e6
TRIES = 3


def run(table: Table, quick: bool) -> None:
    """Roll histories up, then read a year of a large fleet."""
    from inventory.models import Charger

    # Only these fleets count, whatever other parts left in the database.
    Charger.objects.update(commissioned_at=None)
    _rolled_up(table, *((100, 7) if quick else (1_000, 30)))
    _increment(table, 300 if quick else 10_000)
    _site_month(table)
    Charger.objects.update(commissioned_at=None)
    _year(table, *((400, 60) if quick else (10_000, 365)))


def _rolled_up(table: Table, chargers: int, days: int) -> None:
    """Roll a month of a fleet up, and refresh a day of it."""
    from monitoring.kpis import rollup, running
    from tests.bench.history import generate

    midnight = NOON.replace(hour=1)
    generate(chargers, 2, days + 1, seed=2, until=NOON)
    fleet = f"{chargers:,} chargers × 2 ports"
    for what, seconds, target in (
        (f"KPIs: {days} days rolled up, {fleet}", _timed(rollup.settle, midnight), 60),
        (f"KPIs: these days summed up, {fleet}", _timed(running.extend), 60),
        (f"KPIs: today refreshed at noon, {fleet}", _timed(rollup.refresh, NOON), 5),
        (f"KPIs: a day settled, {fleet}", _timed(rollup.settle, midnight + timedelta(days=1)), 5),
    ):
        table.add(what, f"{seconds:.1f} s", f"< {target} s", seconds < target)


def _increment(table: Table, chargers: int) -> None:
    """Settle and sum up one day of a whole fleet, as the shares of the work are taken."""
    from monitoring.kpis import rollup, running
    from tests.bench.history import generate

    made = generate(chargers, 2, 2, seed=3, until=NOON)
    keys = [charger.pk for charger in made.chargers]
    rollup.settle(NOON - timedelta(days=1), keys)
    running.extend(keys)
    seconds = _timed(rollup.settle, NOON, keys) + _timed(running.extend, keys)
    what = f"KPIs: a day's increment, {chargers:,} chargers × 2 ports, one worker"
    table.add(what, f"{seconds:.1f} s", "< 60 s", seconds < 60)
    seconds = _timed(rollup.refresh, NOON)
    table.add(f"KPIs: today refreshed, {chargers:,} chargers", f"{seconds:.1f} s", "–")


def _site_month(table: Table) -> None:
    from monitoring.kpis import rollup, running
    from monitoring.models import RollupState
    from tests.bench.history import CHARGERS_PER_SITE, generate

    made = generate(CHARGERS_PER_SITE, 2, 31, seed=4, until=NOON)
    keys = [charger.pk for charger in made.chargers]
    rollup.settle(NOON, keys)
    running.extend(keys)
    RollupState.objects.filter(pk__in=keys).update(settled_before=None)
    seconds = _timed(rollup.settle, NOON, keys) + _timed(running.extend, keys)
    what = f"KPIs: a month of a site computed anew, {CHARGERS_PER_SITE} chargers × 2 ports"
    table.add(what, f"{seconds:.1f} s", "< 2 s", seconds < 2)


def _year(table: Table, chargers: int, days: int) -> None:
    """Read a long past of a tenth of a fleet, and of all of it."""
    from inventory.models import Charger, Site
    from monitoring.kpis import running
    from tests.bench import past

    now = datetime.now(UTC)
    seeded = time.perf_counter()
    made = past.seed(chargers, days, now=now)
    table.add(f"KPIs: {days} days of {chargers:,} written", _s(time.perf_counter() - seeded), "–")
    table.add(f"KPIs: {days} days of {chargers:,} summed up", _s(_timed(running.extend)), "–")
    past.vacuum()
    Site.objects.filter(pk__in=[site.pk for site in made.sites]).update(
        organisation=made.organisations[0]
    )
    everyone = Charger.objects.filter(commissioned_at__isnull=False)
    tenth = everyone.filter(site__in=made.sites[: len(made.sites) // 10])
    for name, window in _windows(now, days).items():
        _reads(table, name, window, tenth, everyone, now)
    _pages(table, made, now, days)
    _report(table, made.organisations[0], now, days)


def _windows(now: datetime, days: int) -> Mapping[str, Any]:
    from monitoring.kpis.queries import Days

    today = now.date()
    return {
        "30 days": Days(today - timedelta(days=29), today),
        f"{days} days": Days(today - timedelta(days=days - 1), today),
        "odd days": Days(today - timedelta(days=days * 3 // 4), today - timedelta(days=days // 6)),
    }


def _reads(table: Table, name: str, window: Any, tenth: Any, everyone: Any, now: datetime) -> None:
    from monitoring.kpis.queries import GroupBy, distribution, heat_map, sums, worst_ports
    from monitoring.kpis.wanted import needed

    wanted = needed(["uptime", "online_rate", "session_success", "reconnects"])

    def grouped(by: GroupBy) -> Callable[[Any], Any]:
        return lambda scope: sums(scope, window, by=by, now=now, wanted=wanted)

    reads = {f"by {by}": grouped(by) for by in GroupBy}
    reads["every column"] = lambda scope: sums(scope, window, now=now)
    reads["worst ports"] = lambda scope: worst_ports(scope, window, now=now)
    reads["distribution"] = lambda scope: distribution(scope, window, now=now)
    reads["heat map"] = lambda scope: heat_map(scope, window, now=now)
    for what, read in reads.items():
        few, many = _median(read, tenth), _median(read, everyone)
        table.add(
            f"KPIs: {name}, {what}, {tenth.count():,} and {everyone.count():,} chargers",
            f"{few * 1e3:.0f} and {many * 1e3:.0f} ms, {many / few:.1f} ×",
            "< 500 ms",
            many < PAGE,
        )


def _pages(table: Table, made: Any, now: datetime, days: int) -> None:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["*"], False
    client = Client()
    client.force_login(User.objects.create_superuser("bench-kpis"))
    site, today = made.sites[0], now.date()
    year = f"from={today - timedelta(days=days - 1)}&to={today}"
    pages = {
        "fleet, 30 days": "/kpis/",
        f"fleet, {days} days": f"/kpis/?{year}",
        "fleet by model": "/kpis/?by=model",
        "a site": f"/kpis/?site={site.pk}",
        f"a site, {days} days": f"/kpis/?site={site.pk}&{year}",
        "fleet, hours": "/kpis/?view=hours",
    }
    for name, path in pages.items():
        seconds = _median(_get, (client, path))
        what = f"KPI page: {name}, {len(made.chargers):,} chargers"
        table.add(what, f"{seconds * 1e3:.0f} ms", "< 500 ms", seconds < PAGE)


def _get(asked: tuple[Any, str]) -> None:
    client, path = asked
    response = client.get(path, follow=True)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}.")


def _report(table: Table, organisation: Any, now: datetime, days: int) -> None:
    """Make a report of the whole past in a process of its own, and look at its memory."""
    from cpms.reports import orders

    today = now.date()
    wish = orders.Wish(organisation, "monthly", today - timedelta(days=days), today)
    report = orders.request(wish, by=None, now=now)
    command = [sys.executable, "-m", "tests.bench.kpis", str(report.pk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    told = json.loads(done.stdout.splitlines()[-1])
    table.add(
        f"report of {days} days, an organisation of all chargers",
        f"{told['seconds']:.1f} s, {told['bytes'] / 1e6:.0f} MB",
        "< 60 s, < 500 MB",
        told["done"] and told["seconds"] < REPORT and told["bytes"] < REPORT_BYTES,
    )


def _make(report: int) -> None:
    import django

    django.setup()
    from cpms.reports import making

    started = time.perf_counter()
    done = making.make(report)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"done": done, "seconds": seconds, "bytes": peak}))


def _median(work: Callable[[Any], Any], argument: Any) -> float:
    return sorted(_timed(work, argument) for _try in range(TRIES))[TRIES // 2]


def _timed(work: Callable[..., Any], *arguments: Any) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def _s(seconds: float) -> str:
    return f"{seconds:.1f} s"


if __name__ == "__main__":
    _make(int(sys.argv[1]))
