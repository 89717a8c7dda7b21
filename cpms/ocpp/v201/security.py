"""Security events. (OCPP 2.0.1 part 2, A04)"""

from datetime import datetime

from cpms.ocpp import oddities, security_events
from cpms.ocpp.notes import note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station


def security_event(station: Station, payload: Answer, received: datetime) -> Outcome:
    """A04."""
    said = payload.get("timestamp")
    moment = station.clock.moment(said, received)
    fact = note(
        station,
        "security_event",
        received,
        payload,
        moment=moment,
        severity=security_events.severity(payload["type"]),
        code=payload["type"],
        text=payload.get("techInfo"),
    )
    odd = oddities.bad_time(station, moment, said, "SecurityEventNotification", received)
    return Outcome({}, [fact, *odd])
