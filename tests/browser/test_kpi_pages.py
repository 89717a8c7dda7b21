"""A manager's errand: which ports of a site cost the most last month, and the sheet of them."""

import csv
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from inventory.models import Organisation, Role, Site
from monitoring.facts import Status
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter
from tests.cpms.reports.rolled_up import HOUR, charger_day, port_day
from tests.network import charger, person, site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def last_month(place: Site) -> None:
    """Five ports; in the last month the second and the fourth lost 20 and 80 hours."""
    last = datetime.now(UTC).date().replace(day=1) - timedelta(days=1)
    for number, lost in enumerate((0.0, 1.0, 0.0, 4.0, 0.0), 1):
        one = charger(
            place,
            f"CP-{number}",
            Status.AVAILABLE,
            commissioned_at=datetime(2024, 1, 1, tzinfo=UTC),
        )
        for back in range(20):
            day = last - timedelta(days=back)
            port_day(one.evses.get(), day, faulted=lost * HOUR, outages=int(lost))
            charger_day(one, day)


def test_a_manager_finds_the_worst_ports_of_a_site_and_takes_them_along(
    enter: Enter, organisation: Organisation, place: Site
) -> None:
    last_month(place)
    site(organisation, "Empty")
    page = enter(person("mara", Role.MANAGER, organisation), "/kpis/")
    page.get_by_role("link", name="Last month").click()
    page.locator("#kpi-table").wait_for()
    page.get_by_role("link", name="Ostbahnhof").first.click()
    page.get_by_role("heading", name="Ostbahnhof").wait_for()
    page.get_by_text("This port is 80 % of the lost time.").wait_for()
    assert page.locator(".kpi-worst tbody tr").first.inner_text().startswith("CP-4/1")
    page.get_by_role("navigation", name="Rows").get_by_role("link", name="Ports").click()
    page.locator(".kpi-table th", has_text="Port").first.wait_for()
    assert [row["name"] for row in exported(page)][:2] == ["CP-4/1", "CP-2/1"]
    assert violations_everywhere(page) == []


def exported(page: "Page") -> list[dict[str, str]]:
    """Return the rows of the CSV that the page offers."""
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    return list(csv.DictReader(download.value.path().open()))
