"""What sessions cost, reckoned by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpms.control.cost import Prices, Use, cost
from cpms.control.tariffs import in_words

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
#: 59 ct/kWh, 5 ct a minute, 1 € a session, 10 ct a minute after 15 free ones, 19 % VAT.
EUROS = Prices(
    currency="EUR",
    energy=Decimal("0.59"),
    minute=Decimal("0.05"),
    session=Decimal("1.00"),
    idle_minute=Decimal("0.10"),
    idle_grace=timedelta(minutes=15),
    vat=Decimal(19),
)


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


def test_energy_time_and_fee_of_a_session_that_ends_with_its_charging():
    # 1.00 + 12.345 kWh × 0.59 = 7.28355 → 7.28 + 40 min × 0.05 = 2.00
    made = cost(EUROS, Use(START, minutes(40), 12_345.0))
    assert (made.session, made.energy, made.time, made.idle) == (
        *(Decimal("1.00"), Decimal("7.28"), Decimal("2.00"), Decimal("0.00")),
    )
    assert made.total == Decimal("10.28")
    # 10.28 / 1.19 = 8.6387 → 8.64
    assert (made.net, made.tax) == (Decimal("8.64"), Decimal("1.64"))


def test_who_stays_after_charging_pays_for_it_when_the_free_time_is_over():
    # Charged for 30 min: 1.50; stayed 60 more, 45 of them beyond the grace: 4.50.
    made = cost(EUROS, Use(START, minutes(90), 10_000.0, minutes(30)))
    assert (made.time, made.idle, made.energy) == (
        *(Decimal("1.50"), Decimal("4.50"), Decimal("5.90")),
    )
    assert made.total == Decimal("12.90")


def test_who_leaves_within_the_free_time_pays_nothing_for_it():
    made = cost(EUROS, Use(START, minutes(45), 10_000.0, minutes(30)))
    assert made.idle == 0


def test_halves_are_rounded_up_and_each_part_by_itself():
    # 0.5 kWh × 0.59 = 0.295 → 0.30; 30 s × 0.05 = 0.025 → 0.03
    made = cost(EUROS, Use(START, START + timedelta(seconds=30), 500.0))
    assert (made.energy, made.time) == (Decimal("0.30"), Decimal("0.03"))


def test_a_currency_without_minor_unit_has_whole_amounts():
    yen = Prices(currency="JPY", decimals=0, energy=Decimal("45.5"), vat=Decimal(10))
    made = cost(yen, Use(START, minutes(10), 7_777.0))  # 353.8535 → 354
    assert (made.total, made.net) == (354, 322)


def test_an_hour_is_an_hour_where_clocks_are_put_forward():
    # Berlin's clocks go from 2:00 to 3:00 within it: by the wall it would be two.
    made = cost(EUROS, Use(START, minutes(60), 0.0))
    assert made.time == Decimal("3.00")


@pytest.mark.parametrize("energy", [None, -5.0, 0.0])
def test_no_energy_costs_none(energy: float | None):
    made = cost(EUROS, Use(START, START, energy))
    assert made.total == Decimal("1.00")


def test_an_end_before_the_start_costs_no_time():
    assert cost(EUROS, Use(START, minutes(-5), 0.0)).time == 0


@given(
    energy=st.floats(0, 1e6),
    more=st.floats(0, 1e5),
    seconds=st.integers(0, 10**6),
    longer=st.integers(0, 10**5),
)
def test_using_more_never_costs_less(energy: float, more: float, seconds: int, longer: int):
    first = Use(START, START + timedelta(seconds=seconds), energy)
    second = Use(START, START + timedelta(seconds=seconds + longer), energy + more)
    made = cost(EUROS, second)
    assert cost(EUROS, first).total <= made.total
    assert made.net + made.tax == made.total
    assert made.net <= made.total


def test_prices_are_said_as_drivers_read_them():
    assert in_words(EUROS) == (
        "0.59 EUR/kWh + 0.05 EUR/min + 1.00 EUR per session"
        " + 0.10 EUR/min from 15 min after charging (incl. 19 % VAT)"
    )
    assert in_words(Prices("EUR", energy=Decimal("0.58990"))) == "0.5899 EUR/kWh"
    assert in_words(Prices("JPY", decimals=0, energy=Decimal("45.00"))) == "45 JPY/kWh"
    assert in_words(Prices("EUR")) == "free of charge"
