"""DataTransfer: vendors' own messages. (OCPP 2.0.1 part 2, P)"""

from datetime import datetime

from cpms.ocpp import vendor_data
from cpms.ocpp.notes import note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station


def data_transfer(station: Station, payload: Answer, received: datetime) -> Outcome:
    """P02: kept, and answered by the organisation's rules."""
    fact = note(station, "data_transfer", received, payload, code=payload["vendorId"], severity=7)
    return vendor_data.outcome(station, payload, received, [fact])
