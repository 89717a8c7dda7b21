"""Charging profiles in a real browser: limit a port by hand, see it in lines and words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cpms.control import profiles
from cpms.control.models import Command
from cpms.control.operations import OPERATIONS
from cpms.ocpp import profiles as reading
from cpms.ocpp.commands import translation
from inventory.models import Charger, Role, Site
from monitoring import live
from monitoring.facts import Status
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter, is_live, tell
from tests.network import charger, person, port

pytestmark = pytest.mark.browser


def accepted(station: Charger) -> None:
    """Do what a gateway does when the charger accepts the profile that was asked for."""
    command, now = Command.objects.get(), timezone.now()
    call = translation.call(OPERATIONS["set_profile"].read(command.request), "2.0.1")
    profile = reading.profile(call.payload["chargingProfile"], now)
    assert profile is not None
    command.state, command.result, command.answered_at = "accepted", "Accepted", now
    command.save()
    profiles.accepted(command, call.payload["evseId"], profile, now)
    news: live.Change = {"site": station.site_id, "ports": [], "kinds": ["command"]}
    organisation = station.site.organisation_id
    tell(live.org_group(organisation), live.changed({station.identity: news}))


def test_an_operator_limits_a_port_and_sees_it(enter: Enter, place: Site) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    station = charger(place, "CP-7", since=since, ocpp_version="2.0.1")
    port(station, 1, Status.AVAILABLE, since)
    operator = person("olga", Role.OPERATOR, place.organisation)
    page = enter(operator, "/chargers/CP-7/operate/profiles/")
    expect(page.get_by_text("No profile limits it")).to_be_visible()
    page.get_by_role("link", name="Limit charging").click()
    page.get_by_label("Port 1").check()
    page.get_by_label("At most").fill("10")
    page.get_by_label("From now on, until it is cleared").check()
    expect(page.get_by_label("Until", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Limit charging").click()
    page.wait_for_url("**/commands/*/")
    page.goto(page.url.partition("/operate/")[0] + "/operate/profiles/")
    is_live(page)
    accepted(station)
    page.get_by_text("10 A, by default profile 1 at level 0").wait_for()
    page.locator("#outlook .uplot canvas").wait_for(timeout=30_000)
    assert violations_everywhere(page) == []
