"""Messages that are kept as they are: an event with the payload, bounded."""

from datetime import datetime
from itertools import islice
from typing import TypedDict, Unpack

from cpms.ocpp.commands import transfers
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.routing import Handler
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import Moment
from monitoring.encoding import dumps, loads
from monitoring.facts import EventReported
from monitoring.masking import mask

#: A longer payload, in bytes of JSON, is kept without its lists and objects; the flight
#: recorder has all of it.
LONGEST = 16_384
LONGEST_TEXT = 1_000
MOST_PROPERTIES = 16
#: Severities used here (OCPP 2.0.1 §3, EventData.severity).
ERROR, WARNING, INFORMATION = 3, 4, 6
#: Parts of a status that is bad news.
BAD = ("Fail", "Invalid", "Rejected", "BadMessage", "Permission", "NotSupported")


class Said(TypedDict, total=False):
    """What an event says beside its payload."""

    #: When it happened, where the message has a time of its own.
    moment: Moment
    evse: int | None
    severity: int
    code: object
    text: object


def note(
    station: Station, kind: str, received: datetime, payload: Answer, **said: Unpack[Said]
) -> EventReported:
    """Return the event of `kind` that keeps `payload`."""
    moment = said.get("moment")
    return EventReported(
        station.id,
        kind,
        moment.at if moment else received,
        received,
        evse=int(said.get("evse") or 0),
        severity=said.get("severity", INFORMATION),
        code=clean(said.get("code"), 100),
        text=clean(said.get("text"), LONGEST_TEXT),
        data=fit(payload),
        offset_ms=moment.offset_ms if moment else 0,
    )


def kept(
    kind: str,
    *,
    code: str = "",
    time: str = "",
    severity: int = INFORMATION,
    reply: Answer | None = None,
) -> Handler:
    """Return the handler of a message that is only kept, as an event of `kind`.

    `code` and `time` name the properties that hold the event's code and its time; `reply` is
    what it is answered with.
    """

    def keep(station: Station, payload: Answer, received: datetime) -> Outcome:
        said: Said = {"severity": severity, "evse": payload.get("evseId")}
        if code:
            said["code"] = payload.get(code)
        if time:
            said["moment"] = station.clock.moment(payload.get(time), received)
        return Outcome(dict(reply or {}), [note(station, kind, received, payload, **said)])

    return keep


def progress(kind: str) -> Handler:
    """Return the handler of a transfer's status: an event, an error where it is bad news."""

    def keep(station: Station, payload: Answer, received: datetime) -> Outcome:
        status = clean(payload["status"], 100)
        severity = ERROR if any(word in status for word in BAD) else INFORMATION
        fact = note(station, kind, received, payload, severity=severity, code=status)
        return Outcome({}, [fact], transfers.reported(station.id))

    return keep


def fit(payload: Answer) -> Answer:
    """Return `payload` without secrets; of a long one what is short, and its size under "cut"."""
    text = dumps(payload).decode()
    if len(text) > LONGEST:
        short = (
            (name, value)
            for name, value in payload.items()
            if not isinstance(value, dict | list) and len(f"{name}{value}") <= LONGEST_TEXT
        )
        payload = {**dict(islice(short, MOST_PROPERTIES)), "cut": len(text)}
        text = dumps(payload).decode()
    masked = mask(text)
    return payload if masked is text else dict(loads(masked))


def declined(status: str) -> Answer:
    """Return an answer that declines what isn't done here; reason codes: 2.0.1 appendix 5."""
    return {"status": status, "statusInfo": {"reasonCode": "UnsupportedRequest"}}
