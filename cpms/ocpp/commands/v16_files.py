"""Firmware and logs in OCPP 1.6. (§5.9, §5.19; Improved security for OCPP 1.6-J §5.6, §5.22)"""

from datetime import UTC, datetime
from typing import Any

from cpms.control.operations import BadRequest, Operation, files
from cpms.ocpp.times import say

Said = tuple[str, dict[str, Any]]

LOGS = {"diagnostics": "DiagnosticsLog", "security": "SecurityLog"}


def update_firmware(asked: files.UpdateFirmware) -> Said:
    """§5.19; what is signed goes out as the security extension's message."""
    if asked.signature:
        return "SignedUpdateFirmware", {
            "requestId": asked.request_id,
            "retries": asked.retries,
            "retryInterval": asked.retry_interval,
            "firmware": firmware(asked),
        }
    if asked.install_at is not None:
        raise BadRequest("OCPP 1.6 installs unsigned firmware at once: leave the time out.")
    return "UpdateFirmware", {
        "location": asked.location,
        "retrieveDate": say(asked.retrieve_at or datetime.now(UTC)),
        "retries": asked.retries,
        "retryInterval": asked.retry_interval,
    }


def firmware(asked: files.UpdateFirmware) -> dict[str, Any]:
    """Return a FirmwareType, the same in 2.x."""
    about = {
        "location": asked.location,
        "retrieveDateTime": say(asked.retrieve_at or datetime.now(UTC)),
        "installDateTime": asked.install_at and say(asked.install_at),
        "signingCertificate": asked.certificate,
        "signature": asked.signature,
    }
    return {name: value for name, value in about.items() if value is not None}


def log(asked: files.GetLog) -> dict[str, Any]:
    """Return LogParametersType, the same in 2.x."""
    about = {
        "remoteLocation": asked.location,
        "oldestTimestamp": asked.since and say(asked.since),
        "latestTimestamp": asked.until and say(asked.until),
    }
    return {name: value for name, value in about.items() if value is not None}


def get_diagnostics(asked: files.GetDiagnostics) -> Said:
    """§5.9."""
    return "GetDiagnostics", {
        "location": asked.location,
        "startTime": asked.since and say(asked.since),
        "stopTime": asked.until and say(asked.until),
        "retries": asked.retries,
        "retryInterval": asked.retry_interval,
    }


def get_log(asked: files.GetLog) -> Said:
    """Security extension §5.6."""
    if asked.log not in LOGS:
        raise BadRequest("OCPP 1.6 has diagnostics and a security log only.")
    return "GetLog", {
        "logType": LOGS[asked.log],
        "requestId": asked.request_id,
        "retries": asked.retries,
        "retryInterval": asked.retry_interval,
        "log": log(asked),
    }


TRANSLATORS: dict[type[Operation], Any] = {
    files.UpdateFirmware: update_firmware,
    files.GetDiagnostics: get_diagnostics,
    files.GetLog: get_log,
}
