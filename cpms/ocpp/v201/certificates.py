"""ISO 15118 contract certificates and OCSP: kept, and declined. (OCPP 2.0.1 part 2, M)"""

from cpms.ocpp.notes import WARNING, declined, kept

#: M01, M02: no provider of contract certificates is connected.
get_15118_ev_certificate = kept(
    "ev_certificate_request",
    code="action",
    severity=WARNING,
    reply={**declined("Failed"), "exiResponse": ""},
)
#: M06: no OCSP responder is asked.
get_certificate_status = kept(
    "certificate_status_request", severity=WARNING, reply=declined("Failed")
)
