"""DataTransfer: vendors' own messages. (OCPP 2.0.1 part 2, P)"""

from datetime import datetime

from cpms.ocpp.notes import kept
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station

_keep = kept("data_transfer", code="vendorId", severity=7)


def data_transfer(station: Station, payload: Answer, received: datetime) -> Outcome:
    """P02: kept, and answered by the organisation's rules."""
    outcome = _keep(station, payload, received)
    status, data = station.rulebook.answer(
        station.organisation_id,
        (station.vendor, station.model),
        payload["vendorId"],
        payload.get("messageId") or "",
    )
    outcome.reply = {"status": status, **({"data": data} if data else {})}
    return outcome
