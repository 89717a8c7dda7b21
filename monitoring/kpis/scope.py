"""Which chargers and days are counted, as a statement that reads a rolled-up table begins.

A statement that begins with `Scope.opening` has `scope` (charger, zone, key) to join.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from inventory.models import Charger
from monitoring.days import parts, zone_of
from monitoring.kpis.groups import GroupBy, Key, key_of
from monitoring.kpis.windows import Days, Window, last_day

OPENING = "WITH scope (charger, zone, key) AS MATERIALIZED ({scope})\n"
#: The days that are wanted at sites of each time zone.
OF_ZONES = """
EXISTS (SELECT FROM unnest(%s::text[], %s::date[], %s::date[]) AS w (zone, first, last)
         WHERE w.zone = s.zone AND d.day BETWEEN w.first AND w.last)
"""
BETWEEN = "d.day BETWEEN %s AND %s"


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

    def execute(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement after its opening; none where nothing is in scope."""
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

    def days(self, window: Window, now: datetime) -> tuple[str, tuple[Any, ...]]:
        """Return which whole days `d` are in the window, as a condition and its parameters."""
        if isinstance(window, Days):
            return BETWEEN, (window.first, window.last)
        found: list[tuple[str, date, date]] = []
        for name in self.zones():
            whole, _cut = parts(window.start, window.end, now, zone_of(name))
            if whole:
                found.append((name, whole[0], whole[-1]))
        return OF_ZONES, tuple(list(column) for column in zip(*found, strict=True)) or ([], [], [])
