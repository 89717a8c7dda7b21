"""Vehicles and drivers: pure, so their laws are checked with many examples."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp.simulator import drivers
from cpms.ocpp.simulator.vehicles import (
    VEHICLE_TYPES,
    Vehicle,
    ac_share,
    dc_share,
    draw_vehicle,
)

socs = st.floats(0, 99)
kinds = st.sampled_from(sorted(VEHICLE_TYPES, key=lambda kind: kind.name))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@given(socs)
def test_no_battery_takes_more_than_its_peak(soc: float) -> None:
    assert 0 < dc_share(soc) <= 1
    assert 0 < ac_share(soc) <= 1


@given(st.floats(50, 99), st.floats(0, 1))
def test_dc_power_only_falls_above_half_full(soc: float, more: float) -> None:
    assert dc_share(min(soc + more, 100)) <= dc_share(soc) + 1e-9


@given(kinds, socs, st.booleans(), st.floats(0, 20_000), st.floats(0, 400_000))
def test_a_vehicle_takes_no_more_than_offered_and_than_fits(
    kind: object, soc: float, is_dc: bool, seconds: float, supply: float
) -> None:
    vehicle = Vehicle(kind, kind.capacity_wh, soc, 100.0, is_dc)  # type: ignore[attr-defined,arg-type]
    taken = vehicle.charge(seconds, supply)
    assert 0 <= taken <= supply * seconds / 3600 + 1e-6
    assert soc <= vehicle.soc <= 100
    assert abs((vehicle.soc - soc) / 100 * vehicle.capacity_wh - taken) < 500


def test_charging_in_pieces_is_charging_at_once() -> None:
    kind = next(iter(VEHICLE_TYPES))
    whole = Vehicle(kind, kind.capacity_wh, 20, 80, is_dc=False)
    pieces = Vehicle(kind, kind.capacity_wh, 20, 80, is_dc=False)
    taken = sum(pieces.charge(60, 3_000) for _ in range(60))
    assert abs(taken - whole.charge(3600, 3_000)) < 1


def test_a_done_vehicle_takes_nothing() -> None:
    kind = next(iter(VEHICLE_TYPES))
    vehicle = Vehicle(kind, kind.capacity_wh, 80, 80, is_dc=False)
    assert (vehicle.demand_w(), vehicle.charge(600, 11_000)) == (0, 0)


@given(st.integers(0, 2**32), st.booleans())
def test_a_drawn_vehicle_can_be_charged_there(seed: int, is_dc: bool) -> None:
    vehicle = draw_vehicle(Random(seed), is_dc, pace=1.0)
    assert vehicle.demand_w() > 0
    assert vehicle.kind.dc_w or not is_dc


def test_a_faster_pace_means_smaller_batteries_and_shorter_stays() -> None:
    assert draw_vehicle(Random(1), True, 10.0).capacity_wh * 10 == (
        draw_vehicle(Random(1), True, 1.0).capacity_wh
    )
    assert drivers.draw_stay(Random(1), False, 10.0) * 10 == drivers.draw_stay(
        Random(1), False, 1.0
    )


def arrivals(days: int, start: datetime, is_dc: bool, pace: float = 1.0) -> list[datetime]:
    """Return when drivers come to one port."""
    rng, moment, found = Random(5), start, []
    while moment < start + timedelta(days=days):
        moment += timedelta(seconds=drivers.next_arrival(rng, moment, is_dc, pace))
        found.append(moment)
    return found


def test_as_many_drivers_come_a_day_as_are_meant_to() -> None:
    assert abs(len(arrivals(200, MONDAY, is_dc=True)) / 200 - drivers.DC_VISITS_PER_DAY) < 0.5
    assert abs(len(arrivals(200, MONDAY, is_dc=False)) / 200 - drivers.AC_VISITS_PER_DAY) < 0.3
    assert len(arrivals(20, MONDAY, is_dc=False, pace=10)) > 400


def test_drivers_come_in_the_morning_on_weekdays_and_at_noon_on_weekends() -> None:
    hours = {True: [0] * 24, False: [0] * 24}
    for moment in arrivals(700, MONDAY, is_dc=False):
        hours[moment.weekday() >= 5][moment.hour] += 1
    assert sum(hours[False][6:10]) / sum(hours[False]) > 1.5 * sum(hours[True][6:10]) / sum(
        hours[True]
    )
    assert sum(hours[False][0:5]) < sum(hours[False][7:9]) / 4


@given(st.integers(0, 167), st.booleans())
def test_a_port_is_never_taken_for_sure(hour: int, is_dc: bool) -> None:
    moment = MONDAY + timedelta(hours=hour)
    assert 0 < drivers.chance_of_occupied(moment, is_dc) <= 0.9


def test_every_driver_has_a_card_that_fits_an_id_tag() -> None:
    assert len(set(drivers.CARDS)) == 64
    assert all(len(card) <= 20 for card in drivers.CARDS)
