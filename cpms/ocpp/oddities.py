"""Facts about what is odd in a message that was understood all the same."""

from datetime import datetime
from typing import Any

from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import Moment
from monitoring.facts import EventReported


def bad_time(
    station: Station, moment: Moment, said: Any, action: str, received: datetime
) -> list[EventReported]:
    """Return the event that keeps a time that is none; nothing where the time is good."""
    if moment.oddity != "bad_time":
        return []
    data = {"timestamp": clean(said, 100), "action": action}
    return [
        EventReported(
            station.id, "bad_time", received, received, severity=6, code=action, data=data
        )
    ]


def mismatch(
    station: Station, vendor: str, model: str, serial: str, received: datetime
) -> list[EventReported]:
    """Return the event of a known identity that boots as another charger, if it does.

    Never a silent overwrite: inventory keeps what it has.
    """
    known = {"serial_number": station.serial_number, "vendor": station.vendor}
    known["model"] = station.model
    said = {"serial_number": serial, "vendor": vendor, "model": model}
    differs = {
        name: {"known": known[name], "said": said[name]}
        for name in known
        if known[name] and said[name] and known[name].lower() != said[name].lower()
    }
    if not differs:
        return []
    return [
        EventReported(
            station.id,
            "identity_mismatch",
            received,
            received,
            severity=2,
            code=",".join(sorted(differs)),
            data=differs,
        )
    ]
