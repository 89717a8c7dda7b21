"""Which chargers are counted, as a statement that reads rolled-up tables begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from inventory.models import Charger
from monitoring.days import parts, zone_of
from monitoring.kpis.groups import GroupBy, Key, key_of
from monitoring.kpis.windows import Days, Window, last_day

#: Not materialised: several processes can read the rows of a large scope.
OPENING = "WITH scope (charger, zone, key) AS NOT MATERIALIZED ({scope})\n"
BEFORE = """
SELECT n.before, count(*)
  FROM scope s
  LEFT JOIN monitoring_runningstate n ON n.charger_id = s.charger
 GROUP BY 1
"""
#: Sums may be so much older than the newest, and their chargers are no laggards.
ABOUT_AS_NEW = timedelta(days=3)
#: A shorter window is read day by day.
WORTH_IT = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the days from `first` to `last` are read.

    Up to the day before `summed` from sums, the others day by day. Where some chargers have
    fewer sums, `laggards`, all of their days are read.
    """

    first: date
    last: date
    #: None: all are read day by day.
    summed: date | None
    laggards: bool
    #: Only chargers of these time zones; None: all.
    zones: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The chargers that are counted with their zones and the keys of their groups."""

    rows: Any

    @classmethod
    def of(
        cls, chargers: QuerySet[Charger], window: Window, by: GroupBy = GroupBy.FLEET
    ) -> "Scope":
        """Return the scope of `chargers`, whatever their queryset selects and orders by."""
        plain = Charger.objects.order_by().filter(pk__in=chargers.order_by().values("pk"))
        rows = plain.annotate(kpi_zone=F("site__timezone"), kpi_key=key_of(by, last_day(window)))
        return cls(rows.values_list("pk", "kpi_zone", "kpi_key"))

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that has `scope` (charger, zone, key) to join."""
        try:
            scope, of_scope = self.rows.query.sql_with_params()
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute(OPENING.format(scope=scope) + statement, (*of_scope, *parameters))
            return list(cursor.fetchall())

    def zones(self) -> list[str]:
        """Return the time zones."""
        return sorted(set(self.rows.values_list("kpi_zone", flat=True).distinct()))

    def keys(self) -> set[Key]:
        """Return the keys of the groups."""
        return set(self.rows.values_list("kpi_key", flat=True).distinct())

    def chargers(self, zone: str) -> Mapping[int, Key]:
        """Return the chargers of a zone, and the keys of their groups."""
        return {pk: key for pk, _zone, key in self.rows.filter(kpi_zone=zone)}

    def plans(self, window: Window, now: datetime) -> list[Plan]:
        """Return how the whole days of the window are read."""
        if isinstance(window, Days):
            return [self._plan(window.first, window.last)]
        spans: dict[tuple[date, date], list[str]] = {}
        for name in self.zones():
            whole, _cut = parts(window.start, window.end, now, zone_of(name))
            if whole:
                spans.setdefault((whole[0], whole[-1]), []).append(name)
        return [self._plan(*span, tuple(names)) for span, names in spans.items()]

    def _plan(self, first: date, last: date, zones: tuple[str, ...] | None = None) -> Plan:
        """Read most chargers' days from sums, if that is worth it."""
        if last - first < WORTH_IT:
            return Plan(first, last, None, laggards=False, zones=zones)
        counts = dict(self.execute(BEFORE))
        known = [before for before in counts if before is not None]
        newest = max(known, default=first)
        summed = min([before for before in known if before >= newest - ABOUT_AS_NEW], default=first)
        if summed - first < WORTH_IT:
            return Plan(first, last, None, laggards=False, zones=zones)
        summed = min(summed, last + timedelta(days=1))
        laggards = any(before is None or before < summed for before in counts)
        return Plan(first, last, summed, laggards, zones)


def plan_of(chargers: QuerySet[Charger], days: Days, now: datetime) -> Plan:
    """Return how the days of these chargers are read, for what is read of them several times."""
    (plan,) = Scope.of(chargers, days).plans(days, now)
    return plan
