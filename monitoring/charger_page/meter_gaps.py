"""Stretches of a session in which no meter value came, though others of it came regularly."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from inventory.models import Charger
from monitoring.models import Session

#: A gap is longer than so many of the session's usual intervals, and than this.
TIMES, SHORTEST = 3, timedelta(minutes=2)
#: Samples looked at.
MOST = 50_000
_GAPS = """
WITH sampled AS (
    SELECT DISTINCT at FROM monitoring_metersample
     WHERE charger_id = %(charger)s AND at >= %(start)s AND at <= %(end)s
       AND session_id = %(session)s
     LIMIT %(most)s
), gaps AS (
    SELECT at - lag(at) OVER (ORDER BY at) AS lasted FROM sampled
     UNION ALL SELECT %(end)s - max(at) FROM sampled
), usual AS (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY lasted) AS lasted, count(lasted) AS many
      FROM gaps
)
SELECT count(*), max(g.lasted) FROM gaps g, usual u
 WHERE u.many > 3 AND g.lasted > GREATEST(%(times)s * u.lasted, %(shortest)s)
"""


@dataclass(frozen=True, slots=True)
class Gaps:
    """How many there are, and how long the longest is."""

    count: int
    longest: timedelta


def of_session(charger: Charger, session: Session, now: datetime) -> Gaps | None:
    """Return the gaps in a session's meter values, None where there is none; one query."""
    values: dict[str, Any] = {
        "charger": charger.pk, "session": session.pk, "start": session.started,
        "end": session.ended or now, "most": MOST, "times": TIMES, "shortest": SHORTEST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, values)
        count, longest = cursor.fetchone()
    return Gaps(count, longest) if count else None
