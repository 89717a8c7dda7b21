"""MeterValue entries of any version, turned into facts."""

from datetime import datetime
from typing import Any

from cpms.ocpp import meters, oddities
from cpms.ocpp.breakages import BREAKAGES
from cpms.ocpp.schemas import Breakage
from cpms.ocpp.station import Station
from cpms.ocpp.times import Moment
from monitoring.facts import EventReported, MetersSampled


def sampled(
    station: Station,
    evse: int,
    transaction: str | None,
    entries: Any,
    received: datetime,
    action: str,
) -> tuple[list[MetersSampled], list[EventReported]]:
    """Return a fact per entry of `entries` (None: no entries), and what is odd about them.

    `evse` 0 where it isn't said: then it is the transaction's.
    """
    samples: list[MetersSampled] = []
    odd: list[EventReported] = []
    for entry in entries or ():
        reading = meters.normalise(entry.get("sampledValue") or [], station.quirks)
        if reading.oddities:
            broken = [Breakage(oddity, "sampledValue") for oddity in reading.oddities]
            BREAKAGES.count(station, action, broken, received)
        said = entry.get("timestamp")
        moment = station.clock.moment(said, received)
        if reading.values == meters.NOTHING and not reading.extra:
            continue
        samples.append(
            MetersSampled(
                station.id,
                evse,
                moment.at,
                received,
                reading.values,
                transaction,
                reading.context,
                _extra(reading.extra, moment, said),
                moment.offset_ms,
                reading.session_energy,
            )
        )
        odd = odd or oddities.bad_time(station, moment, said, action, received)
    return samples, odd


def _extra(extra: dict[str, Any] | None, moment: Moment, said: object) -> dict[str, Any] | None:
    """Keep a time that is none beside the values: the event is of the message, this the entry's."""
    return {**(extra or {}), "timestamp": said} if moment.oddity == "bad_time" else extra
