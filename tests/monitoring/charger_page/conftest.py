"""A charger with a past, to look back at."""

import pytest

from inventory.models import Charger, Evse, Site
from tests.network import charger, port, site, tenant


@pytest.fixture
def place(db: None) -> Site:
    """A site in Berlin."""
    return site(tenant(), "Ostbahnhof")


@pytest.fixture
def station(place: Site) -> Charger:
    """A charger that is online since noon, with two ports that never reported anything."""
    made = charger(place, "CP-1")
    for number in (1, 2):
        port(made, number, None)
    return made


@pytest.fixture
def evse(station: Charger) -> Evse:
    """Its port 1."""
    return station.evses.get(number=1)
