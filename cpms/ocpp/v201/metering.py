"""MeterValues outside transactions. (OCPP 2.0.1 part 2, J01)"""

from datetime import datetime

from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.sampling import sampled
from cpms.ocpp.station import Station


def meter_values(station: Station, payload: Answer, received: datetime) -> Outcome:
    """J01: clock-aligned samples of an EVSE, 0 for the main meter; one fact per entry."""
    evse, entries = int(payload["evseId"]), payload["meterValue"]
    samples, odd = sampled(station, evse, None, entries, received, "MeterValues")
    return Outcome({}, [*samples, *odd])
