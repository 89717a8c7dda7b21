"""Sampled values of any version, normalised to SI base units and typed columns."""

import math
from typing import Any

from inventory.quirks import Quirks
from monitoring.models.meters import COLUMNS

#: (measurand, phase) -> column; a phase that isn't here goes to the extra values.
_PHASED = {"Current.Import": "current", "Voltage": "voltage"}
_PHASES = {
    "": "",
    "L1": "_l1",
    "L2": "_l2",
    "L3": "_l3",
    "L1-N": "_l1",
    "L2-N": "_l2",
    "L3-N": "_l3",
}
_PLAIN = {
    "Energy.Active.Import.Register": "energy",
    "Energy.Active.Export.Register": "energy_export",
    "Power.Active.Import": "power",
    "Power.Offered": "power_offered",
    "Current.Offered": "current_offered",
    "Power.Import.Offered": "power_offered",  # 2.1's names for the same
    "Current.Import.Offered": "current_offered",
    "SoC": "soc",
    "Temperature": "temperature",
    "Frequency": "frequency",
}
_SUMMED = {"energy", "energy_export", "power", "power_offered"}


def _slots() -> dict[tuple[str, str], int]:
    slots = {(measurand, ""): COLUMNS.index(column) for measurand, column in _PLAIN.items()}
    for measurand, column in _PHASED.items():
        for phase, suffix in _PHASES.items():
            slots[measurand, phase] = COLUMNS.index(column + suffix)
    return slots


SLOTS = _slots()
#: Columns that a value of each phase adds up to, when no total is sent.
SUM_SLOTS = {m: COLUMNS.index(c) for m, c in _PLAIN.items() if c in _SUMMED}
ENERGY = COLUMNS.index("energy")
#: unit -> (factor, offset) to the SI base unit.
UNITS = {
    "": (1.0, 0.0),
    "Wh": (1.0, 0.0),
    "kWh": (1000.0, 0.0),
    "MWh": (1e6, 0.0),
    "W": (1.0, 0.0),
    "kW": (1000.0, 0.0),
    "MW": (1e6, 0.0),
    "A": (1.0, 0.0),
    "mA": (0.001, 0.0),
    "V": (1.0, 0.0),
    "kV": (1000.0, 0.0),
    "mV": (0.001, 0.0),
    "Percent": (1.0, 0.0),
    "%": (1.0, 0.0),
    "Celsius": (1.0, 0.0),
    "Celcius": (1.0, 0.0),  # OCPP 1.6 errata
    "C": (1.0, 0.0),
    "K": (1.0, -273.15),
    "Fahrenheit": (5 / 9, -160 / 9),
    "Hertz": (1.0, 0.0),
    "Hz": (1.0, 0.0),
}
#: Beyond these a value is no measurement; kept with the extra values.
LIMIT = 1e12

Values = tuple[float | None, ...]
NOTHING: Values = (None,) * len(COLUMNS)


def normalise(
    sampled: list[Any], quirks: Quirks
) -> tuple[Values, str, dict[str, Any] | None, list[str]]:
    """Return one MeterValues entry as columns, its context, everything else, and oddities.

    `sampled` holds 1.6 or 2.x SampledValue objects. A value that can't be read loses nothing
    of the others: it goes to the extra values as it came.
    """
    values: list[float | None] = list(NOTHING)
    sums: dict[int, float] = {}
    extra: list[Any] = []
    oddities: list[str] = []
    context = "Sample.Periodic"
    for sample in sampled:
        context = sample.get("context") or context
        number = _number(sample, quirks)
        slot = _slot(sample, quirks)
        if number is None or slot is None or slot < 0 or "signedMeterValue" in sample:
            extra.append(sample)
        if number is None or slot is None:
            if number is None and sample.get("format") != "SignedData":
                oddities.append("unreadable_value")
        elif slot < 0:
            sums[~slot] = sums.get(~slot, 0.0) + number
        elif values[slot] is None or sample.get("location", "Outlet") == "Outlet":
            values[slot] = number
    _settle(values, sums, oddities)
    return tuple(values), context, {"sampled": extra} if extra else None, oddities


def _settle(values: list[float | None], sums: dict[int, float], oddities: list[str]) -> None:
    """Take the phases' sum where no total was sent; drop a register that can't be one."""
    for slot, total in sums.items():
        values[slot] = total if values[slot] is None else values[slot]
    if (values[ENERGY] or 0.0) < 0:  # no lifetime register is negative (openevse#703)
        values[ENERGY] = None
        oddities.append("negative_register")


def _slot(sample: dict[str, Any], quirks: Quirks) -> int | None:
    """Return the column; ~column for a value of one phase that adds to a total; or None."""
    measurand = sample.get("measurand") or "Energy.Active.Import.Register"
    phase = sample.get("phase") or ""
    if "signedMeterValue" in sample and "value" not in sample:
        return None
    slot = SLOTS.get((measurand, phase))
    if slot is None and phase in _PHASES and measurand in SUM_SLOTS:
        return SUM_SLOTS[measurand] if quirks.totals_on_l1 else ~SUM_SLOTS[measurand]
    return slot


def _number(sample: dict[str, Any], quirks: Quirks) -> float | None:
    """Return the value in its SI base unit, None where it can't be read."""
    unit_of = sample.get("unitOfMeasure")
    unit = (unit_of.get("unit") if isinstance(unit_of, dict) else sample.get("unit")) or ""
    try:
        number = float(sample["value"])
        factor, offset = UNITS[unit]
    except (KeyError, TypeError, ValueError):
        return None
    if isinstance(unit_of, dict) and unit_of.get("multiplier"):
        number *= 10.0 ** max(-12, min(12, unit_of["multiplier"]))
    if quirks.energy_in_kwh and unit in {"", "Wh"} and _is_energy(sample):
        factor = 1000.0
    number = number * factor + offset
    return number if math.isfinite(number) and abs(number) < LIMIT else None


def _is_energy(sample: dict[str, Any]) -> bool:
    return str(sample.get("measurand") or "Energy").startswith("Energy")
