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
from cpms.control.models.configuration import Monitor, Report
from cpms.control.models.customer import CustomerReport
from cpms.control.models.display import DisplayMessage
from cpms.control.models.firmware import FirmwareImage, StoredFile, Transfer
from cpms.control.models.local_list import LocalList
from cpms.control.models.outside import ContractAuthority, ContractPool, Responder
from cpms.control.models.profile import (
    ChargingNeeds,
    ChargingProfile,
    CompositeAnswer,
    ExternalLimit,
)
from cpms.control.models.reservation import Reservation
from cpms.control.models.tariff import Tariff
from cpms.control.models.token import GoneToken, Token
from cpms.control.models.vendor_data import VendorRule

__all__ = [
    "AppSession",
    "Authority",
    "Bulk",
    "Certificate",
    "CertificateName",
    "ChargingNeeds",
    "ChargingProfile",
    "Command",
    "CompositeAnswer",
    "ContractAuthority",
    "ContractPool",
    "CustomerReport",
    "DisplayMessage",
    "ExternalLimit",
    "FirmwareImage",
    "GoneToken",
    "InstalledCertificate",
    "KnownRoot",
    "LocalList",
    "Monitor",
    "Report",
    "Reservation",
    "Responder",
    "SecurityUpgrade",
    "SigningRequest",
    "StoredFile",
    "Tariff",
    "Token",
    "Transfer",
    "VendorRule",
]
