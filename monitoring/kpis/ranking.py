"""Which ports cost the most time, how uptimes are spread, and in which hours time is lost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.kpis import site_days
from monitoring.kpis.reading import PORTS, of_site_days, union
from monitoring.kpis.scope import Plan, Scope
from monitoring.kpis.totals import HOURS
from monitoring.kpis.windows import Days

WEEKDAYS = 7
#: Least uptime of each class; ports below the last are a class as well.
CLASSES = (1.0, 0.999, 0.99, 0.98, 0.97, 0.95, 0.9, 0.75)
#: Columns that tell what a port lost, and of how much time.
_COLUMNS = {
    "raw": ("up", "planned", "offline", "faulted", "unavailable", "silent"),
    "nevi": ("nevi_window", "nevi_outage", "nevi_excluded"),
    "uk": ("uk_window", "uk_outage"),
    "california": ("california_window", "california_outage", "california_excluded"),
    "contract": ("contract_window", "contract_outage", "contract_excluded"),
}
_LOST = {
    "raw": "sum(offline) + sum(faulted) + sum(unavailable) + sum(silent)",
    "nevi": "sum(nevi_outage) - sum(nevi_excluded)",
    "uk": "sum(uk_outage)",
    "california": "sum(california_outage) - sum(california_excluded)",
    "contract": "sum(contract_outage) - sum(contract_excluded)",
}
_OF = {lens: f"sum({lens}_window)" for lens in _LOST if lens != "raw"} | {
    "raw": f"sum(up) + sum(planned) + {_LOST['raw']}"
}
WORST = """,
lost AS (SELECT key AS evse_id, {lost} AS lost, sum(outages) AS outages
           FROM ({parts}) x
          GROUP BY 1)
SELECT e.id, e.number, c.id, c.identity, t.id, t.name, w.lost, w.outages::int8, w.whole
  FROM (SELECT evse_id, lost, outages, sum(lost) OVER () AS whole
          FROM lost
         WHERE lost > 0
         ORDER BY lost DESC, evse_id
         LIMIT %s) w
  JOIN inventory_evse e ON e.id = w.evse_id
  JOIN inventory_charger c ON c.id = e.charger_id
  JOIN inventory_site t ON t.id = c.site_id
 ORDER BY w.lost DESC, w.evse_id
"""
SPREAD = """
SELECT width_bucket(1 - lost / NULLIF(measured, 0), %s::float8[]) AS class, count(*), sum(lost)
  FROM (SELECT {lost} AS lost, {of} AS measured FROM ({parts}) x GROUP BY key) p
 WHERE {under}
 GROUP BY 1
"""
WEEKDAY = "date_part('isodow', d.day)::int"
HEAT = "SELECT key, {hours} FROM ({rows}) x GROUP BY 1"


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
    chargers: QuerySet[Charger],
    days: Days,
    *,
    lens: str = "raw",
    now: datetime,
    limit: int = 20,
    plan: Plan | None = None,
) -> list[Worst]:
    """Return the ports that lost the most time under `lens`, most first; none that lost none.

    `plan` is `plan_of` these chargers and days, if it is known already.
    """
    scope = Scope.of(chargers, days)
    plan = plan or scope.plans(days, now)[0]
    parts, parameters = union(PORTS, plan, "o.evse_id", (*_COLUMNS[lens], "outages"))
    statement = WORST.format(lost=_LOST[lens], parts=parts)
    return list(_ranked(scope.execute(statement, (*parameters, limit))))


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
    chargers: QuerySet[Charger],
    days: Days,
    *,
    lens: str = "raw",
    now: datetime,
    plan: Plan | None = None,
) -> list[Bucket]:
    """Return how many ports have which uptime under `lens`, best first, those of no data last.

    Ports that the lens doesn't look at are not counted.
    """
    scope = Scope.of(chargers, days)
    plan = plan or scope.plans(days, now)[0]
    parts, parameters = union(PORTS, plan, "o.evse_id", _COLUMNS[lens])
    under = "true" if lens == "raw" else "measured > 0"
    statement = SPREAD.format(lost=_LOST[lens], of=_OF[lens], parts=parts, under=under)
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
    column = {"lost": "lost_hours", "busy": "busy_hours"}[what]
    split = site_days.split(scope, days.first, days.last)
    values = {f"h{hour}": f"d.{column}[{hour + 1}]" for hour in range(HOURS)}
    rows, parameters = of_site_days(PORTS, split, days, WEEKDAY, values)
    statement = HEAT.format(hours=", ".join(f"sum({hour})" for hour in values), rows=rows)
    found = [[0.0] * HOURS for _day in range(WEEKDAYS)]
    for weekday, *seconds in scope.execute(statement, parameters):
        found[weekday - 1] = [float(each or 0) for each in seconds]
    return found
