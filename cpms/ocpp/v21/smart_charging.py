"""What 2.1 adds to smart charging: dynamic schedules, priority, grid support. (part 2, K, R)"""

from datetime import datetime

from cpms.ocpp.notes import ERROR, INFORMATION, declined, kept, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station

#: K22.
priority_charging = kept("priority_charging", code="transactionId")
#: K28: no dynamic schedules are kept here yet.
dynamic_schedule = kept(
    "dynamic_schedule_request", code="chargingProfileId", reply=declined("Rejected")
)
#: R04: its settings for the grid.
der_report = kept("der_report")
#: R04: one of them begins or ends to apply.
der_start_stop = kept("der_start_stop", code="controlId", time="timestamp")


def der_alarm(station: Station, payload: Answer, received: datetime) -> Outcome:
    """R05: the grid is out of its limits, or well again."""
    fact = note(
        station,
        "der_alarm",
        received,
        payload,
        moment=station.clock.moment(payload.get("timestamp"), received),
        severity=INFORMATION if payload.get("alarmEnded") else ERROR,
        code=payload.get("gridEventFault") or payload["controlType"],
        text=payload.get("extraInfo"),
    )
    return Outcome({}, [fact])
