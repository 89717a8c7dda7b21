"""What becomes of an operation's CALLs by what is known of the charger and its model."""

from collections.abc import Sequence
from typing import NamedTuple

from cpms.control.operations import BadRequest
from cpms.control.operations.configuration import ChangeSettings, ReadSettings, SetClock
from cpms.control.settlement import Ending
from cpms.ocpp.commands import device_model, parts
from cpms.ocpp.commands.translation import Call
from inventory.quirks import Quirks
from monitoring.models import ReportedVariable

SETTINGS = frozenset({ReadSettings.name, ChangeSettings.name})
HEARTBEAT = Call("TriggerMessage", {"requestedMessage": "Heartbeat"})


class Plan(NamedTuple):
    """What is to be sent, or what must be asked before that is known."""

    calls: list[Call]
    question: Call | None = None


def concerns(operation: str, quirks: Quirks, calls: Sequence[Call]) -> bool:
    """Tell whether more must be known than the operation itself."""
    if operation == SetClock.name:
        return calls[0].action == "SetVariables"
    if operation in SETTINGS and not quirks.survives_unknown_settings:
        return True
    return parts.are_many(calls) or calls[0].action == "GetConfiguration"


def revised(charger_id: int, quirks: Quirks, operation: str, calls: Sequence[Call]) -> Plan:
    """Return the CALLs as this charger takes them; raise `BadRequest` where none may be sent."""
    if operation == SetClock.name:
        return Plan(_clock(charger_id, calls))
    if operation in SETTINGS and not quirks.survives_unknown_settings:
        _refuse_unknown(charger_id, calls)
    if not quirks.reads_single_settings:
        calls = [_all_keys(call) for call in calls]
    return Plan(parts.split(calls, charger_id), parts.question(calls, charger_id))


def learn(charger_id: int, question: Call, ending: Ending) -> None:
    """Keep the answer to a question of ours that no command asked."""
    device_model.answered(charger_id, question.action, question.payload, ending)


def _clock(charger_id: int, calls: Sequence[Call]) -> list[Call]:
    """Return the change of the clock's setting where it can be changed; else a heartbeat."""
    clock = ReportedVariable.objects.filter(
        charger=charger_id, component="ClockCtrlr", variable="DateTime", attribute="Actual"
    )
    writable = clock.filter(mutability__in=("ReadWrite", "WriteOnly")).exists()
    return list(calls) if writable else [HEARTBEAT]


def _all_keys(call: Call) -> Call:
    return Call(call.action, {}) if call.action == "GetConfiguration" else call


def _refuse_unknown(charger_id: int, calls: Sequence[Call]) -> None:
    """Raise `BadRequest` for what the charger hasn't told of. (FIELD-NOTES 23)"""
    told = ReportedVariable.objects.filter(charger=charger_id, unknown=False)
    known = {
        (component.lower(), variable.lower())
        for component, variable in told.values_list("component", "variable").distinct()
    }
    for name in (name for call in calls for name in device_model.named(call)):
        if tuple(part.lower() for part in name) not in known:
            raise BadRequest(
                f"“{'.'.join(filter(None, name))}” isn't known of this charger, and its model "
                "doesn't survive being asked for what it doesn't know. Read all settings first."
            )
