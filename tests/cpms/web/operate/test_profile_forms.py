"""Limits by hand: what is typed in becomes a profile that every version can say."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cpms.control.models import Command
from cpms.control.operations.profiles import SetProfile
from cpms.web.operate.forms.limits import LimitForm
from cpms.web.operate.target import Target
from inventory.models import Charger
from monitoring.models import Session

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def limit(client: Client, station: Charger, **said: Any) -> Any:
    """Send the form; return the answer."""
    plain = {"evse": "2", "scope": "TxDefaultProfile", "amount": "16", "unit": "A", "when": "open"}
    url = reverse("charger-operation", args=[station.identity, "set_profile"])
    return client.post(url, {**plain, "stack_level": "0", "lasts": "86400", **said})


def asked() -> dict[str, Any]:
    """Return the profile that was asked for."""
    request: dict[str, Any] = Command.objects.get().request
    return request


@time_machine.travel(NOON, tick=False)
def test_a_limit_until_a_time_is_the_site_s(client: Client, station: Charger) -> None:
    answer = limit(client, station, when="until", until="2026-03-02T15:30", unit="kW", amount="7.4")
    assert answer.status_code == 302
    profile = asked()["profile"]
    (schedule,) = profile["schedules"]
    assert asked()["evse"] == 2
    assert (profile["kind"], profile["purpose"], profile["id"]) == (
        "Absolute", "TxDefaultProfile", 1,
    )  # fmt: skip
    assert profile["valid_to"] == "2026-03-02T14:30:00Z"  # Berlin is an hour ahead.
    assert (schedule["duration"], schedule["unit"]) == (9_000, "W")
    assert schedule["periods"] == [{"start": 0, "limit": 7400.0}]


@time_machine.travel(NOON, tick=False)
def test_a_limit_of_every_night(client: Client, station: Charger) -> None:
    limit(client, station, when="daily", begins="22:00", ends_at="06:00", evse="")
    profile = asked()["profile"]
    (schedule,) = profile["schedules"]
    assert (asked()["evse"], profile["kind"], profile["recurrency"]) == (0, "Recurring", "Daily")
    assert (schedule["start"], schedule["duration"]) == ("2026-03-01T21:00:00Z", 8 * 3600)


@time_machine.travel(NOON, tick=False)
def test_a_limit_of_every_sunday(client: Client, station: Charger) -> None:
    limit(client, station, when="weekly", day="6", begins="10:00", ends_at="12:00")
    (schedule,) = asked()["profile"]["schedules"]
    assert schedule["start"] == "2026-03-01T09:00:00Z"


def test_a_limit_of_the_session_that_runs(client: Client, station: Charger) -> None:
    limit(client, station, scope="TxProfile", evse="1", amount="10")
    session = Session.objects.get(ended=None)
    assert asked()["profile"]["transaction_id"] == session.transaction_id


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"when": "until"}, "Until when?"),
        ({"when": "daily"}, "Say from when until when."),
        ({"scope": "ChargingStationMaxProfile"}, "for the whole charger"),
        ({"scope": "TxProfile"}, "at which a session runs"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "1e999"}, "Enter a number"),
        ({"when": "until", "until": "2026-03-01T10:00"}, "This time is over."),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_what_makes_no_sense_is_said_in_words(
    client: Client, station: Charger, said: dict[str, str], why: str
) -> None:
    answer = limit(client, station, **said)
    assert answer.status_code == 200
    assert why in answer.content.decode()
    assert not Command.objects.exists()


def test_so_little_that_it_pauses_a_session_is_asked_twice(
    client: Client, station: Charger
) -> None:
    answer = limit(client, station, evse="1", amount="0")
    assert "would pause" in answer.content.decode()
    assert not Command.objects.exists()


def test_a_session_is_started_with_a_limit(client: Client, station: Charger) -> None:
    url = reverse("charger-operation", args=[station.identity, "start"])
    said = {"id_token": "04A1", "token_type": "ISO14443", "limit": "10", "lasts": "60"}
    assert "needs its port" in client.post(url, said).content.decode()
    client.post(url, {**said, "evse": "2"})
    profile = asked()["profile"]
    assert (profile["purpose"], profile["kind"]) == ("TxProfile", "Relative")
    assert profile["schedules"][0]["periods"] == [{"start": 0, "limit": 10.0}]


@time_machine.travel(NOON, tick=False)
def test_a_limit_for_many_chargers_has_one_number_and_no_clock_of_a_site() -> None:
    many = Target(NOON, versions=frozenset({"1.6", "2.0.1"}), size=3, sessions=2, busy=2)
    said = {"scope": "ChargingStationMaxProfile", "amount": "0", "unit": "kW", "stack_level": "2"}
    form = LimitForm(many, {**said, "when": "until", "until": "2026-03-02T14:00"})
    assert form.is_valid(), form.errors
    operation = form.asked()
    assert isinstance(operation, SetProfile)
    assert (operation.evse, operation.profile.id) == (0, 1_100_002)
    assert operation.profile.valid_to == NOON.replace(hour=14)
    assert [harm.key for harm in form.harms()] == ["pause"]


def test_what_is_cleared_is_named_before_it_is_confirmed(client: Client, station: Charger) -> None:
    url = reverse("charger-operation", args=[station.identity, "clear_profiles"])
    shown = client.post(url, {"lasts": "86400"}).content.decode()
    assert "not all at once" in shown
    assert "is taken away" not in shown
    Charger.objects.update(ocpp_version="1.6")
    assert "is taken away" in client.post(url, {"lasts": "86400"}).content.decode()


def test_profiles_are_asked_for_without_a_choice(client: Client, station: Charger) -> None:
    url = reverse("charger-operation", args=[station.identity, "get_profiles"])
    assert client.post(url, {"lasts": "600"}).status_code == 302
    assert asked()["sources"] == ["CSO", "EMS", "SO", "Other"]


def test_clearing_everything_is_asked_twice(client: Client, station: Charger) -> None:
    Charger.objects.update(ocpp_version="1.6")
    url = reverse("charger-operation", args=[station.identity, "clear_profiles"])
    answer = client.post(url, {"lasts": "86400"})
    assert "Every limit of the charger is taken away." in answer.content.decode()
    client.post(url, {"lasts": "86400", "confirmed": "all"})
    assert asked() == {}
