"""The statement that adds what pings found to the days of their chargers."""

from collections.abc import Iterable

from monitoring.facts import Pinged
from monitoring.kpis.totals import RTT_BOUNDS
from monitoring.statements.records import records

_CLASSES = range(1, len(RTT_BOUNDS) + 2)
_SUMS = ", ".join(f"sum(n.round_trips[{number}])" for number in _CLASSES)
_BOTH = ", ".join(f"p.round_trips[{n}] + excluded.round_trips[{n}]" for n in _CLASSES)
PINGS = f"""
INSERT INTO monitoring_pingday AS p (charger_id, day, first, round_trips, missed)
SELECT n.charger_id, (n.at AT TIME ZONE s.timezone)::date, min(n.at), ARRAY[{_SUMS}], sum(n.missed)
  FROM json_to_recordset(%s::json)
       AS n (charger_id bigint, at timestamptz, round_trips int[], missed int)
  JOIN inventory_charger c ON c.id = n.charger_id
  JOIN inventory_site s ON s.id = c.site_id
 GROUP BY 1, 2
 ORDER BY 1, 2
ON CONFLICT (charger_id, day) DO UPDATE
   SET first = LEAST(p.first, excluded.first), missed = p.missed + excluded.missed,
       round_trips = ARRAY[{_BOTH}]
"""


def parameters(pings: Iterable[Pinged]) -> tuple[str]:
    """Return the parameters of `PINGS`."""
    rows = ((each.charger_id, each.at, each.round_trips, each.missed) for each in pings)
    return records(("charger_id", "at", "round_trips", "missed"), rows)
