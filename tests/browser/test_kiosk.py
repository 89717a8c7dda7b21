"""A wall as it hangs: opened without a sign-in, for nights, through restarts, until revoked."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from alerts import escalation, policies
from alerts.models import DetectorName, Incident
from cpms.web.kiosk import links
from cpms.web.models import KioskLink
from inventory.models import Charger, Organisation, Role
from monitoring.facts import Status
from monitoring.models import PortState
from tests.browser.accessibility import violations
from tests.browser.conftest import Server
from tests.browser.growth import Held, held
from tests.network import NOON, charger, person, site, tenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response, Route, ViewportSize

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]
SCREEN: "ViewportSize" = {"width": 1280, "height": 720}
#: A browser that lets nothing be heard before somebody has clicked, as most do.
AUTOPLAY_RULE = """
  const resume = AudioContext.prototype.resume;
  let clicked = false;
  addEventListener("click", () => { clicked = true; }, true);
  const state = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "state").get;
  Object.defineProperty(AudioContext.prototype, "state", {
    get() { return clicked ? state.call(this) : "suspended"; },
  });
  AudioContext.prototype.resume = async function () {
    if (!clicked) throw new DOMException("not allowed");
    await resume.call(this);
    this.dispatchEvent(new Event("statechange"));
  };
"""


@pytest.fixture
def nordstrom(transactional_db: None) -> Organisation:
    return tenant()


@pytest.fixture
def one(nordstrom: Organisation) -> Charger:
    return charger(site(nordstrom, "Ostbahnhof"), "CP-1", Status.AVAILABLE)


@pytest.fixture
def hung(nordstrom: Organisation) -> tuple[KioskLink, str]:
    """A wall that shows the fleet and the incidents, and turns by hand alone."""
    token = links.new_token()
    link = KioskLink.objects.create(
        name="NOC", organisation=nordstrom, digest=links.digest(token),
        boards=["fleet", "incidents", "sites", "kpis"], rotation=0, timezone="Europe/Berlin",
    )  # fmt: skip
    return link, token


@pytest.fixture
def wall(browser: "Browser", server: Server, hung: tuple[KioskLink, str]) -> Iterator[Open]:
    """Return a function that opens the wall's link in a fresh profile, as a television does."""
    contexts = []
    complaints: list[str] = []

    def complain(message: Any) -> None:
        if message.type == "error" and "Failed to load" not in message.text:
            complaints.append(message.text)

    def open_wall(prepare: Callable[["Page"], None] | None = None, **options: Any) -> "Page":
        context = browser.new_context(viewport=SCREEN, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(AUTOPLAY_RULE)
        if prepare:
            prepare(page)
        page.goto(f"{server.url}/kiosk/{hung[1]}/")
        page.locator(".board-fleet").wait_for()
        return page

    yield open_wall
    for context in contexts:
        context.close()
    assert not complaints


def open_incident(one: Charger) -> Incident:
    version = policies.in_force(None) or policies.publish(
        policies.policy_of(None), escalation.STANDARD, by=None, now=datetime.now(UTC)
    )
    now = datetime.now(UTC)
    return Incident.objects.create(
        detector=DetectorName.OFFLINE, dedup_key=f"offline:{uuid4()}", charger=one, site=one.site,
        organisation=one.site.organisation, subject=one.identity, severity=1, since=now,
        opened_at=now, policy_version=version,
    )  # fmt: skip


def test_a_new_critical_incident_is_called_out_and_heard_once_the_browser_lets_it(
    wall: Open, hung: tuple[KioskLink, str], one: Charger
) -> None:
    page = wall()
    assert page.url.endswith(f"/kiosk/wall/{hung[0].pk}/")
    assert page.evaluate("document.cookie") == ""
    expect(page.locator(".board-fleet")).to_contain_text("All quiet")
    expect(page.locator("#beats [data-part=database]")).not_to_have_class("is-dead")
    sound = page.locator("#sound")
    expect(sound).to_have_text("Click once for sound")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_text("Sound is on")
    expect(sound).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_be_empty()

    open_incident(one)
    call = page.get_by_role("alert").filter(has_text="New critical incident")
    expect(call).to_contain_text("CP-1 is offline · Ostbahnhof")
    expect(page.get_by_role("status")).to_contain_text("Sounded at")
    expect(page.locator(".board-incidents")).to_contain_text("Nobody yet")
    expect(page.locator("[data-severity=critical] strong")).to_have_text("1")

    page.reload()
    page.locator("[data-severity=critical] strong", has_text="1").wait_for()
    expect(call).to_be_hidden()
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_text("Sound is on")
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_text("Muted")
    open_incident(one)
    expect(call).to_be_visible()
    expect(page.get_by_role("status")).to_be_empty()


def test_a_revoked_wall_goes_dark_and_stays_so(
    wall: Open, hung: tuple[KioskLink, str], one: Charger
) -> None:
    PortState.objects.filter(evse__charger=one).update(status=Status.FAULTED)
    page = wall()
    page.locator(".board-fleet", has_text="CP-1").wait_for()
    links.revoke(hung[0], datetime.now(UTC))
    page.get_by_role("alert").filter(has_text="This wall is closed").wait_for(timeout=15_000)
    assert "CP-1" not in page.content()
    page.reload()
    expect(page.get_by_role("heading", name="This wall is closed")).to_be_visible()


def test_a_wall_says_that_it_isn_t_live_and_mends_itself(
    wall: Open, server: Server, one: Charger
) -> None:
    page = wall()
    page.evaluate("window.sameDocument = true")
    server.stop()
    try:
        stale = page.get_by_role("alert").filter(has_text="Not live: nothing new for")
        stale.wait_for(timeout=45_000)
        expect(stale).to_contain_text("What you see is of")
        PortState.objects.filter(evse__charger=one).update(status=Status.FAULTED)
    finally:
        server.start()
    expect(stale).to_be_hidden(timeout=60_000)
    page.locator(".board-fleet", has_text="CP-1").wait_for()
    assert page.evaluate("window.sameDocument")


class Night:
    """The hours of a wall, of its machine and of the server alike, that pass as they are told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def begin(self, page: "Page") -> None:
        """Take hold of the clocks, before the wall opens."""
        self.page = page
        page.clock.install(time=self.now)
        page.route("**/pulse/**", self._tell_the_time)

    def passes(self, **time: float) -> None:
        """Let so much time go by, and the wall ask how things are."""
        step = timedelta(**time)
        self.now += step
        self.page.clock.fast_forward(int(step.total_seconds() * 1000))

    def _tell_the_time(self, route: "Route") -> None:
        try:
            answer = route.fetch()
        except PlaywrightError:
            route.abort()
            return
        route.fulfill(response=answer, json=answer.json() | {"now": self.now.isoformat()})


def is_pulse(answer: "Response") -> bool:
    return "/pulse/" in answer.url


def test_a_wall_loads_itself_anew_at_night_but_never_into_an_error(
    wall: Open, server: Server, one: Charger
) -> None:
    night = Night(datetime(2026, 3, 2, 3, 50, tzinfo=ZoneInfo("Europe/Berlin")))
    page = wall(night.begin)
    page.evaluate("document.body.dataset.opened = 'before'")
    first = page.locator("body[data-opened=before]")
    for _pulse in range(3):  # Up for minutes: there is nothing to tidy up yet.
        with page.expect_response(is_pulse):
            night.passes(minutes=5)
    for _pulse in range(3):
        with page.expect_response(is_pulse):
            night.passes(hours=6)
    expect(first).to_have_count(1)

    server.stop()
    try:
        for _hour in range(6):
            night.passes(hours=1)
        expect(page.locator("#clock")).to_have_text(re.compile("^04:05"))
        stale = page.get_by_role("alert").filter(has_text="Not live: nothing new for 6 h")
        stale.wait_for()
        expect(page.locator(".board-fleet")).to_be_visible()
        expect(first).to_have_count(1)
    finally:
        server.start()
    night.passes(minutes=1)
    expect(first).to_have_count(0)
    expect(page.locator("#clock")).to_have_text(re.compile("^04:0"))
    expect(page.locator(".board-fleet")).to_contain_text("All quiet")
    expect(stale).to_be_hidden()


def stand_still(page: "Page") -> None:
    """Have a wall's time go on only when told to, however slow the machine."""
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + timedelta(seconds=1))


class Rush:
    """A wall's answers, as they were once; with something new in each, and at once."""

    def __init__(self) -> None:
        self.asked = self.alarms = self.boards = 0
        self._first: dict[str, dict[str, Any] | str] = {}

    def begin(self, page: "Page") -> None:
        """Answer from here on, before the wall opens; its time goes on only when told to."""
        stand_still(page)
        page.route(re.compile("/(pulse|board)/"), self._answer)

    def _answer(self, route: "Route") -> None:
        path = urlsplit(route.request.url).path
        kept = self._first.get(path)
        if kept is None:
            answer = route.fetch()
            self._first[path] = answer.text() if "/board/" in path else answer.json()
            route.fulfill(response=answer)
        elif isinstance(kept, str):
            self.boards += 1
            route.fulfill(body=kept, content_type="text/html")
        else:
            route.fulfill(json=self._pulse(kept))

    def _pulse(self, kept: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        self.alarms += self.asked % 25 == 0
        counts = dict.fromkeys(kept["incidents"], self.asked % 9)
        dead = [beat | {"alive": self.asked % 20 != 0} for beat in kept["beats"]]
        new = {"key": str(self.alarms), "text": "CP-1 is offline", "where": "Ostbahnhof"}
        more = {"stamp": str(self.asked // 3), "critical": [new] if self.alarms else []}
        return kept | more | {"incidents": counts, "beats": dead}


def test_a_wall_that_hangs_for_long_holds_on_to_no_more_than_at_first(
    wall: Open, one: Charger
) -> None:
    KioskLink.objects.update(rotation=5)
    for number in range(2, 9):
        open_incident(charger(one.site, f"CP-{number}", Status.FAULTED))
    rush = Rush()
    page = wall(rush.begin)
    page.locator("#sound").click()

    def turn_boards(times: int) -> Held:
        until = rush.boards + times
        while rush.boards < until:
            page.clock.run_for(3_000)
        page.locator("[data-show=fleet]").click()
        page.locator(".board-fleet").wait_for()
        return held(page)

    early = turn_boards(40)
    grown = turn_boards(200) - early
    assert rush.alarms > 3
    assert grown.listeners <= 0
    assert grown.nodes < 50
    assert grown.heap < 250_000


def test_boards_take_turns(wall: Open, hung: tuple[KioskLink, str], one: Charger) -> None:
    KioskLink.objects.update(rotation=5)
    page = wall(stand_still)
    for board in ("incidents", "sites", "kpis", "fleet"):
        page.clock.run_for(6_000)
        expect(page.locator(f".board-{board}")).to_be_visible()
        expect(page.locator(".board")).to_have_count(1)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_board_passes_axe(
    wall: Open, hung: tuple[KioskLink, str], one: Charger, theme: str
) -> None:
    KioskLink.objects.update(theme=theme)
    broken = charger(one.site, "CP-2", Status.FAULTED, Status.CHARGING)
    page = wall(reduced_motion="reduce")
    # What is open at the first pulse is nothing new.
    page.locator("#beats [data-part=database]").wait_for(state="attached")
    open_incident(broken)
    page.get_by_role("alert").filter(has_text="New critical incident").wait_for()
    for board in ("incidents", "sites", "kpis", "fleet"):
        page.locator(f"[data-show={board}]").click()
        page.locator(f".board-{board}").wait_for()
        assert violations(page, f"{board} ({theme})") == []


def test_a_lead_hangs_a_wall_and_takes_it_down(
    enter: Callable[..., "Page"], nordstrom: Organisation, one: Charger
) -> None:
    page = enter(person("lea", Role.LEAD, nordstrom), "/kiosks/")
    page.get_by_role("link", name="New wall").first.click()
    page.get_by_label("Name", exact=True).fill("Control room")
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Link", exact=True).input_value()
    assert violations(page) == []
    television = page.context.browser.new_context(viewport=SCREEN)  # type: ignore[union-attr]
    screen = television.new_page()
    screen.goto(address)
    screen.locator(".board-fleet").wait_for()
    page.get_by_role("link", name="Done").click()
    assert violations(page) == []
    page.get_by_role("link", name="Control room").click()
    assert violations(page) == []
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Revoke").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
    screen.get_by_role("alert").filter(has_text="This wall is closed").wait_for(timeout=15_000)
    television.close()
    expect(page.get_by_text("revoked", exact=True)).to_be_visible()
