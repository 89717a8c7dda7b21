"""ISO 15118: what others must be asked for a charger's cars. (OCPP 2.0.1 part 2, M)"""

import base64
from datetime import datetime
from functools import partial

from cpms.control.outside import allowed as whom
from cpms.control.outside import pool
from cpms.control.outside.responders import RESPONDERS, Unanswered
from cpms.ocpp.commands.clerk import Clerk
from cpms.ocpp.notes import WARNING, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.v201.contracts import question

#: Characters of an answer: version -> of OCSP, for a car. (The schemas' maxLength)
LONGEST = {"2.0.1": (5_500, 7_500), "2.1": (18_000, 17_000)}
#: Characters of the text of a reason.
LONGEST_INFO = 512
#: Kinds of events.
STATUS, CONTRACT = "certificate_status_request", "ev_certificate_request"


def get_certificate_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """M06: what the OCSP responder says that the charger names, if it may be asked."""
    return Outcome({}, asks=partial(_certificate_status, station, payload, received))


async def _certificate_status(
    station: Station, payload: Answer, received: datetime, clerk: Clerk
) -> Outcome:
    asked = question(payload["ocspRequestData"])
    allowed = await clerk.do(partial(whom.of, station.organisation_id, received))
    try:
        verdict = await RESPONDERS.ask(asked, allowed)
        encoded = base64.b64encode(verdict.encoded).decode()
        if len(encoded) > LONGEST[station.version][0]:
            raise Unanswered("The responder's answer is too long for the charger.")
    except Unanswered as silence:
        why = str(silence)
        fact = note(station, STATUS, received, payload, severity=WARNING, code="Failed", text=why)
        return Outcome(_failed(why), [fact])
    fact = note(station, STATUS, received, payload, code=verdict.standing.value)
    return Outcome({"status": "Accepted", "ocspResult": encoded}, [fact])


def get_15118_ev_certificate(station: Station, payload: Answer, received: datetime) -> Outcome:
    """M01, M02: a car's request, passed on to the provider of contracts."""
    return Outcome({}, asks=partial(_ev_certificate, station, payload, received))


async def _ev_certificate(
    station: Station, payload: Answer, received: datetime, clerk: Clerk
) -> Outcome:
    allowed = await clerk.do(partial(whom.of, station.organisation_id, received))
    action = payload["action"]
    wanted = pool.Wanted(
        action,
        payload["iso15118SchemaVersion"],
        payload["exiRequest"],
        payload.get("maximumContractCertificateChains"),
        tuple(payload.get("prioritizedEMAIDs", ())),
    )
    try:
        if allowed.pool is None:
            raise pool.Refused("No provider of contracts is connected.")
        given = await pool.ask(allowed.pool, wanted, LONGEST[station.version][1])
    except pool.Refused as refusal:
        why = str(refusal)
        fact = note(station, CONTRACT, received, payload, severity=WARNING, code=action, text=why)
        return Outcome({**_failed(why), "exiResponse": ""}, [fact])
    reply: Answer = {"status": "Accepted", "exiResponse": given.response}
    if station.version != "2.0.1" and given.remaining is not None:
        reply["remainingContracts"] = given.remaining
    return Outcome(reply, [note(station, CONTRACT, received, payload, code=action)])


def _failed(why: str) -> Answer:
    """Return the answer that it failed, and why."""
    info = {"reasonCode": "InternalError", "additionalInfo": why[:LONGEST_INFO]}
    return {"status": "Failed", "statusInfo": info}
