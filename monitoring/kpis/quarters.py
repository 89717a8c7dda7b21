"""Writes the quarters of an hour that California's rules keep, beside the days they are of."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window
from monitoring.kpis.timeline import Piece
from monitoring.lenses.california import quarters
from monitoring.models import QuarterHours

#: Today is written anew every few seconds, and most of it stays as it was.
WRITE = """
INSERT INTO monitoring_quarterhours AS q (evse_id, day, outage, excluded)
SELECT evse, day, outage::int2[], without::int2[]
  FROM unnest(%s::int8[], %s::date[], %s::text[], %s::text[]) AS n (evse, day, outage, without)
ON CONFLICT (evse_id, day) DO UPDATE SET outage = excluded.outage, excluded = excluded.excluded
 WHERE (q.outage, q.excluded) IS DISTINCT FROM (excluded.outage, excluded.excluded)
"""


def write(found: Mapping[int, Measured], days: Sequence[date], windows: Sequence[Window]) -> None:
    """Write what was measured in `windows`, which are the `days`, midnight to midnight.

    Ports that aren't under the rules (any more) have no rows.
    """
    others = [port for one in found.values() for port in one.ports if port not in one.california]
    QuarterHours.objects.filter(evse__in=others, day__gte=days[0], day__lte=days[-1]).delete()
    rows = [row for one in found.values() for row in _rows(one, days, windows)]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [list(column) for column in zip(*rows, strict=True)])


def _rows(
    one: Measured, days: Sequence[date], windows: Sequence[Window]
) -> Iterator[tuple[Any, ...]]:
    for port, pieces in one.california.items():
        ends = [piece.end for piece in pieces]
        for place in one.ports[port]:
            day = windows[place]
            outage, excluded = quarters(_within(pieces, ends, day), day)
            yield port, days[place], _literal(outage), _literal(excluded)


def _within(pieces: Sequence[Piece], ends: Sequence[float], day: Window) -> list[Piece]:
    """Return the pieces that have a part in the day."""
    first, found = bisect_left(ends, day.start), []
    for piece in pieces[first:]:
        if piece.start >= day.end:
            break
        found.append(piece)
    return found


def _literal(numbers: Sequence[int]) -> str:
    """Return an array as a text: arrays of arrays can't be unnested."""
    return "{" + ",".join(map(str, numbers)) + "}"
