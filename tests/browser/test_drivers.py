"""Pages of what is kept for drivers, with ugly data: held against axe, and fitting a phone."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cpms.control.models import CustomerReport, DisplayMessage, Reservation, Tariff, VendorRule
from cpms.web.specimens import UGLY_NAMES
from inventory.models import Charger, Role
from monitoring.facts import Status
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter
from tests.network import charger, person, site, tenant

pytestmark = pytest.mark.browser


@pytest.fixture
def lead(transactional_db: None) -> User:
    """Lead of a site whose charger has something of every kind."""
    organisation = tenant(UGLY_NAMES[0])
    place = site(organisation, UGLY_NAMES[2])
    made = charger(place, "CP-1", Status.RESERVED, Status.AVAILABLE, ocpp_version="2.1")
    lea = person("lea", Role.LEAD, organisation)
    ugly_ones(made, lea)
    Tariff.objects.create(
        site=place, currency="EUR", energy=1, text=UGLY_NAMES[1][:500], valid_from=timezone.now()
    )
    VendorRule.objects.create(
        organisation=organisation, vendor="x" * 255, message="m" * 50, data="<b>" * 100,
        note=UGLY_NAMES[1][:200],
    )  # fmt: skip
    return lea


def ugly_ones(of: Charger, lea: User) -> None:
    """Add reservations, messages and a report that are long, wide or from right to left."""
    now = timezone.now()
    later = now + timedelta(hours=1)
    common = {"charger": of, "id_token": UGLY_NAMES[1][:255], "asked_at": now}
    for number, state in enumerate(("asked", "refused", "used", "removed"), 1):
        Reservation.objects.create(number=number, evse=1, state=state, until=later, **common)
    text = [{"format": "UTF8", "language": "he", "content": UGLY_NAMES[3] * 5}]
    about = {"charger": of, "priority": "InFront", "contents": text, "changed_at": now}
    DisplayMessage.objects.create(number=1, state="set", starts_at=now, ends_at=later, **about)
    DisplayMessage.objects.create(number=2, state="refused", word="Rejected", **about)
    CustomerReport.objects.create(
        charger=of, request=1, asked_by=lea, asked_at=now, parts=1, last=0
    )


def test_pages_for_drivers_have_no_violation_and_fit_a_phone(enter: Enter, lead: User) -> None:
    place = Tariff.objects.get().site_id
    tab = "/chargers/CP-1/operate/"
    page = enter(lead, f"{tab}reservations/")
    for path in (
        *(f"{tab}reservations/", f"{tab}display/", f"{tab}customers/", "/chargers/CP-1/"),
        *(f"{tab}do/set_display/", f"/sites/{place}/tariffs/", "/vendor-messages/"),
    ):
        page.goto(path)
        assert violations_everywhere(page) == [], path
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        page.set_viewport_size({"width": 1440, "height": 900})
