"""The page of charging profiles: what limits a charger, in lines, words and numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpms.control import profiles, vehicles
from cpms.control.charging.profile import Period, Profile, Schedule
from cpms.control.models import Command
from cpms.ocpp import profiles as reading
from inventory.models import Charger
from tests.cpms.control.test_charging_profiles import NEEDS

pytestmark = pytest.mark.django_db


def hold(station: Charger, number: int, limit: float, evse: int = 1, level: int = 0) -> None:
    """Have the charger hold a profile that an operator set an hour ago."""
    begun = timezone.now() - timedelta(hours=1)
    command = Command.objects.create(
        charger=station, operation="set_profile", state="accepted", ocpp_version="2.0.1",
        expires_at=begun, requested_by_name="Olga <b>", request={"evse": evse},
    )  # fmt: skip
    schedule = Schedule(unit="A", start=begun, periods=[Period(start=0, limit=limit)])
    profile = Profile(
        id=number, purpose="TxDefaultProfile", kind="Absolute", stack_level=level,
        schedules=[schedule],
    )  # fmt: skip
    profiles.accepted(command, evse, profile, begun)


def test_without_profiles_it_says_so(client: Client, station: Charger) -> None:
    page = client.get("/chargers/CP-1/operate/profiles/").content.decode()
    assert "No profile limits it" in page
    assert "None that we know of." in page
    assert client.get("/chargers/CP-1/operate/profiles/chart/").json() == {"places": []}


def test_profiles_are_told_in_words_lines_and_numbers(client: Client, station: Charger) -> None:
    hold(station, 1, 32.0)
    hold(station, 2, 16.0, level=2)
    page = client.get("/chargers/CP-1/operate/profiles/").content.decode()
    assert "16 A, by default profile 2 at level 2; below it level 0 would allow 32 A." in page
    assert "by Olga &lt;b&gt;" in page
    (place,) = client.get("/chargers/CP-1/operate/profiles/chart/").json()["places"]
    assert (place["name"], place["limit"]) == ("Port 1", [11.04, 11.04])
    assert [layer["limit"][0] for layer in place["layers"]] == [11.04, 22.08]


def test_ports_with_the_same_limits_are_shown_together(client: Client, station: Charger) -> None:
    hold(station, 1, 10.0, evse=0)
    (place,) = client.get("/chargers/CP-1/operate/profiles/chart/").json()["places"]
    assert place["name"] == "Ports 1, 2"


def test_limits_of_others_and_needs_are_shown(client: Client, station: Charger) -> None:
    now = datetime.now(UTC)
    schedule = Schedule(unit="W", start=now, periods=[Period(start=0, limit=5000)])
    profiles.limited(station.pk, 0, "EMS", [schedule], now, grid_critical=True)
    said = {**NEEDS, "departureTime": (now + timedelta(hours=10)).isoformat()}
    vehicles.needed(station.pk, 1, reading.needs(said, 4, now, UTC), said, now)
    page = client.get("/chargers/CP-1/operate/profiles/").content.decode()
    assert "the energy management system&#x27;s" in page
    assert "the grid is in danger" in page
    assert "45.0 kWh until" in page
    assert "given a profile" in page


def test_many_profiles_cost_no_more_queries(client: Client, station: Charger) -> None:
    hold(station, 1, 16.0)
    with CaptureQueriesContext(connection) as few:
        client.get("/chargers/CP-1/operate/profiles/")
    for number in range(2, 40):
        hold(station, number, 6.0 + number / 10, level=number)
    with CaptureQueriesContext(connection) as many:
        page = client.get("/chargers/CP-1/operate/profiles/")
    assert page.status_code == 200
    assert len(many) == len(few) <= 20
