"""The guide as one reads it: found by the "?", searched, read on from page to page."""

import pytest
from playwright.sync_api import expect

from cpms.web.help import pages
from inventory.models import Role
from tests.browser.accessibility import violations, violations_everywhere
from tests.browser.conftest import Enter
from tests.network import person, tenant

pytestmark = pytest.mark.browser


def test_one_asks_about_a_page_searches_and_reads_on(enter: Enter, transactional_db: None) -> None:
    page = enter(person("vera", Role.VIEWER, tenant()), "/kpis/")
    page.get_by_role("link", name="Help about this page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("KPIs and their formulas")
    assert violations_everywhere(page) == []
    page.get_by_role("navigation", name="Next pages").get_by_role("link").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Outages and what is excluded")
    page.get_by_role("main").get_by_role("link", name="Help", exact=True).click()
    page.get_by_role("searchbox", name="Search the guide").fill("hold-off")
    page.get_by_role("button", name="Search", exact=True).click()
    assert violations_everywhere(page) == []
    page.get_by_role("link", name="Incidents: Rules").click()
    page.wait_for_url("**/help/incidents/#rules")
    expect(page.locator("#rules")).to_be_in_viewport()


def test_every_page_is_accessible_its_links_resolve_and_its_pictures_load(
    enter: Enter, transactional_db: None
) -> None:
    page = enter(person("vera", Role.VIEWER, tenant()), "/help/")
    assert violations(page) == []
    links: set[str] = set()
    for slug in pages.PAGES:
        page.goto(f"/help/{slug}/")
        assert violations(page) == []
        for shot in page.locator(".help-shot:visible").all():
            shot.scroll_into_view_if_needed()
            expect(shot).to_have_js_property("complete", True)
            assert shot.evaluate("(image) => image.naturalWidth") > 0
        found = page.locator(".help-columns a").evaluate_all("(all) => all.map((one) => one.href)")
        links |= {link.partition("#")[0] for link in found}
    for link in sorted(links):
        assert page.request.get(link).ok, link
