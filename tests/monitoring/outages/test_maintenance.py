"""Planned work: before it begins, and what it does to the days it lies in."""

from datetime import datetime, timedelta

import pytest

from inventory.models import Charger, Evse, Membership, Role, Site
from monitoring.kpis import rollup
from monitoring.models import DailyKpi, DirtyDay, MaintenanceWindow, StatusSpan
from monitoring.outages import maintenance
from monitoring.outages.errors import NotAllowedError
from monitoring.outages.maintenance import MaintenanceError, Plan
from monitoring.outages.scope import Scope
from tests import network
from tests.monitoring.outages.ledger import Ledger, at, ledger

NOW = at(2, 12)
SECOND = timedelta(seconds=1)


@pytest.fixture
def book(db: None) -> Ledger:
    return ledger()


def plan(
    book: Ledger, start: datetime, end: datetime, place: Site | Charger | Evse | None = None
) -> MaintenanceWindow:
    wanted = Plan(Scope.at(place or book.charger), start, end, "New cables")
    return maintenance.plan(wanted, by=book.operator, now=NOW)


def out_of_service(book: Ledger, start: datetime, end: datetime) -> None:
    """Have the charger be connected, and its first port Unavailable meanwhile."""
    network.connection(book.charger, at(1), at(10))
    for status, started, ended in (
        ("Available", at(1), start), ("Unavailable", start, end), ("Available", end, None),
    ):  # fmt: skip
        StatusSpan.objects.create(evse=book.port, status=status, started=started, ended=ended)


def hours(book: Ledger, day: int) -> tuple[float, float]:
    """Return the hours of outage and of planned work of the first port's day."""
    row = DailyKpi.objects.get(evse=book.port, day=at(day).date())
    return row.unavailable / 3600, row.planned / 3600


def test_unavailable_as_planned_is_no_outage(book: Ledger) -> None:
    out_of_service(book, at(3, 8), at(3, 14))
    plan(book, at(3, 9), at(3, 12))
    rollup.settle(at(5, 12))
    assert hours(book, 3) == (3, 3)


@pytest.mark.parametrize("whole", ["site", "charger", "port"])
def test_it_is_planned_for_a_site_a_charger_or_a_port(book: Ledger, whole: str) -> None:
    out_of_service(book, at(3, 9), at(3, 12))
    plan(book, at(3, 9), at(3, 12), getattr(book, whole))
    plan(book, at(3, 9), at(3, 12), book.other)
    rollup.settle(at(5, 12))
    assert hours(book, 3) == (0, 3)


def test_work_that_is_cancelled_counts_until_then(book: Ledger) -> None:
    out_of_service(book, at(3, 8), at(3, 14))
    window = plan(book, at(3, 9), at(3, 13))
    maintenance.cancel(window, by=book.lead, now=at(3, 11))
    assert [mark.day.day for mark in DirtyDay.objects.filter(charger=book.charger)] == [3]
    rollup.settle(at(5, 12))
    assert hours(book, 3) == (4, 2)
    with pytest.raises(MaintenanceError, match="cancelled already, by lea on 2026-03-03 12:00"):
        maintenance.cancel(window, by=book.operator, now=at(3, 12))


def test_work_that_is_cancelled_before_never_was(book: Ledger) -> None:
    out_of_service(book, at(3, 8), at(3, 14))
    maintenance.cancel(plan(book, at(3, 9), at(3, 13)), by=book.lead, now=at(2, 13))
    assert not DirtyDay.objects.exists()
    rollup.settle(at(5, 12))
    assert hours(book, 3) == (6, 0)


def test_work_is_shifted_before_it_begins_and_then_was_planned_at_that_time(book: Ledger) -> None:
    window = plan(book, at(3, 9), at(3, 13))
    wanted = Plan(Scope.at(book.site), at(4, 9), at(4, 13), "New cables, all of them")
    shifted = maintenance.shift(window, wanted, by=book.lead, now=at(2, 13))
    assert (shifted.started, shifted.charger, shifted.planned_at) == (at(4, 9), None, at(2, 13))
    with pytest.raises(MaintenanceError, match="has begun"):
        maintenance.shift(window, wanted, by=book.lead, now=at(4, 10))


def test_work_is_not_shifted_to_where_one_may_only_look(book: Ledger) -> None:
    elsewhere = network.tenant("Sudwind")
    Membership.objects.create(user=book.lead, organisation=elsewhere, role=Role.VIEWER)
    window = plan(book, at(3, 9), at(3, 13))
    wanted = Plan(Scope.at(network.site(elsewhere, "Hafen")), at(3, 9), at(3, 13), "New cables")
    with pytest.raises(NotAllowedError):
        maintenance.shift(window, wanted, by=book.lead, now=NOW)
    assert MaintenanceWindow.objects.get().site == book.site


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        (NOW - SECOND, at(3), "planned is only what is entered before"),
        (at(3, 9), at(3, 9), "ends before it starts"),
        (at(3, 9), at(3, 8), "ends before it starts"),
        (at(3), at(3) + timedelta(days=32), "longer than 31 days"),
        (at(3).replace(year=2096), at(4).replace(year=2096), "years ahead"),
    ],
)
def test_bad_times_are_refused_with_what_to_do(
    book: Ledger, start: datetime, end: datetime, sentence: str
) -> None:
    with pytest.raises(MaintenanceError, match=sentence):
        plan(book, start, end)
    assert not MaintenanceWindow.objects.exists()


def test_what_is_done_has_to_be_said_and_the_role_to_allow_it(book: Ledger) -> None:
    wanted = Plan(Scope.at(book.site), at(3), at(4), " \0 ")
    with pytest.raises(MaintenanceError, match="Say what is done"):
        maintenance.plan(wanted, by=book.operator, now=NOW)
    viewer = network.person("vera", Role.VIEWER, book.tenant)
    for who in (viewer, book.contractor):
        with pytest.raises(NotAllowedError):
            maintenance.plan(wanted, by=who, now=NOW)


def test_what_is_over_is_not_cancelled(book: Ledger) -> None:
    window = plan(book, at(3, 9), at(3, 13))
    with pytest.raises(MaintenanceError, match="over"):
        maintenance.cancel(window, by=book.lead, now=at(3, 13))
