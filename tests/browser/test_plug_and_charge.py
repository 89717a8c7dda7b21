"""The page on Plug & Charge with ugly data: held against axe, fitting a phone, and used."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from cpms.control.models import ContractAuthority, ContractPool, Responder
from cpms.web.specimens import UGLY_NAMES
from inventory.models import Organisation, Role
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter
from tests.cpms.ocpp.papers import paper
from tests.network import person, tenant

pytestmark = pytest.mark.browser


@pytest.fixture
def administrator(transactional_db: None) -> User:
    """Administrator of an organisation that names whom may be asked."""
    organisation = tenant(UGLY_NAMES[0])
    by = UGLY_NAMES[3][:150]
    Responder.objects.create(organisation=organisation, host="a." * 120 + "example", added_by=by)
    now = paper("now").certificate
    ContractAuthority.objects.create(
        organisation=organisation, subject=UGLY_NAMES[1][:300], fingerprint="f" * 64,
        not_after=now.not_valid_before_utc, added_by=by,
    )  # fmt: skip
    ContractPool.objects.create(organisation=organisation, url="https://a.example/" + "x" * 480)
    return person("ada", Role.ADMINISTRATOR, organisation)


def test_plug_and_charge_has_no_violation_fits_a_phone_and_takes_a_responder(
    enter: Enter, administrator: User
) -> None:
    page = enter(administrator, f"/plug-and-charge/{Organisation.objects.get().pk}/")
    assert violations_everywhere(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Host or address").fill("no host")
    page.get_by_role("button", name="Let it be asked").click()
    expect(page.get_by_text("Write a host name")).to_be_visible()
    page.get_by_label("Host or address").fill("ocsp.example.com")
    page.get_by_role("button", name="Let it be asked").click()
    expect(page.get_by_role("button", name="Try it ocsp.example.com")).to_be_visible()
    assert Responder.objects.filter(host="ocsp.example.com").exists()
