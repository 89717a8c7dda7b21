"""Stretches of a session without meter values."""

from datetime import timedelta

import pytest
from django.db import connection

from monitoring.charger_page import meter_gaps
from monitoring.charger_page.meter_gaps import Gaps
from monitoring.models import MeterSample, Session
from monitoring.partitions import create
from tests.api import NOON, Tenant


@pytest.mark.parametrize(
    ("minutes", "ended", "expected"),
    [
        ([0, 1, 2, 3, 4, 5, 6], 7, None),
        ([0, 1, 2, 3, 13, 14, 15, 16], 17, (1, 10)),
        ([0, 1, 2, 3, 4, 5], 30, (1, 25)),
        ([0, 1, 2, 3, 13, 14, 15, 16, 36, 37, 38], 39, (2, 20)),
        ([0, 15, 30, 45], 60, None),
        ([0], 60, None),
        ([], 60, None),
    ],
)
def test_gaps_are_longer_than_three_usual_intervals(
    db: None, minutes: list[int], ended: int, expected: tuple[int, int] | None
):
    nord = Tenant.make("Nord")
    with connection.cursor() as cursor:
        cursor.execute(create("monitoring_metersample", NOON.date()))
    session = Session.objects.create(
        id=1, charger=nord.charger, evse=nord.evses[0], transaction_id="1", started=NOON,
        ended=NOON + timedelta(minutes=ended), received=NOON, updated=NOON,
    )  # fmt: skip
    MeterSample.objects.bulk_create(
        MeterSample(
            charger_id=nord.charger.pk, session_id=1, at=NOON + timedelta(minutes=minute),
            received=NOON, offset_ms=0, context=0,
        )
        for minute in minutes
    )  # fmt: skip
    found = meter_gaps.of_session(nord.charger, session, NOON)
    wanted = expected and Gaps(expected[0], timedelta(minutes=expected[1]))
    assert found == wanted
