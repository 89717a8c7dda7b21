"""The raw door in the page: for leads, with every difference from the schema named."""

import json

import pytest
from django.test import Client

from cpms.control.models import Command
from cpms.control.operations import BadRequest
from cpms.ocpp.commands import raw
from inventory.models import Charger, Organisation, Role
from tests.network import person, signed_in

RAW = "/chargers/CP-1/operate/raw/"


@pytest.fixture
def lead(organisation: Organisation, station: Charger) -> Client:
    return signed_in(person("lea", Role.LEAD, organisation))


def asked(client: Client, action: str, payload: str) -> str:
    answer = client.post(RAW, {"action": action, "payload": payload}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_lead_sends_a_message_as_it_is(lead: Client) -> None:
    shown = asked(lead, "Reset", '{"type": "OnIdle"}')
    assert "Waiting to be sent" in shown
    made = Command.objects.get()
    assert (made.operation, made.action, made.payload) == ("", "Reset", {"type": "OnIdle"})
    assert not made.repeatable


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("Reset", '{"type": "Hard"}', "This is a Reset of OCPP 1.6; the charger speaks OCPP 2.0.1"),
        ("Reset", '{"type": "Hard"}', "type: &quot;Hard&quot; is not one of &quot;Immediate&quot;"),
        ("Reset", "{}", "&quot;type&quot; is a required property"),
        ("Reset", "{", "This is no JSON"),
        ("Reset", '{"evseId": NaN}', "NaN is no number"),
        ("Reset", "[1]", "A payload is a JSON object"),
        ("Reset", "[" * 30_000, "This is no JSON"),
        (
            "DataTransfer",
            '{"vendorId": "a", "data": "\\u0000"}',
            "a character that can&#x27;t be sent",
        ),
        ("DataTransfer", '{"vendorId": "a\\ud800"}', "a character that can&#x27;t be sent"),
        ("DataTransfer", f'{{"vendorId": "a", "data": {"[" * 400}{"]" * 400}}}', "too deeply"),
        ("Heartbeat", "{}", "a message that chargers send"),
        ("<b>", "{}", "There is no action “&lt;b&gt;” in OCPP."),
        ("", "{}", "This field is required"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(
    lead: Client, action: str, payload: str, said: str
) -> None:
    assert said in asked(lead, action, payload)
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("version", "action", "payload", "said"),
    [
        ("1.6", "SetVariables", {}, "OCPP 1.6 has ChangeConfiguration for that."),
        ("2.1", "RemoteStartTransaction", {}, "OCPP 2.1 has RequestStartTransaction for that."),
        ("1.6", "ChangeAvailability", {"operationalStatus": "Operative"},
         "This is a ChangeAvailability of OCPP 2.0.1 / 2.1; the charger speaks OCPP 1.6"),
        ("1.6", "ChangeAvailability", {"operationalStatus": "Operative"},
         '"connectorId" is a required property'),
    ],
)  # fmt: skip
def test_another_version_s_message_is_refused_with_the_differences(
    version: str, action: str, payload: dict[str, str], said: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        raw.check(version, action, payload)
    assert said in str(refused.value)


def test_a_secret_in_it_is_shown_to_nobody(lead: Client, station: Charger) -> None:
    Charger.objects.update(ocpp_version="1.6")
    payload = {"key": "AuthorizationKey", "value": "00112233445566778899"}
    assert "00112233" not in asked(lead, "ChangeConfiguration", json.dumps(payload))
    assert Command.objects.exists()


def test_it_is_for_leads_and_last_in_the_list(client: Client, lead: Client) -> None:
    assert RAW not in client.get("/chargers/CP-1/operate/").content.decode()
    assert client.get(RAW).status_code == 403
    assert client.post(RAW, {"action": "Reset", "payload": "{}"}).status_code == 403
    listed = lead.get("/chargers/CP-1/operate/").context["sections"]
    assert listed[-1].url == RAW
