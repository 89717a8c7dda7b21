"""Electric vehicles: what they draw as their batteries fill."""

from dataclasses import dataclass
from random import Random

STEP_SECONDS = 30.0
#: Battery management ends a charge here; the last percent is spent on balancing.
FULL = 99.5


@dataclass(frozen=True, slots=True)
class VehicleType:
    """A class of vehicle: battery in Wh, limits in W at the plug, AC phases it uses."""

    name: str
    capacity_wh: float
    ac_w: float
    phases: int
    dc_w: float


#: With how often each is met at a European charger.
VEHICLE_TYPES = {
    VehicleType("plug-in hybrid", 12_000, 3_700, 1, 0): 15,
    VehicleType("city car", 36_000, 7_400, 1, 50_000): 15,
    VehicleType("compact", 58_000, 11_000, 3, 125_000): 40,
    VehicleType("estate", 77_000, 11_000, 3, 170_000): 20,
    VehicleType("saloon", 93_000, 22_000, 3, 250_000): 8,
    VehicleType("van", 68_000, 11_000, 3, 115_000): 2,
}


def dc_share(soc: float) -> float:
    """Return the share of its peak DC power that a battery takes at `soc` percent.

    The usual shape of published charge curves: a cold shoulder below 8 %, the peak up
    to 50 %, a slope to a third at 80 %, and a trickle at the end.
    """
    if soc < 8:
        return 0.6 + 0.05 * soc
    if soc < 50:
        return 1.0
    if soc < 80:
        return 1.0 - (soc - 50) / 30 * 0.65
    return max(0.35 - (soc - 80) / 20 * 0.31, 0.04)


def ac_share(soc: float) -> float:
    """Return the share of its on-board charger's power that a battery takes at `soc` percent."""
    return 1.0 if soc < 94 else max(1.0 - (soc - 94) / 6 * 0.85, 0.15)


@dataclass(slots=True)
class Vehicle:
    """A vehicle at a connector. `soc` and `target_soc` are percent."""

    kind: VehicleType
    capacity_wh: float
    soc: float
    target_soc: float
    is_dc: bool

    @property
    def is_done(self) -> bool:
        """Return whether the vehicle takes no more."""
        return self.soc >= self.target_soc

    @property
    def phases(self) -> int:
        """Return on how many phases it loads the grid side; 3 behind a DC rectifier."""
        return 3 if self.is_dc else self.kind.phases

    def demand_w(self) -> float:
        """Return the watts it would draw now from an unlimited connector."""
        if self.is_done:
            return 0.0
        if self.is_dc:
            return self.kind.dc_w * dc_share(self.soc)
        return self.kind.ac_w * ac_share(self.soc)

    def charge(self, seconds: float, supply_w: float) -> float:
        """Charge for `seconds` from a connector that offers `supply_w`; return the Wh taken."""
        taken = 0.0
        while seconds > 0 and not self.is_done:
            step = min(seconds, STEP_SECONDS)
            energy = min(supply_w, self.demand_w()) * step / 3600
            self.soc = min(self.soc + 100 * energy / self.capacity_wh, 100.0)
            taken += energy
            seconds -= step
        return taken


def draw_vehicle(rng: Random, is_dc: bool, pace: float) -> Vehicle:
    """Return a vehicle as one arrives: fairly empty, and some drivers leave at 80 %.

    `pace` is how many times faster than true life drivers come and go: batteries are as
    much smaller, so that charging ends sooner while power and clocks stay true.
    """
    kinds = [kind for kind in VEHICLE_TYPES if kind.dc_w or not is_dc]
    kind = rng.choices(kinds, [VEHICLE_TYPES[kind] for kind in kinds])[0]
    soc = min(max(rng.gauss(32 if is_dc else 48, 16), 4), 88)
    target = rng.choices([80.0, 90.0, FULL], [60, 20, 20] if is_dc else [15, 10, 75])[0]
    return Vehicle(kind, kind.capacity_wh / pace, soc, max(target, soc + 5), is_dc)
