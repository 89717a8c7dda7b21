"""What exclusions take out: ports, outages and seconds of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

COVERED = """
SELECT x.id, count(DISTINCT o.evse_id), count(*),
       sum(extract(epoch FROM LEAST(COALESCE(o.ended, o.until), x.ended)
                              - GREATEST(o.started, x.started))
           * (o.offline + o.faulted + o.unavailable + o.silent)
           / extract(epoch FROM COALESCE(o.ended, o.until) - o.started))
  FROM monitoring_exclusion x
  JOIN inventory_charger c
    ON c.id = x.charger_id OR (x.charger_id IS NULL AND c.site_id = x.site_id)
  JOIN monitoring_outage o ON o.charger_id = c.id AND o.evse_id = COALESCE(x.evse_id, o.evse_id)
   AND o.started < x.ended AND COALESCE(o.ended, o.until) > GREATEST(o.started, x.started)
 WHERE x.id = ANY (%s)
 GROUP BY x.id
"""


@dataclass(frozen=True, slots=True)
class Covered:
    """How many ports and outages it meets, and the seconds that it takes out of them."""

    ports: int = 0
    outages: int = 0
    seconds: float = 0.0


def covered(exclusions: Sequence[int]) -> dict[int, Covered]:
    """Return what each of the exclusions (keys) meets, whether it is approved or not."""
    with connection.cursor() as cursor:
        cursor.execute(COVERED, (list(exclusions),))
        met = {
            key: Covered(ports, outages, float(seconds or 0))
            for key, ports, outages, seconds in cursor.fetchall()
        }
    return {key: met.get(key, Covered()) for key in exclusions}
