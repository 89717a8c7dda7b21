"""A message, and what every dialect of OCPP can say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cpms.ocpp.simulator.meters import Sample
from cpms.ocpp.simulator.ports import Port, Session
from cpms.ocpp.simulator.spec import ChargerSpec


@dataclass(frozen=True, slots=True)
class Message:
    """A CALL to be sent; one that is about a `session` is kept for later when it can't be."""

    action: str
    payload: dict[str, Any]
    session: Session | None = None

    @property
    def is_expendable(self) -> bool:
        """Return whether a charger short of memory gives this one up first."""
        return self.action == "MeterValues" or self.payload.get("eventType") == "Updated"


@dataclass(frozen=True, slots=True)
class Event:
    """Something in a session worth telling. `at` is the charger's clock as text."""

    port: Port
    session: Session
    samples: Sequence[Sample]
    at: str
    offline: bool = False


class Dialect(Protocol):
    """One version's way to say things; `at` is the charger's clock as text."""

    def boot(self, spec: ChargerSpec, reason: str, /) -> Message:
        """Announce the charger; `reason` is a BootReason of 2.x, which 1.6 leaves out."""

    def heartbeat(self) -> Message:
        """Say that the charger is alive."""

    def started_up(self, at: str, /) -> Sequence[Message]:
        """Say what follows an accepted boot besides the ports' statuses."""

    def port_state(self, port: Port, /) -> str:
        """Return what a status message would tell, to send one only when that changes."""

    def status(self, port: Port, at: str, /) -> Message:
        """Tell a port's status."""

    def authorize(self, token: str, /) -> Message:
        """Ask whether `token` may charge."""

    def is_authorized(self, reply: dict[str, Any], /) -> bool:
        """Return whether a reply to an authorize, start or Started message lets the driver charge.

        A reply that says nothing about the token doesn't object to it.
        """

    def started(self, event: Event, /) -> Message:
        """Tell that a session began."""

    def sampled(self, event: Event, /) -> Message:
        """Tell a running session's meter values."""

    def changed(self, event: Event, /) -> Message | None:
        """Tell that a session's charging state changed, where the status doesn't say so."""

    def ended(self, event: Event, reason: str, /) -> Message:
        """Tell that a session ended; `reason` is one of OCPP 1.6's."""

    def complete(self, message: Message, /) -> dict[str, Any]:
        """Return the payload to send, with what only the central system's answers could tell."""

    def learn(self, message: Message, reply: dict[str, Any], /) -> None:
        """Note in the message's session what the reply told."""

    def metered(self, port: Port, samples: Sequence[Sample], at: str, context: str, /) -> Message:
        """Tell a port's meter values outside of a session's own rhythm."""
