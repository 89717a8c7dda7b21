"""What goes with a CALL beside the command's own row, per action.

Effects are called in the transaction that settles the command, with the payload that went out
(secrets and all) and the answer; preparations just before the CALL goes out.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cpms.control.models import Command
from cpms.control.settlement import Ending
from cpms.ocpp.commands import (
    certificates,
    customers,
    device_model,
    displays,
    local_lists,
    passwords,
    profiles,
    reservations,
    starts,
    transfers,
)

Effect = Callable[[Command, dict[str, Any], Ending], None]
#: Of a charger's key, an action and its payload; raises `BadRequest` where it mustn't go out.
Preparation = Callable[[int, str, dict[str, Any]], None]

EFFECTS: dict[str, Sequence[Effect]] = {
    **device_model.EFFECTS,
    **transfers.EFFECTS,
    **profiles.EFFECTS,
    "CancelReservation": [reservations.cancelled],
    "CertificateSigned": [certificates.signed],
    "ChangeConfiguration": [
        passwords.answered,
        certificates.profile_answered,
        device_model.key_changed,
    ],
    "ClearDisplayMessage": [displays.cleared],
    "CustomerInformation": [customers.answered],
    "DeleteCertificate": [certificates.deleted],
    "GetDisplayMessages": [displays.asked],
    "GetInstalledCertificateIds": [certificates.listed],
    "GetLocalListVersion": [local_lists.asked],
    "InstallCertificate": [certificates.installed_one],
    "RemoteStartTransaction": [profiles.came_with_start, starts.answered],
    "RequestStartTransaction": [profiles.came_with_start, starts.answered],
    "ReserveNow": [reservations.answered],
    "SendLocalList": [local_lists.sent],
    "SetDisplayMessage": [displays.answered],
    "SetNetworkProfile": [certificates.profile_answered],
    "SetVariables": [passwords.answered, device_model.variables_set],
}
PREPARATIONS: dict[str, Sequence[Preparation]] = {
    "ChangeConfiguration": [passwords.prepare, certificates.prepare_profile],
    "CustomerInformation": [customers.prepare],
    "ReserveNow": [reservations.prepare],
    "SetNetworkProfile": [certificates.prepare_profile],
    "SetVariables": [passwords.prepare],
}


def follow(action: str, payload: dict[str, Any], ending: Ending, command: Command) -> None:
    """Do what follows; nothing for most actions."""
    for effect in EFFECTS.get(action, ()):
        effect(command, payload, ending)
