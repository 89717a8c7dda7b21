"""What follows from a charger's answers about certificates and its security profile."""

from collections.abc import Iterator
from typing import Any

from cpms.control import upgrades
from cpms.control.models import Command
from cpms.control.pki import delivery, installed
from cpms.control.pki.installed import Found
from cpms.control.pki.x509 import HashData, Unreadable
from cpms.control.settlement import Ending
from cpms.ocpp.commands import v2_certificates, v16_certificates

State = Command.State
KINDS = {
    word: kind
    for table in (v16_certificates.KINDS, v2_certificates.KINDS)
    for kind, word in table.items()
}


def signed(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """CertificateSigned: the charger took its certificate, or said no."""
    if ending.state in {State.ACCEPTED, State.REJECTED, State.NOT_SUPPORTED, State.FAILED}:
        delivery.answered(command, taken=ending.state == State.ACCEPTED, at=ending.at)


def installed_one(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """InstallCertificate: know the certificate again when the charger names it."""
    if ending.state != State.ACCEPTED:
        return
    try:
        installed.remember(command.charger.site.organisation_id, str(payload.get("certificate")))
    except Unreadable:
        return  # Sent as it is, and taken by the charger for what it knows.


def listed(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """GetInstalledCertificateIds: keep what the charger has of the kinds it was asked for."""
    asked = payload.get("certificateType") or ()
    kinds = [KINDS[word] for word in ([asked] if isinstance(asked, str) else asked)]
    if ending.result == "NotFound":
        installed.keep(command.charger, kinds, (), ending.at)
    elif ending.state == State.ACCEPTED and ending.response is not None:
        installed.keep(command.charger, kinds, _found(ending.response, kinds), ending.at)
    else:
        return
    installed.verify(command.charger, kinds, ending.at)


def _found(response: dict[str, Any], kinds: list[str]) -> Iterator[Found]:
    for one in response.get("certificateHashData") or ():  # 1.6
        yield Found(kinds[0] if kinds else "csms_root", _named(one))
    for chain in response.get("certificateHashDataChain") or ():
        kind = KINDS.get(str(chain.get("certificateType")), "csms_root")
        yield Found(kind, _named(chain["certificateHashData"]))
        for depth, child in enumerate(chain.get("childCertificateHashData") or (), 1):
            yield Found(kind, _named(child), depth)


def _named(data: dict[str, Any]) -> HashData:
    return HashData(
        str(data["hashAlgorithm"]),
        str(data["issuerNameHash"]),
        str(data["issuerKeyHash"]),
        str(data["serialNumber"]),
    )


def deleted(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """DeleteCertificate: it isn't there any more, or wasn't."""
    if ending.state == State.ACCEPTED or ending.result == "NotFound":
        installed.gone(command.charger, _named(payload["certificateHashData"]))


def prepare_profile(charger_id: int, action: str, payload: dict[str, Any]) -> None:
    """Refuse to send a security profile that the charger couldn't connect with any more."""
    profile = _profile(action, payload)
    if profile is not None:
        upgrades.permit(charger_id, profile)


def profile_answered(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Take both profiles once the charger accepted a higher one."""
    profile = _profile(command.action, payload)
    if profile is not None and ending.state == State.ACCEPTED:
        upgrades.accepted(command.charger_id, profile, ending.at)


def _profile(action: str, payload: dict[str, Any]) -> int | None:
    """Return the security profile that a message sets. (1.6: a key; 2.x: a network profile)"""
    if action == "SetNetworkProfile":
        return int((payload.get("connectionData") or {}).get("securityProfile", 0))
    return upgrades.profile_in(str(payload.get("key")), str(payload.get("value")))
