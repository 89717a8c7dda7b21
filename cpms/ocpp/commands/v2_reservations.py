"""Reservations in OCPP 2.0.1 and 2.1. (Part 2, H)"""

from typing import Any

from cpms.control.operations import Operation
from cpms.control.operations.reservations import CancelReservation, Reserve
from cpms.ocpp.times import say

Said = tuple[str, dict[str, Any]]


def reserve(asked: Reserve) -> Said:
    """H01."""
    group = {"idToken": asked.group, "type": "Central"} if asked.group else None
    return "ReserveNow", {
        "id": asked.number,
        "expiryDateTime": say(asked.until),
        "idToken": {"idToken": asked.id_token, "type": asked.token_type},
        "evseId": asked.evse,
        "connectorType": asked.connector_type,
        "groupIdToken": group,
    }


def cancel(asked: CancelReservation) -> Said:
    """H02."""
    return "CancelReservation", {"reservationId": asked.number}


TRANSLATORS: dict[type[Operation], Any] = {Reserve: reserve, CancelReservation: cancel}
