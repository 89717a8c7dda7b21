"""What a 2.x transaction says of its port is finer than Occupied, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.facts import Status
from monitoring.spans import Change, Span, absorbs, confirms, place

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def told(status: Status, minute: int) -> Span:
    return Span(at(minute), None, status, refines=True)


def test_charging_refines_occupied_and_available() -> None:
    for coarse in (Status.OCCUPIED, Status.AVAILABLE, Status.RESERVED):
        change = place([Span(at(0), None, coarse)], told(Status.CHARGING, 5))
        assert change is not None
        assert (change.shortened, change.span.status) == (at(0), Status.CHARGING)


@pytest.mark.parametrize("broken", [Status.FAULTED, Status.UNAVAILABLE])
@pytest.mark.parametrize("status", [Status.CHARGING, Status.OCCUPIED, Status.FINISHING])
def test_no_transaction_mends_a_port(broken: Status, status: Status) -> None:
    assert place([Span(at(0), None, broken)], told(status, 5)) is None
    assert place([Span(at(5), None, broken)], told(status, 5)) is None


@pytest.mark.parametrize("before", list(Status))
def test_an_end_is_finishing_only_where_a_vehicle_was_charging(before: Status) -> None:
    change = place([Span(at(0), None, before)], told(Status.FINISHING, 5))
    charging = {Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE}
    assert (change is not None) == (before in charging)


def test_an_end_on_a_port_without_history_says_nothing() -> None:
    assert place([], told(Status.FINISHING, 5)) is None
    assert place([], told(Status.CHARGING, 5)) == Change(None, told(Status.CHARGING, 5))


def test_the_same_again_makes_no_boundary_but_a_connector_s_report_does() -> None:
    charging = Span(at(0), None, Status.CHARGING)
    assert place([charging], told(Status.CHARGING, 5)) is None
    assert place([charging], Span(at(5), None, Status.CHARGING)) is not None


def test_only_what_a_transaction_says_absorbs_the_occupied_that_follows() -> None:
    before, after = Span(at(0), at(10), Status.AVAILABLE), Span(at(10), None, Status.OCCUPIED)
    late = place([before, after], told(Status.CHARGING, 5))
    plain = place([before, after], Span(at(5), None, Status.CHARGING))
    assert late is not None
    assert plain is not None
    assert late.span.ended == at(10)
    assert (absorbs(late.span, after), absorbs(plain.span, after)) == (True, False)


@pytest.mark.parametrize("broken", [Status.FAULTED, Status.UNAVAILABLE])
def test_a_fault_that_comes_late_absorbs_what_only_transactions_said_after_it(
    broken: Status,
) -> None:
    fault = Span(at(0), at(5), broken)
    for status in (Status.OCCUPIED, Status.CHARGING, Status.FINISHING):
        assert absorbs(fault, replace(told(status, 5), ended=at(9)))
        assert not absorbs(fault, Span(at(5), at(9), status))
    assert not absorbs(Span(at(0), at(5), Status.AVAILABLE), told(Status.CHARGING, 5))


def test_a_connector_bears_out_what_a_transaction_said_by_saying_occupied() -> None:
    charging = told(Status.CHARGING, 0)
    occupied = Span(at(3), None, Status.OCCUPIED)
    assert place([charging], occupied) is None
    assert confirms(occupied, charging)
    assert not confirms(told(Status.CHARGING, 3), charging)
    assert not confirms(occupied, Span(at(0), None, Status.CHARGING))
