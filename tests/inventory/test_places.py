"""Where chargers stand: what is painted on the ground, and their place on the site's plan."""

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import Charger, Role
from tests.api import Tenant, add_charger


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("NORD")


def test_bay_and_place_are_written_and_read(nord: Tenant) -> None:
    api = nord.api(Role.LEAD)
    told = api.patch("chargers/NORD-1/", {"bay": "A3–A4", "plan_column": 2, "plan_row": 40})
    assert told.status == 200
    assert {"bay": "A3–A4", "plan_column": 2, "plan_row": 40}.items() <= told.body.items()


@pytest.mark.parametrize(
    "place",
    [
        {"plan_column": 1, "plan_row": None},
        {"plan_column": None, "plan_row": 4},
        {"plan_column": 0, "plan_row": 1},
        {"plan_column": 1, "plan_row": 41},
        {"bay": "x" * 21},
    ],
)
def test_half_a_place_or_one_off_the_plan_is_refused(
    nord: Tenant, place: dict[str, object]
) -> None:
    assert nord.api(Role.LEAD).patch("chargers/NORD-1/", place).status == 400


def test_two_chargers_don_t_stand_at_one_place(nord: Tenant) -> None:
    add_charger(nord.site, "NORD-2")
    api, place = nord.api(Role.LEAD), {"plan_column": 3, "plan_row": 3}
    assert api.patch("chargers/NORD-1/", place).status == 200
    told = api.patch("chargers/NORD-2/", place)
    assert told.status == 400
    assert "Another charger stands at this place" in str(told.body)


def test_two_chargers_change_places_in_one_transaction(nord: Tenant) -> None:
    other, _evses = add_charger(nord.site, "NORD-2")
    Charger.objects.filter(pk=nord.charger.pk).update(plan_column=1, plan_row=1)
    Charger.objects.filter(pk=other.pk).update(plan_column=2, plan_row=1)
    with transaction.atomic():
        Charger.objects.filter(pk=nord.charger.pk).update(plan_column=2)
        Charger.objects.filter(pk=other.pk).update(plan_column=1)
    with pytest.raises(IntegrityError):
        _stand_together(nord.charger, other)


def _stand_together(first: Charger, second: Charger) -> None:
    Charger.objects.filter(pk__in=[first.pk, second.pk]).update(plan_column=2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
