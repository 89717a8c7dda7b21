"""Answers about keys and certificates. (Improved security for OCPP 1.6-J; OCPP 2.0.1 A, M)"""

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.rpc import Json


def certificate_signed(charger: Charger, payload: Json) -> Json:
    """Take a certificate that was asked for."""
    taken = charger.papers.take(payload["certificateChain"])
    return {"status": "Accepted" if taken else "Rejected"}


def install_certificate(charger: Charger, payload: Json) -> Json:
    """Trust a root."""
    status = charger.papers.install(payload["certificateType"], payload["certificate"])
    return {"status": status}


def get_installed_certificate_ids(charger: Charger, payload: Json) -> Json:
    """Name the roots: in 1.6 of one kind, in 2.x of several."""
    asked = payload.get("certificateType", [])
    is_old = charger.spec.version == "1.6"
    found = charger.papers.named([asked] if is_old else asked)
    if not found:
        return {"status": "NotFound"}
    if is_old:
        return {"status": "Accepted", "certificateHashData": [named for _kind, named in found]}
    chain = [{"certificateType": kind, "certificateHashData": named} for kind, named in found]
    return {"status": "Accepted", "certificateHashDataChain": chain}


def delete_certificate(charger: Charger, payload: Json) -> Json:
    """Forget a root."""
    return {"status": charger.papers.delete(payload["certificateHashData"])}


ANSWERS = {
    "CertificateSigned": certificate_signed,
    "DeleteCertificate": delete_certificate,
    "GetInstalledCertificateIds": get_installed_certificate_ids,
    "InstallCertificate": install_certificate,
}
