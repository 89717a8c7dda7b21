"""Day partitions are named by their UTC day and drop out of retention whole."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from monitoring import partitions

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(day=DAYS, kept=DAYS)
def test_a_partition_expires_exactly_when_its_day_is_before_the_first_kept(
    day: date, kept: date
) -> None:
    for table in partitions.TABLES:
        names = [partitions.name(table, day)]
        assert (partitions.expired(names, table, kept) == names) == (day < kept)


def test_other_tables_never_expire() -> None:
    names = [
        "monitoring_metersample",
        "monitoring_metersample_default",
        "monitoring_metersample_20200101_old",
        "monitoring_framesegment_20200101",
        "xmonitoring_metersample_20200101",
        "monitoring_metersample_20200102",
    ]
    expired = partitions.expired(names, "monitoring_metersample", date(2026, 1, 1))
    assert expired == ["monitoring_metersample_20200102"]


@pytest.mark.parametrize("table", partitions.TABLES)
def test_a_partition_takes_its_utc_day_and_can_be_made_twice(db: None, table: str) -> None:
    day = date(2031, 12, 31)
    with connection.cursor() as cursor:
        for _again in range(2):
            cursor.execute(partitions.create(table, day))
        cursor.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s",
            [partitions.name(table, day)],
        )
        bounds = cursor.fetchone()[0]
    after = day + timedelta(days=1)
    assert bounds == f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{after} 00:00:00+00')"
