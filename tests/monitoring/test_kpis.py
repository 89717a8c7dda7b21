"""The KPIs, worked by hand and on random pasts."""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kpis.figures import DEFINITIONS, Figure, Metric, Unit, figure
from monitoring.kpis.history import (
    Authorization,
    ChargerHistory,
    Connection,
    PortHistory,
    Reported,
    Session,
)
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.totals import LinkTotals, PortTotals
from tests.monitoring.histories import LENGTH, MINUTE, histories, minutes

HOUR = 3600.0
ALWAYS = Window(-inf, inf)


def at(hour: int, minute: int = 0, day: int = 2) -> float:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC).timestamp()


DAY = Window(at(0), at(0, day=3))
PAST = at(12, day=9)


def figures(
    history: ChargerHistory,
    window: Window = DAY,
    commissioned: Window = ALWAYS,
    now: float = PAST,
) -> dict[Metric, Figure]:
    """Return the figures of all ports of a charger together."""
    found = measured(history, [window], commissioned, now)
    ports, links = PortTotals(), LinkTotals()
    for windows in found.ports.values():
        for totals in windows.values():
            ports.add(totals)
    for link in found.links.values():
        links.add(link)
    return {metric: figure(metric, ports, links) for metric in Metric}


CONNECTED = [Connection(at(0, day=1), inf)]


def charger(
    *ports: list[Reported],
    connections: Iterable[Connection] = CONNECTED,
    authorizations: Iterable[Authorization] = (),
) -> ChargerHistory:
    made = {key: PortHistory(list(statuses)) for key, statuses in enumerate(ports, 1)}
    return ChargerHistory(made, list(connections), list(authorizations))


AVAILABLE = [Reported(at(0, day=1), inf, "Available")]


def test_a_port_faulted_for_six_of_24_hours_has_an_uptime_of_75_percent() -> None:
    faulted = [
        Reported(at(0, day=1), at(6), "Available"),
        Reported(at(6), at(12), "Faulted"),
        Reported(at(12), inf, "Available"),
    ]
    uptime = figures(charger(faulted))[Metric.UPTIME]
    assert (uptime.numerator, uptime.denominator, uptime.value) == (18 * HOUR, 24 * HOUR, 0.75)
    assert uptime.details["faulted"] == uptime.details["outage"] == 6 * HOUR


def test_offline_and_unavailable_are_outage_and_occupied_reserved_and_charging_are_not() -> None:
    mixed = [
        Reported(at(0), at(3), "Unavailable"),
        Reported(at(3), at(6), "Occupied"),
        Reported(at(6), at(9), "Reserved"),
        Reported(at(9), inf, "Charging"),
    ]
    connected = [Connection(at(0, day=1), at(21)), Connection(at(0, day=3), inf)]
    uptime = figures(charger(mixed, connections=connected))[Metric.UPTIME]
    assert uptime.value == 0.75
    assert uptime.details["unavailable"] == uptime.details["offline"] == 3 * HOUR


def test_silence_is_not_uptime() -> None:
    last_seen = [Connection(at(0, day=1), at(6))]
    both = figures(charger(AVAILABLE, connections=last_seen))
    assert both[Metric.UPTIME].value == 0.25
    assert both[Metric.ONLINE_RATE].value == 0.25


def test_the_uptime_of_a_site_is_that_of_its_port_seconds_not_a_mean_of_means() -> None:
    broken_port = [Reported(at(0, day=1), inf, "Faulted")]
    assert figures(charger(AVAILABLE, AVAILABLE, broken_port))[Metric.UPTIME].value == 2 / 3


def test_a_port_that_never_reported_a_status_is_no_data_and_not_0_or_100_percent() -> None:
    uptime = figures(charger([]))[Metric.UPTIME]
    assert uptime.value is None
    assert uptime.no_data_share == 1.0


def test_time_without_a_status_is_left_out_and_shown() -> None:
    late = [Reported(at(18), at(21), "Available"), Reported(at(21), inf, "Faulted")]
    uptime = figures(charger(late))[Metric.UPTIME]
    assert (uptime.value, uptime.no_data_share) == (0.5, 0.75)


def test_a_charger_never_seen_has_no_uptime_and_was_never_online() -> None:
    both = figures(charger(AVAILABLE, connections=[]))
    assert both[Metric.UPTIME].value is None
    assert both[Metric.ONLINE_RATE].value == 0.0
    assert both[Metric.RECONNECTS].value is None


def test_time_before_the_first_connection_ever_is_no_data_for_uptime() -> None:
    both = figures(charger(AVAILABLE, connections=[Connection(at(12), inf)]))
    assert both[Metric.UPTIME].value == 1.0
    assert both[Metric.UPTIME].no_data_share == 0.5
    assert both[Metric.ONLINE_RATE].value == 0.5


def test_time_outside_the_commissioned_time_does_not_count() -> None:
    broken = [Reported(at(0, day=1), at(8), "Faulted"), Reported(at(8), inf, "Available")]
    found = figures(charger(broken), commissioned=Window(at(8), at(20)))
    assert found[Metric.UPTIME].value == 1.0
    assert found[Metric.ONLINE_RATE].denominator == 12 * HOUR


def test_a_charger_that_is_not_commissioned_has_no_figures() -> None:
    found = figures(charger(AVAILABLE), commissioned=Window(inf, inf))
    assert {figure.value for figure in found.values()} == {None}
    assert {figure.no_data_share for figure in found.values()} == {None}


def test_time_to_come_does_not_count() -> None:
    found = figures(charger(AVAILABLE), now=at(6))
    assert found[Metric.UPTIME].denominator == found[Metric.ONLINE_RATE].denominator == 6 * HOUR


def test_reconnects_are_all_but_the_first_connection_ever_by_why_the_one_before_ended() -> None:
    connected = [
        Connection(at(1), at(2), "lost"),
        Connection(at(3), at(4), "ping_timeout"),
        Connection(at(5), at(6), "gateway_restart"),
        Connection(at(7), at(8), "lost"),
        Connection(at(1, day=3), inf),
    ]
    reconnects = figures(charger(AVAILABLE, connections=connected))[Metric.RECONNECTS]
    assert reconnects.numerator == 2
    assert reconnects.details["total"] == 3
    assert reconnects.details["own_restarts"] == reconnects.details["after_gateway_restart"] == 1
    assert reconnects.details["after_lost"] == reconnects.details["after_ping_timeout"] == 1


def test_reconnects_are_per_charger_and_day_since_it_was_first_seen() -> None:
    connected = [Connection(at(12), at(13), "lost"), Connection(at(14), inf)]
    reconnects = figures(charger(AVAILABLE, connections=connected))[Metric.RECONNECTS]
    assert reconnects.denominator == 0.5
    assert reconnects.value == 2.0
    assert reconnects.no_data_share == 0.5


def test_the_first_connection_in_the_window_is_a_reconnect_if_there_was_one_before() -> None:
    connected = [Connection(at(1, day=1), at(2, day=1), "kicked"), Connection(at(5), inf)]
    reconnects = figures(charger(AVAILABLE, connections=connected))[Metric.RECONNECTS]
    assert (reconnects.numerator, reconnects.details["after_kicked"]) == (1, 1)


def test_windows_are_half_open() -> None:
    connected = [Connection(at(0, day=1), at(0), "lost"), Connection(at(0), inf)]
    day_before = Window(at(0, day=1), at(0))
    history = charger(AVAILABLE, connections=connected)
    assert figures(history)[Metric.RECONNECTS].numerator == 1
    assert figures(history, day_before)[Metric.RECONNECTS].numerator == 0


def test_refused_tokens_are_reported_and_no_attempt_without_a_vehicle() -> None:
    refused = [Authorization(at(9), "AB", "Invalid"), Authorization(at(9), "AB", "Accepted")]
    success = figures(charger(AVAILABLE, AVAILABLE, authorizations=refused[:1]))
    assert success[Metric.SESSION_SUCCESS].value is None
    assert success[Metric.SESSION_SUCCESS].details["refused_tokens"] == 1


def visit(hour: int, key: int, **said: Any) -> tuple[list[Reported], Session]:
    """Return the spans and the session of one hour at a port."""
    spans = [
        Reported(at(hour), at(hour, 2), "Preparing"),
        Reported(at(hour, 2), at(hour, 30), "Charging"),
        Reported(at(hour, 30), at(hour + 1), "Available"),
    ]
    values: dict[str, Any] = {"token": "AB", "energy": 900.0, **said}
    return spans, Session(at(hour, 2), at(hour, 30), key, **values)


def test_three_of_four_attempts_succeed_and_a_refused_one_is_left_out() -> None:
    visits = [
        visit(8, 1),
        visit(9, 2, reason="PowerLoss"),
        visit(10, 3, answer="Invalid", energy=0.0),
        visit(11, 4),
        visit(12, 5, energy=100.0),
    ]
    spans = [span for each, _session in visits for span in each]
    port = PortHistory(spans, [session for _spans, session in visits])
    history = ChargerHistory({1: port}, [Connection(at(0, day=1), inf)])
    success = figures(history)[Metric.SESSION_SUCCESS]
    assert (success.numerator, success.denominator, success.value) == (3, 4, 0.75)
    assert (success.details["failed"], success.details["refused_attempts"]) == (1, 1)


def test_an_attempt_counts_in_the_window_it_ends_in() -> None:
    spans, session = visit(8, 1)
    history = ChargerHistory({1: PortHistory(spans, [session])}, [Connection(at(0, day=1), inf)])
    until_its_end, from_its_end = Window(at(8), at(8, 30)), Window(at(8, 30), at(9))
    assert figures(history, until_its_end)[Metric.SESSION_SUCCESS].denominator == 0
    assert figures(history, from_its_end)[Metric.SESSION_SUCCESS].denominator == 1


windows = st.lists(minutes, min_size=2, max_size=2, unique=True).map(sorted)


@given(histories(), windows, windows, minutes)
def test_no_figure_is_ever_below_0_or_a_rate_above_1(
    history: ChargerHistory, window: list[float], commissioned: list[float], now: float
) -> None:
    found = figures(history, Window(*window), Window(*commissioned), now)
    for metric, one in found.items():
        assert one.value is None or one.value >= 0
        assert one.no_data_share is None or 0 <= one.no_data_share <= 1
        if DEFINITIONS[metric].unit is Unit.SHARE:
            assert one.value is None or one.value <= 1


@given(histories(), windows, minutes)
def test_all_commissioned_time_is_accounted_for_once(
    history: ChargerHistory, commissioned: list[float], now: float
) -> None:
    whole = Window(0.0, LENGTH * MINUTE)
    found = measured(history, [whole], Window(*commissioned), now)
    expected = max(0.0, min(commissioned[1], now) - commissioned[0])
    for windows in found.ports.values():
        seconds = sum(totals.measured + totals.no_data for totals in windows.values())
        assert seconds == pytest.approx(expected)
    assert sum(t.commissioned for t in found.links.values()) == pytest.approx(expected)
    unseen = sum(totals.unseen for totals in found.links.values())
    assert all(
        totals.no_data >= unseen - 1e-6
        for windows in found.ports.values()
        for totals in windows.values()
    )
