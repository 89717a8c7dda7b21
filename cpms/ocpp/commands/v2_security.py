"""Keys and certificates in OCPP 2.0.1 and 2.1. (Part 2, A)"""

from typing import Any

from cpms.control.operations import Operation, security
from cpms.ocpp.commands import v2_certificates

Said = tuple[str, dict[str, Any]]


def change_password(asked: security.ChangePassword) -> Said:
    """A01."""
    setting = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": asked.password,
    }
    return "SetVariables", {"setVariableData": [setting]}


TRANSLATORS: dict[type[Operation], Any] = {
    security.ChangePassword: change_password,
    **v2_certificates.TRANSLATORS,
}
