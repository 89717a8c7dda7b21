"""MeterValue entries of any version, turned into facts."""

from datetime import datetime
from typing import Any

from cpms.ocpp import meters, oddities
from cpms.ocpp.station import Station
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
        said = entry.get("timestamp")
        moment = station.clock.moment(said, received)
        values, context, extra, _odd = meters.normalise(
            entry.get("sampledValue") or [], station.quirks
        )
        samples.append(
            MetersSampled(
                station.id,
                evse,
                moment.at,
                received,
                values,
                transaction,
                context,
                extra,
                moment.offset_ms,
            )
        )
        odd += oddities.bad_time(station, moment, said, action, received)
    return samples, odd
