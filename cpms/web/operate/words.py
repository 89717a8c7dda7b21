"""What became of a command, as sentences an operator understands.

An operation's own words (`OperationForm.says`) come first: for the charger's status word, our
error's code, or the state; then what is true of every operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.models import Command
from cpms.ocpp.calls import PATIENCE
from cpms.web.durations import spoken
from cpms.web.operate.forms import FORMS

State = Command.State

#: State -> the tone and icon of its badge (`pill`).
LOOKS: dict[str, tuple[str, str]] = {
    State.PENDING: ("notice", "hourglass"),
    State.SENT: ("info", "arrow-up-right"),
    State.ACCEPTED: ("good", "check"),
    State.REJECTED: ("bad", "ban"),
    State.NOT_SUPPORTED: ("calm", "circle-minus"),
    State.FAILED: ("bad", "alert-triangle"),
    State.TIMED_OUT: ("warn", "clock"),
    State.EXPIRED: ("calm", "hourglass"),
    State.CANCELLED: ("calm", "x"),
    State.UNKNOWN: ("warn", "help-circle"),
    "done": ("good", "circle-check"),
    "not_done": ("bad", "alert-triangle"),
}
#: What every operation's end means: by our error's code, else by the state.
SENTENCES: dict[str, str | Promise] = {
    "accepted": _("The charger accepted it."),
    "Scheduled": _("It does it as soon as it can: most likely when the running session has ended."),
    "RebootRequired": _("It accepted, but it takes effect only after a restart."),
    "rejected": _("The charger refused it, and OCPP lets it give no reason."),
    "Occupied": _("It refused: something is plugged in or runs there."),
    "Faulted": _("It refused: it is faulted."),
    "Unavailable": _("It refused: it is out of service."),
    "Rejected": _("The charger refused it, and OCPP lets it give no reason."),
    "not_supported": _("The charger can't do this."),
    "NotSupported": _("The charger can't do this."),
    "NotImplemented": _("The charger doesn't know this message at all."),
    "failed": _("The charger tried, and failed."),
    "Failed": _("The charger tried, and failed."),
    "UnreadableAnswer": _(
        "It answered, but not as OCPP has it: whether it did it can't be told from its answer."
    ),
    "NotSent": _("It could not be sent: nothing has happened at the charger."),
    "NoAnswer": _(
        "It was sent, and no answer came within %(patience)s s. The charger may have done it all "
        "the same; an answer that comes late is still noted here."
    ),
    "timed_out": _(
        "It was sent, and no answer came within %(patience)s s. The charger may have done it all "
        "the same."
    ),
    "expired": _("It was never sent: the charger wasn't there in time."),
    "cancelled": _("It was taken back before it was sent: nothing has happened at the charger."),
    "ConnectionLost": _(
        "It was sent, then the connection broke off: nobody knows whether the charger heard it. "
        "See how it is before you ask again."
    ),
    "GatewayLost": _(
        "It was sent, then our own gateway failed: nobody knows whether the charger heard it. "
        "See how it is before you ask again."
    ),
    "unknown": _(
        "It was sent, and nobody knows whether the charger heard it. See how it is before you "
        "ask again."
    ),
}  # fmt: skip
#: Codes of CALLERRORs, in words. (OCPP-J 1.6 §4.2.3, 2.0.1 part 4 §4.3)
REFUSALS: dict[str, str | Promise] = {
    "FormatViolation": _("it finds the message malformed"),
    "FormationViolation": _("it finds the message malformed"),
    "GenericError": _("it doesn't say what is wrong"),
    "InternalError": _("it failed inside"),
    "MessageTypeNotSupported": _("it doesn't know this kind of message"),
    "NotImplemented": _("it doesn't know this message"),
    "NotSupported": _("it knows this message, but doesn't support it"),
    "OccurenceConstraintViolation": _("it misses something in the message, or finds too much"),
    "OccurrenceConstraintViolation": _("it misses something in the message, or finds too much"),
    "PropertyConstraintViolation": _("it finds a value out of its range"),
    "ProtocolError": _("it finds the message incomplete"),
    "RpcFrameworkError": _("it could not read the message"),
    "SecurityError": _("it refuses for reasons of security"),
    "TypeConstraintViolation": _("it finds a value of the wrong kind"),
}
#: What showed that a charger did it, or didn't (`Command.evidence`).
EVIDENCE: dict[str, str | Promise] = {
    "boot": _("it booted"),
    "reconnected": _("it came back"),
    "no_return": _("it went away and didn't come back"),
    "no_restart": _("it didn't restart"),
    "status": _("its status shows it"),
    "status_kept": _("its status didn't change"),
    "session": _("the session has begun"),
    "no_session": _("no session began"),
    "session_ended": _("the session has ended"),
    "session_goes_on": _("the session goes on"),
    "message": _("it sent the message"),
    "no_message": _("the message didn't come"),
    "answer": _("its answer says so"),
    "certificate_shown": _("it shows the new certificate"),
    "certificates_listed": _("its list of certificates says so"),
    "connection": _("it connected with the new key"),
    "report": _("its report has come"),
    "display_report": _("it reported its messages"),
    "customer_report": _("its report came"),
    "composite": _("what the charger says that it allows keeps to it"),
    "composite_above": _("the charger says that it allows more"),
    "meter": _("the meter shows that it is kept"),
    "meter_above": _("the meter shows more for over a minute"),
}
#: What an operation says of its evidence where none of the above fits: `says["verified"]` …
VERIFIED, NOT_VERIFIED = "verified", "not_verified"


@dataclass(frozen=True, slots=True)
class Said:
    """A command in words: a badge, a sentence, and what else the charger told of it."""

    tone: str
    icon: str
    label: str
    sentence: str
    detail: str = ""


def said(command: Command, now: datetime, *, online: bool | None = None) -> Said:
    """Return where a command stands; `online`: whether its charger is, where that is known."""
    end = ended(command)
    (tone, icon), label = LOOKS[end], ending(end)
    if command.state == State.PENDING:
        return Said(tone, icon, label, _pending(command, now, online))
    if command.state == State.SENT:
        return Said(tone, icon, label, gettext("It was sent. The charger hasn't answered yet."))
    return Said(tone, icon, label, sentence(command), detail(command))


def ended(command: Command) -> str:
    """Return its state, or whether what it accepted was "done" or "not_done"."""
    if command.state != State.ACCEPTED or command.verified is None:
        return str(command.state)
    return "done" if command.verified else "not_done"


def ending(end: str) -> str:
    """Return what an end is called."""
    own = {"done": gettext("done"), "not_done": gettext("accepted, not done")}
    return own.get(end) or str(State(end).label)


def sentence(command: Command) -> str:
    """Say how a command that is over ended."""
    own = _own(command.operation)
    words = (command.result, _code(command), command.state)
    found = _told(command) or next((own[word] for word in words if word in own), None)
    if found is None and command.state == State.FAILED and command.result:
        found = _refusal(command)
    if found is None:
        found = next((SENTENCES[word] for word in words if word in SENTENCES), "")
    return str(found).replace("%(patience)s", f"{PATIENCE:.0f}")


def verification(command: Command) -> str:
    """Say whether the charger did what it accepted, and what shows it; "" if nothing does."""
    if command.state != State.ACCEPTED or command.verified is None:
        return ""
    own = _own(command.operation)
    shown = own.get(command.evidence) or EVIDENCE.get(command.evidence)
    shown = shown or own.get(VERIFIED if command.verified else NOT_VERIFIED)
    words = {"shown": str(shown or command.evidence.replace("_", " "))}
    if command.verified:
        return gettext("Verified: %(shown)s.") % words
    return gettext("Not done: %(shown)s.") % words


def detail(command: Command) -> str:
    """Return what the charger, or we, said beside the status: as it came, escape it."""
    error: Mapping[str, Any] = command.error or {}
    told = str(error.get("description") or "")
    if command.state == State.CANCELLED:
        return gettext("Taken back by %s.") % told if told else ""
    info = (command.response or {}).get("statusInfo")
    if isinstance(info, dict):
        extra = (info.get("reasonCode"), info.get("additionalInfo"))
        told = " · ".join(str(part) for part in (*extra, told) if part)
    return told


def name(command: Command) -> str:
    """Return what was asked, as its form calls it; a raw message by its action."""
    form = FORMS.get(command.operation)
    if form is not None:
        return str(form.title)
    return command.operation.replace("_", " ") if command.operation else command.action


def operation_name(operation: str) -> str:
    """Return what an operation is called."""
    form = FORMS.get(operation)
    return str(form.title) if form is not None else operation.replace("_", " ")


def icon_of(command: Command) -> str:
    """Return the icon of what was asked."""
    form = FORMS.get(command.operation)
    return form.icon if form is not None else "terminal-2"


def _own(operation: str) -> Mapping[str, str | Promise]:
    form = FORMS.get(operation)
    return form.says if form is not None else {}


def _told(command: Command) -> str:
    form = FORMS.get(command.operation)
    if form is None or command.state != State.ACCEPTED or not command.response:
        return ""
    return form.told(command.response)


def _code(command: Command) -> str:
    error: Mapping[str, Any] = command.error or {}
    if error.get("code") == "NoAnswer" and error.get("of", 1) - error.get("answered", 0) > 1:
        return ""  # What is left of several messages wasn't sent: no answer would end it.
    return str(error.get("code", ""))


def _refusal(command: Command) -> str | None:
    """Say what a CALLERROR means; None for a status word."""
    if not command.error or command.response is not None:
        return None
    why = REFUSALS.get(command.result)
    said = {"code": command.result, "why": str(why or "")}
    if why is None:
        return gettext("The charger answered with an error: %(code)s.") % said
    return gettext("The charger answered with an error: %(why)s (%(code)s).") % said


def _pending(command: Command, now: datetime, online: bool | None) -> str:
    again = gettext("The connection broke off once. ") if command.attempts else ""
    left = spoken(command.expires_at - now)
    if command.expires_at <= now:
        return again + gettext("Its time is over: it isn't sent any more.")
    if online is False:
        text = gettext(
            "The charger is offline: it is sent as soon as it is back, within %s. After that it "
            "is given up."
        )
        return again + text % left
    if online is None:
        text = gettext("It isn't sent yet: it goes out when its charger takes it, within %s.")
        return again + text % left
    return (
        again
        + gettext(
            "It waits for its turn: one message at a time is sent to a charger. Given up after %s."
        )
        % left
    )
