"""What stands above the bars of a history: reboots, new firmware, events, and sessions.

Both lanes are bounded: what falls into one bucket of the window is one mark.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from inventory.models import Charger
from monitoring.charger_page.window import Window
from monitoring.models.events import TOLD

BUCKETS = 160
#: Sessions that are drawn one by one.
MOST_SESSIONS = 250
#: Sessions that are summed; a charger has fewer in a year.
MOST_SUMMED = 50_000
#: A session that began longer before the window isn't looked for.
LONGEST_SESSION = timedelta(days=14)

#: The last boot before the window says whether the first one in it has new firmware.
_MARKS = """
SELECT kind, count(*), min(at), max(text) FROM (
    SELECT CASE WHEN kind = 'boot' AND firmware <> coalesce(before, firmware) THEN 'firmware'
                ELSE kind END AS kind,
           at, CASE WHEN kind = 'boot' THEN firmware ELSE code END AS text
      FROM (SELECT kind, at, code, firmware,
                   lag(firmware) OVER (PARTITION BY kind ORDER BY at) AS before
              FROM (SELECT kind, at, code, coalesce(data->>'firmware_version', '') AS firmware
                      FROM ((SELECT kind, at, code, data FROM monitoring_event
                              WHERE charger_id = %(charger)s AND kind = ANY (%(kinds)s)
                                AND at >= %(start)s AND at < %(end)s
                              ORDER BY at DESC LIMIT 50000)
                             UNION ALL
                            (SELECT kind, at, code, data FROM monitoring_event
                              WHERE charger_id = %(charger)s AND kind = 'boot'
                                AND at < %(start)s
                              ORDER BY at DESC LIMIT 1)) AS found) AS told) AS e
     WHERE at >= %(start)s
 ) AS marked
 GROUP BY kind, date_bin(%(width)s, at, %(start)s) ORDER BY 3
"""
#: Sessions are one by one where they are few: then each is a group of its own.
_BOUTS = """
SELECT min(started), max(coalesce(ended, %(end)s)), count(*), coalesce(sum(energy), 0.0),
       CASE WHEN max(number) <= %(few)s THEN min(id) END, bool_or(ended IS NULL), min(evse_id)
  FROM (SELECT id, started, ended, energy, evse_id, count(*) OVER () AS number
          FROM (SELECT id, started, ended, energy, evse_id FROM monitoring_session
                 WHERE charger_id = %(charger)s AND started >= %(earliest)s AND started < %(end)s
                   AND (ended IS NULL OR ended > %(start)s)
                 ORDER BY started DESC LIMIT %(most)s) AS shown) AS counted
 GROUP BY CASE WHEN number <= %(few)s THEN id END, date_bin(%(width)s, started, %(start)s)
 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """`count` things of a kind at about the same time; `text` is the code of one of them."""

    kind: str
    count: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Bout:
    """A session, or the `count` sessions that began in one bucket; energy in Wh."""

    start: datetime
    end: datetime
    count: int
    energy: float
    #: The session, where it is shown by itself.
    session: int | None
    running: bool
    port: int | None = None


def marks(charger: Charger, window: Window) -> list[Mark]:
    """Return the marks of the window, in order; one query."""
    values: dict[str, Any] = {"charger": charger.pk, "kinds": list(TOLD), "start": window.start}
    values |= {"end": window.end, "width": window.length / BUCKETS}
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, values)
        return [Mark(*row) for row in cursor.fetchall()]


def bouts(charger: Charger, window: Window) -> list[Bout]:
    """Return the sessions of the window, one by one or summed per bucket; one query."""
    values: dict[str, Any] = {"charger": charger.pk, "start": window.start, "end": window.end}
    values |= {"earliest": window.start - LONGEST_SESSION, "width": window.length / BUCKETS}
    numbers = {evse.pk: evse.number for evse in charger.evses.all()}
    with connection.cursor() as cursor:
        cursor.execute(_BOUTS, {**values, "few": MOST_SESSIONS, "most": MOST_SUMMED})
        return [
            Bout(start, end, count, energy, session, running, numbers.get(evse))
            for start, end, count, energy, session, running, evse in cursor.fetchall()
        ]
