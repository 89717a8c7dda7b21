"""Sampled values of any version, normalised to SI base units and typed columns."""

from typing import Any, NamedTuple

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
REGISTERS = (ENERGY, COLUMNS.index("energy_export"))
#: Column -> the least and the most that can be, in % and W; what is beyond was not measured.
BOUNDS = {COLUMNS.index("soc"): (0.0, 100.0), COLUMNS.index("power"): (-1e7, 1e7)}
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
#: The same units in another case; "mw" could be two things and is neither.
SPELLINGS = {unit.casefold(): unit for unit in UNITS if not unit.casefold().startswith("m")}
#: The measurand where none is said. (OCPP 1.6 §7.43, 2.0.1 SampledValueType)
DEFAULT = "Energy.Active.Import.Register"
#: Beyond this a value is no measurement; kept with the extra values.
LIMIT = 1e12

Values = tuple[float | None, ...]
NOTHING: Values = (None,) * len(COLUMNS)


class Reading(NamedTuple):
    """One MeterValues entry: typed columns, and everything else as it came."""

    values: Values
    context: str
    extra: dict[str, Any] | None
    #: What was odd: unreadable_value, unknown_unit, negative_register, impossible_value.
    oddities: list[str]
    #: Wh of the session so far, where the model reports that in the register's place.
    session_energy: float | None = None


def normalise(sampled: list[Any], quirks: Quirks) -> Reading:
    """Return one MeterValues entry in SI base units.

    `sampled` holds 1.6 or 2.x SampledValue objects. A value that can't be read loses nothing
    of the others: it goes to the extra values as it came.
    """
    entry = _Entry(quirks)
    for sample in sampled:
        if isinstance(sample, dict):
            entry.add(sample)
        else:
            entry.oddities.append("unreadable_value")
            entry.extra.append(sample)
    return entry.reading()


class _Entry:
    """One entry in the making."""

    __slots__ = ("context", "extra", "oddities", "places", "quirks", "sums", "taken", "values")

    def __init__(self, quirks: Quirks) -> None:
        self.quirks = quirks
        self.places = _PLACES.setdefault((quirks.energy_in_kwh, quirks.totals_on_l1), {})
        self.context: object = "Sample.Periodic"
        self.values: list[float | None] = list(NOTHING)
        self.taken: dict[int, dict[str, Any]] = {}
        self.sums: dict[int, float] = {}
        self.extra: list[Any] = []
        self.oddities: list[str] = []

    def add(self, sample: dict[str, Any]) -> None:
        """Put a value into its column; what has none, or a worse place, is extra."""
        self.context = sample.get("context") or self.context
        slot, factor, offset = _place(sample, self.places, self.quirks)
        number = None if slot is None else _number(sample, factor, offset)
        if number is None or slot is None:
            self.extra.append(sample)
            if slot is not None:
                self.oddities.append("unreadable_value" if factor else "unknown_unit")
        elif slot < 0:
            self.sums[~slot] = self.sums.get(~slot, 0.0) + number
            self.extra.append(sample)
        elif slot not in self.taken or sample.get("location", "Outlet") == "Outlet":
            self._take(slot, number, sample)
        else:
            self.extra.append(sample)

    def _take(self, slot: int, number: float, sample: dict[str, Any]) -> None:
        if slot in self.taken:
            self.extra.append(self.taken[slot])
        elif "signedMeterValue" in sample:
            self.extra.append(sample)  # the number is worth as much as its signature
        self.values[slot], self.taken[slot] = number, sample

    def _set_apart(self, slot: int, oddity: str) -> None:
        self.values[slot] = None
        self.oddities.append(oddity)
        self.extra += [self.taken[slot]] if slot in self.taken else []

    def reading(self) -> Reading:
        """Return what it came to."""
        values = self.values
        for slot, total in self.sums.items():
            values[slot] = total if values[slot] is None else values[slot]
        for slot in REGISTERS:
            if (values[slot] or 0.0) < 0:  # no lifetime register is negative (openevse#703)
                self._set_apart(slot, "negative_register")
        for slot, (least, most) in BOUNDS.items():
            if not least <= (values[slot] or 0.0) <= most:
                self._set_apart(slot, "impossible_value")
        energy = None
        if self.quirks.session_register:
            energy, values[ENERGY] = values[ENERGY], None
        extra = {"sampled": self.extra} if self.extra else None
        return Reading(tuple(values), str(self.context), extra, self.oddities, energy)


#: Column (~column for a value of one phase that adds to a total; None: none), and factor (0.0:
#: unit not known) and offset that make it the SI base unit.
Place = tuple[int | None, float, float]
#: Places of the usual samples, by the quirks that matter. Nothing that a charger makes up gets
#: in: it would never end.
_PLACES: dict[tuple[bool, bool], dict[tuple[Any, ...], Place]] = {}


def _place(sample: dict[str, Any], places: dict[tuple[Any, ...], Place], quirks: Quirks) -> Place:
    of_measure = sample.get("unitOfMeasure")
    unit = of_measure.get("unit") if isinstance(of_measure, dict) else sample.get("unit")
    key = (sample.get("measurand"), sample.get("phase"), unit, sample.get("format"))
    try:
        known = places.get(key)
    except TypeError:  # an object or array where a name belongs
        return None, 0.0, 0.0
    if known is None:
        known = _new_place(*key, quirks)
        if known[0] is not None and known[1]:
            places[key] = known
    return known


def _new_place(measurand: Any, phase: Any, unit: Any, form: object, quirks: Quirks) -> Place:
    measurand, phase, unit = measurand or DEFAULT, phase or "", unit or ""
    slot = SLOTS.get((measurand, phase))
    if slot is None and phase in _PHASES and measurand in SUM_SLOTS:
        slot = SUM_SLOTS[measurand] if quirks.totals_on_l1 else ~SUM_SLOTS[measurand]
    if form not in {None, "Raw"}:
        slot = None
    if unit not in UNITS:
        unit = SPELLINGS.get(str(unit).casefold())
    factor, offset = UNITS.get(unit, (0.0, 0.0))
    if quirks.energy_in_kwh and unit in {"", "Wh"} and str(measurand).startswith("Energy"):
        factor = 1000.0
    return slot, factor, offset


def _number(sample: dict[str, Any], factor: float, offset: float) -> float | None:
    """Return the value in its SI base unit, None where it can't be read."""
    if not factor:
        return None
    try:
        number = float(sample["value"])
        if "unitOfMeasure" in sample:
            factor *= _multiplier(sample["unitOfMeasure"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if factor != 1.0 or offset:
        number = round(number * factor + offset, 6)
    return number if -LIMIT < number < LIMIT else None  # NaN isn't, either


def _multiplier(of_measure: Any) -> float:
    power = of_measure.get("multiplier") if isinstance(of_measure, dict) else None
    return 10.0 ** max(-12, min(12, power)) if power else 1.0
