"""What 2.x's device model has beside the settings both versions know. (2.0.1 part 2, appendix)"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple


class Variable(NamedTuple):
    """A variable of the station: its kind, what it is at first, and what it may be."""

    component: str
    name: str
    value: str
    kind: str = "boolean"
    readonly: bool = False
    instance: str = ""
    unit: str = ""
    least: float | None = None
    most: float | None = None
    values: str = ""


MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Power.Offered,Current.Import,Voltage,SoC,"
    "Temperature,Frequency"
)
_INT, _LIST, _TEXT = "integer", "MemberList", "string"


def _whole(component: str, name: str, value: int, most: int, unit: str = "s") -> Variable:
    """Return a whole number that can be set."""
    return Variable(component, name, str(value), _INT, unit=unit, least=0, most=most)


def _fixed(component: str, name: str, value: str, kind: str = _INT, instance: str = "") -> Variable:
    """Return what can only be read."""
    return Variable(component, name, value, kind, readonly=True, instance=instance)


def _limits() -> Iterator[Variable]:
    """Yield how much one message may hold."""
    for name, (of, most) in product(
        ("ItemsPerMessage", "BytesPerMessage"),
        (("GetReport", 50), ("GetVariables", 20), ("SetVariables", 10)),
    ):
        value = most if name == "ItemsPerMessage" else most * 1000
        yield _fixed("DeviceDataCtrlr", name, str(value), instance=of)
    for of in ("SetVariableMonitoring", "ClearVariableMonitoring"):
        yield _fixed("MonitoringCtrlr", "ItemsPerMessage", "5", instance=of)
        yield _fixed("MonitoringCtrlr", "BytesPerMessage", "10000", instance=of)


def _switches() -> Iterator[Variable]:
    """Yield what is there and switched on, of each block."""
    for component in (
        "AlignedDataCtrlr", "AuthCtrlr", "AuthCacheCtrlr", "DisplayMessageCtrlr", "ISO15118Ctrlr",
        "LocalAuthListCtrlr", "MonitoringCtrlr", "ReservationCtrlr", "SampledDataCtrlr",
        "SmartChargingCtrlr", "TariffCostCtrlr",
    ):  # fmt: skip
        yield _fixed(component, "Available", "true", "boolean")
        if component not in {"AuthCacheCtrlr", "LocalAuthListCtrlr"}:
            yield Variable(component, "Enabled", "true")


VARIABLES = (
    *_limits(),
    *_switches(),
    Variable("AlignedDataCtrlr", "Measurands", "Voltage", _LIST, values=MEASURANDS),
    Variable("AlignedDataCtrlr", "SendDuringIdle", "false"),
    Variable("AlignedDataCtrlr", "SignReadings", "false"),
    _whole("AlignedDataCtrlr", "TxEndedInterval", 0, 86_400),
    Variable("AlignedDataCtrlr", "TxEndedMeasurands", "", _LIST, values=MEASURANDS),
    _whole("AuthCacheCtrlr", "LifeTime", 86_400, 31_536_000),
    Variable("AuthCacheCtrlr", "Policy", "LRU", "OptionList", values="LRU,LFU,FIFO,CUSTOM"),
    _fixed("AuthCacheCtrlr", "Storage", "4096"),
    _fixed("AuthCtrlr", "AdditionalInfoItemsPerMessage", "4"),
    Variable("AuthCtrlr", "MasterPassGroupId", "", _TEXT, most=36),
    Variable("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false"),
    Variable(
        "ClockCtrlr", "TimeSource", "NTP,Heartbeat", "SequenceList",
        values="Heartbeat,NTP,GPS,RealTimeClock,MobileNetwork,RadioTimeTransmitter",
    ),
    Variable("ClockCtrlr", "NtpServerUri", "pool.ntp.org", _TEXT, most=512),
    Variable("ClockCtrlr", "TimeZone", "Europe/Berlin", _TEXT, most=64),
    _whole("ClockCtrlr", "TimeAdjustmentReportingThreshold", 20, 3600),
    _fixed("DeviceDataCtrlr", "ValueSize", "2500"),
    _fixed("DeviceDataCtrlr", "ConfigurationValueSize", "1000"),
    _fixed("DeviceDataCtrlr", "ReportingValueSize", "2500"),
    _fixed("DisplayMessageCtrlr", "DisplayMessages", "0"),
    _fixed("DisplayMessageCtrlr", "PersonalMessageSize", "512"),
    _fixed("DisplayMessageCtrlr", "SupportedFormats", "ASCII,UTF8", _LIST),
    _fixed("DisplayMessageCtrlr", "SupportedPriorities", "AlwaysFront,InFront,NormalCycle", _LIST),
    Variable("ISO15118Ctrlr", "PnCEnabled", "false"),
    Variable("ISO15118Ctrlr", "CentralContractValidationAllowed", "false"),
    Variable("ISO15118Ctrlr", "ContractValidationOffline", "true"),
    Variable("ISO15118Ctrlr", "SeccId", "", _TEXT, most=255),
    _fixed("LocalAuthListCtrlr", "Entries", "0"),
    _fixed("LocalAuthListCtrlr", "ItemsPerMessage", "100"),
    _fixed("LocalAuthListCtrlr", "BytesPerMessage", "60000"),
    _fixed("LocalAuthListCtrlr", "Storage", "65536"),
    _fixed("MonitoringCtrlr", "ActiveMonitoringBase", "All", "OptionList"),
    _fixed("MonitoringCtrlr", "ActiveMonitoringLevel", "9"),
    _whole("MonitoringCtrlr", "OfflineQueuingSeverity", 4, 9, ""),
    _fixed("OCPPCommCtrlr", "ActiveNetworkProfile", "1"),
    _fixed("OCPPCommCtrlr", "FileTransferProtocols", "HTTP,HTTPS,FTP", _LIST),
    _whole("OCPPCommCtrlr", "OfflineThreshold", 60, 86_400),
    _whole("OCPPCommCtrlr", "MessageTimeout", 30, 600),
    Variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "1,2", "SequenceList", values="1,2"),
    _whole("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", 3, 100, ""),
    Variable("OCPPCommCtrlr", "QueueAllMessages", "false"),
    _whole("OCPPCommCtrlr", "RetryBackOffRandomRange", 10, 600),
    _whole("OCPPCommCtrlr", "RetryBackOffRepeatTimes", 5, 20, ""),
    _whole("OCPPCommCtrlr", "RetryBackOffWaitMinimum", 5, 600),
    Variable("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", "true"),
    Variable("ReservationCtrlr", "NonEvseSpecific", "true"),
    Variable("SampledDataCtrlr", "SignReadings", "false"),
    _whole("SampledDataCtrlr", "TxEndedInterval", 0, 86_400),
    Variable(
        "SampledDataCtrlr", "TxEndedMeasurands", "Energy.Active.Import.Register", _LIST,
        values=MEASURANDS,
    ),
    Variable(
        "SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register", _LIST,
        values=MEASURANDS,
    ),
    Variable("SecurityCtrlr", "AdditionalRootCertificateCheck", "false"),
    _fixed("SecurityCtrlr", "CertificateEntries", "4"),
    _whole("SecurityCtrlr", "CertSigningRepeatTimes", 3, 20, ""),
    _whole("SecurityCtrlr", "CertSigningWaitMinimum", 30, 3600),
    _fixed("SecurityCtrlr", "MaxCertificateChainSize", "10000"),
    _fixed("SmartChargingCtrlr", "Entries", "16", instance="ChargingProfiles"),
    _fixed("SmartChargingCtrlr", "PeriodsPerSchedule", "24"),
    _fixed("SmartChargingCtrlr", "ProfileStackLevel", "8"),
    _fixed("SmartChargingCtrlr", "RateUnit", "A,W", _LIST),
    Variable("SmartChargingCtrlr", "ExternalControlSignalsEnabled", "false"),
    Variable("SmartChargingCtrlr", "LimitChangeSignificance", "1", "decimal", unit="Percent"),
    Variable("TariffCostCtrlr", "Currency", "EUR", _TEXT, most=3),
    Variable("TariffCostCtrlr", "TariffFallbackMessage", "", _TEXT, instance="en", most=255),
    Variable("TariffCostCtrlr", "TariffFallbackMessage", "", _TEXT, instance="de", most=255),
    Variable("TariffCostCtrlr", "TotalCostFallbackMessage", "", _TEXT, instance="en", most=255),
    _whole("TxCtrlr", "MaxEnergyOnInvalidId", 0, 100_000, "Wh"),
    Variable("TxCtrlr", "TxBeforeAcceptedEnabled", "false"),
    Variable(
        "TxCtrlr", "TxStartPoint", "EVConnected", _LIST,
        values="ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer",
    ),
    Variable(
        "TxCtrlr", "TxStopPoint", "EVConnected,Authorized", _LIST,
        values="ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer",
    ),
    _fixed("ChargingStation", "AvailabilityState", "Available", "OptionList"),
    _fixed("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate", "false", "boolean"),
    _fixed("ChargingStation", "Problem", "false", "boolean"),
    _fixed("ChargingStation", "SupplyPhases", "3"),
    _fixed("Controller", "FirmwareVersion", "4.2.0", _TEXT, instance="Main"),
    _fixed("Controller", "Temperature", "38", "decimal", instance="Main"),
    _fixed("Controller", "MaxMsgElements", "100"),
    _fixed("CoolingSystem", "Temperature", "31", "decimal"),
    _fixed("CoolingSystem", "FanSpeed", "900"),
    _fixed("DistributionPanel", "Fuse", "63"),
    _fixed("ElectricalFeed", "PowerType", "AC", "OptionList"),
    _fixed("ElectricalFeed", "DCVoltage", "0", "decimal"),
    _fixed("UpstreamProtectionTrigger", "Tripped", "false", "boolean"),
)  # fmt: skip
#: Of each EVSE, and of each connector: component, variable, kind, value.
OF_EVSE = (
    ("EVSE", "Available", "boolean", "true"),
    ("EVSE", "AllowReset", "boolean", "false"),
    ("EVSE", "SupplyPhases", "integer", "3"),
    ("EVSE", "ISO15118EvseId", "string", ""),
    ("FiscalMetering", "Available", "boolean", "true"),
    ("FiscalMetering", "Manufacturer", "string", "Meterwerk"),
    ("FiscalMetering", "Certificate", "string", ""),
    ("TokenReader", "Enabled", "boolean", "true"),
    ("TokenReader", "Operative", "boolean", "true"),
    ("OverCurrentBreaker", "Tripped", "boolean", "false"),
    ("RCD", "Tripped", "boolean", "false"),
    ("VehicleIdSensor", "Active", "boolean", "false"),
)
OF_CONNECTOR = (
    ("Connector", "Available", "boolean", "true"),
    ("Connector", "SupplyPhases", "integer", "3"),
    ("Connector", "Tripped", "boolean", "false"),
    ("ConnectorPlugRetentionLock", "Active", "boolean", "false"),
    ("ConnectorPlugRetentionLock", "Problem", "boolean", "false"),
    ("CableBreakawaySensor", "Tripped", "boolean", "false"),
)
