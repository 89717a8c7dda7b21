"""Commands over REST: typed and raw, waited for, refused in words, and scoped."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import connections

from cpms.control.models import Command
from inventory.models import Charger, Membership, Role
from tests.api import Answer, Api
from tests.cpms.ocpp.conftest import RunningGateway


@pytest.fixture
def olga(charger: Charger) -> User:
    """An operator of the charger's organisation."""
    return member("olga", charger, Role.OPERATOR)


def member(name: str, charger: Charger, role: Role) -> User:
    user = User.objects.create_user(name)
    Membership.objects.create(user=user, organisation=charger.site.organisation, role=role)
    return user


def speaking(charger: Charger, version: str) -> Charger:
    """Have it known which version the charger speaks."""
    charger.ocpp_version = version
    charger.save()
    return charger


async def post(user: User, body: Any, query: str = "") -> Answer:
    def ask() -> Answer:
        try:
            return Api.of(user).post(f"chargers/cp-1/commands/{query}", body)
        finally:
            connections.close_all()  # This thread's own.

    return await sync_to_async(ask, thread_sensitive=False)()


async def test_an_answer_is_waited_for_and_returned(
    olga: User, charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        body = {"operation": "reset", "request": {"at_once": True}, "reason": "It hangs."}
        asking = asyncio.create_task(post(olga, body, "?wait=10"))
        call = await socket.read()
        await socket.socket.send(json.dumps([3, call[1], {"status": "Accepted"}]))
        answer = await asking
    assert answer.status == 201
    assert (answer.body["state"], answer.body["response"]) == ("accepted", {"status": "Accepted"})
    assert (answer.body["requested_by_name"], answer.body["reason"]) == ("olga", "It hangs.")
    entry = await LogEntry.objects.filter(additional_data__command="reset").alatest("timestamp")
    assert (entry.actor_id, entry.object_repr) == (olga.pk, "CP-1")


async def test_a_raw_message_goes_out_as_it_is(
    olga: User, charger: Charger, gateway: RunningGateway
) -> None:
    await sync_to_async(speaking)(charger, "1.6")
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        payload = {"key": "AuthorizationKey", "value": "00112233445566778899"}
        asking = asyncio.create_task(
            post(olga, {"action": "ChangeConfiguration", "payload": payload}, "?wait=10")
        )
        call = await socket.read()
        assert call[2:] == ["ChangeConfiguration", payload]
        await socket.socket.send(json.dumps([3, call[1], {"status": "Rejected"}]))
        answer = await asking
    assert answer.body["state"] == "rejected"
    assert answer.body["payload"] == {"key": "AuthorizationKey", "value": "********"}
    kept = await Command.objects.aget()
    assert kept.sealed is None
    assert "0011" not in json.dumps(kept.payload)


def test_a_command_to_an_offline_charger_waits(olga: User, charger: Charger) -> None:
    api = Api.of(olga)
    answer = api.post("chargers/CP-1/commands/", {"operation": "reset", "expires_in": 3600})
    assert (answer.status, answer.body["state"]) == (201, "pending")
    shown = api.get(f"chargers/CP-1/commands/{answer.body['id']}/").body
    assert shown["state"] == "pending"
    assert api.get("chargers/CP-1/commands/").results == [shown]
    assert api.get("commands/?state=pending").results == [shown]
    gone = api.post(f"commands/{answer.body['id']}/cancel/", {})
    assert (gone.status, gone.body["state"]) == (200, "cancelled")
    assert api.post(f"commands/{answer.body['id']}/cancel/", {}).status == 409


@pytest.mark.parametrize(
    ("version", "body", "said"),
    [
        ("1.6", {"action": "Reset", "payload": {"type": "OnIdle"}}, 'type: "OnIdle" is not one'),
        ("1.6", {"action": "GetVariables", "payload": {}}, "OCPP 1.6; GetVariables is of OCPP 2"),
        ("2.0.1", {"action": "GetConfiguration"}, "GetConfiguration is of OCPP 1.6"),
        ("2.0.1", {"action": "Rest"}, "There is no action “Rest”"),
        ("2.0.1", {"action": "Heartbeat"}, "a message that chargers send"),
        ("", {"action": "Reset"}, "has never connected"),
        ("1.6", {"operation": "ask_transaction"}, "speaks OCPP 1.6, which can't do this"),
        ("1.6", {"operation": "unlock", "request": {"evse": 0}}, "evse"),
        ("1.6", {"operation": "unlock", "request": {"evse": 1, "x": 2}}, "x"),
        ("2.1", {"operation": "trigger", "request": {"message": "custom"}}, "custom"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    olga: User, charger: Charger, version: str, body: dict[str, Any], said: str
) -> None:
    speaking(charger, version)
    answer = Api.of(olga).post("chargers/CP-1/commands/", body)
    assert answer.status == 422
    assert said in answer.body["detail"]
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operation": "reset", "action": "Reset"},
        {"operation": "fly"},
        {"operation": "reset", "request": []},
        {"operation": "reset", "expires_in": 0},
        {"operation": "reset", "reason": "x" * 501},
        {"operation": "reset", "surplus": 1},
    ],
)
def test_what_cannot_be_read_is_a_bad_request(
    olga: User, charger: Charger, body: dict[str, Any]
) -> None:
    assert Api.of(olga).post("chargers/CP-1/commands/", body).status == 400
    assert not Command.objects.exists()


def test_a_viewer_is_refused_and_that_is_audited(charger: Charger) -> None:
    vera = member("vera", charger, Role.VIEWER)
    answer = Api.of(vera).post("chargers/CP-1/commands/", {"operation": "reset"})
    assert answer.status == 403
    assert LogEntry.objects.filter(actor=vera, additional_data__has_key="refused").exists()


def test_a_decommissioned_charger_is_asked_nothing(olga: User, charger: Charger) -> None:
    charger.lifecycle = "decommissioned"
    charger.save()
    answer = Api.of(olga).post("chargers/CP-1/commands/", {"operation": "reset"})
    assert (answer.status, "is decommissioned" in answer.body["detail"]) == (422, True)


def test_the_same_key_asks_once(olga: User, charger: Charger) -> None:
    api, body = Api.of(olga), {"operation": "reset"}
    first = api.post("chargers/CP-1/commands/", body, key="once")
    again = api.post("chargers/CP-1/commands/", body, key="once")
    assert first.body["id"] == again.body["id"]
    assert Command.objects.count() == 1
