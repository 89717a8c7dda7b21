"""A charger's settings in a real browser: found, changed, and what axe sees."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from cpms.control.models import Command, Monitor
from inventory.models import Charger, Organisation, Role, Site
from monitoring.facts import Told
from monitoring.models import Event
from monitoring.variables import learn
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter
from tests.network import charger, person

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)


@pytest.fixture
def known(place: Site) -> Charger:
    """A charger with settings, one of which was another before, and a monitor."""
    made = charger(place, "CP-7", since=NOW - timedelta(hours=3), ocpp_version="2.0.1")
    about = '{"type": "integer", "unit": "s", "min": 10, "max": 900}'
    interval = Told("OCPPCommCtrlr", "", 0, 0, "HeartbeatInterval", "", "Actual", "300")
    fixed = [
        Told("EVSE", "", 1, 0, f"Reading{n}", "", "Actual", "x" * 400, "ReadOnly") for n in range(9)
    ]
    told = [interval._replace(mutability="ReadWrite", characteristics=about), *fixed]
    learn(made.pk, told, NOW - timedelta(hours=2), "report")
    learn(made.pk, [interval._replace(value="60")], NOW - timedelta(hours=1), "change", by="Olga")
    Monitor.objects.create(
        charger=made, number=7, component="Cooling", variable="Temperature", value=80.5,
        type="UpperThreshold", severity=2, reported_at=NOW,
    )  # fmt: skip
    Event.objects.create(
        charger=made, kind="device_event", at=NOW, received=NOW, severity=2, code="Cooling.Hot",
        text="y" * 300, data={"trigger": "Alerting", "cause": 3},
    )  # fmt: skip
    return made


def test_an_operator_finds_a_setting_and_changes_it(
    enter: Enter, organisation: Organisation, known: Charger
) -> None:
    page = enter(person("olga", Role.OPERATOR, organisation), "/chargers/CP-7/operate/")
    page.get_by_role("link", name="Configuration").first.click()
    page.get_by_role("searchbox", name="Name, value or meaning").fill("heartbeats")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Reading1")).to_have_count(0)
    page.locator("summary", has_text="Change").click()
    assert violations_everywhere(page) == []
    page.get_by_label("New value of HeartbeatInterval").fill("120")
    page.get_by_role("button", name="Set", exact=True).click()
    page.get_by_text("Waiting to be sent").wait_for()
    assert Command.objects.get().request["settings"][0]["value"] == "120"
    page.goto(page.url.split("/operate/")[0] + "/operate/configuration/?show=changed")
    page.get_by_role("link", name="HeartbeatInterval", exact=True).click()
    expect(page.get_by_text("What it was before")).to_be_visible()
    assert violations_everywhere(page) == []


def test_monitors_and_comparisons_have_no_violation(
    enter: Enter, organisation: Organisation, known: Charger, place: Site
) -> None:
    other = charger(place, "CP-8", since=NOW)
    learn(other.pk, [Told("EVSE", "", 1, 0, "Reading1", "", "Actual", "z" * 400)], NOW, "read")
    page = enter(person("olga", Role.OPERATOR, organisation), "/chargers/CP-7/operate/monitors/")
    assert violations_everywhere(page) == []
    here = page.url.split("/operate/")[0]
    for path in ("configuration/", "configuration/compare/?with=CP-8"):
        page.goto(f"{here}/operate/{path}")
        assert violations_everywhere(page) == []
