"""TransactionEvent: sessions, as a charger tells them. (OCPP 2.0.1 part 2, E)

Events may come in any order and more than once; the session's row is merged from all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cpms.control import reservations
from cpms.control.authorization import ACCEPTED
from cpms.ocpp import oddities
from cpms.ocpp.meters import ENERGY
from cpms.ocpp.notes import INFORMATION, WARNING, note
from cpms.ocpp.outcome import Answer, Outcome, Refused
from cpms.ocpp.sampling import sampled
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import Moment
from cpms.ocpp.tokens import Run
from cpms.ocpp.v201.authorization import id_token_info
from cpms.ocpp.v201.cost import price
from monitoring.facts import (
    EventReported,
    Fact,
    MetersSampled,
    SessionChanged,
    Status,
    StatusReported,
)

#: The largest integers the columns hold; what is beyond is no sequence or request number.
MOST_SEQUENCE, MOST_REQUEST = 2**31 - 1, 2**63 - 1

#: chargingState -> what it says of the EVSE. Idle says nothing: no vehicle is there.
STATES = {
    "Charging": (Status.CHARGING,),
    "SuspendedEV": (Status.SUSPENDED_EV,),
    "SuspendedEVSE": (Status.SUSPENDED_EVSE,),
    # Occupied, and no longer charging where it was.
    "EVConnected": (Status.OCCUPIED, Status.FINISHING),
}
#: Triggers with which a driver presents the token that stops the transaction.
STOPPING = {"StopAuthorized", "Deauthorized"}
#: Triggers that tell why a session went wrong.
NOTEWORTHY = {"AbnormalCondition", "EVCommunicationLost", "EVConnectTimeout"}


@dataclass(frozen=True, slots=True)
class _Told:
    """One TransactionEvent, as far as every part of the answer needs it."""

    station: Station
    payload: Answer
    transaction: str
    moment: Moment
    received: datetime

    @property
    def kind(self) -> str:
        return str(self.payload["eventType"])

    @property
    def evse(self) -> int:
        """The EVSE's number, 0 where it isn't said: it needn't be more than once."""
        return int((self.payload.get("evse") or {}).get("id") or 0)

    @property
    def connector(self) -> int:
        return int((self.payload.get("evse") or {}).get("connectorId") or 0)


def transaction_event(station: Station, payload: Answer, received: datetime) -> Outcome:
    """E01–E15: stored whatever the token; one presented is answered with its IdTokenInfo."""
    transaction = clean(payload["transactionInfo"]["transactionId"], 255)
    if not transaction:
        raise Refused("PropertyConstraintViolation", "transactionId must not be empty.")
    said = payload.get("timestamp")
    told = _Told(station, payload, transaction, station.clock.moment(said, received), received)
    reply, authorization = _reply(told)
    if told.kind == "Ended":
        station.tokens.over(station.id, transaction, received)
    samples, odd = sampled(
        station, told.evse, transaction, payload.get("meterValue"), received, "TransactionEvent"
    )
    opening = _opening(told, authorization, samples)
    if told.kind == "Ended":
        station.session_over(transaction)
    # The end comes last: what the samples say belongs to the session.
    closing = [_closing(told, samples)] if told.kind == "Ended" else []
    odd += oddities.bad_time(station, told.moment, said, "TransactionEvent", received)
    facts: list[Fact] = [opening, *samples, *closing, *_statuses(told), *_notes(told), *odd]
    cost, remark = price(station, payload, samples, told.moment.at, received)
    return Outcome({**reply, **cost}, facts, _reservation_used(told), remark)


def _reservation_used(told: _Told) -> Callable[[], object] | None:
    """H03: the transaction is the one that the port was reserved for."""
    number = _within(told.payload.get("reservationId"), MOST_SEQUENCE)
    if number is None:
        return None
    return partial(reservations.used, told.station.id, number, told.transaction, told.received)


def _reply(told: _Told) -> tuple[Answer, str | None]:
    token = told.payload.get("idToken")
    if not token:
        return {}, None
    starting = "" if _stops(told) else told.transaction
    status, info = id_token_info(told.station, token, told.received, starting)
    if starting and status == ACCEPTED:
        run = Run(told.station.id, told.transaction)
        told.station.tokens.began(
            told.station.organisation_id, token["idToken"], run, told.received
        )
    return {"idTokenInfo": info}, status


def _opening(
    told: _Told, authorization: str | None, samples: list[MetersSampled]
) -> SessionChanged:
    payload, info = told.payload, told.payload["transactionInfo"]
    stops = _stops(told)
    return SessionChanged(
        told.station.id,
        told.transaction,
        told.moment.at,
        told.received,
        evse=told.evse or None,
        connector=told.connector or None,
        id_token=None if stops else _token(told),
        stop_token=_token(told) if stops else None,
        started=told.moment.at if told.kind == "Started" else None,
        meter_start=_first_register(told, samples),
        charging_state=clean(info.get("chargingState"), 20) or None,
        seq_no=_within(payload["seqNo"], MOST_SEQUENCE),
        offline=bool(payload.get("offline")),
        remote_start_id=_within(info.get("remoteStartId"), MOST_REQUEST),
        authorization=None if stops else authorization,
        flags=(told.moment.oddity,) if told.moment.oddity else (),
    )


def _closing(told: _Told, samples: list[MetersSampled]) -> SessionChanged:
    reason = told.payload["transactionInfo"].get("stoppedReason")
    return SessionChanged(
        told.station.id,
        told.transaction,
        told.moment.at,
        told.received,
        ended=told.moment.at,
        meter_stop=_last_register(samples),
        stop_reason=clean(reason or "Local", 30),  # E06: may be left out where it is Local
    )


def _stops(told: _Told) -> bool:
    return told.kind == "Ended" or told.payload["triggerReason"] in STOPPING


def _token(told: _Told) -> str | None:
    token = told.payload.get("idToken")
    return clean(token["idToken"], 255) or None if token else None


def _first_register(told: _Told, samples: list[MetersSampled]) -> float | None:
    """Return the register at the start, Wh: the one marked so, else Started's first."""
    registers = [(s.context, s.values[ENERGY]) for s in samples if s.values[ENERGY] is not None]
    begun = [register for context, register in registers if context == "Transaction.Begin"]
    if told.kind == "Started":
        begun += [register for _context, register in registers]
    return begun[0] if begun else None


def _last_register(samples: list[MetersSampled]) -> float | None:
    """Return the register at the end, Wh: the one marked so, else the last."""
    registers = [(s.context, s.values[ENERGY]) for s in samples if s.values[ENERGY] is not None]
    ended = [register for context, register in registers if context == "Transaction.End"]
    later = [register for context, register in registers if context != "Transaction.Begin"]
    return (ended or later or [None])[-1]


def _statuses(told: _Told) -> list[StatusReported]:
    """Return what the charging state says of the EVSE; only finer than its Occupied.

    An ended transaction leaves a port that was charging Finishing.
    """
    state = told.payload["transactionInfo"].get("chargingState")
    statuses = list(STATES.get(state, ()))
    if told.kind == "Ended":
        statuses = [Status.FINISHING]
    return [
        StatusReported(
            told.station.id,
            told.evse,
            told.connector,
            told.moment.at,
            told.received,
            status,
            offset_ms=told.moment.offset_ms,
            transaction_id=told.transaction,
        )
        for status in statuses
    ]


def _notes(told: _Told) -> list[EventReported]:
    """Return what is worth keeping beside the session: a trouble, a reservation, a cost."""
    trigger = told.payload["triggerReason"]
    kept = []
    if trigger in NOTEWORTHY:
        kept.append(_note(told, "transaction_trouble", WARNING, trigger))
    if told.payload.get("reservationId") is not None:
        kept.append(_note(told, "reservation_used", INFORMATION, told.payload["reservationId"]))
    if told.payload.get("costDetails"):
        kept.append(_note(told, "session_cost", INFORMATION, ""))
    return kept


def _note(told: _Told, kind: str, severity: int, code: object) -> EventReported:
    names = ("triggerReason", "reservationId", "costDetails")
    data = {name: told.payload[name] for name in names if name in told.payload}
    return note(
        told.station,
        kind,
        told.received,
        {"transactionId": told.transaction, **data},
        moment=told.moment,
        severity=severity,
        code=code,
        evse=told.evse,
    )


def _within(number: float | None, most: int) -> int | None:
    return int(number) if number is not None and 0 <= number <= most else None
