"""The schemas of the `ocpp` library, by which a careful charger judges what it is sent."""

import json
from decimal import Decimal
from typing import Any

from ocpp.messages import MessageType, get_validator

from cpms.ocpp.simulator.rpc import CallError

#: These have decimals of which the schema wants at most one: binary floats would fail that.
WITH_DECIMALS = {"SetChargingProfile", "RemoteStartTransaction"}

#: The rule broken -> the error code; 1.6 spells some of them another way (OCPP-J 1.6 §4.2.3).
CODES = {
    "type": "TypeConstraintViolation",
    "required": "OccurrenceConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
}
CODES_16 = {
    **CODES,
    "required": "OccurenceConstraintViolation",
}


def check(version: str, action: str, payload: Any) -> None:
    """Raise CallError unless `action` is of this version and `payload` as its schema says."""
    validator = _validator(version, action)
    if version == "1.6" and action in WITH_DECIMALS:
        payload = json.loads(json.dumps(payload), parse_float=Decimal)
    problem = next(iter(validator.iter_errors(payload)), None)
    if problem is not None:
        raise CallError(_code(version, problem.validator), problem.message)


def _validator(version: str, action: str) -> Any:
    parse = Decimal if version == "1.6" and action in WITH_DECIMALS else float
    try:
        return get_validator(MessageType.Call, action, version, parse_float=parse)
    except OSError:
        raise CallError("NotImplemented", f"OCPP {version} has no {action}") from None


def _code(version: str, rule: str) -> str:
    if version == "1.6":
        return CODES_16.get(rule, "FormationViolation")
    return CODES.get(rule, "FormatViolation")
