"""A charger's ports: what is plugged in, what flows, and what the meter has counted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from cpms.ocpp.simulator import meters
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.ocpp.simulator.vehicles import Vehicle

COUNTING_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Session:
    """A charging session as the charger knows it.

    `key` is the charger's own name for it, 2.x's transactionId. `transaction_id` is what
    an OCPP 1.6 central system gave it: None until the (perhaps queued) start is answered.
    `is_refused` once the central system objected to its token.
    """

    key: str
    token: str
    meter_start_wh: int
    started_at: datetime
    transaction_id: int | None = None
    sequence: int = 0
    remote_start_id: int | None = None
    is_refused: bool = False

    def next_sequence(self) -> int:
        """Return the next seqNo of 2.x's TransactionEvents, from 0."""
        self.sequence += 1
        return self.sequence - 1


@dataclass(slots=True)
class Port:
    """One place to charge: EVSE `number`, or connector `number` in OCPP 1.6.

    `status` and `error` are in OCPP 1.6's words, the richer ones.
    """

    number: int
    max_power_w: float
    register_wh: float
    measured_at: datetime
    status: str = "Available"
    error: str = "NoError"
    operative: bool = True
    reserved_by: int | None = None
    limit_w: float | None = None
    vehicle: Vehicle | None = None
    session: Session | None = None
    is_delivering: bool = False
    announced: str = field(default="", repr=False)

    @property
    def is_free(self) -> bool:
        """Return whether a driver could plug in."""
        return self.status in ("Available", "Reserved") and self.vehicle is None

    @property
    def rest_status(self) -> str:
        """Return the status of the port with nothing plugged in."""
        if self.error != "NoError":
            return "Faulted"
        if not self.operative:
            return "Unavailable"
        return "Available" if self.reserved_by is None else "Reserved"

    @property
    def allowed_w(self) -> float:
        """Return the watts that the port may give: its rating, or a lower limit set from afar."""
        return self.max_power_w if self.limit_w is None else min(self.max_power_w, self.limit_w)

    def supply_w(self) -> float:
        """Return the watts offered to the vehicle now."""
        return self.allowed_w if self.is_delivering else 0.0

    def power_w(self) -> float:
        """Return the watts flowing now."""
        return min(self.supply_w(), self.vehicle.demand_w()) if self.vehicle else 0.0

    def advance(self, now: datetime) -> None:
        """Let energy flow from the last reading until `now`."""
        seconds = (now - self.measured_at).total_seconds()
        if self.vehicle and self.is_delivering:
            self.register_wh += self.vehicle.charge(seconds, self.supply_w())
        self.measured_at = now

    def read(self, rng: Random) -> list[meters.Sample]:
        """Return what the meter shows, without letting time pass."""
        if self.vehicle is None:
            return [meters.Sample(meters.ENERGY, self.register_wh, "Wh")]
        offered = self.supply_w()
        return meters.samples(self.register_wh, self.power_w(), offered, self.vehicle, rng)


def build_ports(spec: ChargerSpec, now: datetime) -> dict[int, Port]:
    """Return a charger's ports by number.

    Their meters have counted on since 2026 at a fifth of the rating: more than drivers ever
    take, so that a simulation begun later never shows less than an earlier one.
    """
    rng = spec.chance("meters")
    hours = max((now - COUNTING_SINCE).total_seconds(), 0.0) / 3600
    counted_wh = 0.2 * spec.max_power_w * hours
    return {
        number: Port(number, spec.max_power_w, rng.uniform(1e5, 9e6) + counted_wh, now)
        for number in range(1, spec.connectors + 1)
    }
