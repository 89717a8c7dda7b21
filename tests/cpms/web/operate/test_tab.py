"""The Operate tab as an operator meets it: what can be asked, whom it hurts, what became of it."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cpms.control.models import Command, Token
from inventory.models import Charger
from tests.monitoring.charger_page.past import HOUR

NOW = datetime.now(UTC).replace(microsecond=0)


def page(client: Client, path: str = "", **more: str) -> str:
    answer = client.get(f"/chargers/CP-1/operate/{path}", more)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_it_offers_every_operation_with_what_it_does(client: Client, station: Charger) -> None:
    shown = page(client)
    for said in ["Restart", "Unlock the cable", "Ask for a message", "lets go of the plug"]:
        assert said in shown
    assert "#i-lock-open" in shown


def test_what_the_version_has_not_is_shown_with_the_reason(
    client: Client, station: Charger
) -> None:
    Charger.objects.update(ocpp_version="1.6")
    assert "Not in OCPP 1.6, which it speaks." in page(client)


def test_a_form_says_who_is_charging(client: Client, station: Charger) -> None:
    shown = page(client, "do/reset/")
    assert "Port 1: DE…1234, 42 min, 12.30 kWh" in shown.replace("<bdi>", "").replace("</bdi>", "")


def ask(client: Client, name: str, **fields: object):
    return client.post(f"/chargers/CP-1/operate/do/{name}/", fields)


def test_what_hurts_nobody_is_asked_at_once(client: Client, station: Charger) -> None:
    answer = ask(client, "trigger", message="status", evse="2", reason="Is it alive?")
    made = Command.objects.get()
    assert answer["Location"] == f"/chargers/CP-1/operate/commands/{made.pk}/"
    assert (made.operation, made.request) == ("trigger", {"message": "status", "evse": 2})
    assert (made.reason, made.requested_by_name, made.source) == ("Is it alive?", "olga", "page")


def test_what_ends_a_session_is_asked_once_more_and_says_whose(
    client: Client, station: Charger
) -> None:
    shown = ask(client, "reset", at_once="yes").content.decode()
    assert "The session at port 1 (DE…1234, 42 min, 12.30 kWh) would be cut off." in shown
    assert not Command.objects.exists()
    running = station.sessions.get()
    ask(client, "reset", at_once="yes", confirmed=f"session-{running.pk}")
    assert Command.objects.get().request == {"at_once": True}


def test_a_session_that_began_meanwhile_is_asked_about_again(
    client: Client, station: Charger
) -> None:
    shown = ask(client, "reset", at_once="yes", confirmed="session-1").content.decode()
    assert "would be cut off" in shown
    assert not Command.objects.exists()


def test_a_start_suggests_tokens_and_takes_their_kind(client: Client, station: Charger) -> None:
    owner = station.site.organisation
    Token.objects.create(organisation=owner, id_token="APP-42", type="Central", holder="Anna <b>")
    Token.objects.create(organisation=owner, id_token="GONE-1", status="blocked")
    shown = page(client, "do/start/")
    assert '<option value="APP-42">Anna &lt;b&gt;</option>' in shown
    assert "GONE-1" not in shown
    ask(client, "start", id_token="app-42", token_type="ISO14443", evse="2")
    made = Command.objects.get()
    assert (made.request["token_type"], made.request["evse"]) == ("Central", 2)
    Command.objects.update(state="rejected", result="Rejected")
    told = page(client, f"commands/{made.pk}/")
    assert "ap…p-42" in told
    assert "/do/start/?evse=2&amp;token_type=Central" in told


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("unlock", {}, "This field is required."),
        ("unlock", {"evse": "9"}, "Select a valid choice"),
        ("reset", {"evse": "1; DROP"}, "Select a valid choice"),
        ("trigger", {"message": "<script>"}, "&lt;script&gt; is not one of the available"),
        ("send_data", {"vendor": "x" * 300}, "at most 255 characters"),
        ("trigger", {"message": "status", "reason": "x" * 501}, "at most 500 characters"),
        ("stop", {"transaction_id": "other"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_field(
    client: Client, station: Charger, name: str, fields: dict[str, str], said: str
) -> None:
    assert said in ask(client, name, **fields).content.decode()
    assert not Command.objects.exists()


def test_what_is_refused_is_said_in_words(client: Client, station: Charger) -> None:
    Charger.objects.update(lifecycle="decommissioned")
    said = ask(client, "trigger", message="status").content.decode()
    assert "CP-1 is decommissioned: nothing is asked of it any more." in said


def test_an_operation_that_is_none_is_not_found(client: Client, station: Charger) -> None:
    assert client.get("/chargers/CP-1/operate/do/fly/").status_code == 404
    assert client.get("/chargers/CP-1/operate/do/ask_transaction/").status_code == 200
    Charger.objects.update(ocpp_version="1.6")
    assert "which it speaks" in page(client, "do/ask_transaction/")
    ask(client, "ask_transaction")
    assert not Command.objects.exists()


def test_its_pages_ask_as_much_of_the_database_however_much_was_asked(
    client: Client, station: Charger, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    soon = NOW + HOUR
    made = Command.objects.bulk_create(
        Command(charger=station, operation="reset", expires_at=soon, requested_by_name="olga")
        for _ in range(200)
    )
    for path in ["", "do/reset/", "do/start/", "commands/", f"commands/{made[0].pk}/", "latest/"]:
        with django_assert_max_num_queries(15, info=path):
            page(client, path)


def test_a_port_s_card_leads_to_what_is_done_to_it(client: Client, station: Charger) -> None:
    now = client.get("/chargers/CP-1/").content.decode()
    assert '<div class="may-ask">' in now
    assert 'href="/chargers/CP-1/operate/do/unlock/?evse=2"' in now
    given = page(client, "do/unlock/", evse="2")
    assert re.search(r'<input type="radio" name="evse" value="2"[^>]* checked', given)
