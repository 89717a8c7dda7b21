"""Status of connectors. (OCPP 2.0.1 part 2, G01)"""

from datetime import datetime

from cpms.ocpp import oddities
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from monitoring.facts import Status, StatusReported

STATUSES = {status.value: status for status in Status}


def status_notification(station: Station, payload: Answer, received: datetime) -> Outcome:
    """G01: EVSE 0 is the charger as a whole, connector 0 the EVSE as a whole."""
    said = payload.get("timestamp")
    moment = station.clock.moment(said, received)
    fact = StatusReported(
        station.id,
        int(payload["evseId"]),
        int(payload["connectorId"]),
        moment.at,
        received,
        STATUSES.get(payload["connectorStatus"], Status.UNKNOWN),
        offset_ms=moment.offset_ms,
    )
    odd = oddities.bad_time(station, moment, said, "StatusNotification", received)
    return Outcome({}, [fact, *odd])
