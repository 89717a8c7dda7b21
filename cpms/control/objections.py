"""What speaks against asking an operation of a charger, beyond its fields and its version."""

from collections.abc import Callable
from typing import Any

from cpms.control import list_contents, reservations, upgrades
from cpms.control.operations import Operation
from cpms.control.operations.configuration import ChangeSettings, SetNetworkProfile
from cpms.control.operations.local_lists import SendLocalList
from cpms.control.operations.reservations import Reserve
from inventory.models import Charger

#: Operation -> a function that returns why not, in words, or nothing.
OBJECTIONS: dict[type[Operation], Callable[[Charger, Any], str]] = {
    ChangeSettings: upgrades.objection_to_settings,
    Reserve: reservations.objection,
    SendLocalList: list_contents.objection,
    SetNetworkProfile: upgrades.objection_to_way,
}


def to(charger: Charger, operation: Operation) -> str:
    """Return why this can't be asked of the charger now; empty if it can."""
    objection = OBJECTIONS.get(type(operation))
    return objection(charger, operation) if objection else ""
