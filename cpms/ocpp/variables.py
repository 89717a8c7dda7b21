"""Variables of the device model (2.x) and configuration keys (1.6), as what is kept of them."""

import re
from collections.abc import Iterator
from typing import Any

from cpms.ocpp.text import clean
from monitoring.encoding import dumps
from monitoring.facts import Told
from monitoring.masking import MASK, is_secret

#: More than any EVSE or connector number; what is beyond doesn't fit the column.
MOST_NUMBER = 32_767
LONGEST = 2_500
#: A list of allowed values is kept up to so many characters. (VariableCharacteristicsType)
LONGEST_LIST = 1_000
#: The password in an address with a user.
IN_ADDRESS = re.compile(r"(//[^/\s:@]{1,200}:)[^/\s@]{1,200}@")

#: VariableCharacteristicsType -> what it is kept as.
CHARACTERISTICS = {
    "dataType": "type",
    "unit": "unit",
    "minLimit": "min",
    "maxLimit": "max",
    "valuesList": "values",
    "supportsMonitoring": "monitored",
}


def reported(entry: dict[str, Any]) -> Iterator[Told]:
    """Yield what a ReportDataType tells: one for each attribute."""
    characteristics = _characteristics(entry.get("variableCharacteristics"))
    for attribute in entry.get("variableAttribute") or ():
        yield told(
            entry,
            attribute.get("type"),
            attribute.get("value"),
            mutability=clean(attribute.get("mutability") or "ReadWrite", 12),
            characteristics=characteristics,
        )


def told(
    named: dict[str, Any],
    attribute: str | None,
    value: Any,
    *,
    mutability: str = "",
    characteristics: str | None = None,
    unknown: bool = False,
) -> Told:
    """Return what is told of the variable of the component that `named` names."""
    component, variable = named["component"], named["variable"]
    evse = component.get("evse") or {}
    name = clean(variable["name"], 50)
    return Told(
        clean(component["name"], 50),
        clean(component.get("instance"), 50),
        _number(evse.get("id")),
        _number(evse.get("connectorId")),
        name,
        clean(variable.get("instance"), 50),
        clean(attribute or "Actual", 10),
        shown(name, value),
        mutability,
        characteristics,
        unknown,
    )


def key(name: str, value: Any, *, mutability: str = "", unknown: bool = False) -> Told:
    """Return what is told of an OCPP 1.6 configuration key."""
    name = clean(name, 50)
    return Told("", "", 0, 0, name, "", "Actual", shown(name, value), mutability, None, unknown)


def shown(name: str, value: Any) -> str:
    """Return a setting's value without secrets."""
    said = clean(value, LONGEST)
    if is_secret(name):
        return MASK if said else ""
    return IN_ADDRESS.sub(rf"\1{MASK}@", said) if "//" in said else said


def _characteristics(said: dict[str, Any] | None) -> str | None:
    if not said:
        return None
    kept = {name: _kept(said[word]) for word, name in CHARACTERISTICS.items() if word in said}
    return dumps(kept).decode() if kept else None


def _kept(said: Any) -> Any:
    return clean(said, LONGEST_LIST) if isinstance(said, str) else said


def _number(value: float | None) -> int:
    return int(min(max(value or 0, 0), MOST_NUMBER))
