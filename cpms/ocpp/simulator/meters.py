"""Meter readings: what a connector's meter shows, and as which sampled values."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from cpms.ocpp.simulator.vehicles import Vehicle

ENERGY = "Energy.Active.Import.Register"
GRID_VOLTS = 230.0
AMBIENT_CELSIUS = 18.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value in SI units; `phase` is empty for a total."""

    measurand: str
    value: float
    unit: str
    phase: str = ""
    location: str = "Outlet"


def electrical(power_w: float, vehicle: Vehicle, rng: Random) -> list[Sample]:
    """Return voltage and current: per phase behind AC, of the cable behind DC."""
    if vehicle.is_dc:
        volts = 330 + 0.9 * vehicle.soc + rng.uniform(-1, 1)
        amps = power_w / volts
        return [Sample("Current.Import", amps, "A"), Sample("Voltage", volts, "V")]
    amps = power_w / GRID_VOLTS / vehicle.phases
    samples = []
    for phase in range(1, vehicle.phases + 1):
        volts = GRID_VOLTS - 0.06 * amps + rng.uniform(-1.5, 1.5)
        samples.append(Sample("Current.Import", amps, "A", f"L{phase}"))
        samples.append(Sample("Voltage", volts, "V", f"L{phase}-N"))
    return samples


def samples(
    register_wh: float, power_w: float, offered_w: float, vehicle: Vehicle, rng: Random
) -> list[Sample]:
    """Return what a connector's meter shows while `vehicle` takes about `power_w`."""
    power_w *= rng.uniform(0.992, 1.0)
    celsius = AMBIENT_CELSIUS + 22 * power_w / max(offered_w, 1) + rng.uniform(-0.5, 0.5)
    shown = [
        Sample(ENERGY, register_wh, "Wh"),
        Sample("Power.Active.Import", power_w, "W"),
        Sample("Power.Offered", offered_w, "W"),
        *electrical(power_w, vehicle, rng),
        Sample("Temperature", celsius, "Celsius", location="Body"),
    ]
    if vehicle.is_dc:
        shown.append(Sample("SoC", vehicle.soc, "Percent", location="EV"))
    return shown


def billed(samples: Iterable[Sample]) -> list[Sample]:
    """Return the samples that matter where a session begins or ends."""
    return [sample for sample in samples if sample.measurand in (ENERGY, "SoC")]
