"""A contractor proposes from the phone with a photo, the lead approves; axe on every page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from cpms.web.specimens import UGLY_NAMES
from inventory.models import Evse, Role
from monitoring.models import Exclusion, MaintenanceWindow, Outage
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter
from tests.monitoring.outages.ledger import outage, png
from tests.network import charger, person, site, tenant

pytestmark = pytest.mark.browser


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    """A contractor and a lead of a place with ugly names, where a port was down this morning."""
    organisation = tenant(UGLY_NAMES[0])
    place = site(organisation, UGLY_NAMES[2])
    port = Evse.objects.create(charger=charger(place, UGLY_NAMES[3][:48]), number=1)
    now = datetime.now(UTC)
    outage(port, now - timedelta(hours=5), now - timedelta(hours=3), error_code="E-7", chargex=26)
    lead = person("lea", Role.LEAD, organisation)
    MaintenanceWindow.objects.create(
        organisation=organisation, site=place, started=now + timedelta(days=1),
        ended=now + timedelta(days=2), note=UGLY_NAMES[1], planned_by=lead, planned_at=now,
    )  # fmt: skip
    return person("carl", Role.CONTRACTOR, organisation), lead


def test_a_contractor_proposes_from_the_phone_and_the_lead_approves(
    enter: Enter, people: tuple[User, User]
) -> None:
    contractor, lead = people
    page = enter(contractor, "/outages/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".kw-outages td a").first.click()
    page.get_by_role("link", name="This port").click()
    page.get_by_label("Reason").select_option("vandalism")
    page.get_by_label("What happened").fill("The cable was cut off and taken.")
    page.get_by_label("Photo (optional)").set_input_files(
        {"name": "cut.png", "mimeType": "image/png", "buffer": png()}
    )
    page.get_by_role("button", name="Propose").click()
    page.get_by_text("takes out 120 minutes at 1 port").wait_for()
    page.locator(".kw-outage-photo").scroll_into_view_if_needed()
    expect(page.locator(".kw-outage-photo")).to_have_js_property("naturalWidth", 1)
    exclusion = Exclusion.objects.get()
    asked = f"/exclusions/new/?place=port:{exclusion.evse_id}"
    page = enter(lead, f"/exclusions/{exclusion.pk}/")
    paths = [
        *("/outages/", f"/outages/{Outage.objects.get().pk}/", "/exclusions/", asked),
        *("/exclusions/new/", "/maintenance/", "/error-meanings/", f"/exclusions/{exclusion.pk}/"),
    ]
    for path in paths:
        page.goto(path)
        assert violations_everywhere(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved: its time counts as excluded").wait_for()
    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decided_by) == ("approved", lead)
