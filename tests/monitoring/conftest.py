"""Fixtures of the tests that write as the gateway does: with commits of their own."""

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """A database that others may commit to; the partitioned tables, which Django leaves, too."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE monitoring_metersample, monitoring_framesegment")
