"""A charger's key in OCPP's messages: found in what goes out, settled by what comes back.

Whatever door a message came through that sets a key, both are let in while it is out.
(Improved security for OCPP 1.6-J §2.6.1; OCPP 2.0.1 A01)
"""

from datetime import UTC, datetime
from typing import Any

from cpms.control import passwords
from cpms.control.models import Command
from cpms.control.passwords import Taken
from cpms.control.settlement import Ending

State = Command.State
#: The charger's own word -> what it says of the new key.
WORDS = {
    "Accepted": Taken.NOW,
    "RebootRequired": Taken.LATER,
    "Rejected": Taken.NO,
    "NotSupported": Taken.NO,
    "NotSupportedAttributeType": Taken.NO,
    "UnknownComponent": Taken.NO,
    "UnknownVariable": Taken.NO,
}


def prepare(charger_id: int, action: str, payload: dict[str, Any]) -> None:
    """Let the charger in with the key that is about to go out as well; raise `BadRequest`."""
    password = _sent(action, payload)
    if password:
        passwords.send(charger_id, password, datetime.now(UTC))


def answered(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep the key that is in force by the charger's answer; both where it gave none."""
    password = _sent(command.action, payload)
    if password:
        passwords.settle(command.charger_id, password, _taken(command.action, ending), ending.at)


def _sent(action: str, payload: dict[str, Any]) -> str:
    """Return the key that a message sets, or ""."""
    if action == "ChangeConfiguration":
        is_key = str(payload.get("key")).lower() == "authorizationkey"
        return str(payload.get("value") or "") if is_key else ""
    asked = [entry for entry in payload.get("setVariableData") or () if _is_key(entry)]
    return str(asked[0].get("attributeValue") or "") if asked else ""


def _is_key(entry: dict[str, Any]) -> bool:
    component, variable = entry.get("component") or {}, entry.get("variable") or {}
    named = (str(component.get("name")).lower(), str(variable.get("name")).lower())
    return named == ("securityctrlr", "basicauthpassword")


def _taken(action: str, ending: Ending) -> Taken:
    """Return what an answer says; nothing that can't be read says that the key wasn't taken."""
    response = ending.response or {}
    if action == "SetVariables":
        results = [entry for entry in response.get("setVariableResult") or () if _is_key(entry)]
        said = results[0].get("attributeStatus") if results else None
    else:
        said = response.get("status")
    if isinstance(said, str):
        return WORDS.get(said, Taken.UNKNOWN)
    refused = (ending.error or {}).get("code") not in {None, "UnreadableAnswer"}
    answered = ending.state in {State.REJECTED, State.NOT_SUPPORTED, State.FAILED}
    return Taken.NO if answered and refused else Taken.UNKNOWN
