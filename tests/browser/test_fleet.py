"""The fleet's list as an operator uses it for a whole errand: narrow, share, keep, export."""

import csv
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User

from cpms.web.models import SavedView
from cpms.web.specimens import UGLY_NAMES
from inventory.models import Charger, Organisation, Role, Site
from monitoring import live
from monitoring.facts import Status
from monitoring.models import PortState
from tests.browser.accessibility import violations, violations_everywhere
from tests.browser.conftest import Enter, is_live, tell
from tests.network import charger, person, site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def fleet(organisation: Organisation) -> list[Charger]:
    """Sixty chargers on two sites; the second ten are faulted."""
    since = datetime.now(UTC) - timedelta(hours=2)
    places = [site(organisation, "Ostbahnhof"), site(organisation, "Westhafen")]
    return [
        charger(
            places[number % 2], f"CP-{number:02}",
            Status.FAULTED if 10 <= number < 20 else Status.AVAILABLE,
            since=since, serial_number=f"SERIAL-{number:02}", firmware_version="7.7.7",
        )
        for number in range(60)
    ]  # fmt: skip


def identities(page: "Page") -> list[str]:
    return page.locator(".kw-fleet .kw-identity a").all_inner_texts()


def shows(page: "Page", count: int) -> None:
    """Wait until the list says how many chargers it has."""
    page.locator(".kw-fleet-bar", has_text=f"{count} charger").wait_for()


def choose(page: "Page", facet: str, choice: str) -> None:
    page.locator(f".kw-facet[data-facet={facet}] button").click()
    page.locator(f"#choices-{facet} .kw-choice", has_text=choice).click()
    page.keyboard.press("Escape")


def test_one_narrows_shares_keeps_and_exports(
    enter: Enter, operator: User, organisation: Organisation, fleet: list[Charger]
) -> None:
    page = enter(operator)
    page.locator(".kw-tile.state-faulted .kw-tile-main").click()
    page.wait_for_url("**/?state=faulted")
    shows(page, 10)
    choose(page, "site", "Westhafen")
    shows(page, 5)
    page.locator(".kw-tile.state-available .kw-tile-main").click(modifiers=["Shift"])
    shows(page, 30)
    page.get_by_title("Remove the filter State").last.click()
    shows(page, 5)
    address = page.url
    colleague = enter(person("otto", Role.VIEWER, organisation), address)
    shows(colleague, 5)
    assert identities(colleague) == identities(page)
    page.get_by_role("button", name="Save view").click()
    page.get_by_label("Name").fill("West, faulted")
    page.get_by_label("Who sees it").select_option(str(organisation.pk))
    page.get_by_label("Open the fleet with this view").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".kw-view.is-current", has_text="West, faulted").wait_for()
    page.goto("/")
    page.wait_for_url(f"**/?view={SavedView.objects.get().pk}&**")
    shows(page, 5)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with open(download.value.path()) as sheet:
        assert [row["identity"] for row in csv.DictReader(sheet)] == identities(page)
    colleague.goto("/")
    colleague.get_by_role("link", name="West, faulted").click()
    shows(colleague, 5)


def test_a_view_says_that_it_was_changed_and_keeps_the_change(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    view = SavedView.objects.create(owner=operator, name="Faults", query="state=faulted")
    page = enter(operator, f"/?view={view.pk}&state=faulted")
    assert page.locator(".kw-view-modified").is_hidden()
    choose(page, "site", "Ostbahnhof")
    page.locator(".kw-view-modified").wait_for()
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_role("button", name="Keep the filters").click()
    page.get_by_text("is updated").wait_for()
    assert page.locator(".kw-view-modified").is_hidden()
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_text("is deleted").wait_for()
    assert page.locator(".kw-view", has_text="Faults").count() == 0


def test_one_searches_chooses_columns_orders_and_turns_pages(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/?sort=identity")
    page.get_by_placeholder("Identity, serial").press_sequentially("serial-5", delay=20)
    shows(page, 10)
    page.get_by_text("SERIAL-50").wait_for()
    page.get_by_placeholder("Identity, serial").fill("")
    shows(page, 60)
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2**")
    page.locator(".kw-pagination", has_text="51–60 of 60").wait_for()
    assert identities(page)[0] == "CP-50"
    page.get_by_role("link", name="Charger", exact=True).click()
    page.wait_for_url("**sort=-identity**")
    page.locator("tr", has_text="CP-59").wait_for()
    assert identities(page)[0] == "CP-59"
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Firmware").check()
    page.get_by_label("Compact rows").check()
    with page.expect_response("**/fleet/layout/") as remembered:
        page.get_by_role("button", name="Show", exact=True).click()
    assert remembered.value.status == 204
    page.get_by_role("columnheader", name="Firmware").wait_for()
    page.goto("/")
    page.get_by_role("columnheader", name="Firmware").wait_for()
    assert page.locator(".kw-fleet-card.is-compact").count() == 1


def test_typing_finds_one_site_among_many(
    enter: Enter, operator: User, organisation: Organisation
) -> None:
    for number in range(40):
        charger(site(organisation, f"Place {number:02}"), f"CP-{number:02}", Status.AVAILABLE)
    page = enter(operator)
    page.locator(".kw-facet[data-facet=site] button").click()
    page.get_by_text("type to find them").wait_for()
    page.get_by_label("Find in Site").press_sequentially("39", delay=20)
    page.locator("#choices-site .kw-choice", has_text="Place 39").click()
    shows(page, 1)
    assert identities(page) == ["CP-39"]


def test_news_keep_the_filters_and_an_open_menu(
    enter: Enter, operator: User, organisation: Organisation, fleet: list[Charger]
) -> None:
    page = enter(operator, "/?state=faulted")
    is_live(page)
    page.locator(".kw-facet[data-facet=site] button").click()
    page.locator("#choices-site .kw-choice", has_text="Westhafen").wait_for()
    PortState.objects.filter(evse__charger=fleet[40]).update(
        status=Status.FAULTED, since=datetime.now(UTC)
    )
    change: live.Change = {"site": fleet[40].site_id, "ports": [1], "kinds": ["status"]}
    tell(live.org_group(organisation.pk), live.changed({"CP-40": change}))
    shows(page, 11)
    assert identities(page)[0] == "CP-40"
    assert page.locator("#choices-site .kw-choice", has_text="Westhafen").is_visible()
    assert page.url.endswith("/?state=faulted")


def test_axe_finds_nothing_wrong_with_the_list_its_filters_and_dialogs(
    enter: Enter, operator: User, organisation: Organisation
) -> None:
    place: Site = site(organisation, UGLY_NAMES[2], address=UGLY_NAMES[1][:200])
    charger(place, UGLY_NAMES[3][:48], *[Status.FAULTED, Status.CHARGING] * 20, tags=["depot"])
    charger(place, "LOST", Status.AVAILABLE, online=False)
    SavedView.objects.create(owner=operator, name=UGLY_NAMES[0][:60], query="state=faulted")
    page = enter(
        operator, "/?state=faulted&port=charging&state=offline&columns=tags,what,ports,held"
    )
    assert violations_everywhere(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".kw-facet[data-facet=site] button").click()
    page.locator("#choices-site .kw-choice").first.wait_for()
    assert violations(page, "the choices of a filter") == []
    page.keyboard.press("Escape")
    for opener in ("Columns", "Save view"):
        page.get_by_role("button", name=opener).click()
        assert violations(page, opener) == []
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.goto("/?q=nothing+like+it")
    assert violations_everywhere(page) == []


def test_views_shared_on_a_phone_do_not_widen_the_page(
    enter: Enter, operator: User, organisation: Organisation, fleet: list[Charger]
) -> None:
    for number in range(8):
        SavedView.objects.create(
            owner=operator, organisation=organisation, name=f"A shared view {number}"
        )
    page = enter(operator, "/?view=all", viewport={"width": 390, "height": 844})
    is_live(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
