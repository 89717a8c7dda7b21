"""Validation by the OCPP JSON schemas that the `ocpp` library ships, compiled once.

Chargers break the schema in ways that lose nothing; those are repaired or let pass, and
counted (`Breakage`). What can't be understood is refused with the version's error code.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import ocpp

from cpms.ocpp.frames import CODES

FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
#: Actions of 2.1 that are sent and not answered: their schema is not named a request.
UNCONFIRMED = frozenset({"NotifyPeriodicEventStream"})
#: Errors looked at in one message; one with more is refused.
MOST_ERRORS = 500
#: Values in a payload that is repaired; the validator reports all errors at once, and a million
#: of them would take seconds and a gigabyte.
MOST_VALUES = 5_000
#: The largest integers anywhere in OCPP; a text or a float beyond is no number.
MOST_INTEGER = 2**63
#: Rounds of repair: what was hidden behind an error shows when that is mended.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Breakage:
    """One way in which a message broke its schema without harm, e.g. `null at /info`."""

    kind: str
    path: str


class BadPayload(Exception):
    """A payload that can't be understood; `code` is the version's CALLERROR code."""

    def __init__(self, code: str, description: str) -> None:
        """Say what is wrong and where."""
        super().__init__(description)
        self.code = code
        self.description = description


@cache
def actions(version: str) -> tuple[str, ...]:
    """Return the names of all requests of a version, in the order of the alphabet."""
    folder = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas"
    names = {path.stem.removesuffix("Request") for path in folder.glob("*.json")}
    return tuple(sorted(name for name in names if validator(version, name) is not None))


@cache
def validator(version: str, action: str, answer: bool = False) -> Any | None:
    """Return the compiled validator of a request (or answer), None for an unknown action."""
    folder = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas"
    request = "" if version == "1.6" or action in UNCONFIRMED else "Request"
    path = folder / f"{action}{'Response' if answer else request}.json"
    if not action.isalnum() or action.endswith("Response") or not path.is_file():
        return None
    return jsonschema_rs.validator_for(json.loads(path.read_text("utf-8-sig")))


def check(
    version: str, action: str, payload: Any, *, answer: bool = False
) -> tuple[Any, Sequence[Breakage]]:
    """Return the payload of a request (or answer), repaired where needed, and how it broke the
    schema.

    Raises `BadPayload` for what can't be understood; `payload` may have been changed then.
    """
    schema = validator(version, action, answer)
    try:
        if schema is None or schema.is_valid(payload):
            return payload, ()
        return _repair(schema, version, payload)
    except ValueError:  # the validator's word for it
        raise BadPayload(CODES[version].format, "Nested too deeply.") from None


def _repair(schema: Any, version: str, payload: Any) -> tuple[Any, Sequence[Breakage]]:
    breakages: list[Breakage] = []
    if payload is None or payload == []:  # "null payloads", and {} written by PHP
        payload = {}
        breakages.append(Breakage("null", ""))
    if _has_more_values(payload, MOST_VALUES):
        raise BadPayload(CODES[version].format, "Broken, and too large to be repaired.")
    for _round in range(ROUNDS):
        errors = _errors(schema, version, payload)
        hard = [error for error in errors if not _mend(payload, error, breakages)]
        if not any(_kind(error) in REPAIRED for error in errors):
            break
    if hard:
        raise _refusal(hard[0], version)
    return payload, breakages


def _has_more_values(payload: Any, most: int) -> bool:
    waiting, seen = [payload], 0
    while waiting and seen <= most:
        value = waiting.pop()
        if isinstance(value, dict | list):
            seen += len(value)
            if seen <= most:
                waiting.extend(value.values() if isinstance(value, dict) else value)
    return seen > most


def _errors(schema: Any, version: str, payload: Any) -> list[Any]:
    errors = []
    for error in schema.iter_errors(payload):
        errors.append(error)
        if len(errors) > MOST_ERRORS:
            raise BadPayload(CODES[version].format, "More errors than can be repaired.")
    return sorted(errors, key=lambda error: len(error.instance_path), reverse=True)


def _mend(payload: Any, error: Any, breakages: list[Breakage]) -> bool:
    """Repair what `error` found, or let it pass; False where it can't be understood."""
    mend = MENDS.get(_kind(error))
    path = list(error.instance_path)
    name = mend(payload, path, error) if mend else None
    if name is None:
        return False
    shown = "/".join("*" if isinstance(step, int) else str(step)[:50] for step in path)
    breakage = Breakage(name, shown)
    if len(breakages) < 20 and breakage not in breakages:
        breakages.append(breakage)
    return True


def _kind(error: Any) -> str:
    return type(error.kind).__name__.rsplit("_", 1)[-1]


def _at(payload: Any, path: list[Any]) -> tuple[Any, Any]:
    """Return the container at the path and the last step, following repairs made before."""
    for step in path[:-1]:
        payload = payload[step]
    return payload, path[-1]


def _wrong_type(payload: Any, path: list[Any], error: Any) -> str | None:
    if not path:
        return None
    holder, step = _at(payload, path)
    try:
        value = holder[step]
    except (KeyError, IndexError, TypeError):
        return "gone"
    wanted = error.kind.types
    if value is None and isinstance(holder, dict):
        del holder[step]
        return "null"
    return (
        _convert(holder, step, value, wanted)
        or _unreadable(path[:-1], step)
        or _no_transaction(payload, path[:-1], step)
    )


def _unreadable(path: list[Any], name: str) -> str | None:
    """Let a sample pass without a number in it: it never loses the rest of the message."""
    return "unreadable_value" if name == "value" and "sampledValue" in path[-2:] else None


#: What a message can do without: it happened when it came, and the energy isn't known.
DISPENSABLE = frozenset({"timestamp", "meterStop"})


def _missing(payload: Any, path: list[Any], error: Any) -> str | None:
    name = error.kind.property
    if name in DISPENSABLE:
        return "missing"
    return _unreadable(path, name) or _no_transaction(payload, path, name)


def _no_transaction(payload: Any, path: list[Any], name: str) -> str | None:
    """Give a 1.6 stop of no transaction the id of none: it is answered, whatever it says.

    A charger that got an error would send it for ever. (steve#156, OCPP.Core#34)
    """
    if path or name != "transactionId" or "meterStop" not in payload:
        return None
    payload[name] = -1
    return "no_transaction"


def _convert(holder: Any, step: Any, value: Any, wanted: Sequence[str]) -> str | None:
    if "string" in wanted and isinstance(value, int | float | bool):
        holder[step] = json.dumps(value)
        return "number_as_string" if not isinstance(value, bool) else "boolean_as_string"
    if "array" in wanted and isinstance(value, dict):
        holder[step] = [value]
        return "object_for_array"
    if isinstance(value, float) and "integer" in wanted:
        return _whole(holder, step, value)
    if isinstance(value, str):
        return _from_text(holder, step, value, wanted)
    return None


#: Whole numbers by the schema of which the fraction says something.
REGISTERS = frozenset({"meterStart", "meterStop"})
NUMERIC = frozenset({"integer", "number"})


def _whole(holder: Any, step: Any, value: float) -> str | None:
    if step in REGISTERS:
        return "fraction"
    if not value.is_integer() or abs(value) >= MOST_INTEGER:
        return None
    holder[step] = int(value)
    return "float_as_integer"


def _from_text(holder: Any, step: Any, value: str, wanted: Sequence[str]) -> str | None:
    try:
        if "integer" in wanted and step not in REGISTERS:
            holder[step] = _integer(value)
        elif NUMERIC & set(wanted) and math.isfinite(float(value)):
            holder[step] = float(value)
        elif "boolean" in wanted and value.lower() in {"true", "false"}:
            holder[step] = value.lower() == "true"
        else:
            return None
    except ValueError:
        return None
    return "string_as_number"


def _integer(text: str) -> int:
    """Return the integer in `text`, also "7.0"; raise ValueError for anything else."""
    number = float(text) if "." in text else int(text)
    if not -MOST_INTEGER < number < MOST_INTEGER or number != int(number):
        raise ValueError(text)
    return int(number)


#: A token, transaction or serial number cut short would be another one.
KEPT_WHOLE = frozenset(
    {"idToken", "idTag", "transactionId", "serialNumber", "model", "vendorName", "chargePointModel"}
    | {"chargePointVendor", "chargePointSerialNumber", "chargeBoxSerialNumber", "firmwareVersion"}
)


def _too_long(payload: Any, path: list[Any], error: Any) -> str | None:
    if not path:
        return None
    holder, step = _at(payload, path)
    limit = error.kind.limit
    if isinstance(holder[step], str):
        if step not in KEPT_WHOLE:
            holder[step] = holder[step][:limit]
        elif len(holder[step]) > 255:
            return None
        return "too_long"
    return None


#: Enumerations in which a value we don't know loses nothing.
OPEN_ENUMS = frozenset(
    {"unit", "measurand", "phase", "location", "context", "format", "errorCode", "reason"}
    | {"triggerReason", "stoppedReason", "chargingState", "type", "status", "state", "cause"}
    | {"trigger", "eventNotificationType", "dataType", "mutability", "chargingLimitSource"}
    | {"chargingProfilePurpose", "operationMode", "hashAlgorithm", "gridEventFault"}
)


def _unknown_value(payload: Any, path: list[Any], error: Any) -> str | None:
    if path and path[-1] in OPEN_ENUMS and len(path) > (1 if path[-1] == "status" else 0):
        return "unknown_value"
    return None


MAY_BE_EMPTY = frozenset(
    {"sampledValue", "meterValue", "transactionData", "reportData", "monitor", "messageInfo"}
    | {"eventData"}
)


def _too_few(payload: Any, path: list[Any], error: Any) -> str | None:
    if path and path[-1] in MAY_BE_EMPTY:
        return "empty"
    return None


def _let_pass(kind: str) -> Any:
    return lambda payload, path, error: kind


#: Kind of schema error -> its repair, which returns the name it is counted under.
MENDS = {
    "Type": _wrong_type,
    "MaxLength": _too_long,
    "Enum": _unknown_value,
    "MinItems": _too_few,
    "Required": _missing,
    "AdditionalProperties": _let_pass("extra_property"),
    "Format": _let_pass("format"),
    "MultipleOf": _let_pass("precision"),
}

#: Kinds whose repair changes the payload: something else may show then.
REPAIRED = frozenset({"Type", "MaxLength"})
#: Kind of schema error -> 2.x code, where it isn't a matter of type.
_PROPERTY = {"Minimum", "Maximum", "MinLength", "MaxLength", "Enum", "Pattern"}


def told(error: Any) -> str:
    """Return what a schema error is, and where."""
    where = "/".join(str(step)[:50] for step in error.instance_path) or "the payload"
    return f"{where}: {error.message[:200]}"


def _refusal(error: Any, version: str) -> BadPayload:
    kind = _kind(error)
    description = told(error)
    if kind == "Type" and error.instance_path:
        return BadPayload("TypeConstraintViolation", description)
    if kind in {"Required", "MinItems", "MaxItems"}:
        return BadPayload(CODES[version].occurrence, description)
    if kind in _PROPERTY:
        return BadPayload("PropertyConstraintViolation", description)
    return BadPayload(CODES[version].format, description)
