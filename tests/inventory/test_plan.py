"""A site's plan: places as people write them, kept whole or not at all."""

import pytest
from auditlog.models import LogEntry

from inventory import plan
from inventory.models import Charger, Lifecycle, Site
from inventory.plan import BadPlan, Place, Spot
from tests.network import charger, site, tenant


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        ("  ", None),
        ("A1", Place(1, 1)),
        (" b 4 ", Place(2, 4)),
        ("Z40", Place(26, 40)),
        ("AN40", Place(40, 40)),
    ],
)
def test_a_place_is_read_as_a_spreadsheet_s(text: str, place: Place | None) -> None:
    assert plan.read(text) == place


@pytest.mark.parametrize("text", ["A0", "AO1", "A41", "ZZ1", "4B", "A", "7", "A1;", "Ä1", "A٣"])
def test_what_is_no_place_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="Write a place as A1 to AN40"):
        plan.read(text)


@pytest.mark.parametrize("column", range(1, 41))
def test_what_is_written_is_read_back(column: int) -> None:
    assert plan.read(str(Place(column, 7))) == Place(column, 7)


@pytest.fixture
def place(db: None) -> Site:
    return site(tenant())


def spots(**entered: tuple[str, str]) -> dict[int, Spot]:
    return {Charger.objects.get(identity=name).pk: Spot(*spot) for name, spot in entered.items()}


def test_chargers_change_places_and_the_audit_trail_says_so(place: Site) -> None:
    charger(place, "ONE", bay="1", plan_column=1, plan_row=1)
    charger(place, "TWO", bay="2", plan_column=2, plan_row=1)
    noted = LogEntry.objects.count()
    moved = plan.arrange(place, place.chargers.all(), spots(ONE=("1", "B1"), TWO=("2", "a1")))
    assert moved == 2
    assert {c.identity: plan.place_of(c) for c in place.chargers.all()} == {
        "ONE": "B1",
        "TWO": "A1",
    }
    assert LogEntry.objects.count() == noted + 2


def test_what_is_as_it_was_is_not_written(place: Site) -> None:
    charger(place, "ONE", bay="1", plan_column=1, plan_row=1)
    assert plan.arrange(place, place.chargers.all(), spots(ONE=("1", "A1"))) == 0


def test_a_place_taken_twice_changes_nothing(place: Site) -> None:
    charger(place, "ONE")
    charger(place, "TWO")
    with pytest.raises(BadPlan) as refused:
        plan.arrange(place, place.chargers.all(), spots(ONE=("", "C3"), TWO=("", "C3")))
    assert refused.value.problems == {Charger.objects.get(identity="TWO").pk: "ONE stands there."}
    assert set(place.chargers.values_list("plan_column", flat=True)) == {None}


def test_a_charger_that_is_not_mentioned_keeps_its_place(place: Site) -> None:
    charger(place, "ONE", plan_column=3, plan_row=3)
    charger(place, "TWO")
    with pytest.raises(BadPlan):
        plan.arrange(place, place.chargers.all(), spots(TWO=("", "C3")))


def test_a_retired_charger_gives_its_place_up(place: Site) -> None:
    charger(place, "OLD", lifecycle=Lifecycle.DECOMMISSIONED, plan_column=1, plan_row=1)
    new = charger(place, "NEW")
    plan.arrange(place, [new], {new.pk: Spot("", "A1")})
    assert Charger.objects.get(identity="OLD").plan_column is None
