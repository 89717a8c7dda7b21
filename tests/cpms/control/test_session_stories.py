"""Who started a session, why it stopped, and what it costs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cpms.control import session_stories
from cpms.control.models import Command, Tariff, Token
from cpms.control.session_stories import REASONS, Started, Stopped, Story
from inventory.models import Role
from monitoring import words
from monitoring.facts import Status
from monitoring.models import Session, StatusSpan
from tests.api import NOON, Tenant

State = Command.State


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def session(nord: Tenant, key: int = 1, **fields: Any) -> Session:
    about = {
        "transaction_id": str(key), "id_token": "04A1", "started": NOON, "received": NOON,
        "ended": minutes(40), "updated": minutes(40), "stop_reason": "Local", "energy": 12_345.0,
    }  # fmt: skip
    return Session.objects.create(
        id=key, charger=nord.charger, evse=nord.evses[0], **(about | fields)
    )


def asked(nord: Tenant, operation: str, at: datetime, **fields: Any) -> Command:
    made = Command.objects.create(
        charger=nord.charger, operation=operation, sent_at=at, expires_at=at,
        **({"state": State.ACCEPTED, "requested_by_name": "Olga"} | fields),
    )  # fmt: skip
    Command.objects.filter(pk=made.pk).update(requested_at=at)
    return made


def told(row: Session) -> Story:
    return session_stories.tell([row], minutes(60))[row.pk]


def start(nord: Tenant, at: datetime, **fields: Any) -> Command:
    request = fields.pop("request", {"id_token": "04a1", "evse": 1})
    return asked(nord, "start", at, request=request, **fields)


def test_a_token_at_the_charger(nord: Tenant):
    story = told(session(nord))
    assert (story.started, story.stopped) == (Started.TOKEN, Stopped.LOCAL)
    assert story.stop_words == "stopped at the charger"


def test_an_old_charger_s_session_follows_the_start_of_its_token_at_its_port(nord: Tenant):
    payload = {"idTag": "04a1", "connectorId": 1}
    start(nord, minutes(-1), payload=payload)
    story = told(session(nord))
    assert (story.started, story.started_name) == (Started.REMOTE, "Olga")
    assert story.start_words == "from afar, by Olga"


@pytest.mark.parametrize(
    "other",
    [
        {"request": {"id_token": "OTHER"}, "payload": {"idTag": "OTHER"}},
        {"payload": {"idTag": "04a1", "connectorId": 2}},
        {"state": State.REJECTED},
    ],
)
def test_another_start_is_not_this_session_s(nord: Tenant, other: dict[str, Any]):
    start(nord, minutes(-1), **other)
    assert told(session(nord)).started is Started.TOKEN


def test_a_start_of_long_ago_is_not_this_session_s(nord: Tenant):
    start(nord, minutes(-30))
    assert told(session(nord)).started is Started.TOKEN


def test_a_remote_start_is_known_by_its_number(nord: Tenant):
    start(nord, minutes(-1), payload={"remoteStartId": 7}, source=Command.Source.APP)
    assert told(session(nord, 1, remote_start_id=7)).started is Started.APP
    other = told(session(nord, 2, remote_start_id=8))
    assert (other.started, other.started_name) == (Started.REMOTE, "")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Token.Type.EMAID, Started.CONTRACT),
        (Token.Type.MAC_ADDRESS, Started.VEHICLE),
        (Token.Type.KEY_CODE, Started.KEY_CODE),
        (Token.Type.ISO14443, Started.TOKEN),
    ],
)
def test_the_kind_of_token_tells(nord: Tenant, kind: Token.Type, expected: Started):
    Token.objects.create(organisation=nord.organisation, id_token="04a1", type=kind)
    assert told(session(nord)).started is expected


def test_a_session_without_a_token(nord: Tenant):
    assert told(session(nord, id_token="")).started is Started.NOBODY


def test_who_stopped_it_from_afar_is_named(nord: Tenant):
    asked(nord, "stop", minutes(39), request={"transaction_id": "1"})
    story = told(session(nord, stop_reason="Remote"))
    assert (story.stopped, story.stopped_name) == (Stopped.REMOTE, "Olga")
    assert story.stop_words == "stopped remotely, by Olga"
    assert told(session(nord, 2, stop_reason="Remote")).stopped_name == ""


@pytest.mark.parametrize(
    ("reason", "operation"), [("UnlockCommand", "unlock"), ("SoftReset", "reset")]
)
def test_who_unlocked_or_reset_is_named(nord: Tenant, reason: str, operation: str):
    asked(nord, operation, minutes(39))
    assert told(session(nord, stop_reason=reason)).stopped_name == "Olga"
    earlier = session(nord, 2, stop_reason=reason, ended=minutes(10))
    assert told(earlier).stopped_name == ""


def test_one_that_was_abandoned_says_so(nord: Tenant):
    story = told(session(nord, flags=["abandoned"], stop_reason=""))
    assert story.stopped is Stopped.ABANDONED
    assert story.stop_words == "never stopped, closed by us"


def test_one_that_runs_has_no_end(nord: Tenant):
    story = told(session(nord, ended=None, stop_reason=""))
    assert (story.stopped, story.stop_words) == (Stopped.RUNNING, "")


def test_every_reason_of_every_version_has_words_and_a_kind():
    every = {*REASONS}
    assert {"EVDisconnected", "PowerLoss", "ReqEnergyTransferRejected", "Other"} <= every
    assert [reason for reason in every if words.stop_reason(reason) == reason] == []
    assert set(words.STOP_REASONS) <= every


def tariff(nord: Tenant, **fields: Any) -> Tariff:
    about = {"currency": "EUR", "valid_from": minutes(-60), "energy": Decimal("0.59")}
    return Tariff.objects.create(site=nord.site, **(about | fields))


def test_a_session_costs_by_the_tariff_that_held_when_it_began(nord: Tenant):
    tariff(nord)
    tariff(nord, energy=Decimal(9), valid_from=minutes(5))
    cost = told(session(nord)).cost
    assert cost is not None
    assert (cost.total, cost.currency) == (Decimal("7.28"), "EUR")


def test_what_the_port_shows_says_when_charging_was_over(nord: Tenant):
    tariff(nord, energy=Decimal(0), idle_minute=Decimal("0.10"), minute=Decimal("0.05"))
    for status, begun, ended in (
        (Status.CHARGING, 1, 20), (Status.SUSPENDED_EVSE, 20, 30), (Status.FINISHING, 30, 40),
    ):  # fmt: skip
        StatusSpan.objects.create(
            evse=nord.evses[0], status=status, started=minutes(begun), ended=minutes(ended)
        )
    cost = told(session(nord)).cost
    assert cost is not None
    assert (cost.time, cost.idle) == (Decimal("1.50"), Decimal("1.00"))


def test_before_any_tariff_there_is_no_cost(nord: Tenant):
    tariff(nord, valid_from=minutes(1))
    assert told(session(nord)).cost is None


def test_the_api_tells_the_story(nord: Tenant):
    tariff(nord)
    start(nord, minutes(-1))
    session(nord)
    body = nord.api(Role.VIEWER).get("sessions/").results[0]
    assert body["started_by"] == {"kind": "remote", "name": "Olga", "words": "from afar, by Olga"}
    assert body["stopped_by"]["kind"] == "local"
    assert body["cost"]["total"] == "7.28"
    one = nord.api(Role.VIEWER).get("sessions/1/").body
    assert one["cost"] == body["cost"]
    sheet = nord.api(Role.VIEWER).get("sessions/", format="csv").raw.decode()
    assert '""total"": ""7.28""' in sheet


def test_the_pages_tell_the_story(nord: Tenant):
    tariff(nord)
    start(nord, minutes(-1))
    running = session(nord, ended=None, updated=datetime.now(UTC), stop_reason="")
    client = Client()
    client.force_login(nord.person(Role.OPERATOR))
    address = f"/chargers/{nord.charger.identity}/sessions/"
    assert "7.28 EUR" in client.get(address).content.decode()
    page = client.get(f"{address}{running.pk}/").content.decode()
    assert "from afar, by Olga" in page
    assert f"/operate/do/stop/?transaction_id={running.transaction_id}" in page
    client.force_login(nord.person(Role.VIEWER))
    assert "/operate/do/stop/" not in client.get(f"{address}{running.pk}/").content.decode()
