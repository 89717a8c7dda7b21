"""What exists, where, and whose."""

from inventory.models.charger import Charger, ChargerModel, Connector, Evse, Lifecycle
from inventory.models.contract import Contract, Contractor, ExclusionReason
from inventory.models.idempotency import IdempotencyKey
from inventory.models.organisation import ApiToken, Membership, Organisation, Role
from inventory.models.sim import Sim
from inventory.models.site import Site

__all__ = [
    "ApiToken",
    "Charger",
    "ChargerModel",
    "Connector",
    "Contract",
    "Contractor",
    "Evse",
    "ExclusionReason",
    "IdempotencyKey",
    "Lifecycle",
    "Membership",
    "Organisation",
    "Role",
    "Sim",
    "Site",
]
