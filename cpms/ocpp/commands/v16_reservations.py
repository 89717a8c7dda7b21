"""Reservations in OCPP 1.6. (§5.1, §5.13)"""

from typing import Any

from cpms.control.operations import BadRequest, Operation
from cpms.control.operations.reservations import CancelReservation, Reserve
from cpms.ocpp.times import say

Said = tuple[str, dict[str, Any]]


def reserve(asked: Reserve) -> Said:
    """§5.13: connector 0 is the charger as a whole, any of whose connectors is kept."""
    if asked.connector_type is not None:
        raise BadRequest("OCPP 1.6 can't reserve by the kind of connector: name the port.")
    return "ReserveNow", {
        "connectorId": asked.evse or 0,
        "expiryDate": say(asked.until),
        "idTag": asked.id_token,
        "parentIdTag": asked.group or None,
        "reservationId": asked.number,
    }


def cancel(asked: CancelReservation) -> Said:
    """§5.1."""
    return "CancelReservation", {"reservationId": asked.number}


TRANSLATORS: dict[type[Operation], Any] = {Reserve: reserve, CancelReservation: cancel}
