"""Which ports cost the most time, how uptimes are spread, and in which hours time is lost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.kpis.scope import Scope
from monitoring.kpis.totals import HOURS
from monitoring.kpis.windows import Days

WEEKDAYS = 7
#: Least uptime of each class; ports below the last are a class as well.
CLASSES = (1.0, 0.999, 0.99, 0.98, 0.97, 0.95, 0.9, 0.75)
_LOST = {
    "raw": "d.offline + d.faulted + d.unavailable + d.silent",
    "nevi": "d.nevi_outage - d.nevi_excluded",
    "uk": "d.uk_outage",
    "california": "d.california_outage - d.california_excluded",
    "contract": "d.contract_outage - d.contract_excluded",
}
_OF = {lens: f"d.{lens}_window" for lens in _LOST if lens != "raw"} | {
    "raw": f"d.up + d.planned + {_LOST['raw']}"
}
WORST = """,
lost AS (SELECT d.evse_id, sum({lost}) AS lost, sum(d.outages) AS outages
           FROM scope s
           JOIN monitoring_dailykpi d ON d.charger_id = s.charger
          WHERE {days} AND {lost} > 0
          GROUP BY 1)
SELECT e.id, e.number, c.id, c.identity, t.id, t.name, w.lost, w.outages, w.whole
  FROM (SELECT evse_id, lost, outages, sum(lost) OVER () AS whole
          FROM lost
         ORDER BY lost DESC, evse_id
         LIMIT %s) w
  JOIN inventory_evse e ON e.id = w.evse_id
  JOIN inventory_charger c ON c.id = e.charger_id
  JOIN inventory_site t ON t.id = c.site_id
 ORDER BY w.lost DESC, w.evse_id
"""
SPREAD = """
SELECT width_bucket(1 - lost / NULLIF(measured, 0), %s::float8[]) AS class, count(*), sum(lost)
  FROM (SELECT sum({lost}) AS lost, sum({of}) AS measured
          FROM scope s
          JOIN monitoring_dailykpi d ON d.charger_id = s.charger
         WHERE {days} {under}
         GROUP BY d.evse_id) p
 GROUP BY 1
"""
HEAT = """
SELECT date_part('isodow', d.day)::int, {hours}
  FROM scope s
  JOIN monitoring_dailykpi d ON d.charger_id = s.charger
 WHERE {days} AND d.{column} IS NOT NULL
 GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Worst:
    """A port that lost time, and how much of all that was lost."""

    evse_id: int
    #: Identity and number.
    label: str
    charger_id: int
    identity: str
    site_id: int
    site: str
    #: Seconds, without what the lens excludes.
    lost: float
    #: Outages that began.
    outages: int
    #: 0 to 1, of all time that the scope lost; alone, and together with those that are worse.
    share: float
    cumulative: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """Ports with an uptime in [least, below); None and None: those without any data."""

    least: float | None
    below: float | None
    ports: int
    #: Seconds that they lost.
    lost: float


def worst_ports(
    chargers: QuerySet[Charger], days: Days, *, lens: str = "raw", now: datetime, limit: int = 20
) -> list[Worst]:
    """Return the ports that lost the most time under `lens`, most first; none that lost none."""
    scope = Scope.of(chargers, days)
    condition, parameters = scope.days(days, now)
    statement = WORST.format(lost=_LOST[lens], days=condition)
    rows = scope.execute(statement, (*parameters, limit))
    return list(_ranked(rows))


def _ranked(rows: Iterable[tuple[Any, ...]]) -> Iterator[Worst]:
    before = 0.0
    for evse, number, charger, identity, site, site_name, lost, outages, whole in rows:
        before += lost
        yield Worst(
            evse_id=evse,
            label=f"{identity}/{number}",
            charger_id=charger,
            identity=identity,
            site_id=site,
            site=site_name,
            lost=lost,
            outages=outages,
            share=min(lost / whole, 1.0),
            cumulative=min(before / whole, 1.0),
        )


def distribution(
    chargers: QuerySet[Charger], days: Days, *, lens: str = "raw", now: datetime
) -> list[Bucket]:
    """Return how many ports have which uptime under `lens`, best first, those of no data last."""
    scope = Scope.of(chargers, days)
    condition, parameters = scope.days(days, now)
    under = "" if lens == "raw" else f"AND d.{lens}_window IS NOT NULL"
    statement = SPREAD.format(lost=_LOST[lens], of=_OF[lens], days=condition, under=under)
    limits = sorted(CLASSES)
    rows = scope.execute(statement, (limits, *parameters))
    found = {place: (count, lost) for place, count, lost in rows}
    highs, lows = [*limits[1:], None], limits
    classes = [(0.0, limits[0]), *zip(lows, highs, strict=True)]
    buckets = [Bucket(*ends, *found.get(n, (0, 0.0))) for n, ends in enumerate(classes)]
    return [*reversed(buckets), Bucket(None, None, found.get(None, (0,))[0], 0.0)]


def heat_map(
    chargers: QuerySet[Charger], days: Days, *, what: str = "lost", now: datetime
) -> list[list[float]]:
    """Return seconds by weekday, Monday first, and local hour: "lost" in outage, "busy" charging.

    Of all ports together, raw lens.
    """
    scope = Scope.of(chargers, days)
    condition, parameters = scope.days(days, now)
    column = {"lost": "lost_hours", "busy": "busy_hours"}[what]
    hours = ", ".join(f"sum(d.{column}[{hour + 1}])" for hour in range(HOURS))
    statement = HEAT.format(hours=hours, days=condition, column=column)
    found = [[0.0] * HOURS for _day in range(WEEKDAYS)]
    for weekday, *seconds in scope.execute(statement, parameters):
        found[weekday - 1] = [float(each or 0) for each in seconds]
    return found
