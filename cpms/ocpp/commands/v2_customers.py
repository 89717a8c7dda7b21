"""Customer information in OCPP 2.0.1 and 2.1. (Part 2, N09, N10)"""

from typing import Any

from cpms.control.operations import Operation
from cpms.control.operations.customers import AskCustomer, Certificate

Said = tuple[str, dict[str, Any]]


def ask_customer(asked: AskCustomer) -> Said:
    """N09, N10."""
    about = {"requestId": asked.request_id, "report": asked.report, "clear": asked.clear}
    token = {"idToken": asked.id_token, "type": asked.token_type} if asked.id_token else None
    return "CustomerInformation", {
        **about,
        "idToken": token,
        "customerIdentifier": asked.identifier,
        "customerCertificate": _hashes(asked.certificate) if asked.certificate else None,
    }


def _hashes(certificate: Certificate) -> dict[str, Any]:
    return {
        "hashAlgorithm": certificate.hash_algorithm,
        "issuerNameHash": certificate.issuer_name_hash,
        "issuerKeyHash": certificate.issuer_key_hash,
        "serialNumber": certificate.serial_number,
    }


TRANSLATORS: dict[type[Operation], Any] = {AskCustomer: ask_customer}
