"""The Operate tab as an operator meets it: what can be asked, whom it hurts, what became of it."""

from datetime import UTC, datetime

from django.test import Client

from cpms.control.models import Command
from inventory.models import Charger

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
