"""The dashboard as people use it, in Chromium: sign in, look, filter, and see things change."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Route, expect

from alerts import engine
from alerts.models import Incident, Rule
from inventory.models import Charger, ChargerModel, Organisation, Role, Site
from monitoring import live
from monitoring.facts import Status
from monitoring.models import ChargerState, PortState, Session
from tests.alerts.world import NOON, World, make_gateway, minutes, seen_at
from tests.browser.conftest import Enter, Server, announce, fault, is_live, tell
from tests.network import charger, connection, person, port

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PAGES = ["/", "/chargers/CP-1/", "/chargers/CP-1/history/", "/kpis/", "/sightings/", "/incidents/"]


def identities(page: "Page") -> list[str]:
    return page.locator(".kw-fleet .kw-identity a").all_inner_texts()


def test_one_signs_in_and_gets_to_the_page_one_asked_for(
    page: "Page", server: Server, operator: User, fleet: list[Charger]
) -> None:
    page.goto(f"{server.url}/chargers/CP-2/")
    page.get_by_label("User name or e-mail").fill("olga")
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("not correct").wait_for()
    page.get_by_label("Password").fill("a good long password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="CP-2").wait_for()
    assert page.url == f"{server.url}/chargers/CP-2/"
    page.get_by_role("button", name="olga").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    page.goto(f"{server.url}/chargers/CP-2/")
    assert page.get_by_role("heading", name="CP-2").count() == 0


def test_a_change_is_on_the_fleet_page_without_a_reload(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.evaluate("window.sameDocument = true")
    assert identities(page)[0] == "CP-1"
    fault(fleet[2])
    page.locator("tr", has_text="CP-3").get_by_text("Ground fault").wait_for()
    assert identities(page)[0] == "CP-3"
    # Rows that came as the page went live may have been read a moment after their count.
    expect(page.locator(".kw-tile.state-faulted .kw-tile-number")).to_have_text("1")
    assert page.evaluate("window.sameDocument")


def test_a_change_is_on_the_charger_s_page_without_a_reload(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/chargers/CP-1/")
    is_live(page)
    page.evaluate("window.sameDocument = true")
    now = datetime.now(UTC)
    evse = fleet[0].evses.get(number=1)
    Session.objects.create(
        id=7, charger=fleet[0], evse=evse, transaction_id="7", id_token="04A1B2C3", started=now,
        received=now, updated=now, energy=1_250.0,
    )  # fmt: skip
    PortState.objects.filter(evse=evse).update(
        status=Status.CHARGING, since=now, session_id=7, power=11_040.0, soc=41.0
    )
    announce(fleet[0], "status", "session", "meter")
    page.get_by_text("11.0 kW", exact=True).first.wait_for()
    assert page.get_by_role("progressbar").get_attribute("value") == "41"
    assert page.evaluate("window.sameDocument")


def test_another_charger_s_news_leave_a_charger_s_page_alone(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/chargers/CP-1/")
    is_live(page)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    fault(fleet[1])
    page.wait_for_timeout(1_200)
    assert asked == []


def test_a_storm_of_news_is_fetched_at_most_twice_a_second(
    enter: Enter, operator: User, organisation: Organisation
) -> None:
    page = enter(operator, "/incidents/")
    is_live(page)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    began = time.monotonic()
    for _ in range(30):
        tell(live.org_group(organisation.pk), live.incidents())
        page.wait_for_timeout(50)
    page.wait_for_timeout(1_000)
    assert 1 <= len(asked) <= 2 * (time.monotonic() - began) + 1


def test_pages_that_show_the_same_do_not_each_ask_for_it(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    pages = [enter(operator), enter(operator)]
    asked: list[str] = []
    for page in pages:
        is_live(page)
        page.wait_for_load_state("networkidle")
        page.on("request", lambda request: asked.append(request.url))
    fault(fleet[2])
    for page in pages:
        page.locator("tr", has_text="CP-3").get_by_text("Ground fault").wait_for()
    assert asked == []


def test_frames_pass_by_live_and_can_be_paused(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator, "/chargers/CP-1/frames/")
    page.locator("#frames-state", has_text="live").wait_for()

    def pass_by(text: str) -> None:
        frame: live.LiveFrame = {"at": "2026-03-02T12:00:00Z", "direction": "in", "text": text}
        tell(live.frames_group(fleet[0].pk), live.frames("CP-1", [frame]))

    page.wait_for_timeout(500)
    pass_by('[2,"17","Heartbeat",{}]')
    page.locator("#frames").get_by_text("Heartbeat", exact=True).wait_for()
    page.get_by_role("button", name="Pause the tail").click()
    pass_by('[2,"18","MeterValues",{"evil":"<img src=x onerror=alert(1)>"}]')
    page.get_by_text("paused: 1 new").wait_for()
    assert page.locator("#frames").get_by_text("MeterValues", exact=True).count() == 0
    page.get_by_role("button", name="Pause the tail").click()
    page.locator("#frames").get_by_text("MeterValues", exact=True).wait_for()
    page.locator("#frames").get_by_text("MeterValues", exact=True).click()
    # It is set out in lines once it is open.
    expect(page.locator("#frames details[open] code")).to_have_text(re.compile(r'^\[2, "18"'))
    assert page.locator("#frames img").count() == 0


def test_a_lost_connection_shows_since_when_and_mends_itself(
    enter: Enter, server: Server, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.evaluate("window.sameDocument = true")
    server.stop()
    try:
        banner = page.get_by_role("alert").filter(has_text="Live connection lost")
        banner.wait_for()
        page.wait_for_timeout(2_100)
        assert re.search(r"lost [1-9]\d* s ago", banner.inner_text())
        ChargerState.objects.filter(charger=fleet[1]).update(
            online=False, since=datetime.now(UTC) - timedelta(minutes=7)
        )
    finally:
        server.start()
    page.locator("tr", has_text="CP-2").get_by_text("Offline", exact=True).wait_for()
    banner.wait_for(state="hidden")
    is_live(page)
    assert page.evaluate("window.sameDocument")


def test_a_tile_filters_and_the_url_says_so(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    fault(fleet[1])
    page = enter(operator)
    page.locator(".kw-tile.state-faulted").click()
    page.wait_for_url("**/?state=faulted")
    assert identities(page) == ["CP-2"]
    page.locator(".kw-tile.state-faulted").click()
    page.wait_for_url(lambda url: "state" not in url)
    assert len(identities(page)) == 3


def test_the_search_narrows_while_one_types_and_can_be_linked_to(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    page.evaluate("window.sameDocument = true")
    page.get_by_placeholder("Identity, serial").press_sequentially("cp-3", delay=30)
    page.wait_for_url("**q=cp-3**")
    assert identities(page) == ["CP-3"]
    assert page.evaluate("window.sameDocument")
    page.reload()
    assert identities(page) == ["CP-3"]
    page.get_by_placeholder("Identity, serial").fill("nothing like it")
    page.get_by_text("No charger matches").wait_for()
    page.get_by_role("link", name="Clear the filters").click()
    page.locator("tr", has_text="CP-1").wait_for()


def test_a_filtered_list_stays_filtered_when_news_come(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.get_by_placeholder("Identity, serial").press_sequentially("cp-3", delay=30)
    page.wait_for_url("**q=cp-3**")
    fault(fleet[2])
    page.locator("tr", has_text="CP-3").get_by_text("Faulted", exact=True).wait_for()
    assert identities(page) == ["CP-3"]
    assert page.get_by_placeholder("Identity, serial").input_value() == "cp-3"


def test_news_in_the_very_moment_of_a_new_filter_do_not_bring_the_old_list_back(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.get_by_placeholder("Identity, serial").press_sequentially("cp-3", delay=30)
    page.wait_for_url("**q=cp-3**")
    with page.expect_response("**/?q=cp-3"):
        page.evaluate("htmx.trigger('#fleet', 'live')")
    expect(page.locator(".kw-fleet .kw-identity a")).to_have_text(["CP-3"])


def test_news_while_a_new_filter_is_on_its_way_wait_for_it(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    answers: list[Route] = []

    def hold(route: Route) -> None:
        answers.append(route)

    page.route("**/?q=cp-3", hold)
    with page.expect_request("**/?q=cp-3"):
        page.get_by_placeholder("Identity, serial").fill("cp-3")
    old: list[str] = []
    page.on("request", lambda request: old.append(request.url))
    page.evaluate(
        """async () => {
             const fleet = document.getElementById("fleet");
             const url = fleet.getAttribute("hx-get");
             const html = fleet.outerHTML.replace('data-live-shown="', '$&CP-4 ');
             kilowatch.arrived({ id: fleet.id, url, html });
             await new Promise((done) => setTimeout(done, 1500)); // Refreshes come twice a second.
             htmx.trigger("#fleet", "live");
           }"""
    )
    answers[0].continue_()
    expect(page.locator(".kw-fleet .kw-identity a")).to_have_text(["CP-3"])
    assert [url for url in old if url.endswith("/")] == []


def test_the_theme_follows_the_device_until_one_chooses_and_is_kept(
    enter: Enter, operator: User
) -> None:
    page = enter(operator, color_scheme="dark")

    def turns(theme: str) -> None:
        page.wait_for_selector(f'html[data-bs-theme="{theme}"]')
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        channels = [int(number) for number in re.findall(r"\d+", background)[:3]]
        assert (sum(channels) > 3 * 128) == (theme == "light")

    turns("dark")
    page.get_by_role("button", name="Light").click()
    turns("light")
    page.reload()
    turns("light")
    page.get_by_role("button", name="As the device").click()
    turns("dark")
    page.emulate_media(color_scheme="light")
    turns("light")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(
    enter: Enter, operator: User, place: Site, fleet: list[Charger], path: str
) -> None:
    long = charger(place, "X" * 48, *[Status.FAULTED] * 9, serial_number="S" * 50)
    PortState.objects.filter(evse__charger=long).update(info="W" * 200, error_code="OtherError")
    page = enter(operator, path, **PHONE)
    is_live(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_the_menu_opens_on_a_phone(enter: Enter, operator: User) -> None:
    page = enter(operator, **PHONE)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="KPIs").click()
    page.get_by_role("heading", name="KPIs", exact=True).wait_for()
    assert page.url.endswith("/kpis/")


def test_what_chargers_say_of_themselves_never_runs(
    enter: Enter, operator: User, place: Site
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    model = ChargerModel.objects.create(vendor=evil[:50], name=evil[25:75])
    bad = charger(place, "CP-1", model=model, serial_number=evil[:50], notes=evil)
    port(bad, 1, Status.FAULTED, error_code="OtherError", vendor_error_code=evil[:50], info=evil)
    connection(bad, datetime.now(UTC))
    ran: list[str] = []

    def run(dialog: "Dialog") -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page = enter(operator)
    page.on("dialog", run)
    for path in PAGES:
        page.goto(path)
        is_live(page)
        assert page.locator("main img").count() == 0
    assert ran == []


def test_slash_goes_to_the_search_and_tab_first_offers_to_skip_the_menu(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.type("CP-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=CP-2**")
    assert identities(page) == ["CP-2"]


def test_times_keep_up_by_the_server_s_clock(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    first = page.locator(".kw-cell-since time").first
    assert first.inner_text() == "1 h 00 min"
    assert re.search(r"CET|CEST", first.get_attribute("title") or "")
    # An hour and a half later, with this machine's clock wrong by days: only what passed counts.
    page.evaluate(
        "const real = Date.now; Date.now = () => real() + 90 * 60_000; kilowatch.refreshTimes()"
    )
    assert first.inner_text() == "2 h 30 min"


@pytest.fixture
def lost(organisation: Organisation, place: Site) -> Incident:
    """An incident: a charger that is offline since noon."""
    world = World(organisation, place, make_gateway())
    world.lose(world.charger("CP-LOST"), NOON)
    engine.run(seen_at(NOON + minutes(5)))
    return Incident.objects.get()


def test_the_count_of_incidents_is_live(
    enter: Enter, operator: User, organisation: Organisation, lost: Incident
) -> None:
    Incident.objects.update(state="resolved", resolved_at=NOON)
    page = enter(operator, "/kpis/")
    is_live(page)
    assert page.locator("#places .kw-count").count() == 0
    Incident.objects.update(state="open", resolved_at=None)
    tell(live.org_group(organisation.pk), live.incidents())
    page.locator("#places .kw-count", has_text="1").wait_for()
    assert page.locator("#places .active").inner_text().strip() == "KPIs"


def test_what_was_done_is_said_in_a_toast_that_can_be_closed(
    enter: Enter, operator: User, lost: Incident
) -> None:
    page = enter(operator, f"/incidents/{lost.pk}/")
    page.get_by_role("button", name="I'm on it").click()
    toast = page.locator(".kw-toast")
    toast.wait_for()
    page.get_by_role("button", name="Close").click()
    toast.wait_for(state="detached")
    lost.refresh_from_db()
    assert lost.state == "acknowledged"


def test_what_needs_a_second_thought_is_asked_for(enter: Enter, organisation: Organisation) -> None:
    rule = Rule.objects.create(
        organisation=organisation,
        detector="offline",
        hold_off=99,
        clear_delay=9,
        severity=2,
    )
    page = enter(person("lena", Role.LEAD, organisation), f"/alerting/rules/{rule.detector}/")
    page.get_by_role("button", name="Back to the usual settings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="hidden")
    assert Rule.objects.exists()
    page.get_by_role("button", name="Back to the usual settings").click()
    dialog.get_by_role("button", name="Yes").click()
    page.wait_for_load_state()
    page.locator(".kw-toast").wait_for()
    assert not Rule.objects.exists()
