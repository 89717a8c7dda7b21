"""Which attempts are a driver's second at a site, and the counts of first ones.

That depends on the other chargers of a site (KPIS.md, "First-time success rate"), so it is found
out once attempts are written: for all of the site's that the changed ones may concern, and what
it changes at other chargers is written to their days at once. A charger's own totals take every
attempt for a first one until `leave_out` has looked.

Jobs that write attempts of one site run one after the other (`lock`): else neither of two would
see what the other has not committed yet.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from monitoring.kpis.attempts import AGAIN, Attempt, Outcome, repeated
from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window

#: No attempt lasts longer (`survey.DEEPEST`), seconds.
LONGEST = 64 * 86_400.0
#: Class of the advisory locks; "kpis".
_LOCKS = 0x6B706973

LOCK = """
SELECT pg_advisory_xact_lock(%s, s.site_id)
  FROM (SELECT DISTINCT site_id::int AS site_id FROM inventory_charger
         WHERE id = ANY (%s) ORDER BY 1) s
"""
NEAR = """
SELECT c.site_id, a.id, a.again, date_part('epoch', a.started), date_part('epoch', a.ended),
       a.outcome, a.id_token
  FROM inventory_charger c
  JOIN inventory_evse e ON e.charger_id = c.id
  JOIN monitoring_attempt a ON a.evse_id = e.id
 WHERE c.site_id IN (SELECT site_id FROM inventory_charger WHERE id = ANY (%s))
   AND a.id_token <> '' AND a.started <= to_timestamp(%s)
   AND a.ended >= to_timestamp(%s) AND a.ended < to_timestamp(%s)
"""
SECOND = """
SELECT evse_id, date_part('epoch', ended), outcome
  FROM monitoring_attempt
 WHERE evse_id = ANY (%s) AND ended >= to_timestamp(%s) AND ended < to_timestamp(%s) AND again
"""
MARK = "UPDATE monitoring_attempt SET again = NOT again WHERE id = ANY (%s)"
#: Days on which the marked attempts ended, counted anew from the attempts themselves.
RECOUNT = """
WITH marked AS (
    SELECT DISTINCT a.evse_id, (a.ended AT TIME ZONE s.timezone)::date AS day, s.timezone
      FROM monitoring_attempt a
      JOIN inventory_evse e ON e.id = a.evse_id
      JOIN inventory_charger c ON c.id = e.charger_id
      JOIN inventory_site s ON s.id = c.site_id
     WHERE a.id = ANY (%s)),
counted AS (
    SELECT m.evse_id, m.day, count(*) FILTER (WHERE a.outcome <> 'refused') AS tries,
           count(*) FILTER (WHERE a.outcome = 'success') AS successes
      FROM marked m
      LEFT JOIN monitoring_attempt a
        ON a.evse_id = m.evse_id AND a.again
       AND a.ended >= m.day::timestamp AT TIME ZONE m.timezone
       AND a.ended < (m.day + 1)::timestamp AT TIME ZONE m.timezone
     GROUP BY m.evse_id, m.day)
UPDATE monitoring_dailykpi k
   SET first = GREATEST(k.attempts - n.tries, 0),
       first_successes = GREATEST(k.successes - n.successes, 0)
  FROM counted n
 WHERE k.evse_id = n.evse_id AND k.day = n.day
RETURNING k.charger_id, k.day
"""


def lock(chargers: Collection[int]) -> None:
    """Wait for other jobs at the sites of the chargers, and hold them off to the end.

    Before the transaction's first write, so that who waits holds up nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, (_LOCKS, list(chargers)))


def mark(chargers: Collection[int], window: Window) -> list[int]:
    """Mark anew which attempts at the chargers' sites are second ones.

    `window` is where attempts were written or deleted. Returns the keys of those whose mark
    changed, for `recount`.
    """
    changed: list[int] = []
    for found in _near(chargers, window).values():
        again = repeated([attempt for _key, _again, attempt in found])
        changed += [
            key
            for (key, before, attempt), now in zip(found, again, strict=True)
            if before is not now and attempt.start >= window.start
        ]
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(MARK, (changed,))
    return changed


def recount(attempts: Sequence[int]) -> dict[int, date]:
    """Count first attempts anew on the days on which the attempts (keys) ended.

    Returns the chargers whose days were written, and the first of these days.
    """
    written: dict[int, date] = {}
    for charger, day in _rows(RECOUNT, (list(attempts),)) if attempts else ():
        written[charger] = min(day, written.get(charger, day))
    return written


def leave_out(found: Mapping[int, Measured], windows: Sequence[Window]) -> None:
    """Take second attempts, as they are marked, out of the first ones that were measured."""
    ports = {
        port: totals
        for one in found.values()
        for port, totals in one.ports.items()
        if one.attempts.get(port)
    }
    if not ports:
        return
    starts = [window.start for window in windows]
    for port, end, outcome in _rows(SECOND, (list(ports), windows[0].start, windows[-1].end)):
        totals = ports[port].get(bisect_right(starts, end) - 1)
        if totals is not None and outcome != Outcome.REFUSED:
            totals.first = max(totals.first - 1, 0)
            totals.first_successes -= outcome == Outcome.SUCCESS and totals.first_successes > 0


_Near = dict[int, list[tuple[int, bool, Attempt]]]


def _near(chargers: Collection[int], window: Window) -> _Near:
    """Return the attempts that those in the window may depend on or concern, by site."""
    latest = window.end + AGAIN
    limits = (latest, window.start - AGAIN, latest + LONGEST)
    found: _Near = defaultdict(list)
    for site, key, again, start, end, outcome, token in _rows(NEAR, (list(chargers), *limits)):
        found[site].append((key, again, Attempt(start, end, Outcome(outcome), token)))
    return found


def _rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
