"""From a CALL to its handler: the table, validation, and the right error for everything else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpms.ocpp import frames, schemas
from cpms.ocpp.outcome import Answer, Outcome, Refused
from cpms.ocpp.station import Station

Handler = Callable[[Station, Answer, datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Routes:
    """The actions of one version that a charger may send."""

    version: str
    handlers: Mapping[str, Handler]

    def outcome(
        self, station: Station, call: frames.Call, received: datetime
    ) -> tuple[Outcome, Sequence[schemas.Breakage]]:
        """Return what the handler makes of the CALL, and how it broke the schema softly.

        Raises `Refused` with the OCPP error code where it must be answered with a CALLERROR.
        """
        handler = self.handlers.get(call.action)
        if handler is None:
            raise self._unknown(call.action)
        if self.version != "1.6" and not station.may_send(call.action):
            raise Refused("SecurityError", "Send BootNotification and wait until it is accepted.")
        try:
            payload, breakages = schemas.check(self.version, call.action, call.payload)
        except schemas.BadPayload as bad:
            raise Refused(bad.code, bad.description) from None
        return handler(station, payload, received), breakages

    def _unknown(self, action: str) -> Refused:
        if schemas.validator(self.version, action) is None:
            return Refused("NotImplemented", f"There is no action {action!r:.60} in OCPP.")
        return Refused("NotSupported", f"{action} is not for a charger to send.")
