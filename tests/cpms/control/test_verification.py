"""The sweep that finds out whether chargers did what they accepted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from cpms.control import verification
from cpms.control.models import Command
from inventory.models import Charger
from monitoring.facts import Status
from monitoring.models import ChargerState, Session
from tests import network

SENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
State = Command.State

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger() -> Charger:
    """A charger with two ports, online."""
    place = network.site(network.tenant())
    made = network.charger(place, "CP-1", Status.AVAILABLE, Status.UNAVAILABLE)
    network.connection(made, SENT - timedelta(hours=1))
    return made


def command(charger: Charger, operation: str, state: str = State.ACCEPTED, **more: Any) -> Command:
    """A command that was answered within a second."""
    fields = {
        "request": {}, "sent_at": SENT, "answered_at": SENT + timedelta(seconds=1),
        "expires_at": SENT + timedelta(minutes=10), "requested_by_name": "Olga", **more,
    }  # fmt: skip
    return Command.objects.create(charger=charger, operation=operation, state=state, **fields)


def verified(made: Command) -> tuple[bool | None, str]:
    """Return what is known of it by now."""
    made.refresh_from_db()
    return made.verified, made.evidence


def test_a_reset_is_verified_by_the_boot(charger: Charger) -> None:
    made = command(charger, "reset", request={"at_once": True})
    assert verification.sweep(SOON) == 0
    ChargerState.objects.filter(charger=charger).update(booted_at=SOON)
    assert verification.sweep(SOON) == 1
    assert verified(made) == (True, "boot")
    assert made.verified_at == SOON


def test_a_reset_that_nothing_came_of_is_said_to_have_failed(charger: Charger) -> None:
    made = command(charger, "reset", request={"at_once": True})
    verification.sweep(LATER)
    assert verified(made) == (False, "no_restart")


def test_a_port_that_keeps_serving_shows_that_it_was_not_taken_out(charger: Charger) -> None:
    kept, done = (
        command(charger, "change_availability", request={"operative": False, "evse": number})
        for number in (1, 2)
    )
    verification.sweep(LATER)
    assert verified(kept) == (False, "status_kept")
    assert verified(done) == (True, "status")


def test_a_start_is_verified_by_its_session_and_a_stop_by_the_end(charger: Charger) -> None:
    start = command(charger, "start", request={"id_token": "cafe", "evse": 1})
    stop = command(charger, "stop", request={"transaction_id": "8"})
    for number, began, ended in ((7, SOON, None), (8, SENT - timedelta(days=3), SOON)):
        Session.objects.create(
            id=number, charger=charger, evse=charger.evses.get(number=1), id_token="CAFE",
            transaction_id=str(number), started=began, received=began, updated=SOON, ended=ended,
        )  # fmt: skip
    verification.sweep(SOON)
    assert verified(start) == (True, "session")
    assert verified(stop) == (True, "session_ended")


@pytest.mark.parametrize("state", [State.REJECTED, State.PENDING, State.UNKNOWN])
def test_what_was_not_accepted_is_not_looked_for(charger: Charger, state: str) -> None:
    made = command(charger, "reset", state)
    ChargerState.objects.filter(charger=charger).update(booted_at=SOON)
    assert verification.sweep(SOON) == 0
    assert verified(made) == (None, "")


def test_a_verdict_stands_whatever_comes_later(charger: Charger) -> None:
    made = command(charger, "reset", verified=False, evidence="no_restart")
    ChargerState.objects.filter(charger=charger).update(booted_at=LATER)
    verification.sweep(LATER)
    assert verified(made) == (False, "no_restart")


def test_many_commands_are_judged_in_few_statements(charger: Charger) -> None:
    for number in range(40):
        other = network.charger(charger.site, f"CP-X{number}", Status.UNAVAILABLE)
        command(other, "change_availability", request={"operative": False})
        command(other, "start", request={"id_token": "cafe"})
    with CaptureQueriesContext(
        database,
    ) as seen:
        assert verification.sweep(SOON) == 40
    assert len(seen) <= 10


def test_all_that_waits_is_looked_at_portion_by_portion(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "PORTION", 3)
    for _n in range(7):
        command(charger, "change_availability", request={"operative": False, "evse": 2})
    kept = command(charger, "change_availability", request={"operative": False, "evse": 1})
    assert verification.sweep(SOON) == 7
    assert verified(kept) == (None, "")
