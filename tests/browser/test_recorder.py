"""The flight recorder, as one uses it to find out what a charger said."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from inventory.models import Charger, Role
from monitoring import live
from monitoring.exchanges import Frame
from monitoring.facts import CloseReason
from tests import network
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter, tell
from tests.cpms.web.test_frames import record
from tests.network import person, site, tenant

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SECOND = timedelta(seconds=1)
BOOT = '{"chargePointVendor":"A","chargePointModel":null}'
UGLY = json.dumps({"vendorId": "<img src=x onerror=alert(1)>", "data": "\u202e" + "x" * 3000})


@pytest.fixture
def operator(transactional_db: None) -> User:
    return person("olga", Role.OPERATOR, tenant("Nordstrom"))


@pytest.fixture
def charger(operator: User) -> Charger:
    """A charger that said all sorts of things in the last minutes."""
    made = network.charger(site(operator.memberships.get().organisation), "CP-1")
    now = datetime.now(UTC).replace(microsecond=0)
    network.connection(made, now - 300 * SECOND, now - 200 * SECOND, CloseReason.LOST)
    network.connection(made, now - 190 * SECOND)
    lines = [
        (-180, "in", f'[2,"b1","BootNotification",{BOOT}]'),
        (-179, "out", '[4,"b1","OccurenceConstraintViolation","chargePointModel is missing",{}]'),
        (-100, "in", f'[2,"d1","DataTransfer",{UGLY}]'),
        (-99, "out", '[3,"d1",{"status":"UnknownVendorId"}]'),
        (-60, "out", '[2,"r1","Reset",{"type":"Soft"}]'),
        (-20, "in", '[2,"h1","Heartbeat",{}]'),
        (-19.966, "out", '[3,"h1",{"currentTime":"2026-03-02T12:00:00Z"}]'),
    ]  # fmt: skip
    record(made, *(Frame(now + at * SECOND, way, text) for at, way, text in lines))
    return made


def test_one_finds_what_was_refused_reads_it_and_hands_on_the_link(
    enter: Enter, operator: User, charger: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/")
    page.get_by_role("link", name="Flight recorder").click()
    page.get_by_text("34 ms").wait_for()
    page.get_by_text("Disconnected: the connection broke off").wait_for()
    page.get_by_label("Which exchanges").select_option("refused")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**what=refused**")
    page.wait_for_load_state("load")
    assert page.locator(".kw-exchange").count() == 1
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_text("chargePointModel is missing").first.wait_for()
    assert page.locator(".kw-json-key").first.inner_text() == '"chargePointVendor"'
    page.get_by_role("link", name="Link to this").click()
    page.wait_for_url("**frame=**")
    linked = page.locator(".kw-exchange.is-linked")
    assert linked.get_attribute("open") is not None
    assert linked.locator("strong").inner_text() == "BootNotification"
    page.goto("/chargers/CP-1/frames/?q=onerror")
    page.locator(".kw-exchange summary").click()
    assert page.locator("#frames img").count() == 0


def test_what_passes_is_put_together_while_one_looks_and_waits_while_one_reads(
    enter: Enter, operator: User, charger: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/frames/")
    page.locator("#frames-state", has_text="live").wait_for()

    def pass_by(at: str, way: str, text: str, *findings: tuple[str, str, str]) -> None:
        frame = {"at": at, "direction": way, "text": text, "findings": list(findings)}
        tell(live.frames_group(charger.pk), live.frames("CP-1", [frame]))  # type: ignore[list-item]

    def is_watched() -> bool:
        pass_by("2026-11-23T12:00:00Z", "in", '[2,"first","FirmwareStatusNotification",{}]')
        page.wait_for_timeout(300)
        return page.get_by_text("FirmwareStatusNotification").count() > 0

    assert any(is_watched() for _ in range(30))
    pass_by("2026-11-23T12:00:01.000Z", "in", '[2,"n1","StatusNotification",{"connectorId":"1"}]',
            ("string_as_number", "connectorId", ""))  # fmt: skip
    row = page.locator(".kw-exchange", has_text="StatusNotification").filter(has_text="waiting")
    row.get_by_text("1 noted").wait_for()
    pass_by("2026-11-23T12:00:01.250Z", "out", '[3,"n1",{}]')
    row = page.locator(".kw-exchange", has_text="StatusNotification").filter(has_text="250 ms")
    row.locator("summary").click()
    row.get_by_text("connectorId was text: taken as the number").wait_for()
    assert row.locator(".kw-exchange-said").count() == 2
    page.locator("body").press("p")
    pass_by("2026-11-23T12:00:02Z", "in", '[2,"n2","MeterValues",{"a":"<img src=x>"}]')
    page.get_by_text("paused: 1 new").wait_for()
    assert page.get_by_text("MeterValues").count() == 0
    page.get_by_role("button", name="Pause the tail").click()
    page.get_by_text("MeterValues", exact=True).wait_for()
    assert page.locator("#frames img").count() == 0


def test_it_is_kept_as_json_lines_and_as_a_recording(
    enter: Enter, operator: User, charger: Charger
) -> None:
    page = enter(operator, "/chargers/CP-1/frames/?window=1h&action=Heartbeat")
    with page.expect_download() as export:
        page.get_by_role("link", name="JSON lines").click()
    lines = [json.loads(line) for line in export.value.path().read_text().splitlines()]
    assert [line["id"] for line in lines] == ["h1", "h1"]
    with page.expect_download() as replay:
        page.get_by_role("link", name="Replay in the simulator").click()
    first = json.loads(replay.value.path().read_text().split("\n")[0])
    assert (first["kilowatch"], first["identity"]) == ("recording", "CP-1")
    assert re.fullmatch(r"CP-1-\d{8}T\d{6}Z\.jsonl", replay.value.suggested_filename)


def test_axe_finds_nothing_wrong_with_it(enter: Enter, operator: User, charger: Charger) -> None:
    page = enter(operator, "/chargers/CP-1/frames/")
    for summary in page.locator(".kw-exchange summary").all():
        summary.click()
    page.locator(".kw-json-key").first.wait_for()
    assert violations_everywhere(page) == []
