"""Status of certificate chains, by OCSP. (OCPP 2.1 part 2, M07)"""

from datetime import UTC, datetime
from functools import partial

from cpms.control.outside.allowed import Allowed, of
from cpms.control.outside.responders import RESPONDERS, Unanswered
from cpms.ocpp.commands.clerk import Clerk
from cpms.ocpp.notes import INFORMATION, WARNING, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.times import say
from cpms.ocpp.v201.contracts import question


def get_certificate_chain_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """M07: what OCSP responders say; revocation lists aren't fetched, that part fails."""
    return Outcome({}, asks=partial(_chain_status, station, payload, received))


async def _chain_status(
    station: Station, payload: Answer, received: datetime, clerk: Clerk
) -> Outcome:
    allowed = await clerk.do(partial(of, station.organisation_id, received))
    statuses = [await _status(one, allowed) for one in payload["certificateStatusRequests"]]
    failed = any(one["status"] == "Failed" for one in statuses)
    severity = WARNING if failed else INFORMATION
    fact = note(station, "certificate_chain_request", received, payload, severity=severity)
    return Outcome({"certificateStatus": statuses}, [fact])


async def _status(asked: Answer, allowed: Allowed) -> Answer:
    """Return the status of one certificate, from the first responder that says something."""
    status, until = "Failed", datetime.now(UTC)
    for url in asked["urls"] if asked["source"] == "OCSP" else ():
        try:
            named = {**asked["certificateHashData"], "responderURL": url}
            verdict = await RESPONDERS.ask(question(named), allowed)
        except Unanswered:
            continue
        status, until = verdict.standing.value.capitalize(), verdict.until
        break
    named = {name: asked[name] for name in ("certificateHashData", "source")}
    return {**named, "status": status, "nextUpdate": say(until)}
