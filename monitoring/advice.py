"""What to check for each error a charger reports: plain advice, first what needs no journey.

Codes are those of OCPP 1.6 §7.6 (ChargePointErrorCode) and the components that OCPP 2.0.1
(part 2, appendices, chapter 3) names in events; the case doesn't matter. It is advice for
people who know electricity: work on the inside of a charger is theirs.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Advice:
    """What an error means, what can be done from here, and what to look at on site, in order."""

    meaning: Text
    from_here: Text
    on_site: tuple[Text, ...]
    #: Nobody should charge or reset until somebody has looked.
    dangerous: bool = False


_RESET = _("Reset the charger once when no vehicle charges. If it comes back, send somebody.")

GROUND_FAULT = Advice(
    _(
        "Current leaks to earth, or the protective earth is not good: the residual-current"
        " protection (6 mA DC or 30 mA AC) or the insulation monitor has tripped."
    ),
    _(
        "Look whether it trips with every vehicle or with one. With one only, the vehicle is the"
        " likely cause. Leave the port out of service until then."
    ),
    (
        _("Cable, plug and socket for water, dirt, cracks and crushed insulation."),
        _("Protective earth: continuity, and the loop impedance at the charger."),
        _("Insulation resistance of cable and outlet with the vehicle unplugged."),
        _("The residual-current device by its test button; trip time and current by instrument."),
        _("Moisture in the housing: seals, cable glands, condensation, the heater."),
    ),
    dangerous=True,
)
OVER_CURRENT = Advice(
    _("More current flowed than the charger or its limit allows, and it switched off."),
    _(
        "Compare the currents of its phases in the session with its limit. One vehicle only:"
        " likely that vehicle. Several: check the limit that is set."
    ),
    (
        _("Maximum current that is set (DIP switch, configuration) against breaker and cable."),
        _("Breaker: size, characteristic, whether its terminals are warm or loose."),
        _("Contactor: stuck or burnt contacts."),
        _("Current transformers or meter: right way round, right ratio."),
    ),
)
CONTACTOR = Advice(
    _("The contactor or relay doesn't switch as it is told, or its contacts are welded."),
    _("Don't restart charging remotely: a welded contact leaves the outlet live."),
    (
        _("Disconnect, lock out, and measure that the outlet is free of voltage."),
        _("Contactor: welded contacts, coil voltage, the feedback (mirror) contact's wiring."),
        _("Number of operations against its rated life; replace rather than file contacts."),
    ),
    dangerous=True,
)
LOCK = Advice(
    _("The plug can't be locked in the socket, or can't be released."),
    _("Send an unlock to the port; ask the driver to push the plug in or pull at it meanwhile."),
    (
        _("The plug: pushed in all the way, nothing in the socket, pin not bent."),
        _("Lock motor: does it move freely, is it iced up, does the emergency release work?"),
        _("Position switch of the lock and its wiring."),
        _("The driver's own cable: some have a worn notch that no lock catches."),
    ),
)
HOT = Advice(
    _("A temperature is over its limit: power is cut or reduced to protect the charger."),
    _(
        "Look at the power and the weather of the last hours. If it only happens on hot days at"
        " full power, lower its limit until somebody has been there."
    ),
    (
        _("Fans and filters: blocked, dusty, turning? Air inlets covered?"),
        _("Terminals of the supply and the contactor: retighten to the torque, thermal image."),
        _("Contacts of plug and socket: discoloured or melted ones are replaced, cable as well."),
        _("Liquid cooling: level, pump, leaks (DC)."),
        _("Direct sun, missing shade, neighbouring heat."),
    ),
)
VEHICLE = Advice(
    _("Charger and vehicle don't understand each other over the control pilot or the plug."),
    _(
        "See whether other vehicles charge here. If they do, it is this vehicle or its cable;"
        " if none does, it is the charger. Ask the driver to unplug, wait 30 s and plug in again."
    ),
    (
        _("Plug and cable: dirty or bent CP and PP pins."),
        _("Control pilot with a test adapter: 12 V / 9 V / 6 V, and the duty cycle."),
        _("Resistance coding of the cable (PP) against the current offered."),
        _("DC: the PLC modem, and the firmware's list of known troubles with vehicles."),
    ),
)
METER = Advice(
    _("The energy meter doesn't answer, or says what can't be: what is charged can't be billed."),
    _("Look whether meter values still come. Keep the sessions of this time for billing to check."),
    (
        _("The meter's own display: on, its register counting, an error shown?"),
        _("Bus to the meter (Modbus, pulses): terminals, address, termination, polarity."),
        _("The meter's supply and its fuse."),
        _("A changed meter: enter type and serial; calibration law may want a seal."),
    ),
)
READER = Advice(
    _("The card reader doesn't work: drivers can start by app only."),
    _(
        "See whether any card was read today. Starting remotely or by app still works: say so at"
        " the hotline. A reset often helps."
    ),
    (
        _("The reader's cable and plug inside the door; its LED."),
        _("Water or cracks on the front, metal stickers on the field."),
        _("Read a card that is known to be good."),
    ),
)
SUPPLY_HIGH = Advice(
    _("The supply's voltage is over its limit."),
    _("Look at the voltages of all phases, here and at its neighbours: one charger or all?"),
    (
        _("Voltage L–N of each phase, with and without load. Over 253 V: call the grid operator."),
        _("A lost neutral lets one phase rise: check the neutral's terminals first."),
        _("Overvoltage protection: its indicator."),
    ),
    dangerous=True,
)
SUPPLY_LOW = Advice(
    _("The supply's voltage is under its limit, or a phase is missing."),
    _("Look at the voltages of all phases, here and at its neighbours: one charger or all?"),
    (
        _("Fuses and breakers of the feed: one phase gone?"),
        _("Voltage under load at the charger and at the distribution: too long or thin a cable?"),
        _("Loose terminals; rising temperature under load."),
        _("The grid: ask the grid operator, look at neighbouring sites."),
    ),
)
SIGNAL = Advice(
    _("The mobile signal is weak: expect dropped connections and late messages."),
    _("Compare reconnects and round trips with other chargers of the same SIM operator nearby."),
    (
        _("Antenna: connected, not inside the metal housing, not painted or bent."),
        _("Signal (RSRP, RSRQ) with a phone of the same network at the charger's place."),
        _("Another operator or a roaming SIM; an outdoor antenna or a cable instead."),
    ),
)
INTERNAL = Advice(
    _("The charger's own hardware or software has a fault that it doesn't name."),
    _RESET,
    (
        _("The charger's own log, and the vendor's code if it gave one: ask the vendor."),
        _("Firmware: is this fault known and mended in a newer one?"),
        _("Supply of the controller (12 V / 24 V), plugs of the boards, moisture."),
    ),
)
OTHER = Advice(
    _("A fault that has no standard code: the vendor's code and text say what it is."),
    _("Look the vendor's code up in the vendor's list of errors. Reset once when nobody charges."),
    (
        _("The display and LEDs of the charger: what do they say?"),
        _("What was before it: a vehicle, a thunderstorm, work on the site, a new firmware?"),
        _("The charger's own log; the vendor's support with both."),
    ),
)
RESET_FAILED = Advice(
    _("The charger was told to reset and couldn't."),
    _("Wait for running sessions to end, then ask for a hard reset."),
    (
        _("Switch it off by its breaker, wait a minute, switch it on."),
        _("If it hangs again soon: firmware, storage card, controller."),
    ),
)
LOCAL_LIST = Advice(
    _("The charger's list of tokens doesn't fit ours: it may let the wrong people charge offline."),
    _("Send the whole list again, with a new version number."),
    (_("Nothing on site: unless it stays, then the controller's storage."),),
)
EMERGENCY = Advice(
    _("Somebody pressed the emergency stop."),
    _("Call the site: is anybody hurt, does anything burn? Don't try to start from here."),
    (
        _("Look why it was pressed before it is released."),
        _("Cable, plug and housing for damage; then release the button and reset."),
        _("Pressed for fun? Say so in the incident: it is no fault of the charger."),
    ),
    dangerous=True,
)
WATER = Advice(
    _("Water stands in or at the charger."),
    _("Take it out of service until somebody has looked; switch the feed off if you can."),
    (
        _("Disconnect before opening. Level, source and way of the water; seals and glands."),
        _("Dry, then measure the insulation before switching on again."),
    ),
    dangerous=True,
)
KNOCKED = Advice(
    _("The charger was hit or stands askew: a vehicle may have driven into it."),
    _("Take it out of service; look at the site's camera if there is one."),
    (
        _("Base, bolts and door; live parts that can be touched? Disconnect and fence off."),
        _("Protective earth and insulation before it goes back into service."),
    ),
    dangerous=True,
)
MODULE = Advice(
    _("A power module or its cooling has a fault: less power, or none."),
    _("See whether it still delivers at lower power; then it can wait for a planned visit."),
    (
        _("Which module: display or service software; pull and re-seat, swap places to see."),
        _("Fans, filters, coolant; supply of each phase."),
    ),
)
CLOCK = Advice(
    _("The charger's own clock is wrong or has lost its time."),
    _("Times of its events are corrected by us. Check that heartbeats come: they set its clock."),
    (_("Battery of the clock on the controller board."),),
)

ADVICE: dict[str, Advice] = {
    "connectorlockfailure": LOCK,
    "evcommunicationerror": VEHICLE,
    "groundfailure": GROUND_FAULT,
    "hightemperature": HOT,
    "internalerror": INTERNAL,
    "locallistconflict": LOCAL_LIST,
    "othererror": OTHER,
    "overcurrentfailure": OVER_CURRENT,
    "overvoltage": SUPPLY_HIGH,
    "powermeterfailure": METER,
    "powerswitchfailure": CONTACTOR,
    "readerfailure": READER,
    "resetfailure": RESET_FAILED,
    "undervoltage": SUPPLY_LOW,
    "weaksignal": SIGNAL,
    # Components of OCPP 2.x.
    "acdcconverter": MODULE,
    "clockctrlr": CLOCK,
    "connectorplugretentionlock": LOCK,
    "cppwmcontroller": VEHICLE,
    "electricalfeed": SUPPLY_LOW,
    "emergencystopsensor": EMERGENCY,
    "fiscalmetering": METER,
    "floodsensor": WATER,
    "groundisolationprotection": GROUND_FAULT,
    "iso15118ctrlr": VEHICLE,
    "liquidcoolingsystem": HOT,
    "localauthlistctrlr": LOCAL_LIST,
    "overcurrentbreaker": OVER_CURRENT,
    "overcurrentprotection": OVER_CURRENT,
    "overcurrentprotectionrecloser": OVER_CURRENT,
    "powercontactor": CONTACTOR,
    "rcd": GROUND_FAULT,
    "rcdrecloser": GROUND_FAULT,
    "realtimeclock": CLOCK,
    "shocksensor": KNOCKED,
    "temperaturesensor": HOT,
    "tiltsensor": KNOCKED,
    "tokenreader": READER,
    "upstreamprotectiontrigger": SUPPLY_LOW,
}


def on(code: str) -> Advice | None:
    """Return the advice on a code, or on the component of a 2.x "Component.Variable".

    None for what stands in no standard: then the vendor's own words are all there is.
    """
    return ADVICE.get(code.partition(".")[0].strip().lower())


def on_fault(code: str) -> Advice:
    """Return the advice on a fault, whatever its code."""
    return on(code) or OTHER
