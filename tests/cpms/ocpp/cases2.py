"""Messages that 2.0.1 and 2.1 have in common, valid in both."""

from typing import Any

from monitoring.models import Event, MeterSample, ReportedVariable, Session, StatusSpan
from tests.cpms.ocpp.actions import Case, ago

TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "ab12",
    "issuerKeyHash": "cd34",
    "serialNumber": "77",
}
SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
}
CONNECTOR = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}

COMMON = [
    Case(
        "BootNotification",
        {
            "reason": "Watchdog",
            "chargingStation": {
                "vendorName": "Acme",
                "model": "Two",
                "serialNumber": "S-2",
                "firmwareVersion": "2.0",
                "modem": {"iccid": "8949020000000000002", "imsi": "262010000000002"},
            },
        },
        Event,
        {
            "kind": "boot",
            "code": "Accepted",
            "text": "Watchdog",
            "data": {
                "vendor": "Acme",
                "model": "Two",
                "serial_number": "S-2",
                "firmware_version": "2.0",
                "iccid": "8949020000000000002",
                "imsi": "262010000000002",
            },
        },
        {"status": "Accepted"},
    ),
    Case(
        "StatusNotification",
        {"timestamp": ago(90), "connectorStatus": "Occupied", "evseId": 2, "connectorId": 1},
        StatusSpan,
        {"evse__number": 2, "started": ago(90), "ended": None, "status": "Occupied"},
    ),
    Case(
        "Authorize",
        {"idToken": TOKEN},
        Event,
        {"kind": "authorization", "code": "Accepted", "text": "AABBCCDD"},
        {"idTokenInfo": {"status": "Accepted"}},
    ),
    Case(
        "TransactionEvent",
        {
            "eventType": "Started",
            "timestamp": ago(60),
            "triggerReason": "RemoteStart",
            "seqNo": 0,
            "transactionInfo": {
                "transactionId": "T-1",
                "chargingState": "EVConnected",
                "remoteStartId": 91,
            },
            "evse": {"id": 2, "connectorId": 1},
            "idToken": TOKEN,
            "meterValue": [
                {
                    "timestamp": ago(60),
                    "sampledValue": [{"value": 1500.0, "context": "Transaction.Begin"}],
                }
            ],
        },
        Session,
        {
            "transaction_id": "T-1",
            "evse__number": 2,
            "connector": 1,
            "started": ago(60),
            "ended": None,
            "id_token": "AABBCCDD",
            "authorization": "Accepted",
            "remote_start_id": 91,
            "meter_start": 1500.0,
            "charging_state": "EVConnected",
            "seq_no": 0,
            "flags": [],
        },
        {"idTokenInfo": {"status": "Accepted"}},
    ),
    Case(
        "MeterValues",
        {
            "evseId": 1,
            "meterValue": [
                {
                    "timestamp": ago(45),
                    "sampledValue": [
                        {"value": 2.5, "unitOfMeasure": {"unit": "kWh"}},
                        {"value": 231.0, "measurand": "Voltage", "phase": "L1-N"},
                    ],
                }
            ],
        },
        MeterSample,
        {"at": ago(45), "energy": 2500.0, "voltage_l1": 231.0},
    ),
    Case(
        "ClearedChargingLimit",
        {"chargingLimitSource": "EMS", "evseId": 1},
        Event,
        {"kind": "charging_limit_cleared", "code": "EMS", "evse__number": 1},
    ),
    Case(
        "DataTransfer",
        {"vendorId": "com.acme", "messageId": "hello", "data": {"x": [1]}},
        Event,
        {"kind": "data_transfer", "code": "com.acme", "data__data": {"x": [1]}},
        {"status": "UnknownVendorId"},
    ),
    Case(
        "FirmwareStatusNotification",
        {"status": "InstallVerificationFailed", "requestId": 5},
        Event,
        {"kind": "firmware_status", "code": "InstallVerificationFailed", "severity": 3},
    ),
    Case(
        "Get15118EVCertificate",
        {
            "iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef",
            "action": "Install",
            "exiRequest": "gJgC",
        },
        Event,
        {"kind": "ev_certificate_request", "code": "Install", "data__exiRequest": "gJgC"},
        {"status": "Failed", "exiResponse": ""},
    ),
    Case(
        "GetCertificateStatus",
        {"ocspRequestData": {**HASH, "responderURL": "http://ocsp.example"}},
        Event,
        {
            "kind": "certificate_status_request",
            "data__ocspRequestData__responderURL": "http://ocsp.example",
        },
        {"status": "Failed"},
    ),
    Case(
        "LogStatusNotification",
        {"status": "UploadFailure", "requestId": 6},
        Event,
        {"kind": "log_status", "code": "UploadFailure", "severity": 3, "data__requestId": 6},
    ),
    Case(
        "NotifyChargingLimit",
        {
            "evseId": 2,
            "chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True},
            "chargingSchedule": [SCHEDULE],
        },
        Event,
        {
            "kind": "charging_limit",
            "evse__number": 2,
            "data__chargingLimit__isGridCritical": True,
        },
    ),
    Case(
        "NotifyCustomerInformation",
        {"data": "TAG-1", "seqNo": 0, "generatedAt": ago(30), "requestId": 7},
        Event,
        {"kind": "customer_information", "at": ago(30), "data__requestId": 7, "data__length": 5},
    ),
    Case(
        "NotifyDisplayMessages",
        {
            "requestId": 8,
            "messageInfo": [
                {
                    "id": 1,
                    "priority": "InFront",
                    "message": {"format": "UTF8", "content": "Moin"},
                }
            ],
        },
        Event,
        {"kind": "display_messages", "data__messageInfo__0__message__content": "Moin"},
    ),
    Case(
        "NotifyEVChargingSchedule",
        {"timeBase": ago(0), "evseId": 2, "chargingSchedule": SCHEDULE},
        Event,
        {"kind": "charging_schedule", "evse__number": 2, "data__chargingSchedule__id": 1},
        {"status": "Accepted"},
    ),
    Case(
        "NotifyEvent",
        {
            "generatedAt": ago(20),
            "seqNo": 0,
            "eventData": [
                {
                    "eventId": 3,
                    "timestamp": ago(21),
                    "trigger": "Delta",
                    "actualValue": "Faulted",
                    "techCode": "E42",
                    "techInfo": "relay welded",
                    "component": CONNECTOR,
                    "variable": {"name": "AvailabilityState"},
                    "eventNotificationType": "HardWiredNotification",
                }
            ],
        },
        Event,
        {
            "kind": "device_event",
            "at": ago(21),
            "evse__number": 1,
            "code": "E42",
            "text": "relay welded",
            "data__eventId": 3,
        },
    ),
    Case(
        "NotifyReport",
        {
            "requestId": 9,
            "generatedAt": ago(15),
            "seqNo": 0,
            "reportData": [
                {
                    "component": {"name": "EVSE", "evse": {"id": 1}},
                    "variable": {"name": "Power"},
                    "variableAttribute": [
                        {"type": "MaxSet", "value": "22000", "mutability": "ReadOnly"}
                    ],
                    "variableCharacteristics": {
                        "dataType": "decimal",
                        "supportsMonitoring": True,
                    },
                }
            ],
        },
        ReportedVariable,
        {
            "component": "EVSE",
            "evse": 1,
            "variable": "Power",
            "attribute": "MaxSet",
            "value": "22000",
            "mutability": "ReadOnly",
            "reported_at": ago(15),
        },
    ),
    Case(
        "PublishFirmwareStatusNotification",
        {"status": "Published", "location": ["http://10.0.0.2/fw.bin"], "requestId": 10},
        Event,
        {"kind": "published_firmware_status", "code": "Published", "severity": 6},
    ),
    Case(
        "ReportChargingProfiles",
        {
            "requestId": 11,
            "chargingLimitSource": "CSO",
            "evseId": 1,
            "chargingProfile": [
                {
                    "id": 1,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Relative",
                    "chargingSchedule": [SCHEDULE],
                }
            ],
        },
        Event,
        {"kind": "charging_profiles", "code": "CSO", "evse__number": 1},
    ),
    Case(
        "ReservationStatusUpdate",
        {"reservationId": 12, "reservationUpdateStatus": "Expired"},
        Event,
        {"kind": "reservation_status", "code": "Expired", "data__reservationId": 12},
    ),
    Case(
        "SecurityEventNotification",
        {"type": "StartupOfTheDevice", "timestamp": ago(100)},
        Event,
        {
            "kind": "security_event",
            "code": "StartupOfTheDevice",
            "at": ago(100),
            "severity": 6,
        },
    ),
    Case(
        "SignCertificate",
        {"csr": "-----BEGIN…", "certificateType": "V2GCertificate"},
        Event,
        {"kind": "certificate_request", "code": "InvalidCSR"},
        {"status": "Rejected"},
    ),
]
NEEDS = {
    "evseId": 1,
    "chargingNeeds": {
        "requestedEnergyTransfer": "DC",
        "dcChargingParameters": {"evMaxCurrent": 300, "evMaxVoltage": 800},
    },
}
MONITOR: dict[str, Any] = {
    "component": {"name": "FiscalMetering"},
    "variable": {"name": "Temperature"},
    "variableMonitoring": [
        {"id": 1, "transaction": False, "value": 70.0, "type": "UpperThreshold", "severity": 5}
    ],
}
