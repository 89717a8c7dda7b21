"""StartTransaction, MeterValues, StopTransaction. (OCPP 1.6 §4.7, §4.8, §4.10)"""

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

from cpms.control import reservations
from cpms.control.authorization import ACCEPTED
from cpms.ocpp import oddities
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.sampling import sampled
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import Moment, say
from cpms.ocpp.tokens import Run
from cpms.ocpp.v16.core import id_tag_info
from monitoring.facts import SessionChanged

#: Registers beyond this are no energy, Wh.
MOST_ENERGY = 1e12
#: The largest number of a reservation that the column holds.
MOST_RESERVATION = 2**31 - 1


def start_transaction(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.8: stored whatever the token; the writer gives the transaction its id.

    A repetition (same connector, token, time and meter) gets the same id. (steve#81, #1294)
    """
    said = payload.get("timestamp")
    moment = station.clock.moment(said, received)
    token = clean(payload["idTag"], 255)
    key = start_key({"timestamp": say(received), **payload})
    status, info = id_tag_info(station, token, received, key)
    fact = SessionChanged(
        station.id,
        "",
        moment.at,
        received,
        start_key=key,
        evse=int(payload["connectorId"]),
        connector=1,
        id_token=token,
        started=moment.at,
        meter_start=_register_at_start(payload["meterStart"], station),
        authorization=status,
        offline=(received - moment.at).total_seconds() > 60,
        flags=_flags(moment),
    )
    odd = oddities.bad_time(station, moment, said, "StartTransaction", received)

    def answer() -> Answer:
        if status == ACCEPTED:
            run = Run(station.id, fact.transaction_id, key)
            station.tokens.began(station.organisation_id, token, run, received)
        return {"transactionId": int(fact.transaction_id), "idTagInfo": info}

    return Outcome(answer, [fact, *odd], _reservation_used(station, payload, fact))


def _reservation_used(
    station: Station, payload: Answer, fact: SessionChanged
) -> Callable[[], object] | None:
    """§4.8: the transaction is the one that the connector was reserved for."""
    number = payload.get("reservationId")
    if number is None or not 0 <= number <= MOST_RESERVATION:
        return None
    # The writer gives the transaction its id in between.
    return lambda: reservations.used(station.id, int(number), fact.transaction_id, fact.received)


def start_key(payload: Answer) -> str:
    """Return what is the same in every retry of one start: connector, token, time, meter."""
    said = [payload[k] for k in ("connectorId", "idTag", "timestamp", "meterStart")]
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def stop_transaction(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.10: always answered, whatever its id; one we don't know is kept as an orphan."""
    said = payload.get("timestamp")
    moment = station.clock.moment(said, received)
    token = payload.get("idTag")
    transaction = str(int(payload["transactionId"]))
    fact = SessionChanged(
        station.id,
        transaction,
        moment.at,
        received,
        create=False,
        ended=moment.at,
        meter_stop=_register(payload.get("meterStop"), station),
        stop_reason=clean(payload.get("reason") or "Local", 20),  # §7.36: Local when absent
        stop_token=clean(token, 255) or None,
        flags=_flags(moment),
    )
    data = payload.get("transactionData")
    station.tokens.over(station.id, transaction, received)
    samples, odd = sampled(station, 0, transaction, data, received, "StopTransaction")
    odd += oddities.bad_time(station, moment, said, "StopTransaction", received)
    reply: Answer = {"idTagInfo": id_tag_info(station, token, received)[1]} if token else {}
    return Outcome(reply, [*samples, fact, *odd])


def meter_values(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.7: one fact per entry."""
    transaction = payload.get("transactionId")
    samples, odd = sampled(
        station,
        int(payload["connectorId"]),
        None if transaction is None else str(int(transaction)),
        payload["meterValue"],
        received,
        "MeterValues",
    )
    return Outcome({}, [*samples, *odd])


def _register(value: float | None, station: Station) -> float | None:
    """Return the register in Wh, None for what is no energy (none, negative, 2^63)."""
    if value is None:
        return None
    wh = value * 1000.0 if station.quirks.energy_in_kwh else float(value)
    return wh if 0 <= wh < MOST_ENERGY else None


def _register_at_start(value: float, station: Station) -> float | None:
    """Return what the register at the end counts from: 0 where it is the session's own."""
    return 0.0 if station.quirks.session_register else _register(value, station)


def _flags(moment: Moment) -> tuple[str, ...]:
    return (moment.oddity,) if moment.oddity else ()
