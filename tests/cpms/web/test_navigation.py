"""The navigation: the same on all pages of a place, so that they can share it."""

import re

import pytest
from django.test import Client

from inventory.models import Role
from tests.network import person, signed_in, tenant


@pytest.fixture
def client(db: None) -> Client:
    return signed_in(person("olga", Role.OPERATOR, tenant()))


def address(client: Client, page: str) -> str:
    """Return where a page's navigation is refreshed from."""
    found = re.search(r'id="places"[^>]* hx-get="([^"]+)"', client.get(page).content.decode())
    assert found
    return found[1]


def current(content: str) -> list[str]:
    """Return the links that are marked as the current page."""
    return re.findall(r'href="([^"]+)"[^>]*aria-current="page"', content)


def test_all_pages_of_a_place_refresh_their_navigation_from_one_address(client: Client) -> None:
    assert address(client, "/incidents/") == address(client, "/incidents/?mine=on&page=2")
    assert address(client, "/incidents/") != address(client, "/kpis/")
    assert address(client, "/help/") == "/places/"


@pytest.mark.parametrize("page", ["/", "/incidents/", "/sites/", "/kpis/", "/sightings/"])
def test_a_refreshed_navigation_still_marks_the_page_and_the_address(
    client: Client, page: str
) -> None:
    there = address(client, page)
    again = client.get(there)
    assert current(again.content.decode()) == [page]
    assert f'hx-get="{there}"' in again.content.decode()


def test_who_may_connect_chargers_finds_the_guide_on_every_page(db: None) -> None:
    lead = signed_in(person("lea", Role.LEAD, tenant())).get("/kpis/").content.decode()
    viewer = signed_in(person("vera", Role.VIEWER, tenant("Other"))).get("/kpis/").content.decode()
    assert 'href="/connect/"' in lead
    assert 'href="/connect/"' not in viewer


@pytest.mark.parametrize("at", ["nowhere", "%3Cimg src=x%3E", "%00", "x" * 2000])
def test_a_place_that_is_none_marks_nothing(client: Client, at: str) -> None:
    answer = client.get(f"/places/?at={at}")
    assert answer.status_code == 200
    assert not current(answer.content.decode())
    assert "nowhere" not in answer.content.decode()
    assert "src=x" not in answer.content.decode()
