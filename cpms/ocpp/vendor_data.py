"""Vendors' own messages: answered by rules, and kept, as many as an operator could read."""

from collections.abc import Sequence
from datetime import datetime

from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from monitoring.facts import EventReported


def outcome(
    station: Station, payload: Answer, received: datetime, facts: Sequence[EventReported]
) -> Outcome:
    """Return the answer that the organisation's rules give, and what is kept of the message."""
    status, data = station.rulebook.answer(
        station.organisation_id,
        (station.vendor, station.model),
        payload["vendorId"],
        payload.get("messageId") or "",
    )
    too_many = station.vendor_messages.refuse(received.timestamp())
    reply = {"status": status, **({"data": data} if data else {})}
    return Outcome(reply, () if too_many else facts)
