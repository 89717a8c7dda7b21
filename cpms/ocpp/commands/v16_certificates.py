"""Certificates in OCPP 1.6. (Improved security for OCPP 1.6-J §5)"""

from typing import Any

from cpms.control.operations import BadRequest, Operation, certificates

Said = tuple[str, dict[str, Any]]

KINDS = {
    "csms_root": "CentralSystemRootCertificate",
    "manufacturer_root": "ManufacturerRootCertificate",
}


def kind(asked: str) -> str:
    """Return the word of a kind; raise `BadRequest` for one that 1.6 hasn't."""
    if asked not in KINDS:
        raise BadRequest("OCPP 1.6 knows roots of the central system and of the manufacturer.")
    return KINDS[asked]


def send(asked: certificates.SendCertificate) -> Said:
    """A02, A03."""
    if asked.use != "charger":
        raise BadRequest("In OCPP 1.6 a certificate is for the connection to us.")
    return "CertificateSigned", {"certificateChain": asked.chain}


def install(asked: certificates.InstallCertificate) -> Said:
    """M05."""
    about = {"certificateType": kind(asked.kind), "certificate": asked.certificate}
    return "InstallCertificate", about


def ask(asked: certificates.ListCertificates) -> list[Said]:
    """M03: one kind at a time."""
    words = [kind(one) for one in asked.kinds] if asked.kinds else KINDS.values()
    return [("GetInstalledCertificateIds", {"certificateType": word}) for word in words]


def delete(asked: certificates.DeleteCertificate) -> Said:
    """M04."""
    return "DeleteCertificate", {"certificateHashData": hash_data(asked)}


def hash_data(asked: certificates.DeleteCertificate) -> dict[str, Any]:
    """Return a CertificateHashDataType, the same in all versions."""
    return {
        "hashAlgorithm": asked.hash_algorithm,
        "issuerNameHash": asked.issuer_name_hash,
        "issuerKeyHash": asked.issuer_key_hash,
        "serialNumber": asked.serial,
    }


TRANSLATORS: dict[type[Operation], Any] = {
    certificates.SendCertificate: send,
    certificates.InstallCertificate: install,
    certificates.ListCertificates: ask,
    certificates.DeleteCertificate: delete,
}
