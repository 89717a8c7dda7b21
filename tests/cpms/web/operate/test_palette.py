"""Operations in the command palette."""

import pytest
from django.test import Client

from inventory.models import Charger, Organisation, Role
from tests.network import person, signed_in


def labels(client: Client, text: str) -> list[str]:
    groups = client.get("/search/", {"q": text}).json()["groups"]
    found: list[dict[str, str]] = next(
        (group["items"] for group in groups if group["label"] == "Operations"), []
    )
    return [item["label"] for item in found]


@pytest.mark.parametrize("text", ["reset CP-1", "cp-1 restart", "Resta CP"])
def test_an_operation_and_a_charger_lead_to_its_form(
    client: Client, station: Charger, text: str
) -> None:
    assert labels(client, text) == ["Restart · CP-1"]


@pytest.mark.parametrize("text", ["reset", "CP-1", "reset CP-2", "fly CP-1", "\0 reset"])
def test_either_alone_leads_nowhere(client: Client, station: Charger, text: str) -> None:
    assert labels(client, text) == []


def test_what_a_version_has_not_is_not_offered(client: Client, station: Charger) -> None:
    assert labels(client, "ask_transaction CP-1") == []
    assert labels(client, "after session CP-1") == ["Ask after a session · CP-1"]
    Charger.objects.update(ocpp_version="1.6")
    assert labels(client, "after session CP-1") == []


def test_who_may_ask_nothing_is_led_nowhere(organisation: Organisation, station: Charger) -> None:
    vera = signed_in(person("vera", Role.VIEWER, organisation))
    assert labels(vera, "reset CP-1") == []
