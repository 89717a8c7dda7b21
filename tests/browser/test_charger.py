"""A charger's page as an operator uses it: what is wrong, what was before, who charged."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from inventory.models import Charger, Connector, Role, Site
from monitoring import housekeeping, live
from monitoring.facts import CloseReason, Status
from monitoring.models import MeterSample, PortState
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter, is_live, tell
from tests.monitoring.charger_page.past import HOUR, MINUTE, boot, flapped, session
from tests.network import charger, connection, person, port, site, tenant

pytestmark = pytest.mark.browser


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def place(transactional_db: None) -> Site:
    return site(tenant(), "Ostbahnhof")


@pytest.fixture
def operator(place: Site) -> User:
    return person("olga", Role.OPERATOR, place.organisation)


@pytest.fixture
def station(place: Site, now: datetime) -> Charger:
    """A charger with a faulted port, one that charges, and a day of trouble behind it."""
    made = charger(place, "CP-1", since=now - 5 * HOUR, serial_number="SN-1", tags=["A10"])
    connection(made, now - 20 * HOUR, now - 6 * HOUR, CloseReason.PING_TIMEOUT)
    connection(made, now - 5 * HOUR)
    boot(made, now - 5 * HOUR, serial_number="SN-2", firmware_version="2.1")
    faulty = port(made, 1, None)
    flapped(faulty, now - 20 * HOUR, 30 * MINUTE, 40)
    PortState.objects.create(
        evse=faulty, status=Status.FAULTED, since=now - HOUR, error_code="GroundFailure",
        vendor_error_code="E42",
    )  # fmt: skip
    Connector.objects.create(evse=faulty, type=Connector.Type.CCS2, max_power=150_000)
    busy = port(made, 2, Status.CHARGING, now - HOUR, power=11_000.0, soc=60.0)
    running = session(made, now - HOUR, None, busy, meter_start=1_000.0, soc=60.0)
    PortState.objects.filter(evse=busy).update(session_id=running.pk)
    session(made, now - 4 * HOUR, now - 3 * HOUR, faulty, stop_reason="EmergencyStop", energy=0.0)
    for day in (now - HOUR, now):
        housekeeping.make_partitions(day)
    MeterSample.objects.bulk_create(
        MeterSample(
            charger_id=made.pk, evse_id=busy.pk, session_id=running.pk, offset_ms=0, context=0,
            at=now - minute * MINUTE, received=now, energy=1_000 + 183 * (60 - minute),
            power=11_000.0, soc=60 - minute / 2,
        )
        for minute in range(59, 0, -1)
    )  # fmt: skip
    return made


def test_one_sees_what_is_wrong_what_to_check_and_how_the_running_session_goes(
    enter: Enter, operator: User, station: Charger, now: datetime
) -> None:
    page = enter(operator, "/chargers/CP-1/")
    page.get_by_text("Current leaks to earth").wait_for()
    page.get_by_text("What to check on site").click()
    page.get_by_text("Insulation resistance of cable").wait_for()
    page.locator("#running figure .uplot canvas").wait_for()
    page.locator("#power .uplot canvas").wait_for()
    is_live(page)
    PortState.objects.filter(evse__charger=station, evse__number=2).update(power=22_000.0)
    change: live.Change = {"site": station.site_id, "ports": [2], "kinds": ["meter"]}
    tell(live.org_group(station.site.organisation_id), live.changed({"CP-1": change}))
    page.get_by_text("22.0 kW", exact=True).wait_for()
    assert page.get_by_text("Insulation resistance of cable").is_visible(), "it was folded up"


def test_a_curve_that_cannot_be_fetched_says_so_and_comes_later(
    enter: Enter, operator: User, station: Charger
) -> None:
    page = enter(operator, "/design/")
    page.route("**/power/", lambda route: route.fulfill(status=503, body="busy"))
    page.goto("/chargers/CP-1/")
    failed = page.locator("#power").get_by_text("could not be fetched")
    expect(failed).to_be_visible()
    page.unroute("**/power/")
    expect(page.locator("#power .uplot canvas")).to_be_visible()
    expect(failed).to_be_hidden()


def test_the_charts_speak_the_reader_s_language(
    enter: Enter, operator: User, station: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/", locale="de-DE")
    chart = page.locator("#power .uplot .u-over")
    chart.hover()
    legend = page.locator("#power .u-legend")
    legend.get_by_text("Zeit", exact=True).wait_for()
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 40)
    legend.get_by_text("11,0 kW", exact=True).wait_for()


def test_one_looks_closer_at_the_past_by_dragging_and_by_keyboard_and_goes_back(
    enter: Enter, operator: User, station: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/")
    page.get_by_role("link", name="History").click()
    page.get_by_role("img", name="Port 1").wait_for()
    bar = page.locator("#lanes .kw-timeline-bar").nth(2).bounding_box()
    assert bar
    middle = bar["y"] + bar["height"] / 2
    page.mouse.move(bar["x"] + bar["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(bar["x"] + bar["width"] * 0.75, middle, steps=5)
    page.locator(".kw-brush").wait_for()
    page.mouse.up()
    page.wait_for_url("**from=*to=*")
    began, ended = (page.locator(f'.kw-between input[name="{name}"]') for name in ("from", "to"))
    length = datetime.fromisoformat(ended.input_value()) - datetime.fromisoformat(
        began.input_value()
    )
    assert timedelta(hours=5) < length < timedelta(hours=7)
    page.go_back()
    page.wait_for_url("**/history/")
    began.fill("2026-03-01T00:00")
    ended.fill("2026-03-02T00:00")
    ended.press("Enter")
    page.wait_for_url("**from=2026-03-01T00%3A00*")
    page.get_by_text("Nothing of that in this time").wait_for()


def test_one_narrows_what_happened_to_the_faults_of_a_port(
    enter: Enter, operator: User, station: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/history/")
    page.locator("#happened").get_by_text("it stopped answering").wait_for()
    page.get_by_label("What to show").select_option("faults")
    page.get_by_role("button", name="Narrow").click()
    page.wait_for_url("**show=faults**")
    assert page.locator("#happened tbody tr").count() > 3
    assert page.locator("#happened").get_by_text("it stopped answering").count() == 0
    page.get_by_role("link", name="7 d").click()
    page.wait_for_url(lambda url: "window=7d" in url and "show=faults" in url)


def test_one_finds_the_failed_session_and_takes_the_list_along(
    enter: Enter, operator: User, station: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/sessions/")
    page.get_by_label("Outcome").select_option("empty")
    page.get_by_role("button", name="Narrow").click()
    page.wait_for_url("**outcome=empty**")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text().count("\n") == 2
    page.locator("#sessions tbody a").click()
    page.get_by_text("emergency stop").first.wait_for()
    page.get_by_role("link", name="All sessions").click()
    page.locator("#sessions").get_by_text("running").wait_for()


@pytest.mark.parametrize("tab", ["", "history/", "sessions/", "facts/"])
def test_axe_finds_nothing_on_any_tab(
    enter: Enter, operator: User, station: Charger, tab: str
) -> None:
    page = enter(operator, f"/chargers/CP-1/{tab}")
    page.wait_for_load_state("networkidle")
    assert violations_everywhere(page) == []


def test_axe_finds_nothing_on_a_session_or_a_charger_never_seen(
    enter: Enter, operator: User, station: Charger, place: Site
) -> None:
    charger(place, "CP-NEW", since=None)
    page = enter(operator, f"/chargers/CP-1/sessions/{station.sessions.earliest('started').pk}/")
    assert violations_everywhere(page) == []
    page.goto("/chargers/CP-NEW/")
    assert violations_everywhere(page) == []
