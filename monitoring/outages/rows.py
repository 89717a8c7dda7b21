"""Writes the ledger's outages: what the stored ones become when days are computed anew.

Inside the roll-up's transaction, which holds the chargers' locks: so outages are read and
written by one job at a time. People write only what they found (`found_*`), which is never
written here but where one outage becomes part of another.
"""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import inf
from typing import Any

from django.db import connection

from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window
from monitoring.outages.entries import KINDS, MICROSECOND, Entry, course_of, entries, stored
from monitoring.outages.evidence import NOTHING, Asked, Told, told
from monitoring.outages.kinds import Cause
from monitoring.outages.splice import continued, spliced

#: What is told of an outage can still change so long after its end without being late, seconds.
SOON = 3_600.0
#: An outage over for so long doesn't change but by late data, seconds.
OVER = 900.0
#: Changes kept of a port and day.
MOST_CHANGES = 200

STORED = """
SELECT o.evse_id, o.id, date_part('epoch', o.started),
       date_part('epoch', COALESCE(o.ended, o.until)), o.ended IS NULL, o.kind,
       o.offline, o.faulted, o.unavailable, o.silent,
       o.stretches, o.course, o.cause, o.error_code, o.chargex, o.evidence
  FROM unnest(%(ports)s::int8[]) AS p (id)
  JOIN LATERAL (
       SELECT * FROM monitoring_outage
        WHERE evse_id = p.id AND tstzrange(started, ended, '[)') &&
              tstzrange(to_timestamp(%(start)s) - interval '1 us', to_timestamp(%(end)s), '[]')
       ) o ON true
 ORDER BY o.evse_id, o.started
"""
_TYPES = {
    "started": "float8", "ended": "float8", "until": "float8", "kind": "text", "cause": "text",
    "error_code": "text", "chargex": "int2", "offline": "float8", "faulted": "float8",
    "unavailable": "float8", "silent": "float8", "stretches": "int4", "course": "text",
    "evidence": "text",
}  # fmt: skip
_VALUES = {
    **{name: f"n.{name}" for name in _TYPES},
    **{name: f"to_timestamp(n.{name})" for name in ("started", "ended", "until")},
    **{name: f"n.{name}::jsonb" for name in ("course", "evidence")},
}
_ARRAYS = ", ".join(f"%s::{kind}[]" for kind in _TYPES.values())
CHANGE = f"""
UPDATE monitoring_outage o SET {", ".join(f"{name} = {value}" for name, value in _VALUES.items())}
  FROM unnest(%s::int8[], {_ARRAYS}) AS n (id, {", ".join(_TYPES)})
 WHERE o.id = n.id
"""
ADD = f"""
INSERT INTO monitoring_outage (evse_id, charger_id, {", ".join(_TYPES)}, found_cause, found_note)
SELECT n.evse, n.charger, {", ".join(_VALUES.values())}, '', ''
  FROM unnest(%s::int8[], %s::int8[], {_ARRAYS}) AS n (evse, charger, {", ".join(_TYPES)})
"""
#: What was over is told of as it was; what had been found goes to the outage it is part of now.
REMOVE = """
WITH n AS (SELECT * FROM unnest(%(ids)s::int8[], %(into)s::int8[]) AS n (id, heir)),
gone AS (
    DELETE FROM monitoring_outage o USING n WHERE o.id = n.id RETURNING o.*, n.heir
), kept AS (
    INSERT INTO monitoring_outagechange (outage_id, evse_id, at, changes)
    SELECT g.id, g.evse_id, %(now)s,
           jsonb_build_object('gone', to_jsonb(g) - 'heir' - 'course')
           || CASE WHEN g.heir IS NULL THEN '{}' ELSE jsonb_build_object('joined', g.heir) END
      FROM gone g
     WHERE (g.ended < %(over)s AND g.stretches = 1
            AND (SELECT count(*) FROM monitoring_outagechange c
                  WHERE c.evse_id = g.evse_id AND c.at > %(day_ago)s) < %(most)s)
        OR g.found_at IS NOT NULL
), found AS (
    SELECT DISTINCT ON (heir) * FROM gone WHERE found_at IS NOT NULL AND heir IS NOT NULL
     ORDER BY heir, found_at DESC
)
UPDATE monitoring_outage o
   SET found_cause = f.found_cause, found_note = f.found_note, found_by_id = f.found_by_id,
       found_at = f.found_at
  FROM found f WHERE o.id = f.heir AND o.found_at IS NULL
"""
ADD_CHANGES = """
INSERT INTO monitoring_outagechange (outage_id, evse_id, at, changes)
SELECT n.id, n.evse, %(now)s, n.changes::jsonb
  FROM unnest(%(ids)s::int8[], %(ports)s::int8[], %(changes)s::text[]) AS n (id, evse, changes)
 WHERE (SELECT count(*) FROM monitoring_outagechange c
         WHERE c.evse_id = n.evse AND c.at > %(day_ago)s) < %(most)s
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An outage that is stored, and what it says of why."""

    key: int
    entry: Entry
    told: Told


@dataclass(slots=True)
class _Place:
    """An outage as it is now, at its port, and the row that it continues."""

    port: int
    charger: int
    entry: Entry
    row: Row | None = None
    told: Told = NOTHING


def write(
    found: Mapping[int, Measured],
    days: Sequence[Window],
    goes_on: Mapping[int, bool],
    now: datetime,
    whole: float,
    *,
    thorough: bool,
) -> None:
    """Write the outages of the chargers (by key) that were measured in `days`.

    `goes_on` says of each whether its time counts after `now` too: then an outage that reaches
    `now` is open. `thorough` looks again for the causes of all that began or ended in `days`;
    else only of what is new or has just changed. What began before the record is `whole` keeps
    what was told of it.
    """
    moment = round(now.timestamp(), 6)
    hull = Window(days[0].start, days[-1].end)
    if hull.start >= moment:
        return
    chargers = {port: key for key, one in found.items() for port in one.ports}
    before = _stored(list(chargers), hull if hull.end < moment else Window(hull.start, inf))
    places: list[_Place] = []
    gone: list[tuple[int, int | None]] = []
    for port, charger in chargers.items():
        rows, outages = before.get(port, []), found[charger].outages.get(port, ())
        if rows or outages:
            made = entries(outages, days, moment if goes_on[charger] else None)
            here, left = _placed(port, charger, rows, made, hull)
            places += here
            gone += left
    _keep_told(places)
    _tell([p for p in places if _asks(p, hull, moment, whole, thorough=thorough)], now)
    _write(places, gone, hull, now)


def _stored(ports: Sequence[int], hull: Window) -> dict[int, list[Row]]:
    """Return what is stored that touches the hull, by port.

    Where it reaches to the present, all that comes after as well: a clock that was set back
    finds outages of the future, and none can be open before them.
    """
    found: dict[int, list[Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(STORED, {"ports": list(ports), "start": hull.start, "end": hull.end})
        for port, *row in cursor.fetchall():
            found[port].append(_row(*row))
    return found


def _row(key: int, start: float, end: float, is_open: bool, kind: str, *row: Any) -> Row:
    lost, (stretches, course, cause, error_code, chargex, evidence) = row[:4], row[4:]
    entry = stored(start, end, is_open, kind, lost, stretches, json.loads(course))
    return Row(key, entry, Told(Cause(cause), error_code, chargex, json.loads(evidence)))


def _placed(
    port: int, charger: int, rows: Sequence[Row], made: Sequence[Entry], hull: Window
) -> tuple[list[_Place], list[tuple[int, int | None]]]:
    """Return a port's outages with the rows that they continue, and what is left of the rows.

    Of those, by key, the key of the one that each is part of now.
    """
    before = [row.entry for row in rows]
    after = spliced(before, made, hull)
    heirs = continued(before, after)
    places = [
        _Place(port, charger, entry, rows[heirs[at]] if at in heirs else None)
        for at, entry in enumerate(after)
    ]
    kept = {rows[at].key for at in heirs.values()}
    starts = [entry.start for entry in after]
    left = [(row.key, _part_of(row, places, starts)) for row in rows if row.key not in kept]
    return places, left


def _part_of(row: Row, places: Sequence[_Place], starts: Sequence[float]) -> int | None:
    """Return the key of the row that goes on with the time of one that doesn't."""
    for place in islice(places, max(bisect_right(starts, row.entry.start) - 1, 0), None):
        if place.entry.start >= row.entry.end:
            break
        if place.row is not None and place.entry.end > row.entry.start:
            return place.row.key
    return None


def _keep_told(places: Iterable[_Place]) -> None:
    for place in places:
        if place.row is not None:
            place.told = place.row.told


def _tell(places: Sequence[_Place], now: datetime) -> None:
    """Let the record tell why each outage was."""
    asked = [
        Asked(place.port, place.charger, entry.kind, entry.start, entry.end)
        for place in places
        for entry in [place.entry]
    ]
    for place, answer in zip(places, told(asked, now), strict=True):
        place.told = answer


def _asks(place: _Place, hull: Window, now: float, whole: float, *, thorough: bool) -> bool:
    """Tell whether the record may say more of an outage's cause than is stored."""
    entry, row = place.entry, place.row
    if row is None or not _same(row.entry.start, entry.start) or row.entry.kind != entry.kind:
        return True
    if entry.start < whole:
        return False
    if row.entry.open != entry.open or not (entry.open or _same(row.entry.end, entry.end)):
        return True
    if thorough and (hull.start <= entry.start or entry.end <= hull.end):
        return True
    return entry.start > now - SOON or (not entry.open and entry.end > now - SOON)


def _same(one: float, other: float) -> bool:
    return abs(one - other) < MICROSECOND


def _write(
    places: Sequence[_Place], gone: Sequence[tuple[int, int | None]], hull: Window, now: datetime
) -> None:
    added = [place for place in places if place.row is None]
    changed = [place for place in places if place.row is not None and _differs(place)]
    _remove(gone, now)
    _run(CHANGE, [(place.row.key, *_columns(place)) for place in changed if place.row])
    _run(ADD, [(place.port, place.charger, *_columns(place)) for place in added])
    _keep_changes(changed, hull, now)


def _differs(place: _Place) -> bool:
    row = place.row
    return row is None or row.entry != place.entry or row.told != place.told


def _columns(place: _Place) -> tuple[Any, ...]:
    entry, said = place.entry, place.told
    return (
        entry.start,
        None if entry.open else entry.end,
        entry.end,
        str(entry.kind),
        str(said.cause),
        said.error_code,
        said.chargex,
        *entry.seconds,
        entry.stretches,
        json.dumps(course_of(entry)),
        json.dumps(said.evidence),
    )


def _remove(gone: Sequence[tuple[int, int | None]], now: datetime) -> None:
    if gone:
        limits = _limits(now)
        ids, into = zip(*gone, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(REMOVE, {**limits, "ids": list(ids), "into": list(into)})


def _keep_changes(changed: Iterable[_Place], hull: Window, now: datetime) -> None:
    """Keep what late data changed of outages that had been over.

    One that touches the hull from outside has only gone on, and wasn't computed anew itself.
    """
    late: list[tuple[int, int, str]] = []
    by_port: dict[int, int] = defaultdict(int)
    for place in changed:
        row = place.row
        if row is None or row.entry.open or row.entry.end > now.timestamp() - OVER:
            continue
        if row.entry.end <= hull.start or row.entry.start >= hull.end:
            continue
        told_of = _changes(row, place)
        if told_of and row.entry.stretches == 1 and by_port[place.port] < MOST_CHANGES:
            by_port[place.port] += 1
            late.append((row.key, place.port, json.dumps(told_of)))
    if late:
        ids, ports, changes = (list(column) for column in zip(*late, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                ADD_CHANGES, {**_limits(now), "ids": ids, "ports": ports, "changes": changes}
            )


def _limits(now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "over": now - timedelta(seconds=OVER),
        "day_ago": now - timedelta(days=1),
        "most": MOST_CHANGES,
    }


def _changes(row: Row, place: _Place) -> dict[str, list[Any]]:
    before, after = _facts(row.entry, row.told), _facts(place.entry, place.told)
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def _facts(entry: Entry, said: Told) -> dict[str, Any]:
    return {
        "started": _iso(entry.start),
        "ended": None if entry.open else _iso(entry.end),
        "kind": str(entry.kind),
        "cause": str(said.cause),
        **{
            str(kind): round(seconds, 3) for kind, seconds in zip(KINDS, entry.seconds, strict=True)
        },
    }


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()


def _run(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
