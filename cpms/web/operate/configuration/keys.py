"""What OCPP 1.6's standard configuration keys mean. (OCPP 1.6 §9; Improved security §2)"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CORE, LISTS, RESERVE, SMART = "core", "local-list", "reservation", "smart-charging"
FIRMWARE, SECURITY = "firmware", "security"
#: What isn't of the standard.
OWN = "vendor"
#: Group -> what it is called.
GROUPS: dict[str, str | Promise] = {
    CORE: _("Core"),
    LISTS: _("Local list"),
    RESERVE: _("Reservation"),
    SMART: _("Smart charging"),
    FIRMWARE: _("Firmware"),
    SECURITY: _("Security"),
    OWN: _("The vendor's own"),
}


class Known(NamedTuple):
    """A standard setting: its group, type and unit, and what it does."""

    group: str
    type: str
    unit: str
    meaning: str | Promise


BOOL, INT, LIST, TEXT = "boolean", "integer", "MemberList", "string"

KEYS: dict[str, Known] = {
    "AllowOfflineTxForUnknownId": Known(CORE, BOOL, "", _(
        "While offline, unknown tokens may charge."
    )),
    "AuthorizationCacheEnabled": Known(CORE, BOOL, "", _(
        "It remembers tokens that were accepted."
    )),
    "AuthorizeRemoteTxRequests": Known(CORE, BOOL, "", _(
        "A start from here is authorized like a token at the charger."
    )),
    "BlinkRepeat": Known(CORE, INT, "", _("How often its lights blink when they signal.")),
    "ClockAlignedDataInterval": Known(CORE, INT, "s", _(
        "Between meter values at full hours of the clock; 0: none."
    )),
    "ConnectionTimeOut": Known(CORE, INT, "s", _("From a token to the plug, until it gives up.")),
    "ConnectorPhaseRotation": Known(CORE, LIST, "", _(
        "How the phases of each connector are wired to the grid's."
    )),
    "ConnectorPhaseRotationMaxLength": Known(CORE, INT, "", _(
        "How many connectors' phases it can keep."
    )),
    "GetConfigurationMaxKeys": Known(CORE, INT, "", _("Settings that may be asked for at once.")),
    "HeartbeatInterval": Known(CORE, INT, "s", _("Between heartbeats while nothing else is said.")),
    "LightIntensity": Known(CORE, INT, "%", _("How bright its lights are.")),
    "LocalAuthorizeOffline": Known(CORE, BOOL, "", _(
        "While offline, tokens that it knows may charge."
    )),
    "LocalPreAuthorize": Known(CORE, BOOL, "", _(
        "Tokens that it knows start at once, without waiting for us."
    )),
    "MaxEnergyOnInvalidId": Known(CORE, INT, "Wh", _(
        "Energy for a token that turns out not to be valid."
    )),
    "MeterValuesAlignedData": Known(CORE, LIST, "", _("What meter values at full hours tell.")),
    "MeterValuesAlignedDataMaxLength": Known(CORE, INT, "", _(
        "How many measurands those may have."
    )),
    "MeterValuesSampledData": Known(CORE, LIST, "", _("What meter values during a session tell.")),
    "MeterValuesSampledDataMaxLength": Known(CORE, INT, "", _(
        "How many measurands those may have."
    )),
    "MeterValueSampleInterval": Known(CORE, INT, "s", _(
        "Between meter values during a session; 0: none."
    )),
    "MinimumStatusDuration": Known(CORE, INT, "s", _(
        "A status must last so long before it is told."
    )),
    "NumberOfConnectors": Known(CORE, INT, "", _("How many connectors it has.")),
    "ResetRetries": Known(CORE, INT, "", _("How often it tries a restart that failed again.")),
    "StopTransactionOnEVSideDisconnect": Known(CORE, BOOL, "", _(
        "A session ends when the cable is pulled at the vehicle."
    )),
    "StopTransactionOnInvalidId": Known(CORE, BOOL, "", _(
        "A session ends when its token turns out not to be valid."
    )),
    "StopTxnAlignedData": Known(CORE, LIST, "", _(
        "What it tells of full hours when a session ends."
    )),
    "StopTxnAlignedDataMaxLength": Known(CORE, INT, "", _("How many measurands those may have.")),
    "StopTxnSampledData": Known(CORE, LIST, "", _(
        "What it tells of the session's samples when it ends."
    )),
    "StopTxnSampledDataMaxLength": Known(CORE, INT, "", _("How many measurands those may have.")),
    "SupportedFeatureProfiles": Known(CORE, LIST, "", _("The parts of OCPP that it has.")),
    "SupportedFeatureProfilesMaxLength": Known(CORE, INT, "", _("How many parts it can name.")),
    "TransactionMessageAttempts": Known(CORE, INT, "", _(
        "How often it sends a session's message that we failed to take."
    )),
    "TransactionMessageRetryInterval": Known(CORE, INT, "s", _(
        "Before it sends that again; grows with each try."
    )),
    "UnlockConnectorOnEVSideDisconnect": Known(CORE, BOOL, "", _(
        "It unlocks its side when the cable is pulled at the vehicle."
    )),
    "WebSocketPingInterval": Known(CORE, INT, "s", _("Between its pings on the line; 0: none.")),
    "LocalAuthListEnabled": Known(LISTS, BOOL, "", _("It uses its local list of tokens.")),
    "LocalAuthListMaxLength": Known(LISTS, INT, "", _("Tokens that its list can hold.")),
    "SendLocalListMaxLength": Known(LISTS, INT, "", _("Tokens that it takes in one message.")),
    "ReserveConnectorZeroSupported": Known(RESERVE, BOOL, "", _(
        "It can be reserved without naming a port."
    )),
    "ChargeProfileMaxStackLevel": Known(SMART, INT, "", _(
        "The highest stack level of a charging profile."
    )),
    "ChargingScheduleAllowedChargingRateUnit": Known(SMART, LIST, "", _(
        "Whether limits are given in A or in W."
    )),
    "ChargingScheduleMaxPeriods": Known(SMART, INT, "", _(
        "Steps that a charging schedule may have."
    )),
    "ConnectorSwitch3to1PhaseSupported": Known(SMART, BOOL, "", _(
        "It can switch from three phases to one during a session."
    )),
    "MaxChargingProfilesInstalled": Known(SMART, INT, "", _(
        "Charging profiles that it keeps at once."
    )),
    "SupportedFileTransferProtocols": Known(FIRMWARE, LIST, "", _(
        "How it fetches firmware and sends logs."
    )),
    "AdditionalRootCertificateCheck": Known(SECURITY, BOOL, "", _(
        "A new root for us must be signed by the one it replaces."
    )),
    "AuthorizationKey": Known(SECURITY, TEXT, "", _(
        "Its key for connecting to us. Nobody can read it; change it by “Change the key”."
    )),
    "CertificateSignedMaxChainSize": Known(SECURITY, INT, "B", _(
        "How long a chain of certificates it takes."
    )),
    "CertificateStoreMaxLength": Known(SECURITY, INT, "", _("Certificates that it can keep.")),
    "CpoName": Known(SECURITY, TEXT, "", _("Whose it is: stands in its certificate.")),
    "SecurityProfile": Known(SECURITY, INT, "", _(
        "How securely it connects: 0 to 3. It can only be raised, and restarts its connection."
    )),
}  # fmt: skip
