"""What the palette's search answers: what one may see, the best first, in few queries."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from inventory.models import Organisation, Sim
from monitoring.facts import Status
from tests.network import charger, site, tenant


def found(client: Client, text: str) -> dict[str, list[str]]:
    groups = client.get("/search/", {"q": text}).json()["groups"]
    return {group["label"]: [item["label"] for item in group["items"]] for group in groups}


def test_the_best_match_comes_first(client: Client, organisation: Organisation) -> None:
    place = site(organisation, "Ostbahnhof")
    for identity in ("XCP-1", "CP-10", "CP-1", "CP-11"):
        charger(place, identity)
    assert found(client, "cp-1") == {"Chargers": ["CP-1", "CP-10", "CP-11", "XCP-1"]}


def test_sites_and_serials_and_sims_are_found(client: Client, organisation: Organisation) -> None:
    place = site(organisation, "Ostbahnhof", address="Koppenstraße 3")
    sim = Sim.objects.create(organisation=organisation, iccid="8949000000000012345")
    charger(place, "CP-1", serial_number="SN4711", sim=sim, online=False)
    assert found(client, "4711") == {"Chargers": ["CP-1"]}
    assert found(client, "12345") == {"Chargers": ["CP-1"]}
    assert found(client, "koppen") == {"Chargers": ["CP-1"], "Sites": ["Ostbahnhof"]}
    item = client.get("/search/", {"q": "4711"}).json()["groups"][0]["items"][0]
    assert item == {
        "label": "CP-1",
        "detail": "Ostbahnhof, Berlin · offline",
        "url": "/chargers/CP-1/",
    }


def test_another_tenant_s_things_are_not_found(client: Client) -> None:
    charger(site(tenant("Fremd"), "Fremdort"), "THEIRS")
    assert found(client, "theirs") == found(client, "fremdort") == {}


def test_the_number_of_queries_does_not_grow(
    client: Client,
    organisation: Organisation,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        charger(site(organisation, f"CP site {number}"), f"CP-{number}", Status.AVAILABLE)
    with django_assert_max_num_queries(6):
        assert len(found(client, "cp")["Chargers"]) == 8


@pytest.mark.parametrize("text", ["", " ", "\0", "%", "x" * 5000, "#99999999999", "#", "\u202e🔌"])
def test_nonsense_is_answered(client: Client, text: str) -> None:
    assert client.get("/search/", {"q": text}).status_code == 200


def test_one_whose_session_has_ended_is_told_so(db: None) -> None:
    assert Client().get("/search/", {"q": "x"}).status_code == 401
