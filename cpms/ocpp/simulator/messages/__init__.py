"""What a charger says, in each version of OCPP: pure functions, one module per dialect."""

from cpms.ocpp.simulator.messages import v2, v16
from cpms.ocpp.simulator.messages.message import Dialect, Event, Message

DIALECTS: dict[str, Dialect] = {"1.6": v16, "2.0.1": v2, "2.1": v2}

__all__ = ["DIALECTS", "Dialect", "Event", "Message"]
