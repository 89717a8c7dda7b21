"""What a page asks for by itself: it neither gets lost nor comes under the reader's hands."""

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from alerts import engine
from alerts.models import Incident
from inventory.models import Charger, Organisation, Site
from monitoring import live
from tests.alerts.world import NOON, World, make_gateway, minutes, seen_at
from tests.browser.conftest import Enter, fault, is_live, tell

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.browser


def row(page: "Page", identity: str, state: str) -> "Locator":
    return page.locator("tr", has_text=identity).get_by_text(state, exact=True)


def test_a_list_stays_live_when_news_come_while_one_s_choice_is_on_its_way(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/healthz")
    # An old browser: what is shared can't be unpacked, so each page asks for its own.
    page.add_init_script("delete window.DecompressionStream;")
    page.goto("/")
    is_live(page)
    held: list[Route] = []

    def hold(route: "Route") -> None:
        held.append(route)

    page.route("**/?state=faulted", hold)
    page.evaluate(
        "addEventListener('live', ({ target }) => { document.body.dataset.asked = target.id; })"
    )
    page.locator(".kw-tile.state-faulted .kw-tile-main").click()
    fault(fleet[2])
    page.wait_for_selector("body[data-asked=fleet]")
    held.pop().continue_()
    row(page, "CP-3", "Faulted").wait_for()
    page.unroute("**/?state=faulted")
    fault(fleet[1])
    expect(row(page, "CP-2", "Faulted")).to_be_visible()


def test_what_the_clock_brings_waits_as_well_while_one_has_paused(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/healthz")

    def hurry(route: "Route") -> None:
        answer = route.fetch()
        text = answer.text().replace("every 60s", "every 1s")
        if "hx-request" in route.request.headers:
            text = text.replace("raw lens", "fresh lens")
        route.fulfill(response=answer, body=text)

    page.route("**/kpis/", hurry)
    page.goto("/kpis/")
    is_live(page)
    page.keyboard.press("p")
    page.get_by_text("Paused").first.wait_for()
    page.locator(".kw-window").evaluate("(one) => { one.id = 'mine'; }")
    for _poll in range(2):
        with page.expect_response("**/kpis/"):
            pass
    assert page.locator("#mine").count() == 1
    page.keyboard.press("p")
    page.locator("#mine").wait_for(state="detached")
    page.get_by_text("fresh lens").wait_for()


def test_what_got_no_answer_is_asked_for_again_without_further_news(
    enter: Enter, operator: User, organisation: Organisation, place: Site
) -> None:
    world = World(organisation, place, make_gateway())
    world.lose(world.charger("CP-LOST"), NOON)
    engine.run(seen_at(NOON + minutes(5)))
    page = enter(operator, "/incidents/")
    is_live(page)
    page.evaluate("console.error = () => {}")  # htmx says there what fails here on purpose.
    page.route("**/incidents/", lambda route: route.abort())
    Incident.objects.all().delete()
    with page.expect_event("requestfailed"):
        tell(live.org_group(organisation.pk), live.incidents())
    page.unroute("**/incidents/")
    page.get_by_text("Nothing is wrong").wait_for()
