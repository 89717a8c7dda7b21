"""Firmware, diagnostics, logs and the security extension: kept as events.

(OCPP 1.6 §4.4, §4.5; Improved security for OCPP 1.6-J §4, §5)
"""

from datetime import datetime

from cpms.ocpp import oddities, security_events
from cpms.ocpp.commands import transfers
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from monitoring.facts import EventReported

#: Statuses that are bad news, as severity 3 (error).
BAD = ("Fail", "Invalid", "Rejected", "BadMessage", "Permission", "NotSupported")


def _status(kind: str, station: Station, payload: Answer, received: datetime) -> Outcome:
    status = clean(payload["status"], 100)
    request = payload.get("requestId")
    fact = EventReported(
        station.id,
        kind,
        received,
        received,
        severity=3 if any(word in status for word in BAD) else 6,
        code=status,
        data={} if request is None else {"requestId": request},
    )
    return Outcome({}, [fact], transfers.reported(station.id))


def diagnostics_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.4."""
    return _status("diagnostics_status", station, payload, received)


def firmware_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.5, and its signed twin."""
    return _status("firmware_status", station, payload, received)


def log_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """Security extension §5.10."""
    return _status("log_status", station, payload, received)


def security_event(station: Station, payload: Answer, received: datetime) -> Outcome:
    """Security extension §5.16."""
    said = payload.get("timestamp")
    moment = station.clock.moment(said, received)
    event = clean(payload["type"], 100)
    fact = EventReported(
        station.id,
        "security_event",
        moment.at,
        received,
        severity=security_events.severity(event),
        code=event,
        text=clean(payload.get("techInfo"), 1000),
        offset_ms=moment.offset_ms,
    )
    odd = oddities.bad_time(station, moment, said, "SecurityEventNotification", received)
    return Outcome({}, [fact, *odd])
