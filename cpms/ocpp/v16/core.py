"""Boot, heartbeat, status, authorization, data transfer. (OCPP 1.6 §4)"""

from datetime import datetime
from typing import Any

from cpms.ocpp import oddities, vendor_data
from cpms.ocpp.notes import fit
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean
from cpms.ocpp.times import say
from monitoring.facts import AuthorizationAsked, Booted, EventReported, Status, StatusReported

STATUSES = {status.value: status for status in Status}


def boot_notification(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.2: answered by the charger's lifecycle; tells the time and the heartbeat interval."""
    answer = station.boot_answer()
    station.accepted = answer == "Accepted"
    station.booted = True
    station.clock.reset()
    vendor = clean(payload["chargePointVendor"], 50)
    model = clean(payload["chargePointModel"], 50)
    serial = clean(
        payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber"), 50
    )
    boot = Booted(
        station.id,
        received,
        vendor,
        model,
        serial,
        clean(payload.get("firmwareVersion"), 50),
        clean(payload.get("iccid"), 22),
        clean(payload.get("imsi"), 22),
        answer=answer,
        extra={
            name: clean(payload.get(name), 100)
            for name in ("chargeBoxSerialNumber", "meterType", "meterSerialNumber")
        },
    )
    reply = {
        "status": answer,
        "currentTime": say(received),
        "interval": station.heartbeat_interval(),
    }
    return Outcome(reply, [boot, *oddities.mismatch(station, vendor, model, serial, received)])


def heartbeat(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.6: answered at once with the time."""
    return Outcome({"currentTime": say(received)})


def status_notification(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.9: connector 0 is the charger as a whole."""
    moment = station.clock.moment(payload.get("timestamp"), received)
    error = clean(payload.get("errorCode"), 50)
    fact = StatusReported(
        station.id,
        int(payload["connectorId"]),
        1,
        moment.at,
        received,
        STATUSES.get(payload["status"], Status.UNKNOWN),
        "" if error == "NoError" else error,
        clean(payload.get("vendorErrorCode"), 50),
        clean(payload.get("info"), 255),
        moment.offset_ms,
    )
    said = payload.get("timestamp")
    odd = oddities.bad_time(station, moment, said, "StatusNotification", received)
    return Outcome({}, [fact, *odd])


def authorize(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.1: answered from the tokens; starts an attempt."""
    token = payload["idTag"]
    status, info = id_tag_info(station, token, received)
    fact = AuthorizationAsked(station.id, received, clean(token, 255), status)
    return Outcome({"idTagInfo": info}, [fact])


#: Words of 2.x that 1.6 hasn't. (§7.2: Invalid is not allowed for charging)
INVALID = {"Unknown", "NotAtThisLocation"}


def id_tag_info(
    station: Station, id_tag: str, now: datetime, starting: str = ""
) -> tuple[str, dict[str, Any]]:
    """Return how a token was decided on, and its IdTagInfo (§7.26) with expiry and parent.

    `starting`: the key of the start that it is presented for.
    """
    status, token = station.authorize(id_tag, now, starting)
    said = "Invalid" if status in INVALID else status
    info: dict[str, Any] = {"status": said}
    if token is not None and token.expires_at is not None:
        info["expiryDate"] = say(token.expires_at)
    if token is not None and token.group:
        info["parentIdTag"] = token.group[:20]
    return said if token is None else status, info


def data_transfer(station: Station, payload: Answer, received: datetime) -> Outcome:
    """§4.3: kept, and answered by the organisation's rules."""
    fact = EventReported(
        station.id,
        "data_transfer",
        received,
        received,
        severity=7,
        code=clean(payload["vendorId"], 100),
        text=clean(payload.get("messageId"), 1000),
        data=fit({"data": payload["data"]}) if payload.get("data") is not None else {},
    )
    return vendor_data.outcome(station, payload, received, [fact])
