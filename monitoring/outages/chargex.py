"""What chargers' error codes mean in ChargeX's list of minimum required error codes. Pure.

CX001–CX026: ChargeX Consortium, "Recommendations for Minimum Required Error Codes for Electric
Vehicle Charging Infrastructure" (https://inl.gov/chargex/mrec/). What staff enter
(`ErrorMeaning`) goes before what is known here; the charger's own code stays beside it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitoring.outages.kinds import Cause

EMERGENCY_STOP = 8


class Code(NamedTuple):
    """One of ChargeX's codes; what it says, and the cause that follows from it, if any does."""

    name: str
    text: str
    cause: Cause | None = None


class Meaning(NamedTuple):
    """What a charger's code means: ChargeX's number, the cause, the vendor's own text."""

    chargex: int | None = None
    cause: Cause | None = None
    text: str = ""


NO_MEANING = Meaning()


class Known(NamedTuple):
    """What staff have entered for a code; an empty vendor is any."""

    vendor: str
    code: str
    meaning: Meaning


#: By number: name, what it is about, cause where it is another than the charger's hardware.
CODES: Mapping[int, Code] = {
    1: Code("ConnectorLockFailure", "The connector doesn't lock or unlock at the vehicle."),
    2: Code("GroundFailure", "The ground fault protection has tripped."),
    3: Code("HighTemperature", "It is so hot inside that less power is delivered."),
    4: Code("OverCurrentFailure", "An over-current protection has tripped."),
    5: Code("OverVoltage", "The input voltage is too high."),
    6: Code("UnderVoltage", "The input voltage is too low.", Cause.POWER),
    7: Code("WeakSignal", "The wireless signal is weak.", Cause.LINK),
    8: Code("EmergencyStop", "Somebody pressed the emergency stop.", Cause.EMERGENCY_STOP),
    9: Code("AuthorizationTimeout", "Nobody was authorized in time after plugging in."),
    10: Code("InvalidVehicleMode", "The vehicle isn't in a state to charge.", Cause.VEHICLE),
    11: Code("CableCheckFailure", "The check of the cable before charging failed."),
    12: Code("PreChargeFailure", "The voltage before charging wasn't reached."),
    13: Code("NoInternet", "The charger has no way to the Internet.", Cause.LINK),
    14: Code("PilotFault", "The control pilot's voltage is out of range."),
    15: Code("PowerLoss", "The supply has failed.", Cause.POWER),
    16: Code("EVContactorFault", "The vehicle's contactors don't switch.", Cause.VEHICLE),
    17: Code("EVSEContactorFault", "The charger's contactors don't switch."),
    18: Code("CableOverTempDerate", "Cable or plug are so hot that less power is delivered."),
    19: Code("CableOverTempStop", "Cable or plug are so hot that charging stopped."),
    20: Code("PartialInsertion", "The plug isn't wholly inserted."),
    21: Code("CapacitanceFault", "Isolation failed while charging: too much capacitance."),
    22: Code("ResistanceFault", "Isolation failed while charging: too little resistance."),
    23: Code("ProximityFault", "The proximity pilot's voltage is out of range."),
    24: Code("ConnectorVoltageHigh", "Voltage at the plug before or after charging."),
    25: Code("BrokenLatch", "The plug's latch is broken."),
    26: Code("CutCable", "The cable was cut off.", Cause.VANDALISM),
}

#: OCPP 1.6 ChargePointErrorCode (§7.6), as far as ChargeX's list has its like.
OCPP_16 = {
    "ConnectorLockFailure": 1,
    "GroundFailure": 2,
    "HighTemperature": 3,
    "OverCurrentFailure": 4,
    "OverVoltage": 5,
    "UnderVoltage": 6,
    "WeakSignal": 7,
    "PowerSwitchFailure": 17,
}
#: Components of OCPP 2.x (part 2, appendix 3.1) whose Problem, Tripped or Active it is; where a
#: variable says more than its component it stands with it.
OCPP_2 = {
    "ConnectorPlugRetentionLock": 1,
    "GroundIsolationProtection": 2,
    "RCD": 2,
    "RCDRecloser": 2,
    "TemperatureSensor": 3,
    "LiquidCoolingSystem": 3,
    "OverCurrentBreaker": 4,
    "OverCurrentProtection": 4,
    "OverCurrentProtectionRecloser": 4,
    "EmergencyStopSensor": 8,
    "CPPWMController": 14,
    "ElectricalFeed": 15,
    "UpstreamProtectionTrigger": 15,
    "PowerContactor": 17,
    "CableBreakawaySensor": 26,
    "Connector.Temperature": 18,
}
#: Words that vendors use in codes and texts, without case, blanks and signs. The longest that
#: occurs in a text counts.
WORDS = {
    "connectorlock": 1, "lockfailure": 1, "lockfault": 1, "lockerror": 1,
    "plugunlock": 1,
    "groundfault": 2, "groundfailure": 2, "earthfault": 2, "earthleakage": 2, "gfci": 2,
    "residualcurrent": 2, "rcdtrip": 2, "rcmtrip": 2, "rcmb": 2, "leakagecurrent": 2,
    "hightemperature": 3, "overtemperature": 3, "overtemp": 3, "overheat": 3, "fanfault": 3,
    "overcurrent": 4, "shortcircuit": 4, "mcbtrip": 4,
    "overvoltage": 5, "inputvoltagehigh": 5,
    "undervoltage": 6, "inputvoltagelow": 6, "brownout": 6, "phaseloss": 6, "phasemissing": 6,
    "weaksignal": 7, "lowsignal": 7,
    "emergencystop": 8, "emergencybutton": 8, "emergencyswitch": 8, "estop": 8, "emstop": 8,
    "authorizationtimeout": 9, "authtimeout": 9, "authorisationtimeout": 9,
    "invalidvehiclemode": 10, "vehiclenotready": 10, "evnotready": 10,
    "cablecheck": 11,
    "precharge": 12,
    "nointernet": 13, "networklost": 13, "modemfault": 13,
    "pilotfault": 14, "pilotfailure": 14, "piloterror": 14, "controlpilot": 14, "cperror": 14,
    "cpfault": 14, "diodefault": 14,
    "powerloss": 15, "powerfailure": 15, "powerfail": 15, "mainsfailure": 15, "mainsloss": 15,
    "acinputloss": 15, "blackout": 15,
    "evcontactor": 16, "vehiclecontactor": 16,
    "contactor": 17, "weldedrelay": 17, "relayweld": 17, "relayfault": 17, "relaysticking": 17,
    "weldcheck": 17, "powerswitch": 17, "stuckrelay": 17,
    "cableovertempderate": 18, "cablederat": 18, "connectorderat": 18,
    "cableovertemp": 19, "connectorovertemp": 19, "connectortemperature": 19,
    "plugtemperature": 19, "gunovertemp": 19, "cabletemperature": 19, "gunoverheat": 19,
    "partialinsertion": 20, "notfullyinserted": 20,
    "capacitancefault": 21, "highcapacitance": 21,
    "resistancefault": 22, "isolationfault": 22, "isolationerror": 22, "isolationfailure": 22,
    "insulationfault": 22, "insulationerror": 22, "insulationfailure": 22, "imdfault": 22,
    "lowisolation": 22, "isolationresistance": 22, "insulationresistance": 22,
    "proximityfault": 23, "proximity": 23, "ppfault": 23, "pperror": 23,
    "connectorvoltagehigh": 24, "outputvoltagehigh": 24, "residualvoltage": 24,
    "brokenlatch": 25, "latchbroken": 25,
    "cutcable": 26, "cablecut": 26, "cabletheft": 26, "cablestolen": 26, "cablesevered": 26,
    "cablebreakaway": 26,
}  # fmt: skip
#: As chargers name the list's own codes: "CX008", "MREC-8", EVerest's "MREC8EmergencyStop".
_NUMBERED = re.compile(r"(?<![A-Za-z0-9])(?:CX0?|MREC[ _-]?)(\d{1,2})(?!\d)", re.IGNORECASE)
_DULL = frozenset({"", "noerror", "othererror", "internalerror", "none", "0"})
_OWN = {code.name.lower(): number for number, code in CODES.items()}
_NAMES = {name.lower(): number for name, number in {**OCPP_16, **OCPP_2}.items()}


def own_code(error: str, vendor_error: str) -> str:
    """Return the charger's own code: the vendor's, else OCPP's; empty where there is no error."""
    if vendor_error.lower() not in _DULL:
        return vendor_error
    return "" if error.lower() == "noerror" else error


def meaning(
    error: str,
    vendor_error: str = "",
    text: str = "",
    vendor: str = "",
    known: Iterable[Known] = (),
) -> Meaning:
    """Return what a status' codes mean: the vendor's code before OCPP's, the text last.

    `known` is what staff have entered, the first that fits counts; `error` may be an OCPP 1.6
    errorCode, or the techCode or "Component.Variable" of an OCPP 2.x event.
    """
    for code in (vendor_error, error):
        for entered in known:
            same = entered.code.lower() == code.lower() != ""
            if same and entered.vendor.lower() in {"", vendor.lower()}:
                return entered.meaning
    for code in (vendor_error, error, text):
        number = number_of(code)
        if number is not None:
            return Meaning(number, CODES[number].cause)
    return NO_MEANING


def number_of(code: str) -> int | None:
    """Return the number of ChargeX's code that a charger's code or text means; None: none.

    Of several with commas between (https://mrec.evgo.com/def/format.html) the first known.
    """
    for part in code.lower().split(","):
        found = _number_of(part.strip())
        if found is not None:
            return found
    return None


def _number_of(said: str) -> int | None:
    if said in _DULL:
        return None
    numbered = _NUMBERED.search(said)
    if numbered and int(numbered[1]) in CODES:
        return int(numbered[1])
    for name in (said, said.partition(".")[0]):
        if name in _OWN or name in _NAMES:
            return _OWN.get(name) or _NAMES[name]
    return _by_words(re.sub(r"[^a-z0-9]", "", said))


def _by_words(said: str) -> int | None:
    found = [word for word in WORDS if word in said]
    return WORDS[max(found, key=len)] if found else None
