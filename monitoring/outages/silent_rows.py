"""Keeps ports' silent runs, made anew from their attempts whenever those are written.

Attempts don't depend on runs, and days depend on both: so what changes here is measured once
more, and that is all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from django.conf import settings
from django.db import connection

from monitoring.kpis.attempts import Outcome
from monitoring.kpis.parts import Window
from monitoring.outages.silent import Run, Tried, runs

#: A change longer ago marks no day: it isn't computed any more.
LONG_AGO = timedelta(days=800)

#: From the last success before a window to the first after it: in between runs can change.
BETWEEN = """
SELECT p.id, COALESCE((SELECT date_part('epoch', ended) FROM monitoring_attempt
                        WHERE evse_id = p.id AND outcome = 'success' AND ended <= to_timestamp(%s)
                        ORDER BY ended DESC LIMIT 1), '-infinity'),
       COALESCE((SELECT date_part('epoch', ended) FROM monitoring_attempt
                  WHERE evse_id = p.id AND outcome = 'success' AND ended > to_timestamp(%s)
                  ORDER BY ended LIMIT 1), 'infinity')
  FROM unnest(%s::int8[]) AS p (id)
"""
ATTEMPTS = """
SELECT p.id, date_part('epoch', a.started), a.outcome, a.id_token
  FROM unnest(%s::int8[], %s::float8[], %s::float8[]) AS p (id, since, until)
  JOIN monitoring_attempt a
    ON a.evse_id = p.id AND a.ended > to_timestamp(p.since) AND a.ended <= to_timestamp(p.until)
 ORDER BY p.id, a.ended
"""
STORED = """
SELECT p.id, r.id, date_part('epoch', r.started),
       date_part('epoch', COALESCE(r.ended, 'infinity')), r.attempts, r.tokens
  FROM unnest(%s::int8[], %s::float8[], %s::float8[]) AS p (id, since, until)
  JOIN monitoring_silentrun r
    ON r.evse_id = p.id AND r.started >= to_timestamp(p.since) AND r.started < to_timestamp(p.until)
"""
REMOVE = "DELETE FROM monitoring_silentrun WHERE id = ANY (%s)"
ADD = """
INSERT INTO monitoring_silentrun (evse_id, started, ended, attempts, tokens)
SELECT evse, to_timestamp(started), to_timestamp(NULLIF(ended, 'infinity')), attempts, tokens
  FROM unnest(%s::int8[], %s::float8[], %s::float8[], %s::int4[], %s::int4[])
       AS n (evse, started, ended, attempts, tokens)
"""
MARK = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT DISTINCT n.charger, d.day::date, %s::timestamptz
  FROM unnest(%s::int8[], %s::float8[], %s::float8[]) AS n (charger, started, ended),
       generate_series((to_timestamp(n.started) AT TIME ZONE 'UTC')::date,
                       ((to_timestamp(n.ended) - interval '1 us') AT TIME ZONE 'UTC')::date,
                       interval '1 day') AS d (day)
 ORDER BY 1, 2
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""


def keep(ports: Mapping[int, int], window: Window, hull: Window, now: datetime) -> set[int]:
    """Make the runs of `ports` (with their chargers) anew; return the changed ones' chargers.

    `window` is where their attempts may have changed. Days outside `hull` that have changed by
    that are marked dirty; those inside are the caller's to measure again.
    """
    if not ports:
        return set()
    between = _rows(BETWEEN, (window.start, window.end, list(ports)))
    limits = [list(column) for column in zip(*between, strict=True)]
    made = dict(_made(_rows(ATTEMPTS, limits)))
    stored: dict[int, dict[Run, int]] = defaultdict(dict)
    for port, key, *row in _rows(STORED, limits):
        stored[port][Run(*row)] = key
    return _write(ports, stored, made, hull, now)


def _made(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, list[Run]]]:
    least, tokens = settings.SILENT_RUN_ATTEMPTS, settings.SILENT_RUN_TOKENS
    for port, group in groupby(rows, lambda row: row[0]):
        tried = (Tried(start, Outcome(outcome), token) for _port, start, outcome, token in group)
        yield port, list(runs(tried, least, tokens))


def _write(
    ports: Mapping[int, int],
    stored: Mapping[int, Mapping[Run, int]],
    made: Mapping[int, Sequence[Run]],
    hull: Window,
    now: datetime,
) -> set[int]:
    gone, new, marks = [], [], []
    for port in stored.keys() | made.keys():
        before, after = stored.get(port, {}), made.get(port, ())
        gone += [key for run, key in before.items() if run not in after]
        new += [(port, *run) for run in after if run not in before]
        changed = _changed(before, after)
        marks += [(ports[port], *stretch) for stretch in changed]
    if gone:
        _execute(REMOVE, (gone,))
    if new:
        _execute(ADD, [list(column) for column in zip(*new, strict=True)])
    _mark(marks, hull, now)
    return {charger for charger, _start, _end in marks}


def _changed(before: Collection[Run], after: Collection[Run]) -> list[Window]:
    """Return the stretches that are in a run now and weren't, or the other way round."""
    edges = [edge for run in [*before, *after] for edge in run[:2]]
    ordered = sorted(set(edges))
    return [
        Window(start, end)
        for start, end in pairwise(ordered)
        if _within(start, before) != _within(start, after)
    ]


def _within(instant: float, found: Iterable[Run]) -> bool:
    return any(run.start <= instant < run.end for run in found)


def _mark(marks: Iterable[tuple[int, float, float]], hull: Window, now: datetime) -> None:
    first, last = (now - LONG_AGO).timestamp(), now.timestamp()
    rows = []
    for charger, start, end in marks:
        for limit in (Window(first, hull.start), Window(hull.end, last)):
            begin, until = max(start, limit.start), min(end, limit.end)
            if begin < until:
                rows.append((charger, begin, until))
    if rows:
        _execute(MARK, (now, *(list(column) for column in zip(*rows, strict=True))))


def _rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def _execute(statement: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
