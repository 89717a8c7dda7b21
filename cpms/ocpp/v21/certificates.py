"""Status of certificate chains: kept, and declined. (OCPP 2.1 part 2, M07)"""

from datetime import datetime

from cpms.ocpp.notes import WARNING, note
from cpms.ocpp.outcome import Answer, Outcome
from cpms.ocpp.station import Station
from cpms.ocpp.times import say


def get_certificate_chain_status(station: Station, payload: Answer, received: datetime) -> Outcome:
    """M07: neither OCSP responders nor revocation lists are asked."""
    asked = payload["certificateStatusRequests"]
    statuses = [
        {
            "certificateHashData": one["certificateHashData"],
            "source": one["source"],
            "status": "Failed",
            "nextUpdate": say(received),
        }
        for one in asked
    ]
    fact = note(station, "certificate_chain_request", received, payload, severity=WARNING)
    return Outcome({"certificateStatus": statuses}, [fact])
