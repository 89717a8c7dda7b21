"""The bars of a history: what was the case, exact where few things changed, bounded else."""

from datetime import timedelta

from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from inventory.models import Charger, Evse, Site
from monitoring.charger_page import subject
from monitoring.charger_page.bars import MOST_PIECES, Bars, bars
from monitoring.charger_page.window import Window
from monitoring.effective import State
from monitoring.facts import CloseReason, Status
from tests.monitoring.charger_page.past import HOUR, MINUTE, flapped, reported
from tests.network import NOON, charger, connection, port

DAY = timedelta(days=1)
LAST_DAY = Window(NOON - DAY, NOON)


def shown(station: Charger, window: Window = LAST_DAY) -> Bars:
    found = subject.find(User(is_superuser=True, is_active=True), station.identity)
    assert found
    return bars(found, window)


def test_a_port_is_what_it_reported_and_offline_while_its_charger_is(
    station: Charger, evse: Evse
) -> None:
    connection(station, NOON - 30 * HOUR, NOON - 6 * HOUR, CloseReason.PING_TIMEOUT)
    connection(station, NOON - 4 * HOUR)
    reported(evse, Status.AVAILABLE, NOON - 30 * HOUR, NOON - 2 * HOUR)
    reported(evse, Status.FAULTED, NOON - 2 * HOUR, None, "GroundFailure")
    lane = shown(station).ports[0][1]
    assert [(p.state, p.start, p.end, p.note) for p in lane.pieces] == [
        (State.AVAILABLE, NOON - DAY, NOON - 6 * HOUR, ""),
        (State.OFFLINE, NOON - 6 * HOUR, NOON - 4 * HOUR, ""),
        (State.AVAILABLE, NOON - 4 * HOUR, NOON - 2 * HOUR, ""),
        (State.FAULTED, NOON - 2 * HOUR, NOON, "ground fault"),
    ]
    assert dict(lane.totals)[State.FAULTED] == 2 * HOUR


def test_the_connection_s_bar_says_why_it_ended(station: Charger) -> None:
    connection(station, NOON - 30 * HOUR, NOON - 6 * HOUR, CloseReason.PING_TIMEOUT)
    pieces = shown(station).connection.pieces
    assert [(p.state, p.note) for p in pieces] == [
        (State.AVAILABLE, ""),
        (State.OFFLINE, "it stopped answering"),
    ]


def test_before_it_was_first_seen_there_is_nothing(station: Charger, evse: Evse) -> None:
    connection(station, NOON - HOUR)
    reported(evse, Status.AVAILABLE, NOON - HOUR, None)
    lane = shown(station).ports[0][1]
    assert [(p.start, p.end) for p in lane.pieces] == [(NOON - HOUR, NOON)]


def test_a_port_that_flaps_is_summed_up_and_nothing_of_it_is_lost(
    station: Charger, evse: Evse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connection(station, NOON - 40 * DAY, NOON - 2 * DAY, CloseReason.LOST)
    connection(station, NOON - DAY)
    flapped(evse, NOON - 30 * DAY, 10 * MINUTE, 30 * 24 * 6)
    window = Window(NOON - 30 * DAY, NOON)
    found = subject.find(User(is_superuser=True, is_active=True), station.identity)
    assert found
    with django_assert_max_num_queries(2):
        drawn = bars(found, window)
    lane = drawn.ports[0][1]
    assert drawn.bucket is not None
    assert len(lane.pieces) <= MOST_PIECES
    assert {p.state for p in lane.pieces} == {State.AVAILABLE, State.OFFLINE, State.FAULTED}
    totals = {state: round(length / HOUR) for state, length in lane.totals}
    assert totals == {State.AVAILABLE: 348, State.FAULTED: 348, State.OFFLINE: 24}
    assert {state: round(t / DAY) for state, t in drawn.connection.totals} == {
        State.AVAILABLE: 29,
        State.OFFLINE: 1,
    }


def test_looking_closer_at_it_shows_each_change(station: Charger, evse: Evse) -> None:
    connection(station, NOON - 40 * DAY)
    flapped(evse, NOON - 30 * DAY, 10 * MINUTE, 30 * 24 * 6)
    drawn = shown(station, Window(NOON - 3 * DAY, NOON - 3 * DAY + HOUR))
    assert drawn.bucket is None
    assert len(drawn.ports[0][1].pieces) == 6


def test_forty_ports_that_flap_stay_bounded(place: Site) -> None:
    many = charger(place, "CP-40")
    connection(many, NOON - 40 * DAY)
    for number in range(1, 41):
        flapped(port(many, number, None), NOON - 10 * DAY, 60 * MINUTE, 240)
    drawn = shown(many, Window(NOON - 10 * DAY, NOON))
    assert len(drawn.ports) == 40
    assert sum(len(lane.pieces) for _number, lane in drawn.ports) <= 2 * 6_000
