"""Writes what was measured: rows per port and day, per charger and day, and attempts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from monitoring.kpis import columns, firsts, running
from monitoring.kpis.attempts import Attempt
from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window
from monitoring.models import Attempt as AttemptRow
from monitoring.models import DailyConnectivity, DailyKpi, QuarterHours

#: Arrays of arrays can't be unnested: they travel as texts.
_ARRAYS = {**dict.fromkeys(columns.HOURLY, "int2[]"), **dict.fromkeys(columns.COUNTED, "int4[]")}
_TIMES = ("up", "offline", "faulted", "unavailable", "silent", "planned", "no_data")
_MEASURES = ("energy", "peak_power", "charging", "occupied", "idle")
_FLOATS = (*_TIMES, *_MEASURES, *columns.OF_LENSES)
_COUNTS = tuple(name for name in columns.PORT_SUMS if name not in _FLOATS)
_LINK_FLOATS = ("online", "offline", "unseen", "flapping", "longest_offline")
_LINK_COUNTS = tuple(name for name in columns.LINK_SUMS if name not in _LINK_FLOATS)


def _upsert(table: str, owner: str, types: Mapping[str, str]) -> str:
    arrays = ", ".join(f"%s::{kind}[]" for kind in types.values())
    wanted = ", ".join(f"{name}::{_ARRAYS[name]}" if name in _ARRAYS else name for name in types)
    changes = ", ".join(f"{name} = excluded.{name}" for name in types)
    return (
        f"INSERT INTO {table} ({', '.join(types)}) SELECT {wanted} "
        f"FROM unnest({arrays}) AS n ({', '.join(types)}) "
        f"ON CONFLICT ({owner}, day) DO UPDATE SET {changes}"
    )


PORT_DAYS = _upsert(
    "monitoring_dailykpi",
    "evse_id",
    {
        **dict.fromkeys(("evse_id", "charger_id"), "int8"),
        "day": "date",
        "until": "timestamptz",
        **dict.fromkeys(_FLOATS, "float8"),
        **dict.fromkeys(_COUNTS, "int4"),
        **dict.fromkeys(columns.HOURLY, "text"),
    },
)
CHARGER_DAYS = _upsert(
    "monitoring_dailyconnectivity",
    "charger_id",
    {
        "charger_id": "int8",
        "day": "date",
        "until": "timestamptz",
        **dict.fromkeys(_LINK_FLOATS, "float8"),
        **dict.fromkeys(_LINK_COUNTS, "int4"),
        **dict.fromkeys(columns.COUNTED, "text"),
    },
)
ATTEMPTS_AROUND = """
SELECT id, evse_id, date_part('epoch', started), date_part('epoch', ended), outcome, id_token,
       session_id, energy, detail
  FROM monitoring_attempt
 WHERE evse_id = ANY (%s) AND ended >= to_timestamp(%s) AND started < to_timestamp(%s)
"""
ADD_ATTEMPTS = """
INSERT INTO monitoring_attempt
       (evse_id, started, ended, outcome, id_token, session_id, energy, detail)
SELECT evse, to_timestamp(started), to_timestamp(ended), outcome, token, session, energy,
       left(detail, 50)
  FROM unnest(%s::int8[], %s::float8[], %s::float8[], %s::text[], %s::text[], %s::int8[],
              %s::float8[], %s::text[])
       AS n (evse, started, ended, outcome, token, session, energy, detail)
"""
#: Where an attempt was replaced by one that ended on another day, its own day counts anew.
MARK_DAYS = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT DISTINCT e.charger_id, (to_timestamp(n.ended) AT TIME ZONE 'UTC')::date, now()
  FROM unnest(%s::int8[], %s::float8[]) AS n (evse, ended)
  JOIN inventory_evse e ON e.id = n.evse
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """The ports whose attempts were changed, and what all that was changed lies in."""

    ports: frozenset[int]
    window: Window


def write(
    found: Mapping[int, Measured],
    days: Sequence[date],
    untils: Sequence[datetime],
    windows: Sequence[Window],
) -> Changed | None:
    """Write what was measured of the chargers (by key) in `windows` that are `days`.

    `untils` are up to when each is measured. The chargers' sites are locked (`firsts.lock`).
    Returns what was changed of attempts, if anything was.
    """
    attempts = {key: made for one in found.values() for key, made in one.attempts.items()}
    changed = _write_attempts(attempts, Window(windows[0].start, windows[-1].end))
    marked = firsts.mark(found, changed.window) if changed else []
    firsts.leave_out(found, windows)
    running.cut(dict.fromkeys(found, days[0]))
    _execute(PORT_DAYS, _port_days(found, days, untils))
    _execute(CHARGER_DAYS, _charger_days(found, days, untils))
    running.cut(firsts.recount(marked))
    return changed


def forget(chargers: Sequence[int], first: date, start: datetime) -> None:
    """Delete the rows of the chargers from the day `first` on, which begins at `start`."""
    if chargers:
        DailyKpi.objects.filter(charger__in=chargers, day__gte=first).delete()
        DailyConnectivity.objects.filter(charger__in=chargers, day__gte=first).delete()
        QuarterHours.objects.filter(evse__charger__in=chargers, day__gte=first).delete()
        AttemptRow.objects.filter(evse__charger__in=chargers, ended__gte=start).delete()


def _port_days(
    found: Mapping[int, Measured], days: Sequence[date], untils: Sequence[datetime]
) -> Iterator[tuple[Any, ...]]:
    names = (*_FLOATS, *_COUNTS, *columns.HOURLY)
    for charger, one in found.items():
        for port, totals in one.ports.items():
            for place, total in totals.items():
                row = columns.port_columns(total)
                yield (port, charger, days[place], untils[place], *_values(row, names))


def _charger_days(
    found: Mapping[int, Measured], days: Sequence[date], untils: Sequence[datetime]
) -> Iterator[tuple[Any, ...]]:
    names = (*_LINK_FLOATS, *_LINK_COUNTS, *columns.COUNTED)
    for charger, one in found.items():
        for place, total in one.links.items():
            row = columns.link_columns(total)
            yield (charger, days[place], untils[place], *_values(row, names))


def _values(row: Mapping[str, Any], names: Iterable[str]) -> Iterator[Any]:
    """Yield the columns as the statement takes them."""
    for name in names:
        value = row[name]
        yield _literal(value) if name in _ARRAYS and value is not None else value


def _literal(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _write_attempts(made: Mapping[int, Sequence[Attempt]], hull: Window) -> Changed | None:
    """Replace what changed of the attempts that ended in `hull`, and what they overlap."""
    missing = {_identity(port, a): (port, *a) for port, each in made.items() for a in each}
    earliest = min((a.start for each in made.values() for a in each), default=hull.start)
    wrong, elsewhere, touched, ports = [], [], [hull], set()
    for key, port, *row in _rows(
        ATTEMPTS_AROUND, (list(made), min(earliest, hull.start), hull.end)
    ):
        attempt = Attempt(*row)
        if missing.pop(_identity(port, attempt), None) is None and _ours(attempt, made[port], hull):
            wrong.append(key)
            ports.add(port)
            touched.append(Window(attempt.start, attempt.end))
            if not hull.start <= attempt.end < hull.end:
                elsewhere.append((port, attempt.end))
    if wrong:
        AttemptRow.objects.filter(pk__in=wrong).delete()
    _execute(MARK_DAYS, elsewhere)
    _execute(ADD_ATTEMPTS, missing.values())
    if not wrong and not missing:
        return None
    ports |= {port for port, *_attempt in missing.values()}
    start = min(earliest, *(window.start for window in touched))
    return Changed(frozenset(ports), Window(start, max(window.end for window in touched)))


def _ours(attempt: Attempt, made: Iterable[Attempt], hull: Window) -> bool:
    if hull.start <= attempt.end < hull.end:
        return True
    return any(attempt.start < new.end and new.start < attempt.end for new in made)


def _identity(port: int, attempt: Attempt) -> tuple[Any, ...]:
    """Return what makes two attempts the same: times to the microsecond, as they are stored."""
    start, end, *rest = attempt
    return (port, round(start * 1e6), round(end * 1e6), *rest)


def _execute(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(statement, columns)


def _rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
