"""The weather at a site: for each charger and day, for how long it was in which state.

Read from the daily roll-ups, in the site's own days: what isn't computed yet, or was never
seen, is no data and looks like none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet, Sum

from inventory import access
from inventory.models import Charger, Lifecycle, Site
from monitoring.kpis.totals import PortTotals
from monitoring.models import DailyKpi

DAYS = 30
PAGE_SIZE = 20
TIMES = ("up", "offline", "faulted", "unavailable", "no_data")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one charger, or of the whole site: port-seconds by state."""

    day: date
    totals: PortTotals


@dataclass(frozen=True, slots=True)
class Bar:
    """The days of one charger ("" is the site as a whole), and all of them together."""

    identity: str
    cells: list[Cell]
    whole: PortTotals


@dataclass(frozen=True, slots=True)
class Weather:
    """The last `DAYS` days: the whole site, and a page of its chargers, the worst first."""

    days: list[date]
    site: Bar
    page: Page[Any]
    bars: list[Bar]


def weather(user: User, site: Site, now: datetime, number: int) -> Weather:
    """Return page `number` of the site's weather; three queries."""
    today = now.astimezone(ZoneInfo(site.timezone)).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    chargers = access.chargers(user).filter(site=site)
    present = chargers.exclude(lifecycle=Lifecycle.DECOMMISSIONED)
    page = Paginator(_worst_first(present, days), PAGE_SIZE).get_page(number)
    shown = dict(page.object_list)
    found = _by_day(present.filter(pk__in=list(shown)), days)
    return Weather(
        days=days,
        site=_bar("", _of_site(present, days), days),
        page=page,
        bars=[_bar(identity, found.get(key, {}), days) for key, identity in shown.items()],
    )


def _rows(chargers: QuerySet[Charger], days: list[date]) -> QuerySet[DailyKpi]:
    window = Q(day__range=(days[0], days[-1]))
    return DailyKpi.objects.filter(window, charger__in=chargers.order_by()).order_by()


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name, default=0.0) for name in TIMES}


def _worst_first(chargers: QuerySet[Charger], days: list[date]) -> list[tuple[int, str]]:
    outage = Sum(F("offline") + F("faulted") + F("unavailable"), default=0.0)
    lost = dict(_rows(chargers, days).values_list("charger").annotate(outage=outage))
    names = chargers.order_by("identity").values_list("pk", "identity")
    return sorted(names, key=lambda charger: -lost.get(charger[0], 0.0))


def _by_day(chargers: QuerySet[Charger], days: list[date]) -> dict[int, dict[date, PortTotals]]:
    found: dict[int, dict[date, PortTotals]] = {}
    rows = _rows(chargers, days).values("charger", "day").annotate(**_sums())
    for row in rows:
        found.setdefault(row["charger"], {})[row["day"]] = _totals(row)
    return found


def _of_site(chargers: QuerySet[Charger], days: list[date]) -> dict[date, PortTotals]:
    rows = _rows(chargers, days).values("day").annotate(**_sums())
    return {row["day"]: _totals(row) for row in rows}


def _totals(row: Mapping[str, Any]) -> PortTotals:
    return PortTotals(**{name: row[f"sum_{name}"] for name in TIMES})


def _bar(identity: str, found: Mapping[date, PortTotals], days: Iterable[date]) -> Bar:
    cells = [Cell(day, found.get(day, PortTotals())) for day in days]
    whole = PortTotals()
    for cell in cells:
        whole.add(cell.totals)
    return Bar(identity, cells, whole)


#: What a day's column is stacked of, from below; the rest, without data, stays empty.
STACK = (("up", "available"), ("unavailable", "unavailable"), ("faulted", "faulted"),
         ("offline", "offline"))  # fmt: skip


def shares(totals: PortTotals) -> Iterator[tuple[str, float]]:
    """Yield (state, share from 0 to 1) of a day's column from below; "" is no data, above."""
    whole = totals.measured + totals.no_data
    if not whole:
        return
    for name, state in STACK:
        if seconds := getattr(totals, name):
            yield state, seconds / whole
    if totals.no_data:
        yield "", totals.no_data / whole
