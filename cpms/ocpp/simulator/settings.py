"""A charger's settings: OCPP 1.6 configuration keys, and 2.x variables made from the same table.

Defaults are shared by all chargers; a charger holds only what was changed.
"""

from dataclasses import dataclass

from cpms.ocpp.simulator.variables import VARIABLES


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One setting under both its names. `kind` is 2.x's data type.

    `key` is empty for what only 2.x knows, `variable` for what only 1.6 knows.
    """

    key: str
    component: str
    variable: str
    default: str
    kind: str = "integer"
    readonly: bool = False
    secret: bool = False
    reboot: bool = False
    #: Of 2.x: its instance, its unit, and what it may be.
    instance: str = ""
    unit: str = ""
    least: float | None = None
    most: float | None = None
    values: str = ""


_OCPP = "OCPPCommCtrlr"
_AUTH = "AuthCtrlr"
_TX = "TxCtrlr"
_BOOL = "boolean"
_SAMPLED = (
    "Energy.Active.Import.Register,Power.Active.Import,Power.Offered,Current.Import,Voltage,SoC"
)

SETTINGS: tuple[Setting, ...] = (
    Setting("HeartbeatInterval", _OCPP, "HeartbeatInterval", "300"),
    Setting("WebSocketPingInterval", _OCPP, "WebSocketPingInterval", "0"),
    Setting("TransactionMessageAttempts", _OCPP, "MessageAttempts", "3"),
    Setting("TransactionMessageRetryInterval", _OCPP, "MessageAttemptInterval", "10"),
    Setting("ResetRetries", _OCPP, "ResetRetries", "1"),
    Setting("ConnectionTimeOut", _TX, "EVConnectionTimeOut", "120"),
    Setting("StopTransactionOnInvalidId", _TX, "StopTxOnInvalidId", "true", _BOOL),
    Setting("StopTransactionOnEVSideDisconnect", _TX, "StopTxOnEVSideDisconnect", "true", _BOOL),
    Setting("MeterValueSampleInterval", "SampledDataCtrlr", "TxUpdatedInterval", "60"),
    Setting(
        "MeterValuesSampledData", "SampledDataCtrlr", "TxUpdatedMeasurands", _SAMPLED, "MemberList"
    ),
    Setting("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval", "0"),
    Setting("AuthorizeRemoteTxRequests", _AUTH, "AuthorizeRemoteStart", "false", _BOOL),
    Setting("LocalAuthorizeOffline", _AUTH, "LocalAuthorizeOffline", "true", _BOOL),
    Setting("LocalPreAuthorize", _AUTH, "LocalPreAuthorize", "false", _BOOL),
    Setting("LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled", "true", _BOOL),
    Setting("AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled", "true", _BOOL),
    Setting("UnlockConnectorOnEVSideDisconnect", "", "", "true", _BOOL),
    Setting("ConnectorPhaseRotation", "", "", "0.RST,1.RST,2.RTS", "string"),
    Setting("GetConfigurationMaxKeys", "", "", "50", readonly=True),
    Setting("NumberOfConnectors", "", "", "", readonly=True),
    Setting(
        "SupportedFeatureProfiles",
        "",
        "",
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
        "string",
        readonly=True,
    ),
    Setting("CpoName", "SecurityCtrlr", "OrganizationName", "", "string"),
    Setting("SecurityProfile", "SecurityCtrlr", "SecurityProfile", "1", reboot=True),
    Setting("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword", "", "string", secret=True),
    Setting("", "SecurityCtrlr", "Identity", "", "string", readonly=True),
    Setting("", "ChargingStation", "Available", "true", _BOOL, readonly=True),
    Setting("", "ChargingStation", "Model", "", "string", readonly=True),
    Setting("", "ChargingStation", "VendorName", "", "string", readonly=True),
    Setting("", "ChargingStation", "SerialNumber", "", "string", readonly=True),
    Setting("", "ChargingStation", "FirmwareVersion", "", "string", readonly=True),
    Setting("", "ClockCtrlr", "DateTime", "", "dateTime", readonly=True),
    *(
        Setting(
            "", one.component, one.name, one.value, one.kind, one.readonly, instance=one.instance,
            unit=one.unit, least=one.least, most=one.most, values=one.values,
        )
        for one in VARIABLES
    ),
)  # fmt: skip

BY_KEY = {setting.key: setting for setting in SETTINGS if setting.key}
#: Component, variable and instance -> the setting.
BY_INSTANCE = {
    (setting.component, setting.variable, setting.instance): setting
    for setting in SETTINGS
    if setting.component
}
BY_VARIABLE = {
    (component, variable): setting
    for (component, variable, instance), setting in BY_INSTANCE.items()
    if not instance
}


class Settings:
    """What this charger's settings are now."""

    def __init__(self, own: dict[Setting, str]) -> None:
        """Start from the shared defaults and this charger's `own` values."""
        self._values = own

    def value(self, setting: Setting) -> str:
        """Return the value as text."""
        return self._values.get(setting, setting.default)

    def text(self, key: str) -> str:
        """Return the value of the setting with this OCPP 1.6 key."""
        return self.value(BY_KEY[key])

    def seconds(self, key: str) -> float:
        """Return an interval setting by its OCPP 1.6 key, 0 for none."""
        return float(self.text(key) or 0)

    def enabled(self, key: str) -> bool:
        """Return a boolean setting by its OCPP 1.6 key."""
        return self.text(key).lower() == "true"

    def note(self, setting: Setting, value: str) -> None:
        """Set a value that only the charger itself may set."""
        self._values[setting] = value

    def change(self, setting: Setting, value: str) -> str:
        """Set the value and return "Accepted", "RebootRequired" or "Rejected" with nothing set."""
        if setting.readonly or not acceptable(setting, value):
            return "Rejected"
        self._values[setting] = value
        return "RebootRequired" if setting.reboot else "Accepted"


def acceptable(setting: Setting, value: str) -> bool:
    """Return whether `value` is of the setting's kind."""
    if setting.kind in {"integer", "decimal"}:
        return _is_number(setting, value)
    if setting.kind == _BOOL:
        return value.lower() in ("true", "false")
    if setting.values:
        allowed = setting.values.split(",")
        return all(member in allowed for member in value.split(",") if member)
    return len(value) <= (setting.most or 500)


def _is_number(setting: Setting, value: str) -> bool:
    plain = value.replace(".", "", 1) if setting.kind == "decimal" else value
    if not plain.isdecimal():
        return False
    least, most = setting.least, setting.most
    return (least is None or float(value) >= least) and (most is None or float(value) <= most)
