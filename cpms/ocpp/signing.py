"""A charger asks to have a certificate signed: judged, answered, and signed of our own accord.

(Improved security for OCPP 1.6-J A02, A03; OCPP 2.0.1 part 2, A02, A03)
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from django.utils.translation import gettext as _

from cpms.control.models import SigningRequest
from cpms.control.pki import delivery, registry
from cpms.control.pki.requests import Use
from cpms.ocpp.notes import INFORMATION, WARNING, note
from cpms.ocpp.outcome import Answer, Clerk, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean

#: Characters of a request. (SignCertificateRequest.csr)
LONGEST = 5500
LARGEST_ID = 2**63
#: Requests of a connection in an hour that are looked at: beyond it the database isn't asked.
MOST_LOOKED_AT = 2 * registry.MOST_AN_HOUR
#: certificateType -> what for; none: for both. (OCPP 2.0.1 A02, SignCertificateRequest)
USES = {
    "ChargingStationCertificate": Use.CHARGER,
    "V2GCertificate": Use.V2G,
    "V2G20Certificate": Use.V2G20,
}


def sign_certificate(station: Station, payload: Answer, received: datetime) -> Outcome:
    """Answer whether the request is granted; the certificate follows in a CALL of ours."""
    if _too_often(station, received):
        return Outcome(_refusal(station, "TooManyRequests", _("Ask later.")))
    use = Use.CHARGER
    if station.version != "1.6":
        use = USES.get(str(payload.get("certificateType")), Use.COMBINED)
    said = payload.get("requestId")
    number = said if isinstance(said, int) and abs(said) < LARGEST_ID else None
    payload = {**payload, "csr": clean(payload["csr"], LONGEST)}
    receive = partial(registry.receive, station.id, payload["csr"], use, number, received)

    async def ask(clerk: Clerk) -> Outcome:
        return _outcome(station, payload, await clerk.do(receive), received)

    return Outcome({}, asks=ask)


def _outcome(
    station: Station, payload: Answer, request: SigningRequest, received: datetime
) -> Outcome:
    """Keep the request and what was said to it; sign it where it is granted."""
    fact = note(
        station,
        "certificate_request",
        received,
        payload,
        severity=WARNING if request.refusal else INFORMATION,
        code=request.refusal or request.use,
        text=request.reason,
    )
    if not request.refusal:
        return Outcome({"status": "Accepted"}, [fact], partial(_sign, request.pk))
    return Outcome(_refusal(station, request.refusal, request.reason), [fact])


def _too_often(station: Station, received: datetime) -> bool:
    """Tell whether a charger asks so often that nothing is even kept of it."""
    since = received - timedelta(hours=1)
    station.asked_to_sign = [at for at in station.asked_to_sign if at > since]
    if len(station.asked_to_sign) >= MOST_LOOKED_AT:
        return True
    station.asked_to_sign.append(received)
    return False


def _refusal(station: Station, code: str, why: str) -> Answer:
    if station.version == "1.6":
        return {"status": "Rejected"}
    info = {"reasonCode": code, "additionalInfo": why[:512]}
    return {"status": "Rejected", "statusInfo": info}


def _sign(request_id: int) -> None:
    delivery.send(request_id, datetime.now(UTC))
