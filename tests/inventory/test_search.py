"""What one types finds the charger: by any of the names it goes by, whole or in part."""

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import QuerySet

from inventory import access, search
from inventory.models import Charger, Organisation, Role, Sim, Site
from tests.network import charger, person, port, site, tenant


@pytest.fixture
def organisation(db: None) -> Organisation:
    return tenant()


@pytest.fixture
def fleet(organisation: Organisation) -> list[Charger]:
    """Two chargers that share nothing."""
    east = site(organisation, "Ostbahnhof", address="Koppenstraße 3", postal_code="10243")
    west = site(organisation, "Südkreuz", city="Schöneberg")
    sim = Sim.objects.create(organisation=organisation, iccid="8949000000000012345")
    first = charger(east, "CP-1", serial_number="SN/4711_x", sim=sim)
    evse = port(first, 1, None)
    evse.evse_id = "DE*KWH*E0001*1"
    evse.save()
    return [first, charger(west, "DEPOT_2%", serial_number="ABC")]


@pytest.fixture
def operator(organisation: Organisation) -> User:
    return person("olga", Role.OPERATOR, organisation)


def identities(found: QuerySet[Charger]) -> list[str]:
    return sorted(found.values_list("identity", flat=True))


@pytest.mark.parametrize(
    "typed",
    [
        "cp-1",
        "P-1",
        "4711",
        "sn/4711_x",
        "00012345",
        "de*kwh*e0001*1",
        "DEKWHE0001",
        "ostbahn",
        "koppenSTRASSE".replace("SS", "ß"),
        "10243",
        "koppen cp-1",
        "  cp-1\t ost ",
        "koppen 3",
        "ostbahn 1 cp x",
    ],
)
def test_a_charger_is_found_by_any_part_of_what_is_written_on_it(
    fleet: list[Charger], typed: str
) -> None:
    assert identities(search.chargers(Charger.objects.all(), typed)) == ["CP-1"]


def test_letters_beyond_ascii_are_found_whatever_their_case(fleet: list[Charger]) -> None:
    assert identities(search.chargers(Charger.objects.all(), "SÜDKREUZ")) == ["DEPOT_2%"]
    assert identities(search.chargers(Charger.objects.all(), "schÖneberg")) == ["DEPOT_2%"]


@pytest.mark.parametrize("typed", ["", "  ", "\0"])
def test_nothing_typed_leaves_all(fleet: list[Charger], typed: str) -> None:
    assert len(search.chargers(Charger.objects.all(), typed)) == 2


@pytest.mark.parametrize(
    "typed", ["cp-1 südkreuz", "%", "_", "nothing like it", "'; DROP", "x" * 999]
)
def test_what_is_on_no_charger_finds_none(fleet: list[Charger], typed: str) -> None:
    found = search.chargers(Charger.objects.filter(identity="CP-1"), typed)
    assert identities(found) == []


def test_signs_of_a_pattern_mean_themselves(fleet: list[Charger]) -> None:
    assert identities(search.chargers(Charger.objects.all(), "2%")) == ["DEPOT_2%"]


def test_sites_are_found_by_name_and_address(fleet: list[Charger]) -> None:
    assert [found.name for found in search.sites(Site.objects.all(), "berlin ost")] == [
        "Ostbahnhof"
    ]


def test_another_tenant_s_chargers_are_not_found(fleet: list[Charger], operator: User) -> None:
    charger(site(tenant("Fremd"), "Ostbahnhof"), "CP-11")
    assert identities(search.chargers(access.chargers(operator), "ost")) == ["CP-1"]


@pytest.mark.parametrize("typed", ["1", "P-", "c p", "1 c"])
def test_short_words_alone_must_be_in_the_identity(fleet: list[Charger], typed: str) -> None:
    assert identities(search.chargers(Charger.objects.all(), typed)) == ["CP-1"]


@pytest.mark.parametrize("typed", ["e e", "ö", "a", "1 2 3 4 5 6", "* * *", "***", "-- __"])
def test_short_words_alone_ask_one_table_once(fleet: list[Charger], typed: str) -> None:
    plan = search.chargers(Charger.objects.order_by("pk"), typed).explain()
    assert plan.count("Scan") == 1


@pytest.mark.parametrize(
    ("typed", "names"), [("os", ["Ostbahnhof"]), ("ba", []), ("ost 3", ["Ostbahnhof"]), ("o s", [])]
)
def test_short_words_alone_begin_a_site_s_name(
    fleet: list[Charger], typed: str, names: list[str]
) -> None:
    assert [found.name for found in search.sites(Site.objects.all(), typed)] == names


def test_indexes_answer(fleet: list[Charger]) -> None:
    """With whole tables as good as forbidden, the plan has none where an index can help."""
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")  # All of a small table by its key.
        plan = search.chargers(Charger.objects.all(), "4711").explain()
    for index in (
        "charger_found_by_text",
        "evse_found_by_text",
        "sim_found_by_text",
        "site_found_by_text",
    ):
        assert index in plan
