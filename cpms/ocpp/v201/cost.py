"""What a session costs, told while it runs and in the end. (OCPP 2.0.1 part 2, I02, I03)"""

from collections.abc import Sequence
from datetime import datetime

from cpms.ocpp.fares import LATE
from cpms.ocpp.outcome import Answer, Remark
from cpms.ocpp.station import Station
from monitoring.facts import MetersSampled


def price(
    station: Station,
    payload: Answer,
    samples: Sequence[MetersSampled],
    at: datetime,
    received: datetime,
) -> tuple[Answer, Remark | None]:
    """Return what a TransactionEvent's answer says of the cost, and the remark that follows it.

    The final cost goes with the answer (I03.FR.02); 2.0.1 allows no other there, so a running
    one is a CALL of its own (I02.FR.01), after what was metered. Nothing where no tariff holds.
    """
    if station.rulebook.tariff(station.site_id, received) is None:
        return {}, None
    transaction = str(payload["transactionInfo"]["transactionId"])
    ended = payload["eventType"] == "Ended"
    fare = station.fares.find(station.id, transaction)
    if not ended:
        fare = station.fares.begin(station.id, transaction, at)
    if fare is None:
        return {}, None
    fare.hear(str(payload["transactionInfo"].get("chargingState") or ""), samples, at)
    tariff = station.rulebook.tariff(station.site_id, fare.started)
    if tariff is None:
        return {}, None
    total = float(fare.cost(tariff, at).total)
    if ended:
        station.fares.end(station.id, transaction)
        return {"totalCost": total}, None
    if not samples or received - at > LATE or not fare.may_tell(received):
        return {}, None
    return {}, Remark("CostUpdated", {"totalCost": total, "transactionId": transaction})


def personal_message(station: Station, now: datetime) -> Answer:
    """Return what an IdTokenInfo tells a driver of the prices; nothing where no tariff holds.

    (OCPP 2.0.1 I01.FR.01)
    """
    tariff = station.rulebook.tariff(station.site_id, now)
    if tariff is None:
        return {}
    return {"personalMessage": {"format": "UTF8", "content": tariff.text[:512]}}
