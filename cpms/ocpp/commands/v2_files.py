"""Firmware and logs in OCPP 2.0.1 and 2.1. (Part 2, L and N01)"""

from typing import Any

from cpms.control.operations import Operation, files
from cpms.ocpp.commands.v16_files import firmware, log

Said = tuple[str, dict[str, Any]]

LOGS = {
    "diagnostics": "DiagnosticsLog",
    "security": "SecurityLog",
    "data_collector": "DataCollectorLog",
}


def _tries(asked: files.Transferring) -> dict[str, Any]:
    return {
        "requestId": asked.request_id,
        "retries": asked.retries,
        "retryInterval": asked.retry_interval,
    }


def update_firmware(asked: files.UpdateFirmware) -> Said:
    """L01, L02."""
    return "UpdateFirmware", {**_tries(asked), "firmware": firmware(asked)}


def publish_firmware(asked: files.PublishFirmware) -> Said:
    """L03."""
    about = {"location": asked.location, "checksum": asked.checksum}
    return "PublishFirmware", {**_tries(asked), **about}


def unpublish_firmware(asked: files.UnpublishFirmware) -> Said:
    """L04."""
    return "UnpublishFirmware", {"checksum": asked.checksum}


def get_log(asked: files.GetLog) -> Said:
    """N01; the data collector's log is of 2.1, which its schema says."""
    return "GetLog", {**_tries(asked), "logType": LOGS[asked.log], "log": log(asked)}


TRANSLATORS: dict[type[Operation], Any] = {
    files.UpdateFirmware: update_firmware,
    files.PublishFirmware: publish_firmware,
    files.UnpublishFirmware: unpublish_firmware,
    files.GetLog: get_log,
}
