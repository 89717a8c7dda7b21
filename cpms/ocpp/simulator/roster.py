"""The demo network's roster: which chargers to play, with which keys.

The file is a JSON list of objects, one a charger, whose keys are the fields of `ChargerSpec`:

    [{"identity": "DE-BER-001", "password": "<hex key>", "version": "1.6", "connectors": 2,
      "max_power_w": 22000, "seed": 7, "scenario": "normal", "site": "Berlin Ost",
      "time_zone": "Europe/Berlin", "vendor": "Nordlader", "model": "Twin 22",
      "serial_number": "NL-0001", "firmware_version": "3.4.1"}]

Only `identity` is required. A `scenario` is a name of `simulate --list-scenarios`, with a
variant after a colon where it has some ("wrong-clock:1970").
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from cpms.ocpp.simulator.spec import VERSIONS, ChargerSpec

FILE_NAME = "demo-fleet.json"

_FIELDS = {field.name: field.type for field in fields(ChargerSpec)}


class RosterError(ValueError):
    """A roster or credentials file that can't be used; the message says what to mend."""


def write(path: Path, chargers: Iterable[ChargerSpec]) -> None:
    """Write `chargers` to `path`, readable by its owner only: it holds their keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps([asdict(charger) for charger in chargers], indent=1) + "\n")


def read(path: Path) -> list[ChargerSpec]:
    """Return the chargers of the roster at `path`.

    Raises RosterError when the file is missing, isn't such a list, or names a charger twice.
    """
    entries = _load(path)
    if not isinstance(entries, list):
        raise RosterError(f"{path} must hold a JSON list of chargers, not {_kind(entries)}.")
    chargers = [_charger(path, number, entry) for number, entry in enumerate(entries, 1)]
    seen: set[str] = set()
    for charger in chargers:
        if charger.identity in seen:
            raise RosterError(f"{path} lists the charger {charger.identity!r} twice.")
        seen.add(charger.identity)
    return chargers


def read_credentials(path: Path) -> dict[str, str]:
    """Return identity -> key from the JSON object at `path`; raises RosterError."""
    entries = _load(path)
    if not isinstance(entries, dict):
        raise RosterError(f"{path} must hold a JSON object of identity: key, not {_kind(entries)}.")
    for identity, key in entries.items():
        if not isinstance(key, str):
            raise RosterError(f"{path}: the key of {identity!r} must be text.")
    return entries


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as problem:
        raise RosterError(f"{path} can't be read: {problem.strerror}.") from problem
    except ValueError as problem:
        raise RosterError(f"{path} isn't valid JSON: {problem}.") from problem


def _charger(path: Path, number: int, entry: Any) -> ChargerSpec:
    if not isinstance(entry, dict) or not entry.get("identity"):
        raise RosterError(f"{path}: entry {number} must be an object with an identity.")
    if unknown := sorted(set(entry) - set(_FIELDS)):
        raise RosterError(f"{path}: entry {number} has unknown fields: {', '.join(unknown)}.")
    for name, value in entry.items():
        if type(value) is not _FIELDS[name]:
            raise RosterError(f"{path}: entry {number}: {name} must not be {_kind(value)}.")
    charger = ChargerSpec(**entry)
    if charger.version not in VERSIONS:
        raise RosterError(
            f"{path}: {charger.identity!r} speaks {charger.version!r}; "
            f"it must be one of {', '.join(VERSIONS)}."
        )
    return charger


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
