"""What OCPP 2.x's standardised components and variables mean. (2.0.1 part 2, appendix)"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Component -> what it is.
COMPONENTS: dict[str, str | Promise] = {
    "AlignedDataCtrlr": _("Meter values at full hours of the clock"),
    "AuthCacheCtrlr": _("Cache of tokens"),
    "AuthCtrlr": _("Authorization"),
    "CHAdeMOCtrlr": _("CHAdeMO"),
    "ChargingStation": _("The charging station"),
    "ChargingStatusIndicator": _("Light that shows the charging state"),
    "ClockCtrlr": _("Clock"),
    "Connector": _("Connector"),
    "ConnectedEV": _("The vehicle that is connected"),
    "Controller": _("Controller"),
    "CustomizationCtrlr": _("Vendors' own extensions"),
    "DeviceDataCtrlr": _("Reading and setting the device model"),
    "DisplayMessageCtrlr": _("Messages on the display"),
    "EVSE": _("Port"),
    "FiscalMetering": _("Calibrated meter"),
    "ISO15118Ctrlr": _("Plug & charge (ISO 15118)"),
    "LocalAuthListCtrlr": _("Local list of tokens"),
    "LocalEnergyStorage": _("Battery of the station"),
    "MonitoringCtrlr": _("Monitors and events"),
    "OCPPCommCtrlr": _("Connection to us"),
    "NetworkConfiguration": _("Ways to reach us"),
    "PaymentCtrlr": _("Payment"),
    "ReservationCtrlr": _("Reservations"),
    "SampledDataCtrlr": _("Meter values of sessions"),
    "SecurityCtrlr": _("Security"),
    "SmartChargingCtrlr": _("Smart charging"),
    "TariffCostCtrlr": _("Prices and costs"),
    "TxCtrlr": _("When a session begins and ends"),
    "V2XChargingCtrlr": _("Feeding back from vehicles"),
}
#: Of any component.
ANYWHERE: dict[str, str | Promise] = {
    "Active": _("It is active now."),
    "AvailabilityState": _("Its availability as drivers see it."),
    "Available": _("It is there and may be used."),
    "Complete": _("It is complete."),
    "Enabled": _("It is switched on."),
    "Fallback": _("It runs on a fallback."),
    "Operative": _("It is in service."),
    "Overload": _("It is overloaded."),
    "Power": _("Power now, or at most."),
    "Problem": _("Something is wrong with it."),
    "Tripped": _("It has tripped."),
    "VendorName": _("Who made it."),
    "Model": _("Its model."),
    "SerialNumber": _("Its serial number."),
    "FirmwareVersion": _("Its firmware."),
    "SupplyPhases": _("Phases that it is fed with."),
    "AllowReset": _("It can be restarted by itself."),
    "ConnectorType": _("What kind of plug it has."),
    "Temperature": _("Its temperature."),
}
#: (component, variable) -> what it does.
VARIABLES: dict[tuple[str, str], str | Promise] = {
    ("AlignedDataCtrlr", "Interval"): _("Between meter values at full hours; 0: none."),
    ("AlignedDataCtrlr", "Measurands"): _("What they tell."),
    ("AlignedDataCtrlr", "SendDuringIdle"): _("They are sent only while no session runs."),
    ("AlignedDataCtrlr", "SignReadings"): _("They are signed by the meter."),
    ("AlignedDataCtrlr", "TxEndedInterval"): _("Between those that are sent when a session ends."),
    ("AlignedDataCtrlr", "TxEndedMeasurands"): _("What those tell."),
    ("AuthCacheCtrlr", "LifeTime"): _("How long a token is remembered."),
    ("AuthCacheCtrlr", "Policy"): _("Which token is forgotten first when it is full."),
    ("AuthCacheCtrlr", "Storage"): _("Bytes that it takes."),
    ("AuthCacheCtrlr", "DisablePostAuthorize"): _(
        "Tokens that aren't accepted in the cache aren't asked for again."
    ),
    ("AuthCtrlr", "AdditionalInfoItemsPerMessage"): _(
        "Additional pieces of a token that it takes."
    ),
    ("AuthCtrlr", "AuthorizeRemoteStart"): _(
        "A start from here is authorized like a token at the charger."
    ),
    ("AuthCtrlr", "LocalAuthorizeOffline"): _("While offline, tokens that it knows may charge."),
    ("AuthCtrlr", "LocalPreAuthorize"): _(
        "Tokens that it knows start at once, without waiting for us."
    ),
    ("AuthCtrlr", "MasterPassGroupId"): _("The group whose tokens may stop any session."),
    ("AuthCtrlr", "OfflineTxForUnknownIdEnabled"): _("While offline, unknown tokens may charge."),
    ("AuthCtrlr", "DisableRemoteAuthorization"): _("Tokens are never asked for from here."),
    ("ClockCtrlr", "DateTime"): _("Its time."),
    ("ClockCtrlr", "NextTimeOffsetTransitionDateTime"): _(
        "When its local time next changes, for summer or winter."
    ),
    ("ClockCtrlr", "NtpServerUri"): _("Where it asks for the time."),
    ("ClockCtrlr", "NtpSource"): _("Who names the time server."),
    ("ClockCtrlr", "TimeAdjustmentReportingThreshold"): _(
        "It tells when its clock was put right by more than this."
    ),
    ("ClockCtrlr", "TimeOffset"): _("Its local time against UTC."),
    ("ClockCtrlr", "TimeSource"): _(
        "Where its time comes from, the first that works; Heartbeat: from us."
    ),
    ("ClockCtrlr", "TimeZone"): _("Its time zone."),
    ("CustomizationCtrlr", "CustomImplementationEnabled"): _("A vendor's own extension is on."),
    ("DeviceDataCtrlr", "BytesPerMessage"): _("How long a message of this kind may be."),
    ("DeviceDataCtrlr", "ConfigurationValueSize"): _("How long a value that is set may be."),
    ("DeviceDataCtrlr", "ItemsPerMessage"): _("How many settings a message of this kind may name."),
    ("DeviceDataCtrlr", "ReportingValueSize"): _("How long a value that is reported may be."),
    ("DeviceDataCtrlr", "ValueSize"): _("How long a value may be."),
    ("DisplayMessageCtrlr", "DisplayMessages"): _("Messages that it shows."),
    ("DisplayMessageCtrlr", "PersonalMessageSize"): _("How long a message to one driver may be."),
    ("DisplayMessageCtrlr", "SupportedFormats"): _("How messages may be written."),
    ("DisplayMessageCtrlr", "SupportedPriorities"): _("How important messages may be."),
    ("ISO15118Ctrlr", "CentralContractValidationAllowed"): _(
        "Contracts that it can't check itself are checked here."
    ),
    ("ISO15118Ctrlr", "ContractCertificateInstallationEnabled"): _(
        "A vehicle may get a contract through it."
    ),
    ("ISO15118Ctrlr", "ContractValidationOffline"): _(
        "Contracts are checked while it is offline, too."
    ),
    ("ISO15118Ctrlr", "PnCEnabled"): _("Plug & charge is on."),
    ("ISO15118Ctrlr", "RequestMeteringReceipt"): _("The vehicle has to confirm the meter."),
    ("ISO15118Ctrlr", "SeccId"): _("Its name towards vehicles."),
    ("ISO15118Ctrlr", "CountryName"): _("The country in its certificate."),
    ("ISO15118Ctrlr", "OrganizationName"): _("Whose it is, in its certificate for vehicles."),
    ("LocalAuthListCtrlr", "BytesPerMessage"): _("How long a message with tokens may be."),
    ("LocalAuthListCtrlr", "Entries"): _("Tokens on its list."),
    ("LocalAuthListCtrlr", "ItemsPerMessage"): _("Tokens that it takes in one message."),
    ("LocalAuthListCtrlr", "Storage"): _("Bytes that its list takes."),
    ("LocalAuthListCtrlr", "DisablePostAuthorize"): _(
        "Tokens that aren't accepted on the list aren't asked for again."
    ),
    ("MonitoringCtrlr", "ActiveMonitoringBase"): _("Which monitors it began with."),
    ("MonitoringCtrlr", "ActiveMonitoringLevel"): _("Events of this severity and graver are told."),
    ("MonitoringCtrlr", "BytesPerMessage"): _("How long a message of this kind may be."),
    ("MonitoringCtrlr", "ItemsPerMessage"): _("How many monitors a message of this kind may name."),
    ("MonitoringCtrlr", "OfflineQueuingSeverity"): _(
        "While offline, events of this severity and graver are kept for later."
    ),
    ("OCPPCommCtrlr", "ActiveNetworkProfile"): _("The way by which it is connected now."),
    ("OCPPCommCtrlr", "FileTransferProtocols"): _("How it fetches firmware and sends logs."),
    ("OCPPCommCtrlr", "HeartbeatInterval"): _("Between heartbeats while nothing else is said."),
    ("OCPPCommCtrlr", "MessageAttemptInterval"): _(
        "Before it sends a session's message again; grows with each try."
    ),
    ("OCPPCommCtrlr", "MessageAttempts"): _(
        "How often it sends a session's message that we failed to take."
    ),
    ("OCPPCommCtrlr", "MessageTimeout"): _("How long it waits for an answer."),
    ("OCPPCommCtrlr", "NetworkConfigurationPriority"): _(
        "The ways to reach us, in the order in which it tries them."
    ),
    ("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"): _(
        "How often it tries one way before the next."
    ),
    ("OCPPCommCtrlr", "OfflineThreshold"): _("After so long offline it tells its status anew."),
    ("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue"): _("When it sends the meter's key along."),
    ("OCPPCommCtrlr", "QueueAllMessages"): _("While offline it keeps every message."),
    ("OCPPCommCtrlr", "ResetRetries"): _("How often it tries a restart that failed again."),
    ("OCPPCommCtrlr", "RetryBackOffRandomRange"): _(
        "Chance in the pause before it connects again."
    ),
    ("OCPPCommCtrlr", "RetryBackOffRepeatTimes"): _("How often that pause doubles."),
    ("OCPPCommCtrlr", "RetryBackOffWaitMinimum"): _("The shortest pause before it connects again."),
    ("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"): _(
        "It unlocks its side when the cable is pulled at the vehicle."
    ),
    ("OCPPCommCtrlr", "WebSocketPingInterval"): _("Between its pings on the line; 0: none."),
    ("ReservationCtrlr", "NonEvseSpecific"): _("It can be reserved without naming a port."),
    ("SampledDataCtrlr", "SignReadings"): _("Meter values are signed by the meter."),
    ("SampledDataCtrlr", "TxEndedInterval"): _("Between those that are sent when a session ends."),
    ("SampledDataCtrlr", "TxEndedMeasurands"): _("What it tells when a session ends."),
    ("SampledDataCtrlr", "TxStartedMeasurands"): _("What it tells when a session begins."),
    ("SampledDataCtrlr", "TxUpdatedInterval"): _("Between meter values during a session; 0: none."),
    ("SampledDataCtrlr", "TxUpdatedMeasurands"): _("What they tell."),
    ("SampledDataCtrlr", "RegisterValuesWithoutPhases"): _(
        "Meter registers are told without phases."
    ),
    ("SecurityCtrlr", "AdditionalRootCertificateCheck"): _(
        "A new root for us must be signed by the one it replaces."
    ),
    ("SecurityCtrlr", "BasicAuthPassword"): _(
        "Its key for connecting to us. Nobody can read it; change it by “Change the key”."
    ),
    ("SecurityCtrlr", "CertificateEntries"): _("Certificates that it keeps."),
    ("SecurityCtrlr", "CertSigningRepeatTimes"): _("How often it asks again for a certificate."),
    ("SecurityCtrlr", "CertSigningWaitMinimum"): _(
        "The shortest wait before it asks again for a certificate."
    ),
    ("SecurityCtrlr", "Identity"): _("Its name towards us."),
    ("SecurityCtrlr", "MaxCertificateChainSize"): _("How long a chain of certificates it takes."),
    ("SecurityCtrlr", "OrganizationName"): _("Whose it is: stands in its certificate."),
    ("SecurityCtrlr", "SecurityProfile"): _("How securely it connects: 0 to 3."),
    ("SmartChargingCtrlr", "Entries"): _("Charging profiles that it keeps at once."),
    ("SmartChargingCtrlr", "ExternalControlSignalsEnabled"): _(
        "Others may limit it, e.g. the grid's operator."
    ),
    ("SmartChargingCtrlr", "LimitChangeSignificance"): _("Smaller changes of a limit aren't told."),
    ("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules"): _(
        "It tells the schedule when somebody else limits it."
    ),
    ("SmartChargingCtrlr", "PeriodsPerSchedule"): _("Steps that a charging schedule may have."),
    ("SmartChargingCtrlr", "Phases3to1"): _(
        "It can switch from three phases to one during a session."
    ),
    ("SmartChargingCtrlr", "ProfileStackLevel"): _(
        "The highest stack level of a charging profile."
    ),
    ("SmartChargingCtrlr", "RateUnit"): _("Whether limits are given in A or in W."),
    ("SmartChargingCtrlr", "ACPhaseSwitchingSupported"): _(
        "It can choose the phase that it charges by."
    ),
    ("TariffCostCtrlr", "Currency"): _("The currency of its prices."),
    ("TariffCostCtrlr", "TariffFallbackMessage"): _("What it shows where no price is known."),
    ("TariffCostCtrlr", "TotalCostFallbackMessage"): _("What it shows where no cost is known."),
    ("TxCtrlr", "ChargingTime"): _("How long it has charged."),
    ("TxCtrlr", "EVConnectionTimeOut"): _("From a token to the plug, until it gives up."),
    ("TxCtrlr", "MaxEnergyOnInvalidId"): _("Energy for a token that turns out not to be valid."),
    ("TxCtrlr", "StopTxOnEVSideDisconnect"): _(
        "A session ends when the cable is pulled at the vehicle."
    ),
    ("TxCtrlr", "StopTxOnInvalidId"): _("A session ends when its token turns out not to be valid."),
    ("TxCtrlr", "TxBeforeAcceptedEnabled"): _(
        "Sessions may begin before we have accepted its boot."
    ),
    ("TxCtrlr", "TxStartPoint"): _("What a session begins with."),
    ("TxCtrlr", "TxStopPoint"): _("What a session ends with."),
}  # fmt: skip
