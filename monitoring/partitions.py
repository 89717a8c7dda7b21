"""Day partitions (UTC) of the append-only tables: made ahead, dropped by retention."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

TABLES = ("monitoring_metersample", "monitoring_framesegment")


def name(table: str, day: date) -> str:
    """Return the name of the table's partition for the UTC day."""
    return f"{table}_{day:%Y%m%d}"


def create(table: str, day: date) -> str:
    """Return the statement that makes the partition unless it is there."""
    after = day + timedelta(days=1)
    return (
        f"CREATE TABLE IF NOT EXISTS {name(table, day)} PARTITION OF {table} "
        f"FOR VALUES FROM ('{day} 00:00+00') TO ('{after} 00:00+00')"
    )


def expired(names: Iterable[str], table: str, first_kept: date) -> list[str]:
    """Return those of the partitions `names` of `table` that lie before `first_kept`."""
    pattern = re.compile(rf"^{table}_(\d{{8}})$")
    kept = f"{first_kept:%Y%m%d}"
    matches = (pattern.match(partition) for partition in names)
    return [match.string for match in matches if match and match[1] < kept]
