"""Chargers lost together point at one cause."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.together import Loss, lost_together

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def after(*seconds: int) -> list[datetime]:
    return [NOON + timedelta(seconds=number) for number in seconds]


@pytest.mark.parametrize(
    ("lost", "online", "loss"),
    [
        ([], 0, None),
        ([], 5, None),
        (after(0), 0, None),
        (after(0, 120), 0, Loss(2, NOON, whole=True)),
        (after(0, 121), 0, None),
        (after(90, 0, 30), 3, Loss(3, NOON, whole=False)),
        (after(0, 30), 3, None),
        (after(-7200, 0, 5, 9), 0, Loss(3, NOON, whole=False)),
        (after(*range(400)), 0, None),
        (after(*([0] * 400)), 0, Loss(400, NOON, whole=True)),
    ],
)
def test_half_of_a_site_within_two_minutes_is_a_pattern(
    lost: list[datetime], online: int, loss: Loss | None
) -> None:
    assert lost_together(lost, online) == loss
