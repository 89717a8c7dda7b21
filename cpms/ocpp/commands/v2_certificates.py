"""Certificates in OCPP 2.0.1 and 2.1. (Part 2, A02, A03, M)"""

from typing import Any

from cpms.control.operations import Operation, certificates
from cpms.ocpp.commands.v16_certificates import hash_data

Said = tuple[str, dict[str, Any]]

KINDS = {
    "csms_root": "CSMSRootCertificate",
    "manufacturer_root": "ManufacturerRootCertificate",
    "v2g_root": "V2GRootCertificate",
    "mo_root": "MORootCertificate",
    "oem_root": "OEMRootCertificate",
    "v2g_chain": "V2GCertificateChain",
}
#: A certificate for both purposes has no type.
USES = {
    "charger": "ChargingStationCertificate",
    "v2g": "V2GCertificate",
    "v2g20": "V2G20Certificate",
}


def send(asked: certificates.SendCertificate) -> Said:
    """A02, A03."""
    about = {
        "certificateChain": asked.chain,
        "certificateType": USES.get(asked.use),
        "requestId": asked.request_id,
    }
    return "CertificateSigned", about


def install(asked: certificates.InstallCertificate) -> Said:
    """M05."""
    about = {"certificateType": KINDS[asked.kind], "certificate": asked.certificate}
    return "InstallCertificate", about


def ask(asked: certificates.ListCertificates) -> Said:
    """M03."""
    kinds = [KINDS[kind] for kind in asked.kinds] if asked.kinds else None
    return "GetInstalledCertificateIds", {"certificateType": kinds}


def delete(asked: certificates.DeleteCertificate) -> Said:
    """M04."""
    return "DeleteCertificate", {"certificateHashData": hash_data(asked)}


TRANSLATORS: dict[type[Operation], Any] = {
    certificates.SendCertificate: send,
    certificates.InstallCertificate: install,
    certificates.ListCertificates: ask,
    certificates.DeleteCertificate: delete,
}
