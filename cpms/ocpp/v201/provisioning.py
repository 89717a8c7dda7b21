"""Boot, heartbeat, and reports of the device model. (OCPP 2.0.1 part 2, B; G02)"""

from datetime import datetime
from functools import partial
from itertools import islice

from cpms.control import reports
from cpms.control.models import Report
from cpms.ocpp import oddities, variables
from cpms.ocpp.notes import WARNING, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.report_parts import part
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import say
from monitoring.facts import Booted, VariablesReported

#: Attributes kept of one NotifyReport; the rest is counted.
MOST_VARIABLES = 2_000


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
    report = payload.get("reportData") or ()
    entries = (told for entry in report for told in variables.reported(entry))
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
    at = min(moment.at, received)
    facts = [VariablesReported(station.id, at, rows)] if rows else []
    then = partial(
        reports.arrived, station.id, Report.Kind.SETTINGS, part(payload, len(rows), received)
    )
    return Outcome({}, [*facts, *(cut if left_out else [])], then)
