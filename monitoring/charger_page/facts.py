"""What is known of a charger: what people entered, what it told, and where they differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory import quirks
from inventory.models import Charger
from monitoring.access import connections, events
from monitoring.models import Event, ReportedVariable

#: Boots that are searched for what the charger told about itself.
BOOTS = 20
#: Connections that are searched for the OCPP versions it spoke.
CONNECTIONS = 2_000
LONGEST_TEXT = 300

#: Property of a boot event -> what it is called.
TOLD_AT_BOOT: dict[str, str | Promise] = {
    "vendor": _("Vendor"),
    "model": _("Model"),
    "serial_number": _("Serial number"),
    "chargeBoxSerialNumber": _("Serial number of the box"),
    "firmware_version": _("Firmware"),
    "iccid": "ICCID",
    "imsi": "IMSI",
    "meterType": _("Meter"),
    "meterSerialNumber": _("Serial number of the meter"),
}
#: Device model variables that say what a charger is (OCPP 2.0.1 part 2, appendix 3).
VARIABLES: dict[tuple[str, str], str | Promise] = {
    ("OCPPCommCtrlr", "HeartbeatInterval"): _("Heartbeat interval (s)"),
    ("OCPPCommCtrlr", "WebSocketPingInterval"): _("Ping interval (s)"),
    ("SecurityCtrlr", "SecurityProfile"): _("Security profile that is set"),
    ("SecurityCtrlr", "Identity"): _("Identity"),
    ("ClockCtrlr", "TimeSource"): _("Source of its time"),
    ("ClockCtrlr", "TimeZone"): _("Its time zone"),
    ("ChargingStation", "SupplyPhases"): _("Phases of the supply"),
}
QUIRKS: dict[str, str | Promise] = {
    "ping_interval": _("Pinged every so many seconds"),
    "answers_pings": _("Answers pings"),
    "heartbeat_interval": _("Told to send a heartbeat every so many seconds"),
    "probe_interval": _("Asked whether it hears us every so many seconds"),
    "missing_subprotocol": _("Without a subprotocol it means"),
    "max_frame": _("Longest frame taken (bytes)"),
    "energy_in_kwh": _("Says Wh where it means kWh"),
    "session_register": _("Reports the session's energy as its register"),
    "totals_on_l1": _("Marks totals as phase L1"),
    "reads_single_settings": _("May be asked for single settings"),
    "reads_back": _("May be asked for settings after a change"),
    "survives_unknown_settings": _("May be asked for settings that it doesn't know"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """Something the charger said of itself, and what people had entered where that differs."""

    label: str | Promise
    value: str
    at: datetime
    entered: str = ""


@dataclass(frozen=True, slots=True)
class Quirk:
    """Something its model does differently."""

    label: str | Promise
    value: Any


class Spoken(NamedTuple):
    """An OCPP version and the security profile it was spoken with, and when last."""

    version: str
    profile: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a charger beside the row of the inventory."""

    told: list[Told]
    quirks: list[Quirk]
    heartbeat: int
    first_boot: Event | None
    last_boot: Event | None
    #: The latest first.
    spoken: list[Spoken]
    #: What is wrong with the quirks that are stored of its model: then they count for nothing.
    bad_quirk: str = ""

    @property
    def differences(self) -> list[Told]:
        """Return what it says otherwise than people entered."""
        return [told for told in self.told if told.entered]


def facts(user: User, charger: Charger) -> Facts:
    """Return what is known of the charger; three queries."""
    boots = _boots(events(user).filter(charger=charger, kind="boot"))
    known, bad_quirk = _known_quirks(charger)
    return Facts(
        told=[*_told(charger, boots[1:]), *_variables(charger)],
        quirks=_quirks(known),
        heartbeat=known.heartbeat_interval,
        first_boot=boots[0] if boots else None,
        last_boot=boots[1] if boots else None,
        spoken=_spoken(user, charger),
        bad_quirk=bad_quirk,
    )


def _known_quirks(charger: Charger) -> tuple[quirks.Quirks, str]:
    """Return the quirks of its model, or none and what is wrong with them."""
    try:
        return quirks.parse(charger.model.quirks if charger.model else {}), ""
    except quirks.BadQuirk as problem:
        return quirks.Quirks(), str(problem)


def _boots(told: QuerySet[Event]) -> list[Event]:
    """Return the first boot and then the last ones, the latest first; one query."""
    latest, first = told.order_by("-at")[:BOOTS], told.order_by("at")[:1]
    found = list(latest.union(first, all=True).order_by("at"))
    return [*found[:1], *reversed(found[1:])]


def _told(charger: Charger, boots: Sequence[Event]) -> Iterable[Told]:
    entered = _entered(charger)
    for name, label in TOLD_AT_BOOT.items():
        boot = next((boot for boot in boots if boot.data.get(name)), None)
        if boot is not None:
            value = str(boot.data[name])[:LONGEST_TEXT]
            known = entered.get(name, "")
            differs = bool(known) and known.strip().lower() != value.strip().lower()
            yield Told(label, value, boot.at, known if differs else "")


def _entered(charger: Charger) -> Mapping[str, str]:
    """Return what people entered under the names of `TOLD_AT_BOOT`."""
    model, sim = charger.model, charger.sim
    return {
        "vendor": model.vendor if model else "",
        "model": model.name if model else "",
        "serial_number": charger.serial_number,
        "iccid": sim.iccid if sim else "",
        "imsi": sim.imsi if sim else "",
    }


def _variables(charger: Charger) -> Iterable[Told]:
    """Yield what it reported of its device model (2.x), where a person would want to know it."""
    names = {component for component, _variable in VARIABLES}
    known = ReportedVariable.objects.filter(
        charger=charger, component__in=names, evse=0, attribute="Actual"
    )
    for row in known.order_by("component", "variable"):
        label = VARIABLES.get((row.component, row.variable))
        if label and row.value:
            yield Told(label, row.value[:LONGEST_TEXT], row.reported_at)


def _quirks(known: quirks.Quirks) -> list[Quirk]:
    usual = quirks.Quirks()
    return [
        Quirk(QUIRKS.get(field.name, field.name), getattr(known, field.name))
        for field in fields(known)
        if getattr(known, field.name) != getattr(usual, field.name)
    ]


def _spoken(user: User, charger: Charger) -> list[Spoken]:
    latest = connections(user).filter(charger=charger).order_by("-opened")[:CONNECTIONS]
    among = connections(user).filter(pk__in=latest.values("pk")).order_by()
    grouped = among.values_list("ocpp_version", "security_profile").annotate(last=Max("opened"))
    return [Spoken(*row) for row in grouped.order_by("-last")]
