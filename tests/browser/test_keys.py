"""The dashboard without a mouse: keys, walking through lists, and the command palette."""

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from inventory.models import Charger
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter, is_live
from tests.network import charger, site, tenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def focused(page: "Page") -> str:
    return str(page.evaluate("document.activeElement.textContent")).strip()


def test_one_goes_walks_and_opens_by_keys(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/kpis/")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.locator("tr", has_text="CP-3").wait_for()
    page.wait_for_load_state()  # Keys work from then on.
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert focused(page) == "CP-2"
    row = page.locator("tr", has_text="CP-2")
    assert "inset" in row.evaluate("row => getComputedStyle(row).boxShadow")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="CP-1").wait_for()


def test_the_row_one_is_in_stays_the_same_row_when_the_list_is_refreshed(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.evaluate("htmx.trigger('#fleet', 'live')")
    page.wait_for_load_state("networkidle")
    assert focused(page) == "CP-2"


def test_letters_do_nothing_while_one_types_and_can_be_switched_off(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    page.keyboard.press("/")
    page.keyboard.type("gk?p")
    page.wait_for_url("**q=gk**")
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    keys.get_by_text("Next row").wait_for()
    keys.get_by_text("KPIs").wait_for()
    keys.get_by_label("Single letters are keys").uncheck()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("p")
    page.keyboard.press("g")
    page.keyboard.press("k")
    assert page.get_by_text("Paused").is_hidden()
    assert "/kpis/" not in page.url


def test_the_palette_finds_chargers_and_pages_and_does_what_the_page_can(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    charger(site(tenant("Fremd"), "Fremdort"), "CP-2-THEIRS")
    page = enter(operator, "/kpis/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Charger, site")
    field.wait_for()
    page.keyboard.type("cp-2")
    option = page.get_by_role("option", name="CP-2")
    option.wait_for()
    assert page.get_by_text("THEIRS").count() == 0
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="CP-2").wait_for()
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.keyboard.type("incid")
    page.get_by_role("option", name="Incidents").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/")
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.get_by_role("option", name="Dark").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector('html[data-bs-theme="dark"]')
    page.keyboard.press("Control+k")
    page.keyboard.type("nothing is called this")
    page.get_by_text("Nothing is called that.").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_the_palette_says_when_the_search_fails(enter: Enter, operator: User) -> None:
    page = enter(operator, "/kpis/")
    page.route("**/search/?q=*", lambda route: route.fulfill(status=500, body="broken"))
    page.keyboard.press("Control+k")
    page.keyboard.type("cp-2")
    expect(page.get_by_role("status").get_by_text("doesn't answer")).to_be_visible()


def test_the_palette_and_the_keys_are_accessible(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/kpis/")
    page.keyboard.press("Control+k")
    page.keyboard.type("cp-")
    page.get_by_role("option", name="CP-3").wait_for()
    assert violations_everywhere(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("option", name="CP-3").wait_for(state="hidden")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    assert violations_everywhere(page) == []
