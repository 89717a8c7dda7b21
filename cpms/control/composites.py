"""Composite schedules that chargers tell, held against ours; and the meter against both.

(FIELD-NOTES 22: accepted is not applied)
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Exists, F, Max, Min, OuterRef, QuerySet
from django.db.models.functions import Greatest

from cpms.control import profiles, settlement
from cpms.control.charging.compare import exceeded, of_steps, spans, undercut
from cpms.control.charging.composite import (
    DEFAULT,
    SESSION,
    Limit,
    Port,
    Running,
    Step,
    composite,
)
from cpms.control.charging.profile import Schedule
from cpms.control.models import ChargingProfile, Command, CompositeAnswer
from inventory.models import Charger, Evse
from monitoring.models import MeterSample, Session

Verdict = CompositeAnswer.Verdict
#: Commands that set a limit.
LIMITING = ("set_profile", "start")
#: A charger needs this long to follow a new limit, and a vehicle too.
SETTLES = timedelta(seconds=60)
#: Over the limit for longer than this, it isn't applied.
PATIENCE = timedelta(minutes=1)
#: Meters are this exact: a share, and W or A.
EXACT, WATTS, AMPERES = 0.05, 200.0, 0.5
#: The meter proves a limit that it is this near to; below, the vehicle may not want more.
NEAR = 0.6
#: Commands looked at in one sweep, how long each is, and ports of a charger.
MOST, LONGEST, MOST_PORTS = 200, timedelta(hours=6), 20


def ports_of(charger: Charger, evses: Iterable[int]) -> list[Port]:
    """Return ports with the sessions that run there, in the site's time zone; 0 is the charger."""
    zone, first = ZoneInfo(charger.site.timezone), _first(charger)
    running = Session.objects.filter(charger=charger, ended=None, evse__isnull=False)
    found = running.select_related("evse").order_by("started")
    latest = {row.evse.number: row for row in found if row.evse}  # The last of a port wins.
    return [_port(number, latest.get(number), zone, first) for number in evses]


def _port(number: int, session: Session | None, zone: ZoneInfo, first: set[str]) -> Port:
    if session is None:
        return Port(number, zone=zone)
    known = Running(
        session.transaction_id, session.started, priority=session.transaction_id in first
    )
    return Port(number, known, zone=zone)


def _first(charger: Charger) -> set[str]:
    """Return the transactions that the charger was last told to charge first. (2.1 K21)"""
    if charger.ocpp_version != "2.1":
        return set()
    asked = Command.objects.filter(
        charger=charger, operation="use_priority", state=Command.State.ACCEPTED
    ).order_by("-answered_at")[:50]  # fmt: skip
    last: dict[str, bool] = {}
    for command in asked:
        last.setdefault(command.request["transaction_id"], command.request["active"])
    return {transaction for transaction, active in last.items() if active}


def port_of(charger: Charger, evse: int) -> Port:
    """Return one of `ports_of`."""
    return ports_of(charger, [evse])[0]


def ours(charger: Charger, evse: int, start: datetime, duration: timedelta) -> list[Step]:
    """Return what we work out that the charger allows at a port, or as a whole (0)."""
    stack = profiles.layers(charger, start)
    return composite(stack, port_of(charger, evse), start, duration)


def told(
    command: Command, evse: int, schedule: Schedule, start: datetime, at: datetime
) -> CompositeAnswer:
    """Keep a composite schedule that a charger told, and what it says of its profiles."""
    duration = timedelta(seconds=schedule.duration or command.request.get("duration") or 300)
    steps = ours(command.charger, evse, start, duration)
    mine = of_steps(steps)
    theirs = spans(schedule, start, start + duration, port_of(command.charger, evse).supply)
    above, below = exceeded(theirs, mine), undercut(theirs, mine)
    if all(step.by is None for step in steps):
        verdict, differs = Verdict.NOTHING, None
    elif above is not None:
        verdict, differs = Verdict.ABOVE, above
    else:
        verdict, differs = (Verdict.SAME, None) if below is None else (Verdict.LOWER, below)
    answer, _made = CompositeAnswer.objects.update_or_create(
        charger=command.charger,
        evse=evse,
        defaults={
            "at": at,
            "start": start,
            "schedule": msgspec.to_builtins(schedule),
            "verdict": verdict,
            "differs_from": differs,
            "command": command,
        },
    )
    if verdict != Verdict.NOTHING:
        _verify(command.charger, steps, differs if verdict == Verdict.ABOVE else None, at)
    return answer


def _verify(charger: Charger, steps: Iterable[Step], above: datetime | None, at: datetime) -> None:
    """Verify the commands whose profiles count; `above`: when the charger allows more than that."""
    counting = [step for step in steps if step.by is not None]
    if above is not None:
        counting = [step for step in counting if step.start <= above < step.end]
    numbers = {step.by.layer.profile.id or 0 for step in counting if step.by is not None}
    held = ChargingProfile.objects.filter(
        charger=charger, gone_at=None, number__in=numbers, command__verified=None
    )
    evidence = "composite" if above is None else "composite_above"
    for row in held.select_related("command"):
        if row.command is not None:
            settlement.verify(row.command, at, evidence, holds=above is None)


def sweep(now: datetime) -> int:
    """Hold the meter against limits that were accepted lately, where somebody charges.

    Return how many are decided; the latest first.
    """
    waiting = ChargingProfile.objects.filter(
        Exists(Session.objects.filter(charger=OuterRef("charger"), ended=None)),
        gone_at=None,
        purpose__in=[DEFAULT, SESSION],
        command__verified=None,
        command__operation__in=LIMITING,
        since__gt=now - LONGEST,
        since__lt=now - SETTLES - PATIENCE,
    )
    decided = 0
    for row in waiting.select_related("command", "charger__site").order_by("-since")[:MOST]:
        decided += _measured(row, now)
    return decided


def _measured(row: ChargingProfile, now: datetime) -> bool:
    """Verify a command by what its ports drew since; False where no meter says."""
    numbers = row.charger.evses.values_list("number", flat=True)
    ports = [row.evse] if row.evse else list(numbers[:MOST_PORTS])
    kept = [holds for port in ports if (holds := _holds(row, port, now)) is not None]
    if row.command is None or not kept:
        return False
    evidence = "meter" if all(kept) else "meter_above"
    settlement.verify(row.command, now, evidence, holds=all(kept))
    return True


def _holds(row: ChargingProfile, evse: int, now: datetime) -> bool | None:
    """Tell whether a port kept to a limit since it counts there; None where the meter doesn't say.

    A vehicle that takes far less than it may proves nothing.
    """
    start = row.since + SETTLES
    last = ours(row.charger, evse, start, max(now - start, PATIENCE))[-1]
    if last.by is None or last.by.layer.profile.id != row.number:
        return None
    drawn = _drawn(row.charger_id, evse, max(last.start, start) + SETTLES, now, last.by)
    if drawn is None or drawn.lasted < PATIENCE:
        return None
    if drawn.least > drawn.limit:
        return False
    return True if drawn.wanted * NEAR <= drawn.most <= drawn.limit else None


class _Drawn(NamedTuple):
    """What a port drew over a while, in the unit of its limit: W, or A of the fullest phase."""

    lasted: timedelta
    least: float
    most: float
    wanted: float
    slack: float

    @property
    def limit(self) -> float:
        """What may be measured under the limit."""
        return self.wanted * (1 + EXACT) + self.slack


def _drawn(
    charger_id: int, evse: int, start: datetime, end: datetime, limit: Limit
) -> _Drawn | None:
    """Return what a port drew; None where it wasn't metered.

    Amperes are a phase's: a meter that doesn't tell phases (direct current) is read in watts.
    """
    samples = MeterSample.objects.filter(
        charger_id=charger_id, at__gte=start, at__lte=end,
        evse_id__in=Evse.objects.filter(charger_id=charger_id, number=evse),
    )  # fmt: skip
    phase = Greatest("current_l1", "current_l2", "current_l3")
    in_amperes = _read(samples, phase, limit.period.limit, AMPERES) if limit.unit == "A" else None
    return in_amperes or _read(samples, F("power"), limit.watts, WATTS)


def _read(
    samples: QuerySet[MeterSample], measured: Greatest | F, wanted: float, slack: float
) -> _Drawn | None:
    seen = (
        samples.annotate(drawn=measured)
        .filter(drawn__isnull=False)
        .aggregate(first=Min("at"), last=Max("at"), least=Min("drawn"), most=Max("drawn"))
    )
    if seen["first"] is None:
        return None
    return _Drawn(seen["last"] - seen["first"], seen["least"], seen["most"], wanted, slack)
