"""Action -> handler, for OCPP 1.6 with the security extension."""

from cpms.ocpp import signing
from cpms.ocpp.routing import Routes
from cpms.ocpp.v16 import core, progress, transactions

ROUTES = Routes(
    version="1.6",
    handlers={
        "Authorize": core.authorize,
        "BootNotification": core.boot_notification,
        "DataTransfer": core.data_transfer,
        "DiagnosticsStatusNotification": progress.diagnostics_status,
        "FirmwareStatusNotification": progress.firmware_status,
        "Heartbeat": core.heartbeat,
        "LogStatusNotification": progress.log_status,
        "MeterValues": transactions.meter_values,
        "SecurityEventNotification": progress.security_event,
        "SignCertificate": signing.sign_certificate,
        "SignedFirmwareStatusNotification": progress.firmware_status,
        "StartTransaction": transactions.start_transaction,
        "StatusNotification": core.status_notification,
        "StopTransaction": transactions.stop_transaction,
    },
)
