"""Action -> handler, for OCPP 2.0.1."""

from cpms.ocpp import signing
from cpms.ocpp.routing import Routes
from cpms.ocpp.v201 import (
    authorization,
    availability,
    certificates,
    data_transfer,
    diagnostics,
    display,
    firmware,
    metering,
    provisioning,
    security,
    smart_charging,
    transactions,
)

ROUTES = Routes(
    version="2.0.1",
    handlers={
        "Authorize": authorization.authorize,
        "BootNotification": provisioning.boot_notification,
        "ClearedChargingLimit": smart_charging.cleared_charging_limit,
        "DataTransfer": data_transfer.data_transfer,
        "FirmwareStatusNotification": firmware.firmware_status,
        "Get15118EVCertificate": certificates.get_15118_ev_certificate,
        "GetCertificateStatus": certificates.get_certificate_status,
        "Heartbeat": provisioning.heartbeat,
        "LogStatusNotification": diagnostics.log_status,
        "MeterValues": metering.meter_values,
        "NotifyChargingLimit": smart_charging.charging_limit,
        "NotifyCustomerInformation": display.customer_information,
        "NotifyDisplayMessages": display.display_messages,
        "NotifyEVChargingNeeds": smart_charging.charging_needs,
        "NotifyEVChargingSchedule": smart_charging.charging_schedule,
        "NotifyEvent": diagnostics.notify_event,
        "NotifyMonitoringReport": diagnostics.monitoring_report,
        "NotifyReport": provisioning.notify_report,
        "PublishFirmwareStatusNotification": firmware.published_firmware_status,
        "ReportChargingProfiles": smart_charging.charging_profiles,
        "ReservationStatusUpdate": display.reservation_status,
        "SecurityEventNotification": security.security_event,
        "SignCertificate": signing.sign_certificate,
        "StatusNotification": availability.status_notification,
        "TransactionEvent": transactions.transaction_event,
    },
)
