"""How chargers are connected, worked by hand: one day, 2 March 2026."""

from datetime import UTC, datetime
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given

from monitoring.kpis.figures import Metric, figure
from monitoring.kpis.formulas import percentile
from monitoring.kpis.history import ChargerHistory, Connection
from monitoring.kpis.links import MANY, WITHIN, flaps
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import RTT_BOUNDS, LinkTotals, PortTotals
from tests.monitoring.histories import MINUTE, histories

HOUR = 3600.0


def at(hour: int, minute: int = 0, day: int = 2) -> float:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC).timestamp()


DAY = Window(at(0), at(0, day=3))


def links(*connections: Connection, window: Window = DAY, since: float = -inf) -> LinkTotals:
    history = ChargerHistory({}, list(connections))
    return measured(history, [window], Window(since, inf), at(0, day=9)).links[0]


def value(metric: Metric, totals: LinkTotals) -> float | None:
    return figure(metric, PortTotals(), totals).value


def test_the_time_between_disconnects_is_the_connected_time_by_them() -> None:
    totals = links(
        Connection(at(0, day=1), at(6), "lost"),
        Connection(at(6), at(12), "gateway_restart"),
        Connection(at(12), at(18), "ping_timeout"),
        Connection(at(20), inf),
    )
    assert totals.disconnects == 2  # and a restart of our own
    assert value(Metric.MEAN_TIME_BETWEEN_DISCONNECTS, totals) == 11 * HOUR


def test_where_nothing_disconnected_there_is_no_time_between_disconnects() -> None:
    assert value(Metric.MEAN_TIME_BETWEEN_DISCONNECTS, links(Connection(at(0), inf))) is None


def test_the_longest_time_offline_is_whole_though_a_midnight_lies_in_it() -> None:
    connections = Connection(at(0, day=1), at(22), "lost"), Connection(at(3, day=3), inf)
    until_midnight, after = links(*connections), links(*connections, window=Window(*days(3)))
    assert value(Metric.LONGEST_OFFLINE, until_midnight) == 2 * HOUR
    assert value(Metric.LONGEST_OFFLINE, after) == 5 * HOUR
    both = LinkTotals()
    both.add(until_midnight)
    both.add(after)
    assert value(Metric.LONGEST_OFFLINE, both) == 5 * HOUR


def days(day: int) -> tuple[float, float]:
    return at(0, day=day), at(0, day=day + 1)


def test_time_before_the_first_connection_or_the_commissioning_is_not_offline() -> None:
    assert links(Connection(at(9), inf)).longest_offline == 0.0
    gone = Connection(at(0, day=1), at(1, day=1)), Connection(at(12), inf)
    assert links(*gone, since=at(10)).longest_offline == 2 * HOUR


def test_five_reconnects_within_an_hour_are_flapping_until_one_is_an_hour_old() -> None:
    opened = [at(0, day=1), *(at(10, minute) for minute in (0, 10, 20, 30, 40))]
    connections = [Connection(a, b, "lost") for a, b in pairwise([*opened, inf])]
    totals = links(*connections)
    assert totals.flapping == 20 * MINUTE  # from the fifth at 10:40 until 11:00
    assert value(Metric.FLAPPING_SHARE, totals) == pytest.approx(20 / 1440)
    before = links(*connections, window=Window(at(10), at(10, 50)))
    after = links(*connections, window=Window(at(10, 50), at(12)))
    assert (before.flapping, after.flapping) == (10 * MINUTE, 10 * MINUTE)


def test_four_reconnects_or_five_after_our_own_restarts_are_no_flapping() -> None:
    opened = [at(0, day=1), *(at(10, minute) for minute in (0, 10, 20, 30, 40))]
    for reasons in (["gateway_died"] * 5, ["gateway_restart", *["lost"] * 4]):
        spans = pairwise([*opened, inf])
        made = [Connection(*span, reason) for span, reason in zip(spans, reasons, strict=False)]
        assert links(*made).flapping == 0.0


@given(histories())
def test_flapping_is_what_counting_reconnects_each_minute_finds(history: ChargerHistory) -> None:
    own = {"gateway_restart", "gateway_died"}
    pairs = pairwise(history.connections)
    opened = [now.opened for before, now in pairs if before.reason not in own]
    flapping = flaps(history.connections)
    for minute in range(0, 13 * 60, 11):
        instant = (minute + 0.5) * MINUTE
        many = sum(instant - WITHIN < each <= instant for each in opened) >= MANY
        assert many == any(span.start <= instant < span.end for span in flapping)


def counted(**counts: int) -> LinkTotals:
    totals = LinkTotals(online=DAY.end - DAY.start, missed_pings=counts.pop("missed", 0))
    bounds = [*(f"to_{bound}" for bound in RTT_BOUNDS), "late"]
    totals.round_trips = [counts.get(name, 0) for name in bounds]
    return totals


def test_percentiles_are_the_bounds_that_so_many_round_trips_kept_to() -> None:
    totals = counted(to_50=50, to_200=44, to_1000=5, late=1, missed=25)
    assert value(Metric.ROUND_TRIP_P50, totals) == 50
    assert value(Metric.ROUND_TRIP_P95, totals) == 1_000
    assert value(Metric.LATE_REPLIES, totals) == 0.01
    assert value(Metric.MISSED_PINGS, totals) == 25 / 125
    assert percentile(counted(late=3).round_trips, 0.5) == 5_000


def test_a_charger_that_was_never_pinged_has_no_round_trip() -> None:
    of_pings = (Metric.ROUND_TRIP_P50, Metric.LATE_REPLIES, Metric.MISSED_PINGS)
    assert {value(metric, counted()) for metric in of_pings} == {None}
