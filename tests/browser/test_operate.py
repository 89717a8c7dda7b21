"""Operating a charger from its page, in a real browser: an operator's errand, and axe's look."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cpms.control import bulks
from cpms.control.commands import SYSTEM
from cpms.control.models import Command
from cpms.control.operations.remote import Trigger
from inventory.models import Charger, Organisation, Role, Site
from monitoring import live
from monitoring.facts import Status
from monitoring.models import Session
from tests.browser.accessibility import SIZES, violations, violations_everywhere
from tests.browser.conftest import Enter, is_live, tell
from tests.network import charger, person, port

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def busy(place: Site) -> Charger:
    """A charger that somebody charges at."""
    began = datetime.now(UTC) - timedelta(minutes=12)
    made = charger(place, "CP-7", since=began, ocpp_version="2.0.1")
    Session.objects.create(
        id=7, charger=made, evse=port(made, 1, Status.CHARGING, began), transaction_id="tx-7",
        id_token="DE8DBD1234", started=began, received=began, updated=began, energy=4_200.0,
    )  # fmt: skip
    return made


def answered(made: Command) -> None:
    """Do what a gateway does with an answer, and what the verification finds after it."""
    now = timezone.now()
    Command.objects.filter(pk=made.pk).update(
        state="accepted", result="Accepted", response={"status": "Accepted"}, sent_at=now,
        answered_at=now, verified=True, verified_at=now, evidence="boot",
    )  # fmt: skip
    site = made.charger.site
    news: live.Change = {"site": site.pk, "ports": [], "kinds": ["command"]}
    tell(live.org_group(site.organisation_id), live.changed({"CP-7": news}))


def test_an_operator_restarts_a_charger_that_somebody_charges_at(
    enter: Enter, organisation: Organisation, busy: Charger
) -> None:
    page = enter(person("olga", Role.OPERATOR, organisation), "/chargers/CP-7/operate/")
    page.get_by_placeholder("Find an operation").fill("restart")
    expect(page.get_by_role("link", name="Unlock the cable")).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_label("At once, whatever is running").check()
    ask = page.locator("#ask-form").get_by_role("button", name="Restart")
    ask.click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("The session at port 1 (DE…1234, 12 min, 4.20 kWh)")
    assert violations_everywhere(page) == []
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    assert not Command.objects.exists()
    ask.click()
    question.get_by_role("button", name="Restart").click()
    page.get_by_text("Waiting to be sent").wait_for()
    is_live(page)
    answered(Command.objects.get())
    page.get_by_text("Verified: it booted.").first.wait_for()
    assert violations_everywhere(page) == []


def test_its_pages_have_no_violation_and_fit_a_phone(
    enter: Enter, organisation: Organisation, busy: Charger
) -> None:
    made = bulks.start(organisation, Charger.objects.all(), Trigger(message="boot"), SYSTEM)
    page = enter(person("lea", Role.LEAD, organisation), "/chargers/CP-7/operate/")
    assert violations_everywhere(page) == []
    fits(page)
    page.set_viewport_size(SIZES["phone"])
    for path in [
        "/chargers/CP-7/operate/commands/", "/chargers/CP-7/operate/raw/", "/commands/",
        "/commands/bulk/", "/commands/bulk/reset/", "/commands/bulks/",
        f"/commands/bulks/{made.pk}/",
    ]:  # fmt: skip
        page.goto(path)
        assert violations(page) == []
        fits(page)


def fits(page: "Page") -> None:
    """Hold the page, which stands on a phone, to its width."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
