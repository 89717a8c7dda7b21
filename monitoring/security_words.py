"""What chargers report about their security, in an operator's words.

(OCPP 2.0.1 part 2, appendix 1; Improved security for OCPP 1.6-J §3; the refusals of certificate
requests are our own)
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: A security event's type -> what happened, and what it may mean.
EVENTS: dict[str, Promise] = {
    "AttemptedReplayAttacks": _("somebody replays messages to it: look at its network"),
    "CentralSystemFailedToAuthenticate": _("it doesn't believe that we are us: see its roots"),
    "CsmsFailedToAuthenticate": _("it doesn't believe that we are us: see its roots"),
    "FailedToAuthenticateAtCentralSystem": _("we refused its key or certificate"),
    "FailedToAuthenticateAtCsms": _("we refused its key or certificate"),
    "FirmwareUpdated": _("its firmware was updated"),
    "InvalidCentralSystemCertificate": _("it refuses our certificate: see its roots and its clock"),
    "InvalidChargePointCertificate": _("the charger's certificate isn't valid: renew it"),
    "InvalidChargingStationCertificate": _("the charger's certificate isn't valid: renew it"),
    "InvalidCsmsCertificate": _("it refuses our certificate: see its roots and its clock"),
    "InvalidFirmwareSignature": _("it refused firmware whose signature is wrong"),
    "InvalidFirmwareSigningCertificate": _("it refused firmware: it doesn't trust who signed it"),
    "InvalidMessages": _("it got messages that it finds invalid"),
    "InvalidTLSCipherSuite": _("it was offered only ciphers that it doesn't take"),
    "InvalidTLSVersion": _("it was offered a TLS version that it doesn't take"),
    "MaintenanceLoginAccepted": _("somebody signed in for maintenance"),
    "MaintenanceLoginFailed": _("somebody failed to sign in for maintenance"),
    "MemoryExhaustion": _("its memory is full"),
    "ReconfigurationOfSecurityParameters": _("its security settings were changed"),
    "ResetOrReboot": _("it restarted"),
    "SecurityLogWasCleared": _("its security log was cleared"),
    "SettingSystemTime": _("its clock was set"),
    "StartupOfTheDevice": _("it started"),
    "TamperDetectionActivated": _("its housing was opened, or something was tampered with"),
}
#: What we say ourselves.
OURS: dict[str, Promise] = {
    "CertificateEnding": _("the certificate it connects with ends: have it renewed"),
    "SecurityProfileTooLow": _("somebody came as it with less than its profile asks for: refused"),
    "RootEnding": _("the root by which it knows us ends: install the next one"),
}
#: Why a certificate request was refused -> in words; else what it was for.
REQUESTS: dict[str, Promise] = {
    "InvalidCN": _("refused: the name isn't this charger's"),
    "InvalidCSR": _("refused: the request can't be read"),
    "InvalidO": _("refused: another organisation's name"),
    "InvalidSignature": _("refused: not signed with its own key"),
    "KeyCompromised": _("refused: its key was revoked"),
    "KeyInUse": _("refused: another charger's key"),
    "NotAvailable": _("refused: our authority can't sign now"),
    "TooManyRequests": _("refused: too many requests"),
    "UnsupportedKey": _("refused: this kind of key isn't taken"),
    "WeakKey": _("refused: its key is too short"),
    "WeakSignature": _("refused: signed with a weak hash"),
    "charger": _("granted, for the connection to us"),
    "combined": _("granted, for connections to us and to cars"),
    "v2g": _("granted, for connections to cars"),
    "v2g20": _("granted, for connections to cars (ISO 15118-20)"),
}


def of(kind: str, code: str) -> str:
    """Return an event's code in words, with the code where it is the charger's; "" for others."""
    if kind == "certificate_request":
        return str(REQUESTS.get(code, ""))
    if kind != "security_event":
        return ""
    said = EVENTS.get(code)
    return f"{said} ({code})" if said else str(OURS.get(code, ""))
