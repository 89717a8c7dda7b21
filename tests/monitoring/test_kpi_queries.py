"""KPIs of any group over any window are read from the roll-ups."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker

from inventory import access
from inventory.models import Charger, Membership, Organisation, Role, Site
from monitoring.kpis import rollup
from monitoring.kpis.attempts import Outcome
from monitoring.kpis.figures import Figure
from monitoring.kpis.queries import (
    FORMULAS,
    LABELS,
    Days,
    Group,
    GroupBy,
    Instants,
    Metric,
    Window,
    failures,
    figures,
    whole_and_parts,
)
from monitoring.models import Attempt, DailyKpi, StatusSpan
from tests.bench.history import History, generate

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 27), date(2026, 3, 31)
MONTH = Days(date(2026, 3, 1), LAST)


@pytest.fixture(scope="module")
def fleet(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[History]:
    """A fleet of 24 chargers on three sites of three organisations, rolled up until noon.

    It is made once, in a transaction that the tests' own are savepoints of.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        made = generate(chargers=24, ports=2, days=4, seed=11, until=NOON)
        rollup.settle(NOON)
        rollup.refresh(NOON)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def history(fleet: History, db: None) -> History:
    """The fleet, in the test's own transaction."""
    return fleet


def read(
    window: Window, by: GroupBy = GroupBy.FLEET, chargers: QuerySet[Charger] | None = None
) -> list[Group]:
    scope = Charger.objects.all() if chargers is None else chargers
    return figures(scope, window, by=by, now=NOON)


def summed(groups: list[Group], metric: Metric) -> tuple[Any, Any]:
    found = [group.figures[metric] for group in groups]
    return (
        pytest.approx(sum(figure.numerator for figure in found)),
        pytest.approx(sum(figure.denominator for figure in found)),
    )


@pytest.mark.parametrize("by", list(GroupBy))
def test_groups_add_up_to_the_fleet(history: History, by: GroupBy) -> None:
    (fleet,) = read(MONTH)
    groups = read(MONTH, by)
    for metric in (Metric.UPTIME, Metric.SESSION_SUCCESS):
        figure = fleet.figures[metric]
        assert (figure.numerator, figure.denominator) == summed(groups, metric)
    if by is not GroupBy.PORT:
        for metric in (Metric.ONLINE_RATE, Metric.RECONNECTS):
            figure = fleet.figures[metric]
            assert (figure.numerator, figure.denominator) == summed(groups, metric)


@pytest.mark.parametrize("by", list(GroupBy))
def test_the_whole_read_with_its_parts_is_the_fleet(history: History, by: GroupBy) -> None:
    whole, parts = whole_and_parts(Charger.objects.all(), MONTH, by=by, now=NOON)
    (fleet,) = read(MONTH)
    assert (whole.key, whole.label) == (fleet.key, fleet.label)
    for metric, figure in fleet.figures.items():
        same(whole.figures[metric], figure)
    assert parts == read(MONTH, by)


def test_a_ports_connectivity_is_its_chargers(history: History) -> None:
    chargers = {group.label: group for group in read(MONTH, GroupBy.CHARGER)}
    for port in read(MONTH, GroupBy.PORT):
        charger = chargers[port.label.split("/")[0]]
        assert port.figures[Metric.ONLINE_RATE] == charger.figures[Metric.ONLINE_RATE]


def test_groups_have_names_and_keys_and_are_in_order(history: History) -> None:
    by = {kind: [(g.key, g.label) for g in read(MONTH, kind)] for kind in GroupBy}
    first = history.chargers[0]
    assert by[GroupBy.FLEET] == [(None, "Fleet")]
    assert by[GroupBy.CHARGER][0] == (first.pk, "BENCH-11-00000")
    assert by[GroupBy.PORT][1] == (history.ports[1].pk, "BENCH-11-00000/2")
    assert (first.site_id, "Site 11-0000") == by[GroupBy.SITE][0]
    assert [label for _key, label in by[GroupBy.ORGANISATION]] == [
        *("City Charge", "Ladegut", "North Power"),
    ]
    assert [key for key, _label in by[GroupBy.DAY]] == [
        FIRST + timedelta(days=day) for day in range(5)
    ]


def test_only_what_the_user_may_see_is_counted(history: History) -> None:
    user = User.objects.create_user("una")
    owner = Organisation.objects.get(name="Ladegut")
    Membership.objects.create(user=user, organisation=owner, role=Role.VIEWER)
    seen = read(MONTH, GroupBy.ORGANISATION, access.chargers(user))
    everything = {group.key: group.figures for group in read(MONTH, GroupBy.ORGANISATION)}
    assert [(group.key, group.figures) for group in seen] == [(owner.pk, everything[owner.pk])]
    assert read(MONTH, chargers=access.chargers(user))[0].figures == everything[owner.pk]


def test_where_there_is_no_data_every_figure_is_none(db: None) -> None:
    site = Site.objects.create(
        organisation=Organisation.objects.create(name="Acme", slug="acme"), name="Depot"
    )
    Charger.objects.create(site=site, identity="CP-1", lifecycle="planned")
    planned = Charger.objects.filter(site=site)
    for by in (GroupBy.FLEET, GroupBy.ORGANISATION, GroupBy.SITE, GroupBy.CHARGER):
        (group,) = read(MONTH, by, planned)
        assert [figure.value for figure in group.figures.values()] == [None] * 4
    assert read(MONTH, GroupBy.PORT, planned) == read(MONTH, GroupBy.DAY, planned) == []
    assert failures(planned, MONTH) == {}


def same(figure: Figure, other: Figure) -> None:
    assert figure.numerator == pytest.approx(other.numerator)
    assert figure.denominator == pytest.approx(other.denominator)
    assert dict(figure.details) == pytest.approx(dict(other.details))


@pytest.mark.parametrize("by", [GroupBy.FLEET, GroupBy.SITE, GroupBy.CHARGER, GroupBy.PORT])
def test_windows_that_cut_days_add_up_with_what_they_cut_off(history: History, by: GroupBy) -> None:
    start, end = NOON - timedelta(days=4), NOON
    cut = start + timedelta(hours=31), end - timedelta(hours=40)
    whole = read(Instants(start, end), by)
    assert any(figure.denominator for group in whole for figure in group.figures.values())
    parts = [read(Instants(*each), by) for each in ((start, cut[0]), cut, (cut[1], end))]
    for place, group in enumerate(whole):
        for metric, figure in group.figures.items():
            found = [part[place].figures[metric] for part in parts]
            total = Figure(
                metric,
                sum(one.numerator for one in found),
                sum(one.denominator for one in found),
                None,
                {name: sum(one.details.get(name, 0) for one in found) for name in figure.details},
            )
            same(figure, total)


def test_a_window_from_midnight_to_midnight_is_the_sites_day(history: History) -> None:
    berlin = Charger.objects.filter(site__timezone="Europe/Berlin")
    day = Instants(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    by_day = read(Days(date(2026, 3, 29), date(2026, 3, 29)), GroupBy.CHARGER, berlin)
    assert read(day, GroupBy.CHARGER, berlin) == by_day
    seconds = by_day[0].figures[Metric.ONLINE_RATE].denominator
    assert seconds == pytest.approx(23 * 3600)


def test_a_cut_day_is_named_for_its_sites_day(history: History) -> None:
    window = Instants(NOON - timedelta(days=1), NOON)
    assert [group.key for group in read(window, GroupBy.DAY)] == [LAST - timedelta(days=1), LAST]


def test_whole_days_are_read_and_not_computed(history: History) -> None:
    StatusSpan.objects.all().delete()
    (fleet,) = read(Days(LAST - timedelta(days=1), LAST))
    assert fleet.figures[Metric.UPTIME].value is not None
    DailyKpi.objects.all().delete()
    (fleet,) = read(Days(LAST - timedelta(days=1), LAST))
    assert fleet.figures[Metric.UPTIME].value is None


def test_reading_takes_the_same_few_queries_for_any_fleet(
    history: History, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for by in GroupBy:
        with django_assert_max_num_queries(7):
            groups = read(MONTH, by)
        assert any(group.figures[Metric.UPTIME].denominator for group in groups), by


def test_failures_are_counted_by_outcome(history: History) -> None:
    (fleet,) = read(MONTH)
    found = failures(Charger.objects.all(), Days(FIRST, LAST))
    figure = fleet.figures[Metric.SESSION_SUCCESS]
    assert found[Outcome.SUCCESS] == figure.numerator
    assert sum(found.values()) == Attempt.objects.count()
    assert sum(found.values()) - found[Outcome.REFUSED] == figure.denominator
    one = Charger.objects.filter(pk=history.chargers[0].pk)
    day = Instants(NOON - timedelta(hours=24), NOON)
    expected = Attempt.objects.filter(evse__charger__in=one, ended__gte=day.start).count()
    assert sum(failures(one, day).values()) == expected


def test_each_metric_has_a_name_and_a_formula() -> None:
    assert set(LABELS) == set(FORMULAS) <= set(Metric)
