"""The answers that are worded alike in both versions."""

from cpms.ocpp.simulator.answers import service
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.rpc import Json

#: The only vendor whose DataTransfers a simulated charger understands.
VENDOR_ID = "org.kilowatch.simulator"


def data_transfer(_charger: Charger, payload: Json) -> Json:
    """Echo what is meant for us."""
    if payload["vendorId"] != VENDOR_ID:
        return {"status": "UnknownVendorId"}
    return {"status": "Accepted", "data": payload.get("data", "")}


def cancel_reservation(charger: Charger, payload: Json) -> Json:
    """Lift a reservation."""
    found = service.cancel_reservation(charger, payload["reservationId"])
    return {"status": "Accepted" if found else "Rejected"}


def clear_cache(_charger: Charger, _payload: Json) -> Json:
    """Forget the cards seen."""
    return {"status": "Accepted"}
