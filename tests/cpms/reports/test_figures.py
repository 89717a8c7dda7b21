"""Every KPI of any group is read through one function."""

from datetime import UTC, date, datetime

import pytest

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.figures import figures
from inventory.models import Charger
from monitoring.kpis import rollup
from monitoring.kpis.figures import Unit
from monitoring.kpis.queries import Days, GroupBy
from tests.bench.history import generate

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
WEEK = Days(date(2026, 3, 25), date(2026, 3, 31))


def test_each_metric_says_what_it_is() -> None:
    for name, definition in CATALOGUE.items():
        assert name == definition.metric
        assert all(map(str, (definition.label, definition.formula, definition.numerator)))
        assert (definition.unit is Unit.SHARE) <= bool(definition.denominator)


@pytest.mark.django_db
def test_every_metric_of_a_fleet_is_read_and_says_what_it_is_made_of() -> None:
    generate(chargers=2, ports=2, days=2, seed=5, until=NOON)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    (fleet,) = figures(Charger.objects.all(), WEEK, metrics=CATALOGUE, now=NOON)
    assert list(fleet.figures) == list(CATALOGUE)
    for name, figure in fleet.figures.items():
        assert figure.details.keys() <= CATALOGUE[name].details.keys(), name
        if CATALOGUE[name].unit is Unit.SHARE and figure.value is not None:
            assert 0 <= figure.value <= 1, name
    assert fleet.figures["uptime"].value is not None


@pytest.mark.django_db
@pytest.mark.parametrize("by", [GroupBy.FLEET, GroupBy.SITE, GroupBy.PORT])
def test_of_no_charger_nothing_is_known(by: GroupBy) -> None:
    for group in figures(Charger.objects.none(), WEEK, by=by, metrics=CATALOGUE, now=NOON):
        assert {figure.value for figure in group.figures.values()} == {None}
