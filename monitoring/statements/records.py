"""Rows as the parameters of set-based statements."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import AsyncConnection

from monitoring.encoding import dumps

Connection = AsyncConnection[Any]


def records(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> tuple[str]:
    """Return the rows as the one JSON parameter of `json_to_recordset`.

    Far cheaper for this process than an array per column; PostgreSQL does the parsing.
    """
    records = [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
    return (dumps(records).decode(),)


def columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Return the rows as a list per column, the parameters of `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]
