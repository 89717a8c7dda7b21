"""A charger, and authorities with keys that were made before."""

import pytest

from inventory.models import Charger, Organisation, Site
from tests import pki


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    pki.quick_keys(monkeypatch)


@pytest.fixture
def charger(db: None) -> Charger:
    """Charger CP-1 with the serial number SN-1 of "Northern Charge"."""
    organisation = Organisation.objects.create(name="Northern Charge", slug="northern")
    site = Site.objects.create(organisation=organisation, name="Pier")
    return Charger.objects.create(site=site, identity="CP-1", serial_number="SN-1")
