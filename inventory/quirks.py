"""What a charger model does differently, as data on the model, never an `if vendor ==` in code."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast


@dataclass(frozen=True, slots=True)
class Quirks:
    """The deviations Kilowatch knows how to live with, and their defaults.

    Times in seconds, sizes in bytes.
    """

    ping_interval: int = 30
    #: False for models that never answer a WebSocket ping; then only frames prove life.
    answers_pings: bool = True
    heartbeat_interval: int = 300
    #: How often to ask whether it hears our CALLs (TriggerMessage Heartbeat); 0: never.
    probe_interval: int = 3600
    #: What a handshake without a subprotocol means: nothing ("") or this subprotocol.
    missing_subprotocol: Literal["", "ocpp1.6"] = ""
    max_frame: int = 1_048_576
    #: Labels energy Wh where it means kWh.
    energy_in_kwh: bool = False
    #: Reports the session's energy where the lifetime register belongs.
    session_register: bool = False
    #: Tags totals with phase L1.
    totals_on_l1: bool = False
    #: False for models that forget charging profiles when they restart.
    keeps_profiles: bool = True
    #: False for models that fail when some settings are asked for: only all are (1.6).
    reads_single_settings: bool = True
    #: False for models that mustn't be asked for settings by themselves, e.g. after a change.
    reads_back: bool = True
    #: False for models that don't survive a setting they don't know: only those they have told
    #: of are read and changed.
    survives_unknown_settings: bool = True


class BadQuirk(ValueError):
    """A quirk that doesn't exist or has the wrong type; the message names it."""


def parse(stored: Mapping[str, Any]) -> Quirks:
    """Return the quirks in `stored`; raise `BadQuirk` for an unknown name or a wrong type."""
    known = {field.name: field for field in fields(Quirks)}
    for name, value in stored.items():
        if name not in known:
            raise BadQuirk(f"There is no quirk {name!r}; known are: {', '.join(sorted(known))}.")
        default = known[name].default
        if type(value) is not type(default):
            raise BadQuirk(f"Quirk {name!r} must be {type(default).__name__}, not {value!r}.")
    if stored.get("missing_subprotocol", "") not in {"", "ocpp1.6"}:
        raise BadQuirk('Quirk \'missing_subprotocol\' must be "" or "ocpp1.6".')
    for name in ("ping_interval", "heartbeat_interval", "max_frame"):
        if cast("int", stored.get(name, 1)) < 1:
            raise BadQuirk(f"Quirk {name!r} must be at least 1.")
    return Quirks(**stored)
