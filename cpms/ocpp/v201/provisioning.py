"""Boot, heartbeat, and reports of the device model. (OCPP 2.0.1 part 2, B; G02)"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from cpms.ocpp import oddities
from cpms.ocpp.notes import WARNING, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import say
from monitoring.facts import Booted, VariablesReported
from monitoring.masking import MASK, is_secret

#: Attributes kept of one NotifyReport; the rest is counted.
MOST_VARIABLES = 2_000
#: More than any EVSE or connector number; what is beyond doesn't fit the column.
MOST_NUMBER = 32_767

Row = tuple[str, str, int, int, str, str, str, str, str]


def boot_notification(station: Station, payload: Answer, received: datetime) -> Outcome:
    """B01–B03: answered by the charger's lifecycle; tells the time and the heartbeat interval."""
    answer = station.boot_answer()
    station.accepted = answer == "Accepted"
    station.booted = True
    station.clock.reset()
    charging_station = payload["chargingStation"]
    vendor = clean(charging_station["vendorName"], 50)
    model = clean(charging_station["model"], 50)
    serial = clean(charging_station.get("serialNumber"), 50)
    modem = charging_station.get("modem") or {}
    boot = Booted(
        station.id,
        received,
        vendor,
        model,
        serial,
        clean(charging_station.get("firmwareVersion"), 50),
        clean(modem.get("iccid"), 22),
        clean(modem.get("imsi"), 22),
        reason=clean(payload.get("reason"), 50),
        answer=answer,
    )
    reply = {
        "status": answer,
        "currentTime": say(received),
        "interval": station.heartbeat_interval(),
    }
    return Outcome(reply, [boot, *oddities.mismatch(station, vendor, model, serial, received)])


def heartbeat(station: Station, payload: Answer, received: datetime) -> Outcome:
    """G02: answered at once with the time."""
    return Outcome({"currentTime": say(received)})


def notify_report(station: Station, payload: Answer, received: datetime) -> Outcome:
    """B07, B08: a part of the device model, in whatever order the parts come."""
    moment = station.clock.moment(payload.get("generatedAt"), received)
    entries = _attributes(payload.get("reportData") or ())
    rows = list(islice(entries, MOST_VARIABLES))
    left_out = sum(1 for _row in entries)
    cut = [
        note(
            station,
            "report_cut",
            received,
            {"requestId": payload["requestId"], "kept": len(rows), "leftOut": left_out},
            severity=WARNING,
        )
    ]
    facts = [VariablesReported(station.id, moment.at, rows)] if rows else []
    return Outcome({}, [*facts, *(cut if left_out else [])])


def _attributes(report: Any) -> Iterator[Row]:
    """Yield a row for each attribute of each variable."""
    for entry in report:
        component, variable = entry["component"], entry["variable"]
        evse = component.get("evse") or {}
        name = clean(variable["name"], 50)
        for attribute in entry.get("variableAttribute") or ():
            value = clean(attribute.get("value"), 2500)
            yield (
                clean(component["name"], 50),
                clean(component.get("instance"), 50),
                _number(evse.get("id")),
                _number(evse.get("connectorId")),
                name,
                clean(variable.get("instance"), 50),
                clean(attribute.get("type") or "Actual", 10),
                MASK if value and is_secret(name) else value,
                clean(attribute.get("mutability") or "ReadWrite", 12),
            )


def _number(value: float | None) -> int:
    return int(min(max(value or 0, 0), MOST_NUMBER))
