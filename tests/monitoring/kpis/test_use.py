"""How ports are used, worked by hand: one day, 2 March 2026."""

from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

import pytest

from monitoring.kpis.figures import Metric, figure
from monitoring.kpis.history import (
    ChargerHistory,
    Connection,
    PortHistory,
    Reported,
    Rules,
    Session,
)
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import LinkTotals, PortTotals

HOUR = 3600.0
MINUTE = 60.0
BERLIN = ZoneInfo("Europe/Berlin")
ALWAYS = Window(-inf, inf)


def at(hour: int, minute: int = 0, day: int = 2, month: int = 3) -> float:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).timestamp()


DAY = Window(at(0), at(0, day=3))


def spans(*told: tuple[float, str]) -> list[Reported]:
    ends = [start for start, _state in told[1:]] + [inf]
    return [Reported(start, end, state) for (start, state), end in zip(told, ends, strict=True)]


def use(
    statuses: list[Reported],
    *sessions: Session,
    window: Window = DAY,
    connections: list[Connection] | None = None,
) -> PortTotals:
    history = ChargerHistory(
        {1: PortHistory(statuses, list(sessions))},
        [Connection(at(0, day=1), inf)] if connections is None else connections,
        rules=Rules("Europe/Berlin"),
    )
    return measured(history, [window], ALWAYS, at(0, month=12)).ports[1][0]


def value(metric: Metric, totals: PortTotals) -> float | None:
    return figure(metric, totals, LinkTotals()).value


CHARGED = spans(
    (at(0, day=1), "Available"),
    (at(9, 45), "Preparing"),
    (at(10), "Charging"),
    (at(12), "SuspendedEV"),
    (at(13), "Finishing"),
    (at(13, 30), "Available"),
    (at(20), "Reserved"),
    (at(20, 15), "Available"),
)


def test_two_hours_of_charging_are_a_twelfth_of_the_day() -> None:
    totals = use(CHARGED)
    assert totals.use.charging == 2 * HOUR
    assert value(Metric.UTILISATION, totals) == pytest.approx(2 / 24)


def test_a_port_is_taken_from_the_plug_to_the_unplugging_and_while_it_is_reserved() -> None:
    totals = use(CHARGED)
    assert totals.use.occupied == 3.75 * HOUR + 15 * MINUTE
    assert value(Metric.OCCUPANCY, totals) == pytest.approx(4 / 24)


def test_a_full_vehicle_that_stays_is_idle_until_it_goes() -> None:
    totals = use(CHARGED)
    assert totals.use.idle == 1.5 * HOUR
    assert value(Metric.IDLE, totals) == pytest.approx(1.5 / 4)


def test_a_vehicle_that_waits_for_its_hour_and_one_that_pauses_shortly_are_not_idle() -> None:
    totals = use(
        spans(
            (at(0, day=1), "Available"),
            (at(8), "SuspendedEV"),
            (at(10), "Charging"),
            (at(11), "SuspendedEV"),
            (at(11, 29), "Charging"),
            (at(12), "SuspendedEV"),
            (at(12, 30), "Charging"),
            (at(13), "Available"),
        )
    )
    assert totals.use.idle == 30 * MINUTE  # only the pause of half an hour


def test_a_vehicle_that_has_been_full_since_yesterday_is_idle_today() -> None:
    old = spans((at(8, day=1), "Charging"), (at(9, day=1), "SuspendedEV"), (at(6), "Available"))
    assert use(old).use.idle == 6 * HOUR


def test_offline_and_broken_ports_are_used_by_nobody() -> None:
    statuses = spans((at(9), "Charging"), (at(11), "Faulted"), (at(13), "Available"))
    connections = [Connection(at(0, day=1), at(10)), Connection(at(12), inf)]
    totals = use(statuses, connections=connections)
    assert (totals.use.charging, totals.use.occupied) == (HOUR, HOUR)
    assert figure(Metric.OCCUPANCY, totals, LinkTotals()).denominator == 13 * HOUR


def test_energy_counts_where_a_session_ended_and_what_no_meter_can_mean_counts_as_nothing() -> None:
    totals = use(
        CHARGED,
        Session(at(22, day=1), at(1), 1, energy=30_000.0, peak_power=50_000.0),
        Session(at(3), at(4), 2, energy=-7_000.0, peak_power=-1.0),
        Session(at(5), at(6), 3, energy=5e9, peak_power=9e9),
        Session(at(7), at(7), 4, energy=20_000.0),  # its clock was wrong, its register wasn't
        Session(at(8), at(8, 1), 5),
        Session(at(23), inf, 6, energy=90_000.0),
    )
    assert (totals.use.sessions, totals.use.energy) == (5, 50_000.0)
    assert value(Metric.PEAK_POWER, totals) == 50_000.0
    assert value(Metric.ENERGY, totals) == 50_000.0


def test_the_hours_are_the_sites_own_and_the_repeated_one_holds_two() -> None:
    night = Window(at(0, day=25, month=10), at(0, day=26, month=10))
    assert night.end - night.start == 25 * HOUR
    broken = spans((at(12, day=24, month=10), "Faulted"), (at(4, 30, day=25, month=10), "Charging"))
    totals = use(broken, window=night, connections=[Connection(at(0, day=1), inf)])
    assert totals.lost_hours[:6] == [HOUR, HOUR, 2 * HOUR, HOUR, 30 * MINUTE, 0.0]
    assert totals.busy_hours[4:6] == [30 * MINUTE, HOUR]
    assert sum(totals.lost_hours) == totals.outage == 5.5 * HOUR
    assert sum(totals.busy_hours) == totals.use.charging == 19.5 * HOUR


def test_the_hour_that_the_clock_skips_holds_nothing() -> None:
    night = Window(at(0, day=29, month=3), at(0, day=30, month=3))
    totals = use(spans((at(0, day=1), "Faulted")), window=night)
    assert totals.lost_hours[1:4] == [HOUR, 0.0, HOUR]
    assert sum(totals.lost_hours) == 23 * HOUR


def test_where_nothing_is_known_nothing_is_used() -> None:
    totals = use([])
    unknown = (Metric.UTILISATION, Metric.OCCUPANCY, Metric.IDLE, Metric.ENERGY, Metric.PEAK_POWER)
    assert {value(metric, totals) for metric in unknown} == {None}
