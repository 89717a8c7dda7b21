"""How a command ends: with the charger's answer, whatever else comes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from cpms.control import settlement
from cpms.control.models import Command
from cpms.control.settlement import Ending
from cpms.ocpp.commands import verdict
from cpms.ocpp.frames import CallError, CallResult
from inventory.models import Charger
from tests.cpms.ocpp.conftest import make_charger

pytestmark = pytest.mark.django_db

State = Command.State
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def sent(charger: Charger) -> Command:
    """Return a command that is out."""
    return Command.objects.create(
        charger=charger, operation="read_settings", state=State.SENT, sent_at=NOON,
        expires_at=NOON + timedelta(minutes=5), requested_by_name="olga", sealed=b"secret",
    )  # fmt: skip


def fail_halfway(command: Command) -> None:
    """Store something, then fail."""
    command.action = "GetConfiguration"
    Charger.objects.filter(pk=command.charger_id).update(serial_number="half done")
    raise ValueError("A number that doesn't fit.")


def test_a_command_ends_as_its_charger_said_also_where_what_follows_fails() -> None:
    charger = make_charger("CP-1")
    command = sent(charger)
    ending = Ending(State.ACCEPTED, NOON, "Accepted", {"status": "Accepted"})
    settlement.settle(command.pk, ending, 3, fail_halfway)
    found = Command.objects.get(pk=command.pk)
    assert (found.state, found.result, found.action) == (
        State.ACCEPTED, "Accepted", "GetConfiguration",
    )  # fmt: skip
    assert found.response == {"status": "Accepted"}
    assert found.sealed is None
    assert Charger.objects.get(pk=charger.pk).serial_number != "half done"


def test_a_database_that_is_away_ends_no_command() -> None:
    command = sent(make_charger("CP-1"))

    def away(_command: Command) -> None:
        raise OperationalError("away")

    with pytest.raises(OperationalError):
        settlement.settle(command.pk, Ending(State.ACCEPTED, NOON), 3, away)
    assert Command.objects.get(pk=command.pk).state == State.SENT


@pytest.mark.parametrize(
    "answer",
    [
        CallResult("1", {"configurationKey": [{"key": "A", "readonly": True, "value": "x\0y"}]}),
        CallError("1", "Internal\0Error", "x\0y", {"why": ["x\0y"]}),
    ],
)
def test_a_nul_in_an_answer_does_not_keep_it_from_being_stored(answer: Any) -> None:
    command = sent(make_charger("CP-1"))
    if isinstance(answer, CallResult):
        ending = verdict.of_answer("1.6", "GetConfiguration", answer, NOON)
    else:
        ending = verdict.of_refusal(answer, NOON)
    settlement.settle(command.pk, ending, 3)
    found = Command.objects.get(pk=command.pk)
    assert found.is_over
    assert "x�y" in str(found.response or found.error)
