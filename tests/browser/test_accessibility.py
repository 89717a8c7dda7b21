"""The shell's pages held against axe, in light and dark, on a desktop and on a phone."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.template.loader import get_template
from django.test import RequestFactory

from alerts import engine, steps
from alerts.models import Incident, Notification
from cpms.web.specimens import UGLY_NAMES
from inventory.models import Role
from monitoring.facts import Status
from tests.alerts.world import LONG_AGO, NOON, World, make_gateway, minutes, seen_at
from tests.browser.accessibility import violations, violations_everywhere
from tests.browser.conftest import Enter, Server
from tests.network import charger, person, site, tenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def lead(transactional_db: None) -> User:
    """Lead of a place with ugly names, where a charger was lost and people were told."""
    organisation = tenant(UGLY_NAMES[0])
    place = site(organisation, UGLY_NAMES[2], address=UGLY_NAMES[1][:200])
    gone = charger(place, UGLY_NAMES[3][:48], Status.AVAILABLE, commissioned_at=LONG_AGO)
    charger(place, "CP-1", Status.FAULTED, Status.CHARGING, commissioned_at=LONG_AGO)
    person("olga", Role.OPERATOR, organisation)
    World(organisation, place, make_gateway()).lose(gone, NOON)
    engine.run(seen_at(NOON + minutes(5)))
    steps.carry_out(NOON + minutes(5))
    return person("lea", Role.LEAD, organisation)


def test_the_judgement_finds_what_is_wrong(enter: Enter, lead: User) -> None:
    page = enter(lead, "/kpis/")
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"/x.png\">'")
    (empty, unnamed) = sorted(violations(page))
    assert "empty-heading" in empty
    assert "image-alt" in unnamed


def lost() -> Incident:
    """Return the incident of the charger that was lost."""
    return Incident.objects.get(charger__identity=UGLY_NAMES[3][:48])


@pytest.mark.parametrize(
    "paths",
    [
        ["/design/", "/preferences/", "/credits/", "/kpis/?window=7d"],
        ["/incidents/", "/notifications/", "/incidents/{incident}/", "/notifications/{told}/"],
        ["/alerting/", "/alerting/rules/offline/", "/alerting/escalation/"],
        ["/accounts/password/change/", "/accounts/2fa/"],
    ],
    ids=["the shell's", "of incidents", "of rules", "of the account"],
)
def test_pages_have_no_violation_and_fit_a_phone(
    enter: Enter, lead: User, paths: list[str]
) -> None:
    told = Notification.objects.filter(incident=lost()).latest("pk")
    page = enter(lead, "/preferences/")
    for path in paths:
        page.goto(path.format(incident=lost().pk, told=told.pk))
        assert violations_everywhere(page) == []
        fits(page)


def test_pages_for_errors_have_no_violation(page: "Page", server: Server) -> None:
    made = ""
    page.route("**/broken/", lambda route: route.fulfill(body=made, content_type="text/html"))
    for name in ("400", "403", "403_csrf", "404", "500"):
        made = get_template(f"{name}.html").render({}, RequestFactory().get("/"))
        page.goto(f"{server.url}/broken/")
        assert violations_everywhere(page) == []
        fits(page)


def test_the_way_in_has_no_violation(page: "Page", server: Server, lead: User) -> None:
    page.goto(f"{server.url}/accounts/login/")
    assert violations_everywhere(page) == []
    page.get_by_label("User name or e-mail").fill("lea")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("not correct").wait_for()
    assert violations_everywhere(page) == []
    page.goto(f"{server.url}/accounts/password/reset/")
    assert violations_everywhere(page) == []


def fits(page: "Page") -> None:
    """Hold the page, which stands on a phone now, to its width: nothing pushes it wider."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_help_opens_and_closes_by_keyboard_and_is_told(enter: Enter, lead: User) -> None:
    page = enter(lead, "/design/")
    tip = page.locator("#kw-tip")
    help_button = page.get_by_role("button", name="What “Uptime” means")
    help_button.focus()
    page.keyboard.press("Enter")
    tip.get_by_text("in which a driver could have charged").wait_for()
    assert help_button.get_attribute("aria-expanded") == "true"
    assert violations(page) == []
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    assert help_button.get_attribute("aria-expanded") == "false"


def test_a_toast_tells_and_a_dialog_asks_first(enter: Enter, lead: User) -> None:
    page = enter(lead, "/design/")
    page.get_by_role("button", name="error", exact=True).click()
    toast = page.locator("#toasts .kw-toast.error")
    toast.wait_for()
    assert violations(page) == []
    toast.get_by_role("button", name="Close").click()
    toast.wait_for(state="detached")
    page.get_by_role("button", name="Ask first").click()
    page.get_by_text("A running session ends").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("A running session ends").wait_for(state="hidden")
    assert page.url.endswith("/design/")


def test_two_browsers_in_different_zones_read_the_same_times(enter: Enter, lead: User) -> None:
    now = datetime.now(UTC)
    Incident.objects.update(opened_at=now - timedelta(minutes=42))
    path = f"/incidents/{lost().pk}/"
    for zone in ("America/Los_Angeles", "Asia/Tokyo"):
        page = enter(lead, path, timezone_id=zone, locale="en-US")
        since = page.locator(".datagrid-item", has_text="Wrong since").locator("time").first
        assert since.inner_text() == "2 Mar, 13:00:00"
        since.focus()
        page.locator("#kw-tip").get_by_text("2 Mar 2026, 13:00:00 CET (Europe/Berlin)").wait_for()
        told = page.locator(".kw-event-when time").first
        assert told.inner_text().endswith(" ago")


def test_a_reader_s_own_zone_and_language_hold_on_every_page(enter: Enter, lead: User) -> None:
    page = enter(lead, "/preferences/", timezone_id="Asia/Tokyo", locale="en-US")
    page.get_by_role("button", name="Use that").click()
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Ihre Einstellungen sind gespeichert.").wait_for()
    page.goto(f"/incidents/{lost().pk}/")
    since = page.locator(".datagrid-content time").first
    assert since.get_attribute("title") == "02.03.2026, 21:00:00 JST (Asia/Tokyo)"
    assert violations_everywhere(page) == []


def test_t_writes_all_times_out_and_back(enter: Enter, lead: User) -> None:
    page = enter(lead, "/incidents/")
    lasting = page.locator("tbody time[data-relative]").first
    assert " d" in lasting.inner_text()
    page.keyboard.press("t")
    page.locator("tbody time", has_text="2 Mar 2026, 13:00:00 CET").first.wait_for()
    page.keyboard.press("t")
    page.locator("tbody time", has_text="2 Mar 2026").wait_for(state="detached")
