"""The spans of a window, one by one where they are few, summed per bucket where they are not.

Statements read along the (owner, start) indexes and at most `MOST` rows of an owner, so that
a port that flaps for a year costs no more than one that doesn't. They take keys of rows that
the caller has looked up for a person: the scope is the caller's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from monitoring.charger_page.shares import Cell, Grid

#: Rows of one owner that are summed; older ones are left out, and said to be.
MOST = 250_000
_ROWS = """
SELECT {link} AS link, o.id AS owner, s.state, s.code, s.vendor_code, s.info,
       date_part('epoch', s.began) AS began, date_part('epoch', s.ended) AS ended
  FROM unnest({owners}::bigint[]) AS o (id)
 CROSS JOIN LATERAL (
    (SELECT {columns} FROM {table}
      WHERE {owner} = o.id AND {began} <= %(start)s ORDER BY {began} DESC LIMIT 1)
    UNION ALL
    (SELECT {columns} FROM {table}
      WHERE {owner} = o.id AND {began} > %(start)s AND {began} < %(end)s
      ORDER BY {began} DESC LIMIT {most})
 ) AS s
"""
_STATUS_ROWS = _ROWS.format(
    link="false",
    owners="%(ports)s",
    most="%(most)s",
    table="monitoring_statusspan",
    owner="evse_id",
    began="started",
    columns="status AS state, error_code AS code, vendor_error_code AS vendor_code, info,"
    " started AS began, ended",
)
_LINK_ROWS = _ROWS.format(
    link="true",
    owners="%(charger)s",
    most="%(most_links)s",
    table="monitoring_connectionspan",
    owner="charger_id",
    began="opened",
    columns="'online' AS state, close_reason AS code, '' AS vendor_code, '' AS info,"
    " opened AS began, closed AS ended",
)
#: Spans within one bucket are summed as they are; only the few that cross a bucket's edge,
#: at most one per edge and owner, are cut up.
_SUMS = f"""
WITH rows AS MATERIALIZED (
    SELECT link, owner, state,
           greatest(began, %(first)s) AS a, least(coalesce(ended, %(last)s), %(last)s) AS b
      FROM (SELECT * FROM ({_LINK_ROWS}) AS l UNION ALL SELECT * FROM ({_STATUS_ROWS}) AS s) AS r
), placed AS (
    SELECT link, owner, state, a, b, floor((a - %(first)s) / %(width)s)::int AS low,
           least(ceil((b - %(first)s) / %(width)s)::int, %(count)s) - 1 AS high
      FROM rows WHERE b > a
)
SELECT link, owner, low AS bucket, state, sum(b - a) AS seconds
  FROM placed WHERE low >= high GROUP BY 1, 2, 3, 4
UNION ALL
SELECT link, owner, bucket, state,
       sum(least(b, %(first)s + (bucket + 1) * %(width)s)
           - greatest(a, %(first)s + bucket * %(width)s))
  FROM placed CROSS JOIN LATERAL generate_series(low, high) AS bucket
 WHERE low < high GROUP BY 1, 2, 3, 4
"""


class Row(NamedTuple):
    """A span [began, ended) of an owner, in seconds since the epoch; None: it lasts."""

    owner: int
    state: str
    code: str
    vendor_code: str
    info: str
    began: float
    ended: float | None


class Spans(NamedTuple):
    """The rows of a charger's connections and of its ports, each in order."""

    links: list[Row]
    statuses: list[Row]


class Sums(NamedTuple):
    """The cells of a charger's connections, and those of each port."""

    links: list[Cell]
    statuses: dict[int, list[Cell]]


def spans(charger: int, ports: Sequence[int], start: datetime, end: datetime, most: int) -> Spans:
    """Return what was the case at `start`, and at most `most` changes of each owner after it."""
    values = _values(charger, ports, start, end) | {"most": most, "most_links": most}
    sql = f"SELECT * FROM ({_LINK_ROWS}) AS l UNION ALL SELECT * FROM ({_STATUS_ROWS}) AS s"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY link DESC, owner, began", values)
        rows = [(link, Row(*row)) for link, *row in cursor.fetchall()]
    return Spans([row for link, row in rows if link], [row for link, row in rows if not link])


def sums(charger: int, ports: Sequence[int], start: datetime, end: datetime, grid: Grid) -> Sums:
    """Return the cells of the window."""
    values = _values(charger, ports, start, end)
    values |= {"most": max(MOST // max(len(ports), 1), 5_000), "most_links": MOST}
    values |= {"first": grid.start, "last": grid.start + grid.width * grid.count}
    values |= {"width": grid.width, "count": grid.count}
    found = Sums([], {port: [] for port in ports})
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        for link, owner, bucket, state, seconds in cursor.fetchall():
            cells = found.links if link else found.statuses[owner]
            cells.append(Cell(min(bucket, grid.count - 1), state, seconds))
    return found


def _values(charger: int, ports: Sequence[int], start: datetime, end: datetime) -> dict[str, Any]:
    return {"charger": [charger], "ports": list(ports), "start": start, "end": end}
