"""Charging profiles over REST: listed, set, cleared, and what they allow together."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine

from cpms.control.models import ChargingProfile, Command
from inventory.models import Role
from tests.api import Tenant
from tests.cpms.control.test_charging_profiles import NOON, sets

pytestmark = pytest.mark.django_db

PROFILE: dict[str, Any] = {
    "purpose": "TxDefaultProfile",
    "kind": "Absolute",
    "schedules": [
        {"unit": "A", "start": "2026-03-02T12:00:00Z", "periods": [{"start": 0, "limit": 16}]}
    ],
}


@pytest.fixture
def acme() -> Tenant:
    """A tenant whose charger speaks 2.0.1."""
    made = Tenant.make("Acme")
    made.charger.ocpp_version = "2.0.1"
    made.charger.save()
    return made


def test_what_a_charger_holds_is_listed(acme: Tenant) -> None:
    sets(acme.charger, 1, 4)
    Command.objects.update(verified=True, evidence="composite")
    answer = acme.api(Role.VIEWER).get("chargers/acme-1/profiles/?evse=1")
    (row,) = answer.body["results"]
    assert (row["id"], row["evse"], row["purpose"]) == (4, 1, "TxDefaultProfile")
    assert (row["verified"], row["evidence"], row["set_by"]) == (True, "composite", "Olga")
    assert acme.api(Role.VIEWER).get("chargers/acme-1/profiles/4/").body == row
    assert acme.api(Role.VIEWER).get("chargers/acme-1/profiles/5/").status == HTTPStatus.NOT_FOUND
    assert row["profile"]["schedules"][0]["periods"] == [{"start": 0, "limit": 16.0}]


def test_a_profile_is_set_under_the_number_of_the_one_that_it_replaces(acme: Tenant) -> None:
    sets(acme.charger, 1, 4)
    body = {"evse": 1, "profile": PROFILE, "reason": "The fuse."}
    answer = acme.api().post("chargers/acme-1/profiles/", body)
    assert answer.status == HTTPStatus.CREATED
    assert answer.body["request"]["profile"]["id"] == 4
    assert (answer.body["operation"], answer.body["reason"]) == ("set_profile", "The fuse.")


def test_a_profile_that_makes_no_sense_is_refused(acme: Tenant) -> None:
    body = {"evse": 1, "profile": {**PROFILE, "kind": "Relative"}}
    answer = acme.api().post("chargers/acme-1/profiles/", body)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "K01.FR.41" in str(answer.body)
    assert acme.api().post("chargers/acme-1/profiles/", {"evse": 1}).status == 400


def test_a_profile_is_cleared_by_its_number(acme: Tenant) -> None:
    sets(acme.charger, 1, 4)
    answer = acme.api().send("DELETE", "chargers/acme-1/profiles/4/")
    assert answer.status == HTTPStatus.CREATED
    assert (answer.body["operation"], answer.body["request"]) == ("clear_profiles", {"id": 4})
    absurd = acme.api().send("DELETE", "chargers/acme-1/profiles/9999999999/")
    assert absurd.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert ChargingProfile.objects.get().gone_at is None  # Until the charger has answered.


def test_who_may_not_command_asks_nothing(acme: Tenant) -> None:
    api = acme.api(Role.VIEWER)
    body = {"evse": 1, "profile": PROFILE}
    assert api.post("chargers/acme-1/profiles/", body).status == HTTPStatus.FORBIDDEN
    assert api.send("DELETE", "chargers/acme-1/profiles/4/").status == HTTPStatus.FORBIDDEN
    assert api.post("chargers/acme-1/composite/", {"evse": 1}).status == HTTPStatus.FORBIDDEN


@time_machine.travel(NOON, tick=False)
def test_what_is_allowed_is_worked_out(acme: Tenant) -> None:
    sets(acme.charger, 1, 4, validTo="2026-03-02T18:00:00Z", at=NOON - timedelta(hours=1))
    answer = acme.api().get("chargers/acme-1/composite/?evse=1&unit=A&duration=36000")
    first, second = answer.body["steps"]
    assert (first["limit"], first["id"], first["end"]) == (16.0, 4, "2026-03-02T18:00:00Z")
    assert first["text"] == "From 12:00 to 18:00: 16 A, by default profile 4 at level 0."
    assert (second["limit"], second["id"]) == (None, None)
    assert answer.body["told"] is None


def test_a_charger_is_asked_what_it_allows(acme: Tenant) -> None:
    body = {"evse": 1, "duration": 3600, "unit": "A"}
    answer = acme.api().post("chargers/acme-1/composite/", body)
    assert answer.status == HTTPStatus.CREATED
    assert answer.body["request"] == body
    bad = acme.api().get("chargers/acme-1/composite/?duration=1")
    assert bad.status == HTTPStatus.BAD_REQUEST
