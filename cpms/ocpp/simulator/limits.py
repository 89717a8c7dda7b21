"""The charging profiles that a simulated charger keeps, and how much its ports may give by them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cpms.control.charging.composite import (
    MAXIMUM,
    PHASES,
    SESSION,
    VOLTS,
    Layer,
    Port,
    Running,
    Step,
    at,
    composite,
)
from cpms.ocpp import profiles as reading
from cpms.ocpp.simulator.ports import Port as Outlet
from cpms.ocpp.times import say

if TYPE_CHECKING:
    from cpms.ocpp.simulator.charger import Charger

Json = dict[str, Any]
#: Profiles that it has room for.
MOST = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile, as it was sent, and as it is understood."""

    evse: int
    said: Json
    layer: Layer

    @property
    def number(self) -> int:
        """Its id."""
        return self.layer.profile.id or 0


def take(charger: "Charger", evse: int, said: Json) -> bool:
    """Keep a profile in the place of those that it replaces; return whether it can be kept."""
    profile = reading.profile(said, charger.now())
    there = evse == 0 or evse in charger.ports
    if profile is None or not there:
        return False
    if profile.purpose == SESSION and profile.transaction_id not in _running(charger, evse):
        return False
    same = (evse, profile.purpose, profile.stack_level)
    kept = [
        one
        for one in charger.profiles
        if one.number != profile.id
        and (one.evse, one.layer.profile.purpose, one.layer.profile.stack_level) != same
    ]
    if len(kept) >= MOST:
        return False
    charger.profiles = [*kept, Kept(evse, said, Layer(evse, profile))]
    obey(charger)
    return True


def _running(charger: "Charger", evse: int) -> set[str]:
    """Return what the session at a port is called: by us (2.x), or by the central system (1.6)."""
    port = charger.ports.get(evse)
    if port is None or port.session is None:
        return set()
    return {port.session.key, str(port.session.transaction_id)}


def fitting(charger: "Charger", **which: Any) -> list[Kept]:
    """Return the profiles that fit criteria: number, evse, purpose, stack_level; None: any."""
    return [one for one in charger.profiles if all(_fits(one, *pair) for pair in which.items())]


def _fits(kept: Kept, name: str, wanted: Any) -> bool:
    if wanted is None:
        return True
    if name == "evse":
        return bool(kept.evse == wanted)
    if name == "number":
        return kept.number in (wanted if isinstance(wanted, list) else [wanted])
    profile = kept.layer.profile
    purpose = "ChargingStationMaxProfile" if wanted == "ChargePointMaxProfile" else wanted
    return bool(purpose == getattr(profile, name))


def drop(charger: "Charger", **which: Any) -> bool:
    """Forget the profiles that fit; return whether there were any."""
    gone = fitting(charger, **which)
    charger.profiles = [one for one in charger.profiles if one not in gone]
    obey(charger)
    return bool(gone)


def obey(charger: "Charger") -> None:
    """Give each port what its profiles allow now; the charger's maximum is shared out evenly."""
    now = charger.now()
    layers = [one.layer for one in charger.profiles]
    most = at([one for one in layers if one.profile.purpose == MAXIMUM], Port(0), now).watts
    own = [one for one in layers if one.profile.purpose != MAXIMUM]
    for port in charger.ports.values():
        allowed = _watts(at(own, _port(port), now), port)
        share = None if most is None else most / len(charger.ports)
        port.limit_w = min((w for w in (allowed, share) if w is not None), default=None)


def _watts(step: Step, outlet: Outlet) -> float | None:
    """Return what a port may give, W: amperes are those of each phase that its vehicle uses."""
    if step.by is None or step.by.unit == "W":
        return step.watts
    uses = outlet.vehicle.phases if outlet.vehicle else PHASES
    return step.by.period.limit * VOLTS * min(step.by.phases or PHASES, uses)


def _port(outlet: Outlet) -> Port:
    session = outlet.session
    if session is None:
        return Port(outlet.number)
    name = session.key if session.transaction_id is None else str(session.transaction_id)
    return Port(outlet.number, Running(name, session.started_at))


def schedule(charger: "Charger", evse: int, seconds: int, unit: Any) -> Json | None:
    """Return the composite schedule of a port, or of the charger (0), from now on."""
    outlets = [one for one in charger.ports.values() if evse in (0, one.number)]
    if not outlets:
        return None
    now, layers = charger.now(), [one.layer for one in charger.profiles]
    port = _port(outlets[0]) if evse else Port(0)
    rated = sum(one.max_power_w for one in outlets)
    unit = unit or "W"
    steps = composite(layers, port, now, timedelta(seconds=seconds))
    periods = [
        {
            "startPeriod": _second(step.start, now),
            "limit": round(port.supply.in_unit(_least(rated, step.watts), unit, None), 1),
        }
        for step in steps
    ]
    return {
        "duration": seconds,
        "scheduleStart": say(now),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }


def _least(rated: float, watts: float | None) -> float:
    return rated if watts is None else min(rated, watts)


def _second(moment: datetime, start: datetime) -> int:
    return round((moment - start).total_seconds())
