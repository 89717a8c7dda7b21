"""Settings that were changed are read back and compared."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpms.control import readback
from cpms.control.models import Command
from inventory.models import Charger, ChargerModel
from monitoring.facts import Told
from monitoring.models import ChargerState
from monitoring.variables import learn
from tests.cpms.ocpp.conftest import make_charger

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def charger() -> Charger:
    """An online charger that speaks 1.6."""
    made = make_charger("CP-1", ocpp_version="1.6")
    ChargerState.objects.create(charger=made, online=True, since=NOON, last_seen=after(50))
    return made


def after(minutes: float) -> datetime:
    """Return a time after twelve."""
    return NOON + timedelta(minutes=minutes)


def changed(charger: Charger, minute: float, result: str = "Accepted", **values: str) -> Command:
    """Store a change that the charger accepted."""
    settings: list[dict[str, Any]] = [{"name": k, "value": v} for k, v in values.items()]
    return Command.objects.create(
        charger=charger, operation="change_settings", request={"settings": settings},
        state=Command.State.ACCEPTED, result=result, answered_at=after(minute),
        expires_at=after(60), requested_by_name="Olga",
    )  # fmt: skip


def reads(charger: Charger, minute: float, **values: str) -> None:
    """Have the charger tell what it is set to."""
    told = [Told("", "", 0, 0, name, "", "Actual", value) for name, value in values.items()]
    learn(charger.pk, told, after(minute), "read")


def asked() -> list[dict[str, Any]]:
    """Return what was asked by itself."""
    return [c.request for c in Command.objects.filter(operation="read_settings")]


def seen(command: Command) -> tuple[bool | None, str]:
    """Return what is known of a command."""
    command.refresh_from_db()
    return command.verified, command.evidence


def test_a_change_is_read_back_once_and_compared(charger: Charger) -> None:
    command = changed(charger, 1, HeartbeatInterval="60", Light="True")
    readback.sweep(after(1.1))
    assert asked() == []
    readback.sweep(after(1.5))
    readback.sweep(after(1.6))
    (read,) = asked()
    assert read["settings"] == [{"name": "HeartbeatInterval"}, {"name": "Light"}]
    assert seen(command) == (None, "")
    reads(charger, 2, HeartbeatInterval="60.0", Light="true")
    readback.sweep(after(3))
    assert seen(command) == (True, "read_back")


def test_what_is_set_otherwise_than_it_was_accepted_shows(charger: Charger) -> None:
    command = changed(charger, 1, HeartbeatInterval="60")
    reads(charger, 2, HeartbeatInterval="300")
    readback.sweep(after(3))
    assert seen(command) == (False, "read_otherwise")


def test_what_needs_a_restart_is_read_back_after_it(charger: Charger) -> None:
    command = changed(charger, 1, "RebootRequired", SecurityProfile="2")
    reads(charger, 2, SecurityProfile="1")
    readback.sweep(after(3))
    assert (seen(command), asked()) == ((None, ""), [])
    ChargerState.objects.update(booted_at=after(4))
    readback.sweep(after(5))
    assert len(asked()) == 1
    reads(charger, 6, SecurityProfile="2")
    readback.sweep(after(7))
    assert seen(command) == (True, "read_back")


def test_only_the_last_of_several_changes_is_judged(charger: Charger) -> None:
    first, last = changed(charger, 1, A="1"), changed(charger, 2, A="2")
    reads(charger, 3, A="2")
    readback.sweep(after(4))
    assert (seen(first), seen(last)) == ((None, ""), (True, "read_back"))


def test_a_model_that_must_not_be_asked_isn_t(charger: Charger) -> None:
    charger.model = ChargerModel.objects.create(
        vendor="Acme", name="One", quirks={"reads_back": False}
    )
    charger.save()
    changed(charger, 1, A="1")
    changed(charger, 1, WifiPassword="********")
    readback.sweep(after(5))
    assert asked() == []


def test_secrets_and_chargers_that_are_offline_are_not_asked_for(charger: Charger) -> None:
    changed(charger, 1, WifiPassword="********")
    readback.sweep(after(5))
    ChargerState.objects.update(online=False)
    changed(charger, 1, A="1")
    readback.sweep(after(5))
    assert asked() == []


@pytest.mark.parametrize(
    ("offset", "minute", "verdict"),
    [
        (900, 2, (True, "clock_right")),
        (-90_000, 2, (None, "")),
        (-90_000, 15, (False, "clock_wrong")),
    ],
)
def test_a_clock_that_was_set_is_right_soon(
    charger: Charger, offset: int, minute: float, verdict: tuple[bool | None, str]
) -> None:
    ChargerState.objects.update(clock_offset=offset)
    command = changed(charger, 1)
    Command.objects.update(operation="set_clock", request={})
    readback.sweep(after(minute))
    assert seen(command) == verdict
