"""Forms as impatient people send them."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from inventory import credentials
from inventory.models import Charger, Organisation, Role, Site
from tests.browser.conftest import Enter
from tests.network import person

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = pytest.mark.browser


def test_who_clicks_twice_sees_the_key_that_is_shown_once_and_copies_it(
    enter: Enter, organisation: Organisation, place: Site
) -> None:
    page = enter(person("lea", Role.LEAD, organisation), f"/connect/{place.pk}/")
    sent: list[Route] = []

    def slowly(route: "Route") -> None:
        if route.request.method == "POST":
            sent.append(route)
        else:
            route.continue_()

    page.route(f"**/connect/{place.pk}/", slowly)
    page.get_by_label("Identity", exact=True).fill("CP-001")
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("button", name="Make it").dblclick(no_wait_after=True)
    while not sent:
        page.wait_for_timeout(50)
    sent[0].continue_()
    key = page.locator(".kw-key").inner_text()
    page.wait_for_load_state()  # Buttons work from then on.
    assert bytes(Charger.objects.get().password_digest or b"") == credentials.digest(key)
    assert len(sent) == 1
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = page.get_by_role("button", name="Copy the key")
    copy.click()
    expect(copy).to_have_text("Copied")
    copy.click()
    assert page.evaluate("navigator.clipboard.readText()") == key
    expect(copy).to_have_text("Copy")
