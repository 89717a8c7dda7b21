"""Settlements and VAT numbers of ad hoc payments. (OCPP 2.1 part 2, C)"""

from datetime import datetime

from cpms.ocpp.notes import declined, kept, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station

#: C21, C22: what the payment terminal has settled.
settlement = kept("settlement", code="status", time="settlementTime")


def vat_number(station: Station, payload: Answer, received: datetime) -> Outcome:
    """No register of companies is asked."""
    evse = payload.get("evseId")
    fact = note(station, "vat_number", received, payload, code=payload["vatNumber"], evse=evse)
    reply = {**declined("Rejected"), "vatNumber": payload["vatNumber"]}
    if evse is not None:
        reply["evseId"] = evse
    return Outcome(reply, [fact])
