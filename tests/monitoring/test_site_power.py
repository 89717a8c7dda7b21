"""A site's power from its sessions: what is drawn adds up to what was delivered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.site_power import Delivery, mean_powers

HOUR = 3600.0


def test_a_session_s_energy_is_spread_over_its_time() -> None:
    # 11 kWh in an hour, beginning in the middle of the first of three buckets of half an hour.
    powers = mean_powers([Delivery(900, 4500, 11_000)], 0, 1800, 3)
    assert powers == pytest.approx([5_500, 11_000, 5_500])


def test_what_lies_outside_the_window_is_not_counted() -> None:
    powers = mean_powers(
        [Delivery(-HOUR, HOUR, 20_000), Delivery(HOUR, 9 * HOUR, 8_000)], 0, HOUR, 2
    )
    assert powers == pytest.approx([10_000, 1_000])


@pytest.mark.parametrize("odd", [Delivery(5, 5, 900), Delivery(9, 5, 900), Delivery(0, 9, -1)])
def test_sessions_without_time_or_energy_draw_nothing(odd: Delivery) -> None:
    assert mean_powers([odd], 0, 900, 4) == [0.0] * 4


@given(
    st.lists(
        st.builds(
            lambda start, lasted, energy: Delivery(start, start + lasted, energy),
            st.floats(0, 80_000), st.floats(1, 6_000), st.floats(0, 90_000),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_inside_the_window_no_energy_is_lost_or_won(deliveries: list[Delivery]) -> None:
    powers = mean_powers(deliveries, 0, 900, 96)
    whole = sum(delivery.energy for delivery in deliveries)
    assert sum(powers) * 900 / HOUR == pytest.approx(whole, abs=1e-3)
