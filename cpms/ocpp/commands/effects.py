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
    passwords,
    profiles,
    reservations,
    transfers,
)

Effect = Callable[[Command, dict[str, Any], Ending], None]
#: Of a charger's key, an action and its payload; raises `BadRequest` where it mustn't go out.
Preparation = Callable[[int, str, dict[str, Any]], None]

EFFECTS: dict[str, Sequence[Effect]] = {
    **transfers.EFFECTS,
    **profiles.EFFECTS,
    **device_model.EFFECTS,
    "CancelReservation": [reservations.cancelled],
    "ChangeConfiguration": [passwords.answered, device_model.key_changed, certificates.profile_answered],
    "ClearDisplayMessage": [displays.cleared],
    "CustomerInformation": [customers.answered],
    "GetDisplayMessages": [displays.asked],
    "ReserveNow": [reservations.answered],
    "SetDisplayMessage": [displays.answered],
    "SetVariables": [passwords.answered, device_model.variables_set],
    "CertificateSigned": [certificates.signed],
    "DeleteCertificate": [certificates.deleted],
    "GetInstalledCertificateIds": [certificates.listed],
    "InstallCertificate": [certificates.installed_one],
    "SetNetworkProfile": [certificates.profile_answered],
}
PREPARATIONS: dict[str, Sequence[Preparation]] = {
    "ChangeConfiguration": [passwords.prepare, certificates.prepare_profile],
    "CustomerInformation": [customers.prepare],
    "ReserveNow": [reservations.prepare],
    "SetVariables": [passwords.prepare],
    "SetNetworkProfile": [certificates.prepare_profile],
}


def follow(
    version: str, action: str, payload: dict[str, Any], ending: Ending, command: Command
) -> None:
    """Do what follows; nothing for most actions."""
    for effect in EFFECTS.get(action, ()):
        effect(command, payload, ending)
