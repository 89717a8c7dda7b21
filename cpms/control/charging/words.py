"""What limits a port when, and why, in sentences that an operator understands."""

from datetime import datetime, timedelta, tzinfo
from itertools import groupby

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.control.charging.composite import Limit, Step
from cpms.control.charging.profile import Profile, Schedule, Unit

#: Amounts told of a profile with many.
MOST_AMOUNTS = 3

#: OCPP's purposes, as they are told.
PURPOSES: dict[str, str | Promise] = {
    "ChargingStationMaxProfile": gettext_lazy("charger's maximum"),
    "TxDefaultProfile": gettext_lazy("default profile"),
    "TxProfile": gettext_lazy("session's profile"),
    "ChargingStationExternalConstraints": gettext_lazy("outside limit"),
    "PriorityCharging": gettext_lazy("priority profile"),
    "LocalGeneration": gettext_lazy("local generation"),
}
#: Who sets a limit, as OCPP abbreviates it. (ChargingLimitSourceEnumType)
SOURCES: dict[str, str | Promise] = {
    "CSO": gettext_lazy("ours"),
    "EMS": gettext_lazy("the energy management system's"),
    "SO": gettext_lazy("the grid operator's"),
    "Other": gettext_lazy("somebody else's"),
}


def amount(value: float, unit: Unit) -> str:
    """Return a limit as it is read: amperes, or kilowatts."""
    if unit == "A":
        return _("%(amount)s A") % {"amount": _number(value)}
    if value >= 1000:
        return _("%(amount)s kW") % {"amount": _number(value / 1000)}
    return _("%(amount)s W") % {"amount": _number(value)}


def _number(value: float) -> str:
    rounded = round(value, 1)
    return number_format(int(rounded) if rounded == int(rounded) else rounded, use_l10n=True)


def limit(said: Limit) -> str:
    """Return what a profile allows, in its own unit, with the phases where they are said."""
    shown = amount(said.period.limit, said.unit)
    if said.unit == "A" and said.phases is not None:
        phases = _("1 phase") if said.phases == 1 else _("%d phases") % said.phases
        return f"{shown} ({phases})"
    return shown


def name(said: Limit) -> str:
    """Return which profile says it, e.g. "default profile 3 at level 2"."""
    profile, source = said.layer.profile, said.layer.source
    if profile.id is None:
        whose = SOURCES.get(source, source)
        return _("outside limit (%(whose)s)") % {"whose": whose}
    about = {
        "purpose": PURPOSES.get(profile.purpose, profile.purpose),
        "id": profile.id,
        "level": profile.stack_level,
    }
    return _("%(purpose)s %(id)s at level %(level)s") % about


def summary(profile: Profile, zone: tzinfo) -> str:
    """Return how much a profile allows and when, e.g. "16 A, every day from 22:00 to 06:00"."""
    first = profile.schedules[0]
    return ", ".join(part for part in (_amounts(first), _when(profile, first, zone)) if part)


def schedule(said: Schedule, zone: tzinfo) -> str:
    """Return how much a schedule allows from when on."""
    begun = _("since %s") % _day_and_time(said.start.astimezone(zone)) if said.start else ""
    return ", ".join(part for part in (_amounts(said), begun) if part)


def _amounts(said: Schedule) -> str:
    told = [amount(period.limit, said.unit) for period in said.periods]
    changed = [one for one, _same in groupby(told)]
    more = ["…"] if len(changed) > MOST_AMOUNTS else []
    return _(", then ").join([*changed[:MOST_AMOUNTS], *more])


def _day_and_time(local: datetime) -> str:
    return date_format(local, "D j M, H:i")


def _when(profile: Profile, said: Schedule, zone: tzinfo) -> str:
    if profile.kind == "Relative" or said.start is None:
        return _("from the session's start") if profile.kind == "Relative" else ""
    begun = said.start.astimezone(zone)
    ends = begun + timedelta(seconds=said.duration) if said.duration is not None else None
    if profile.kind == "Recurring":
        return _recurring(profile.recurrency, begun, ends)
    until = ends or profile.valid_to
    if until is not None:
        return _("until %s") % _day_and_time(until.astimezone(zone))
    return _("since %s") % _day_and_time(begun)


def _recurring(recurrency: str | None, begun: datetime, ends: datetime | None) -> str:
    if ends is None:
        return _("every day") if recurrency == "Daily" else _("every week")
    span = {"day": date_format(begun, "D"), "from": f"{begun:%H:%M}", "to": f"{ends:%H:%M}"}
    if recurrency == "Weekly":
        return _("every week from %(day)s %(from)s to %(to)s") % span
    return _("every day from %(from)s to %(to)s") % span


def sentence(step: Step, zone: tzinfo) -> str:
    """Return what a step of the composite says, e.g. "From 18:00 to 22:00: 16 A, by …"."""
    span = {"from": _time(step.start, step.start, zone), "to": _time(step.end, step.start, zone)}
    when = _("From %(from)s to %(to)s") % span
    if step.by is None:
        return _("%(when)s: no profile limits it.") % {"when": when}
    said = _("%(when)s: %(limit)s, by %(by)s") % {
        "when": when,
        "limit": limit(step.by),
        "by": name(step.by),
    }
    return "; ".join([said, *_besides(step)]) + "."


def _besides(step: Step) -> list[str]:
    """Return what else is worth knowing: what adds to it, what would count without it."""
    said = []
    if step.added is not None:
        about = {"by": name(step.added), "limit": limit(step.added)}
        said.append(_("%(by)s adds %(limit)s") % about)
    if step.below is not None:
        about = {"level": str(step.below.layer.profile.stack_level), "limit": limit(step.below)}
        said.append(_("below it level %(level)s would allow %(limit)s") % about)
    for other in step.others:
        about = {"by": name(other), "limit": limit(other)}
        said.append(_("%(by)s would allow %(limit)s") % about)
    return said


def _time(moment: datetime, first: datetime, zone: tzinfo) -> str:
    """Return the time on the wall; with the day where it isn't that of `first`."""
    local, begun = moment.astimezone(zone), first.astimezone(zone)
    if local.date() == begun.date():
        return f"{local:%H:%M}"
    if local.date() - begun.date() == timedelta(days=1) and (local.hour, local.minute) == (0, 0):
        return _("midnight")
    return date_format(local, "D H:i")
