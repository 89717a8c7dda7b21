"""The statement that keeps what chargers told of their settings, and what changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from monitoring.facts import Told
from monitoring.statements.records import columns

#: Settings kept per charger; what goes beyond is left out.
MOST_VARIABLES = 20_000
#: Changes kept per charger until the oldest are thinned out (`monitoring.variables.thin_out`).
MOST_CHANGES = 20_000

#: Beyond the quota only what is known already is kept up to date. What is told without a
#: characteristic keeps those that are known. Events come often: one change a minute is enough.
VARIABLES = """
WITH told AS (
    SELECT DISTINCT ON (c, component, ci, evse, connector, variable, instance, attribute) *
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::int[], %s::text[],
                  %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::boolean[],
                  %s::timestamptz[], %s::text[], %s::text[], %s::uuid[])
           WITH ORDINALITY AS n (c, component, ci, evse, connector, variable, instance,
                                 attribute, value, mutability, characteristics, unknown, at,
                                 source, by, command, nth)
     ORDER BY c, component, ci, evse, connector, variable, instance, attribute, at DESC, nth DESC
), old AS (
    SELECT told.nth, v.value AS was, v.changed_at
      FROM told
      JOIN monitoring_reportedvariable v
        ON (v.charger_id, v.component, v.component_instance, v.evse, v.connector, v.variable,
            v.instance, v.attribute)
         = (c, told.component, ci, told.evse, told.connector, told.variable, told.instance,
            told.attribute)
     WHERE v.reported_at <= told.at
), kept AS (
    SELECT charger_id, count(*) AS variables FROM monitoring_reportedvariable
     WHERE charger_id IN (SELECT c FROM told) GROUP BY charger_id
), written AS (
    INSERT INTO monitoring_reportedvariable AS v
           (charger_id, component, component_instance, evse, connector, variable, instance,
            attribute, value, mutability, characteristics, unknown, reported_at, source)
    SELECT c, component, ci, evse, connector, variable, instance, attribute, value, mutability,
           characteristics, unknown, at, source
      FROM told LEFT JOIN kept ON kept.charger_id = c
     WHERE COALESCE(kept.variables, 0) < %s OR nth IN (SELECT nth FROM old)
    ON CONFLICT (charger_id, component, component_instance, evse, connector, variable, instance,
                 attribute)
    DO UPDATE SET value = CASE WHEN excluded.unknown THEN v.value ELSE excluded.value END,
                  mutability = COALESCE(NULLIF(excluded.mutability, ''), v.mutability),
                  characteristics = COALESCE(excluded.characteristics, v.characteristics),
                  unknown = excluded.unknown, reported_at = excluded.reported_at,
                  source = excluded.source,
                  changed_at = CASE WHEN v.value = excluded.value OR excluded.unknown
                                    THEN v.changed_at ELSE excluded.reported_at END
            WHERE v.reported_at <= excluded.reported_at
), changed AS (
    SELECT told.*, old.was FROM told JOIN old USING (nth)
     WHERE NOT unknown
       AND (value <> was OR (source = 'change' AND value = '********'))
       AND (source <> 'event' OR old.changed_at IS NULL
            OR old.changed_at < at - interval '1 minute')
), room AS (
    SELECT c FROM (SELECT DISTINCT c FROM changed) d
     CROSS JOIN LATERAL (
        SELECT count(*) AS many FROM (
            SELECT 1 FROM monitoring_variablechange h WHERE h.charger_id = d.c LIMIT %s
        ) h
     ) counted
     WHERE counted.many < %s
)
INSERT INTO monitoring_variablechange
       (charger_id, component, component_instance, evse, connector, variable, instance, attribute,
        was, value, at, source, by, command)
SELECT c, component, ci, evse, connector, variable, instance, attribute, was, value, at, source,
       by, command
  FROM changed WHERE c IN (SELECT c FROM room)
"""

Row = tuple[Any, ...]


def row(
    charger_id: int,
    told: Told,
    at: datetime,
    source: str,
    by: str = "",
    command: UUID | None = None,
) -> Row:
    """Return what the statement wants of a setting."""
    return (charger_id, *told, at, source, by, command)


def parameters(rows: Iterable[Row]) -> tuple[Any, ...]:
    """Return the parameters of `VARIABLES`; there must be rows."""
    return (*columns(rows), MOST_VARIABLES, MOST_CHANGES, MOST_CHANGES)
