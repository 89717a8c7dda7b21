"""Simulated chargers: for demos, for tests, and for replays.

`SimulatedCharger` is the tests' charger, moved by hand; `charger.Charger` lives by itself.
"""

from cpms.ocpp.simulator.link import LostError, RefusedError, UnreachableError
from cpms.ocpp.simulator.puppet import SimulatedCharger
from cpms.ocpp.simulator.rpc import Call, CallError, Frame, NoAnswerError

__all__ = [
    "Call",
    "CallError",
    "Frame",
    "LostError",
    "NoAnswerError",
    "RefusedError",
    "SimulatedCharger",
    "UnreachableError",
]
