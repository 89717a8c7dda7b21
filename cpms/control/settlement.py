"""How a command ends, once its charger has answered, refused, kept silent or gone away.

Called by the gateway that sent it, in a thread of its own; OCPP's words were read by then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction

from cpms.control.models import Command

log = structlog.get_logger(__name__)

State = Command.State
#: Ends that are no answer, though one may still come.
OPEN_ENDS = (State.SENT, State.UNKNOWN, State.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a CALL. `at` is aware UTC; `result` is the charger's own word."""

    state: Command.State
    at: datetime
    result: str = ""
    response: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    #: Nobody knows whether the charger heard it: it may be sent again where that does no harm.
    lost: bool = False


def settle(
    command_id: UUID,
    ending: Ending,
    most_attempts: int,
    then: Callable[[Command], None] | None = None,
) -> Command | None:
    """Record how a command ended, and do what follows from it in the same transaction.

    Return it, or None where it had ended before. One that was lost waits again where it may be
    repeated, at most `most_attempts` times and only while it hasn't expired. What follows and
    fails is undone and logged: the charger has answered all the same.
    """
    with transaction.atomic():
        found = Command.objects.select_for_update(of=["self"]).select_related(
            "charger__site__organisation"
        )
        command = found.get(pk=command_id)
        if command.state not in OPEN_ENDS:
            return None
        if ending.lost and _again(command, ending.at, most_attempts):
            command.state, command.sent_at, command.error = State.PENDING, None, ending.error
            command.save(update_fields=["state", "sent_at", "error"])
            return command
        command.state, command.answered_at = ending.state, ending.at
        command.result, command.response = ending.result, ending.response
        command.error = ending.error
        if then is not None:
            _follow(command, then)
        command.sealed = None
        command.save()
    return command


def _follow(command: Command, then: Callable[[Command], None]) -> None:
    """Do what follows, whole or not at all; raise only where the database is away."""
    try:
        with transaction.atomic():
            then(command)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # Whatever a charger put into its answer.
        log.exception("effects_failed", command=str(command.pk), name=command.name)


def _again(command: Command, now: datetime, most_attempts: int) -> bool:
    return (
        command.repeatable
        and command.attempts < most_attempts
        and command.expires_at > now + timedelta(seconds=1)
    )


def verify(command: Command, at: datetime, evidence: str, *, holds: bool = True) -> None:
    """Record that the charger did what it accepted, or that it didn't. (FIELD-NOTES 22)"""
    Command.objects.filter(pk=command.pk, verified=None).update(
        verified=holds, verified_at=at, evidence=evidence
    )
