"""Since when chargers have been able to reach us."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.gateways import Lease, covered_since

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def lease(started: int, until: int) -> Lease:
    """Return a lease in minutes from noon."""
    return Lease(NOON + timedelta(minutes=started), NOON + timedelta(minutes=until))


@pytest.mark.parametrize(
    ("leases", "minutes"),
    [
        ([], None),
        ([lease(-60, -1)], None),
        ([lease(-60, 1)], -60),
        ([lease(-60, 0)], -60),
        ([lease(-60, -20), lease(-10, 1)], -10),
        ([lease(-60, -5), lease(-10, 1)], -60),
        ([lease(-60, -10), lease(-10, 1)], -60),
        ([lease(-90, -40), lease(-60, -5), lease(-10, 1)], -90),
        ([lease(-90, 5), lease(-10, 1)], -90),
        ([lease(2, 5)], 0),
    ],
)
def test_the_stretch_goes_back_over_gateways_that_hand_over(
    leases: list[Lease], minutes: int | None
) -> None:
    expected = None if minutes is None else NOON + timedelta(minutes=minutes)
    assert covered_since(leases, NOON) == expected
    assert covered_since(reversed(leases), NOON) == expected


LEASES = st.lists(
    st.tuples(st.integers(-100, 20), st.integers(0, 60)).map(lambda t: lease(t[0], t[0] + t[1])),
    max_size=8,
)


@given(LEASES)
def test_at_every_minute_of_the_stretch_some_gateway_lived_and_before_it_none_did(
    leases: list[Lease],
) -> None:
    since = covered_since(leases, NOON)

    def lived(at: datetime) -> bool:
        return any(one.started <= at <= one.until for one in leases)

    if since is None:
        assert not lived(NOON)
        return
    minute = since
    while minute < NOON:
        assert lived(minute)
        minute += timedelta(minutes=1)
    if since < NOON:
        assert not lived(since - timedelta(seconds=1))
