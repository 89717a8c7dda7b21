"""A setting's name as people read and write it, in one line.

OCPP 1.6: the key. 2.x: `Component.Variable`; more of it where it has more:
`Component[instance]@EVSE/connector.Variable[instance]:Attribute`.
"""

import re
from collections.abc import Mapping
from typing import Any

NAME = re.compile(
    r"(?P<component>[^\[\]@.:=]{1,50})"
    r"(?:\[(?P<component_instance>[^\[\]]{1,50})\])?"
    r"(?:@(?P<evse>\d{1,5})(?:/(?P<connector>\d{1,5}))?)?"
    r"\.(?P<name>[^\[\]:=]{1,50})"
    r"(?:\[(?P<instance>[^\[\]]{1,50})\])?"
    r"(?::(?P<attribute>Actual|Target|MinSet|MaxSet))?"
)
WHOLE = re.compile(
    r"(?P<component>[^\[\]@.:=]{1,50})"
    r"(?:\[(?P<component_instance>[^\[\]]{1,50})\])?"
    r"(?:@(?P<evse>\d{1,5})(?:/(?P<connector>\d{1,5}))?)?"
)
NUMBERS = ("evse", "connector")


def written(setting: Mapping[str, Any]) -> str:
    """Return the name of a setting, given the fields of an operation's."""
    if not setting.get("component"):
        return str(setting.get("name") or "")
    text = place(setting)
    if not setting.get("name"):
        return text
    text += f".{setting['name']}"
    if setting.get("instance"):
        text += f"[{setting['instance']}]"
    if setting.get("attribute") not in (None, "", "Actual"):
        text += f":{setting['attribute']}"
    return text


def place(setting: Mapping[str, Any]) -> str:
    """Return the name of the component that a setting is of."""
    text = str(setting["component"])
    if setting.get("component_instance"):
        text += f"[{setting['component_instance']}]"
    if setting.get("evse"):
        text += f"@{setting['evse']}"
        text += f"/{setting['connector']}" if setting.get("connector") else ""
    return text


def read(text: str, *, keys: bool) -> dict[str, Any]:
    """Return the fields of the setting that `text` names; `keys`: it is an OCPP 1.6 key.

    What isn't of the form is taken for a key: whoever sends it says what is wrong.
    """
    found = None if keys else NAME.fullmatch(text.strip())
    return _fields(found) if found else {"name": text.strip()}


def read_part(text: str) -> dict[str, Any]:
    """Return the fields of the component, or variable of one, that `text` names."""
    found = NAME.fullmatch(text.strip()) or WHOLE.fullmatch(text.strip())
    return _fields(found) if found else {"name": text.strip()}


def _fields(found: re.Match[str]) -> dict[str, Any]:
    return {
        name: int(value) if name in NUMBERS else value
        for name, value in found.groupdict().items()
        if value is not None
    }
