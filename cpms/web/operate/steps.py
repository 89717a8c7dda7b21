"""How far a command is, as the steps of its way to a charger and back."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from cpms.control.models import Command
from cpms.web.operate import words

State = Command.State
#: States in which it never left.
NEVER_SENT = frozenset({State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Step:
    """A step as `components/stepper.html` draws it."""

    label: str
    state: str
    detail: str = ""
    at: datetime | None = None


def steps(command: Command, now: datetime, *, online: bool) -> list[Step]:
    """Return asked, sent, answered, verified; those that won't come any more are left out."""
    asked = Step(_("Asked"), "done", _asked(command), command.requested_at)
    found = [asked, *_sending(command, now, online=online)]
    if command.state == State.ACCEPTED:
        found += _verifying(command)
    return found


def _asked(command: Command) -> str:
    who = {"who": command.requested_by_name, "door": command.get_source_display()}
    return _("by %(who)s (%(door)s)") % who


def _sending(command: Command, now: datetime, *, online: bool) -> list[Step]:
    said = words.said(command, now, online=online)
    if command.state == State.PENDING:
        label = _("Waiting to be sent") if online else _("Waiting: the charger is offline")
        return [Step(label, "current", said.sentence), Step(_("Answer"), "waiting")]
    if command.state in NEVER_SENT or command.sent_at is None:
        return [Step(_("Not sent"), "failed", said.sentence, command.answered_at)]
    sent = Step(_("Sent"), "done", "", command.sent_at)
    if command.state == State.SENT:
        return [sent, Step(_("Waiting for its answer"), "current", said.sentence)]
    good = command.state == State.ACCEPTED
    label = _("Answered") if command.response is not None or command.result else _("No answer")
    return [sent, Step(label, "done" if good else "failed", said.sentence, command.answered_at)]


def _verifying(command: Command) -> list[Step]:
    if command.verified is None:
        return []
    label = _("Done") if command.verified else _("Not done")
    state = "done" if command.verified else "failed"
    return [Step(label, state, words.verification(command), command.verified_at)]
