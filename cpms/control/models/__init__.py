"""What we ask of chargers, and whom we let charge."""

from cpms.control.models.app_session import AppSession
from cpms.control.models.certificate import (
    Authority,
    Certificate,
    CertificateName,
    InstalledCertificate,
    KnownRoot,
    SecurityUpgrade,
    SigningRequest,
)
from cpms.control.models.command import Bulk, Command
from cpms.control.models.local_list import LocalList
from cpms.control.models.token import GoneToken, Token

__all__ = [
    "AppSession",
    "Authority",
    "Bulk",
    "Certificate",
    "CertificateName",
    "Command",
    "GoneToken",
    "InstalledCertificate",
    "KnownRoot",
    "LocalList",
    "SecurityUpgrade",
    "SigningRequest",
    "Token",
]
