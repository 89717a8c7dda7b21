"""What chargers show on their displays, as far as we know: set by us, or reported by them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from cpms.control import settlement
from cpms.control.models import Command, DisplayMessage

State = DisplayMessage.State
#: Messages kept of one charger, and texts of one message.
MOST_KEPT, MOST_TEXTS = 200, 5
#: A report answers a question that is no older.
ANSWERS_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Message:
    """A message on a display. `texts`: [{"format", "language", "content"}, …]."""

    number: int
    priority: str
    while_state: str
    starts_at: datetime | None
    ends_at: datetime | None
    transaction_id: str
    texts: list[dict[str, str]]

    def values(self) -> dict[str, Any]:
        """Return its row's values."""
        return {
            "priority": self.priority[:12],
            "while_state": self.while_state[:20],
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "transaction_id": self.transaction_id[:36],
            "contents": self.texts[:MOST_TEXTS],
        }


def answered(
    command: Command, message: Message, word: str, now: datetime, *, accepted: bool
) -> None:
    """Keep what the charger answered; a refusal leaves what it showed before as it was."""
    kept = DisplayMessage.objects.filter(charger=command.charger_id, number=message.number)
    if not accepted and kept.filter(state=State.SET).exists():
        return
    state = State.SET if accepted else State.REFUSED
    _keep(command.charger_id, message, state=state, word=word, changed_at=now, command=command)


def cleared(charger_id: int, number: int, word: str, now: datetime) -> None:
    """Keep that a message isn't there any more, or never was."""
    DisplayMessage.objects.filter(charger=charger_id, number=number).update(
        state=State.GONE, word=word, changed_at=now
    )


def none_there(charger_id: int, now: datetime) -> None:
    """Keep that the charger has no message at all."""
    DisplayMessage.objects.filter(charger=charger_id, state=State.SET).update(
        state=State.GONE, word="Unknown", changed_at=now
    )


def reported(
    charger_id: int, request: int, messages: Iterable[Message], now: datetime, *, last: bool
) -> None:
    """Keep a part of a charger's report; what the whole report leaves out isn't there any more.

    Parts may come in any order: what one of them brings after the last is there again.
    """
    with transaction.atomic():
        for message in messages:
            _keep(
                charger_id, message,
                state=State.SET, word="", changed_at=now, reported_at=now, request=request,
            )  # fmt: skip
            _bear_out(charger_id, message.number, now)
        question = _question(charger_id, request, now)
        if question is None or not last:
            return
        settlement.verify(question, now, "display_report")
        if not set(question.payload or {}) & {"id", "priority", "state"}:
            left_out = DisplayMessage.objects.filter(charger=charger_id, state=State.SET)
            left_out.exclude(request=request).update(state=State.GONE, changed_at=now)


def _keep(charger_id: int, message: Message, **values: Any) -> None:
    kept = DisplayMessage.objects.filter(charger=charger_id, number=message.number)
    values |= message.values()
    if kept.update(**values):
        return
    known = DisplayMessage.objects.filter(charger=charger_id)
    if known.count() >= MOST_KEPT:
        idle = known.exclude(state=State.SET).order_by("changed_at").first()
        if idle is None:
            return
        idle.delete()
    DisplayMessage.objects.create(charger_id=charger_id, number=message.number, **values)


def _bear_out(charger_id: int, number: int, now: datetime) -> None:
    """Verify the last command that set a message which the charger reports."""
    asked = Command.objects.filter(
        charger=charger_id, operation="set_display", state=Command.State.ACCEPTED, verified=None,
        payload__message__id=number,
    ).order_by("-requested_at").first()  # fmt: skip
    if asked is not None:
        settlement.verify(asked, now, "display_report")


def _question(charger_id: int, request: int, now: datetime) -> Command | None:
    asked = Command.objects.filter(
        charger=charger_id, action="GetDisplayMessages", payload__requestId=request,
        requested_at__gt=now - ANSWERS_WITHIN,
    )  # fmt: skip
    return asked.order_by("-requested_at").first()
