"""What is on displays, what became of reservations, what is known of customers.

(OCPP 2.0.1 part 2, O, H, N09)
"""

from datetime import datetime
from functools import partial

from cpms.control import customers, displays, reservations
from cpms.ocpp.commands.displays import read
from cpms.ocpp.notes import kept, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean

#: Messages taken of one part of a report.
MOST_MESSAGES = 100
#: The largest number of a request that the column holds.
MOST_REQUEST = 2**63 - 1

_displays = kept("display_messages")
_reservation = kept("reservation_status", code="reservationUpdateStatus")


def display_messages(station: Station, payload: Answer, received: datetime) -> Outcome:
    """O03: a part of what the charger shows, in whatever order the parts come."""
    outcome = _displays(station, payload, received)
    request = _request(payload)
    if request is not None:
        told = list(read((payload.get("messageInfo") or [])[:MOST_MESSAGES]))
        last = not payload.get("tbc")
        outcome.then = partial(displays.reported, station.id, request, told, received, last=last)
    return outcome


def customer_information(station: Station, payload: Answer, received: datetime) -> Outcome:
    """N09, N10: personal data; the event says only that it came."""
    moment = station.clock.moment(payload.get("generatedAt"), received)
    text = clean(payload["data"], customers.LONGEST_PART)
    about = {name: payload.get(name) for name in ("requestId", "seqNo", "tbc")}
    fact = note(
        station, "customer_information", received, {**about, "length": len(text)}, moment=moment
    )
    request, number = _request(payload), int(payload["seqNo"])
    if request is None:
        return Outcome({}, [fact])
    last = not payload.get("tbc")
    then = partial(customers.received, station.id, request, number, text, received, last=last)
    return Outcome({}, [fact], then)


def reservation_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """H02, H04."""
    outcome = _reservation(station, payload, received)
    number, word = payload["reservationId"], payload["reservationUpdateStatus"]
    if 0 <= number <= 2**31 - 1:
        outcome.then = partial(reservations.told, station.id, int(number), word, received)
    return outcome


def _request(payload: Answer) -> int | None:
    request = payload["requestId"]
    return int(request) if 0 <= request <= MOST_REQUEST else None
