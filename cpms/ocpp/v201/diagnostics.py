"""Events, monitors and logs. (OCPP 2.0.1 part 2, N)"""

from datetime import datetime
from functools import partial
from typing import Any

from cpms.control import reports
from cpms.control.models import Report
from cpms.ocpp import variables
from cpms.ocpp.notes import ERROR, WARNING, kept, note, progress
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.report_parts import monitors, part
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import Moment
from cpms.ocpp.v201.availability import STATUSES
from monitoring.facts import EventReported, StatusReported, VariablesReported
from monitoring.masking import MASK, is_secret

#: Events kept of one NotifyEvent; the rest is counted.
MOST_EVENTS = 500
#: Components whose AvailabilityState is a port's or the charger's status.
WITH_STATUS = {"Connector", "EVSE", "ChargingStation"}
#: Severities of events where the charger doesn't say (2.0.1 never does).
ALERT, NOTICE, PLAIN = 5, 7, 8

#: N01.
log_status = progress("log_status")
#: N02, as an event.
_monitoring_report = kept("monitoring_report", time="generatedAt")


def monitoring_report(station: Station, payload: Answer, received: datetime) -> Outcome:
    """N02: a part of the list of monitors, in whatever order the parts come."""
    told = monitors(payload)
    one = part(payload, len(told), received)
    outcome = _monitoring_report(station, payload, received)
    outcome.then = partial(reports.arrived, station.id, Report.Kind.MONITORS, one, told)
    return outcome


def notify_event(station: Station, payload: Answer, received: datetime) -> Outcome:
    """N07, G01: an event each; an availability is a status report as well."""
    facts: list[EventReported | StatusReported | VariablesReported] = []
    events = payload["eventData"]
    for event in events[:MOST_EVENTS]:
        moment = station.clock.moment(event.get("timestamp"), received)
        facts.append(_event(station, event, moment, received))
        facts += _status(station, event, moment, received) or _value(
            station, event, min(moment.at, received)
        )
    if len(events) > MOST_EVENTS:
        left_out = {"kept": MOST_EVENTS, "leftOut": len(events) - MOST_EVENTS}
        facts.append(note(station, "events_cut", received, left_out, severity=WARNING))
    return Outcome({}, facts)


def _event(station: Station, event: Answer, moment: Moment, received: datetime) -> EventReported:
    component, variable = event["component"], event["variable"]
    value = MASK if is_secret(variable["name"]) else event["actualValue"]
    return note(
        station,
        "device_event",
        received,
        event,
        moment=moment,
        evse=(component.get("evse") or {}).get("id"),
        severity=_severity(event),
        code=event.get("techCode") or f"{component['name']}.{variable['name']}",
        text=event.get("techInfo") or value,
    )


def _severity(event: Answer) -> int:
    """Return the monitor's severity as 2.1 says it, else a guess from how the event came."""
    said = event.get("severity")
    if isinstance(said, int) and 0 <= said <= 9:
        return said
    if event.get("cleared"):
        return NOTICE
    if event["variable"]["name"] == "Problem":
        return ERROR if event["actualValue"].lower() == "true" else NOTICE
    return ALERT if event["trigger"] == "Alerting" else PLAIN


def _status(
    station: Station, event: Answer, moment: Moment, received: datetime
) -> list[StatusReported]:
    component: Any = event["component"]
    status = STATUSES.get(event["actualValue"])
    if event["variable"]["name"] != "AvailabilityState" or component["name"] not in WITH_STATUS:
        return []
    evse = component.get("evse") or {}
    if status is None or (component["name"] == "ChargingStation") != (not evse.get("id")):
        return []
    return [
        StatusReported(
            station.id,
            int(evse.get("id") or 0),
            int(evse.get("connectorId") or 0),
            moment.at,
            received,
            status,
            error_code=clean(event.get("techCode"), 50),
            info=clean(event.get("techInfo"), 255),
            offset_ms=moment.offset_ms,
        )
    ]


def _value(station: Station, event: Answer, at: datetime) -> list[VariablesReported]:
    """Return the value that an event tells; of what can't be read it tells none."""
    if not event["actualValue"]:
        return []
    told = variables.told(event, None, event["actualValue"])
    return [VariablesReported(station.id, at, [told], source="event")]
