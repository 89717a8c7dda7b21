"""The charging profiles that a charger holds: what it accepted, what it reports, what is over.

1.6 has no report: there the answers to our messages are all that is known. (§3.13, §5.5, §5.16)
Times are aware UTC.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from cpms.control import settlement
from cpms.control.charging.composite import EXTERNAL, Layer
from cpms.control.charging.profile import Profile, Purpose, Schedule
from cpms.control.models import ChargingProfile, Command, ExternalLimit
from inventory.models import Charger
from monitoring.encoding import dumps

Drift, Gone = ChargingProfile.Drift, ChargingProfile.Gone
#: Profiles in force that are kept of one charger, and those that are over.
MOST, MOST_GONE = 100, 100
#: Bytes of JSON kept of a profile that isn't ours.
LONGEST = 16_384
#: Limits of others kept of one charger.
MOST_LIMITS = 20
#: A session that was started with a profile begins within this; else the profile is forgotten.
BEGINS_WITHIN = timedelta(minutes=15)


def in_force(charger: Charger, now: datetime) -> list[ChargingProfile]:
    """Return what the charger holds; what is over by now is taken off first."""
    tidy(now, charger.pk)
    return list(_held(charger.pk).select_related("command"))


def layers(charger: Charger, now: datetime) -> list[Layer]:
    """Return what limits the charger and its ports, for `cpms.control.charging.composite`."""
    return stacked(in_force(charger, now), limits(charger))


def limits(charger: Charger) -> list[ExternalLimit]:
    """Return the limits that others have set and not lifted."""
    return list(ExternalLimit.objects.filter(charger=charger, cleared_at=None))


def stacked(held: Iterable[ChargingProfile], others: Iterable[ExternalLimit]) -> list[Layer]:
    """Return profiles and limits as layers; what the charger doesn't report doesn't limit it."""
    stack = [
        Layer(row.evse, profile, row.source)
        for row in held
        if row.drift != Drift.MISSING and (profile := read(row.reported or row.body))
    ]
    for limit in others:
        stack += [Layer(limit.evse, profile, limit.source) for profile in _external(limit)]
    return stack


def read(body: Any) -> Profile | None:
    """Return a stored profile; None for one that this version can't read any more."""
    try:
        return msgspec.convert(body, Profile)
    except msgspec.ValidationError:
        return None


def written(profile: Profile) -> Any:
    """Return a profile as it is stored."""
    return msgspec.to_builtins(profile)


def _external(limit: ExternalLimit) -> Iterable[Profile]:
    for stored in limit.schedules:
        schedule = msgspec.convert(stored, Schedule)
        yield Profile(purpose=EXTERNAL, kind="Absolute", schedules=[schedule])


def _held(charger_id: int) -> QuerySet[ChargingProfile]:
    return ChargingProfile.objects.filter(charger_id=charger_id, gone_at=None)


def number_for(
    charger: Charger, evse: int, purpose: Purpose, stack_level: int, transaction_id: str = ""
) -> int:
    """Return the number for a profile of ours: that of the one it takes the place of, or a new one.

    A charger refuses a second profile of one purpose and level with another number.
    (2.0.1 K01.FR.06, K01.FR.39)
    """
    ours = _held(charger.pk).filter(source="CSO")
    same = ours.filter(
        evse=evse, purpose=purpose, stack_level=stack_level, transaction_id=transaction_id
    ).first()
    if same is not None:
        return same.number
    used = set(_held(charger.pk).values_list("number", flat=True))
    waiting = Command.objects.filter(
        charger=charger, operation="set_profile", state__in=["pending", "sent"]
    )
    used |= set(waiting.values_list("request__profile__id", flat=True))
    return next(number for number in range(1, len(used) + 2) if number not in used)


def accepted(command: Command, evse: int, profile: Profile, at: datetime) -> None:
    """Keep a profile that the charger accepted, in the place of those that it replaces."""
    replaced = Q(number=profile.id)
    if command.ocpp_version == "1.6":  # §5.16.2: same id, or same purpose and level.
        replaced |= Q(
            evse=evse, purpose=profile.purpose, stack_level=profile.stack_level, source="CSO"
        )
    _held(command.charger_id).filter(replaced).update(gone_at=at, gone_why=Gone.REPLACED)
    ChargingProfile.objects.create(
        charger_id=command.charger_id,
        evse=evse,
        number=profile.id or 0,
        purpose=profile.purpose,
        stack_level=profile.stack_level,
        transaction_id=profile.transaction_id or "",
        body=written(profile),
        since=at,
        command=command,
    )
    _trim(command.charger_id)


def cleared(charger_id: int, which: dict[str, Any], at: datetime, *, known: bool = True) -> int:
    """Take off what ClearChargingProfile's criteria name; return how many.

    `which` has any of number, evse, purpose, stack_level; none: all. `known`: False where the
    charger said that it holds none of them. Limits of others can't be cleared. (K10.FR.06)
    """
    why = Gone.CLEARED if known else Gone.FORGOTTEN
    fitting = _held(charger_id).exclude(purpose=EXTERNAL).filter(**which)
    return fitting.update(gone_at=at, gone_why=why)


def reported(
    charger_id: int, evse: int, source: str, profiles: Sequence[Profile], at: datetime
) -> None:
    """Keep a part of what the charger reports that it holds, beside what we set."""
    with transaction.atomic():
        Charger.objects.select_for_update(no_key=True).get(pk=charger_id)
        for profile in profiles:
            _report(charger_id, evse, source, profile, at)
        _trim(charger_id)


def _report(charger_id: int, evse: int, source: str, profile: Profile, at: datetime) -> None:
    told = written(profile)
    same = Q(number=profile.id or 0, purpose=profile.purpose)
    held = _held(charger_id).filter(same, Q(evse=evse) | Q(command__isnull=False)).first()
    if held is None:
        clash = _held(charger_id).filter(evse=evse, number=profile.id or 0)
        clash.update(gone_at=at, gone_why=Gone.REPLACED)
        if _held(charger_id).count() >= MOST or len(dumps(told)) > LONGEST:
            return  # The event and the flight recorder have it.
        held = ChargingProfile(charger_id=charger_id, evse=evse, drift=Drift.FOREIGN, since=at)
        held.number, held.purpose, held.body = profile.id or 0, profile.purpose, told
    elif held.command_id is not None:
        differs = not same_limits(read(held.body), profile)
        held.drift = Drift.DIFFERS if differs else Drift.NONE
        held.reported = told if differs else None
    else:
        held.body = told
    held.stack_level, held.source = profile.stack_level, source
    held.transaction_id, held.reported_at = profile.transaction_id or "", at
    held.save()


def same_limits(ours: Profile | None, theirs: Profile) -> bool:
    """Tell whether two profiles limit alike; chargers leave out or fill in what says nothing."""
    if ours is None:
        return False
    names = ("purpose", "kind", "stack_level", "recurrency")
    if any(getattr(ours, name) != getattr(theirs, name) for name in names):
        return False
    if len(ours.schedules) != len(theirs.schedules):
        return False
    return all(map(_same_schedule, ours.schedules, theirs.schedules))


def _same_schedule(ours: Schedule, theirs: Schedule) -> bool:
    if ours.unit != theirs.unit or len(ours.periods) != len(theirs.periods):
        return False
    if ours.duration not in (None, theirs.duration):
        return False
    return all(
        one.start == other.start and abs(one.limit - other.limit) < 0.1
        for one, other in zip(ours.periods, theirs.periods, strict=True)
    )


def reported_all(charger_id: int, request_id: int, at: datetime) -> None:
    """Mark as missing what fits a request and wasn't in any report that came since it was sent."""
    asked = Command.objects.filter(
        charger_id=charger_id, action="GetChargingProfiles", payload__requestId=request_id
    ).order_by("-requested_at").first()  # fmt: skip
    if asked is None or asked.sent_at is None:
        return
    fitting = _held(charger_id).filter(since__lt=asked.sent_at, **_criteria(asked.payload or {}))
    unsaid = fitting.filter(Q(reported_at=None) | Q(reported_at__lt=asked.sent_at))
    unsaid.filter(command__isnull=False).update(drift=Drift.MISSING)
    unsaid.filter(command=None).update(gone_at=at, gone_why=Gone.FORGOTTEN)
    settlement.verify(asked, at, "message")


def none_reported(command: Command, payload: dict[str, Any], at: datetime) -> None:
    """Mark as missing what fits a request that the charger has nothing for. (K09.FR.05)"""
    fitting = _held(command.charger_id).filter(since__lt=at, **_criteria(payload))
    fitting.filter(command__isnull=False).update(drift=Drift.MISSING, reported_at=at)
    fitting.filter(command=None).update(gone_at=at, gone_why=Gone.FORGOTTEN)


def _criteria(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the filter that GetChargingProfiles' criteria are. (K09)"""
    wanted = payload.get("chargingProfile") or {}
    names = {
        "evse": payload.get("evseId"),
        "purpose": wanted.get("chargingProfilePurpose"),
        "stack_level": wanted.get("stackLevel"),
        "number__in": wanted.get("chargingProfileId"),
        "source__in": wanted.get("chargingLimitSource"),
    }
    return {name: value for name, value in names.items() if value is not None}


def limited(
    charger_id: int,
    evse: int,
    source: str,
    schedules: Sequence[Schedule],
    at: datetime,
    *,
    grid_critical: bool | None = None,
) -> None:
    """Keep a limit that somebody else set, in the place of the one before. (K11, K12)"""
    with transaction.atomic():
        Charger.objects.select_for_update(no_key=True).get(pk=charger_id)
        limit_lifted(charger_id, source, at, evse)
        if ExternalLimit.objects.filter(charger_id=charger_id).count() >= MOST_LIMITS:
            oldest = ExternalLimit.objects.filter(charger_id=charger_id).order_by(
                "cleared_at", "since"
            )
            ExternalLimit.objects.filter(
                pk__in=list(oldest.values_list("pk", flat=True)[:1])
            ).delete()
        ExternalLimit.objects.create(
            charger_id=charger_id,
            evse=evse,
            source=source,
            grid_critical=grid_critical,
            schedules=[msgspec.to_builtins(schedule) for schedule in schedules],
            since=at,
        )


def limit_lifted(charger_id: int, source: str, at: datetime, evse: int | None = None) -> None:
    """Note that somebody's limit is over, at one place or everywhere. (K13)"""
    open_limits = ExternalLimit.objects.filter(
        charger_id=charger_id, source=source, cleared_at=None
    )
    if evse is not None:
        open_limits = open_limits.filter(evse=evse)
    open_limits.update(cleared_at=at)


#: What is over by itself: in one statement for one charger, or for all.
TIDY = """
UPDATE control_chargingprofile p
   SET gone_at = %(now)s, gone_why = why
  FROM (
    SELECT h.id,
           CASE
             WHEN (h.body->>'valid_to')::timestamptz <= %(now)s THEN 'expired'
             WHEN h.body->>'kind' = 'Absolute' AND (
                    SELECT bool_and((s->>'start')::timestamptz
                           + make_interval(secs => (s->>'duration')::bigint) <= %(now)s)
                      FROM jsonb_array_elements(h.body->'schedules') s) THEN 'expired'
             WHEN h.purpose = 'TxProfile' AND h.transaction_id <> '' AND EXISTS (
                    SELECT 1 FROM monitoring_session t
                     WHERE t.charger_id = h.charger_id AND t.transaction_id = h.transaction_id
                       AND t.ended IS NOT NULL) THEN 'session_over'
             WHEN h.purpose = 'TxProfile' AND h.transaction_id = '' AND h.since < %(before)s
                  AND NOT EXISTS (
                    SELECT 1 FROM monitoring_session t JOIN inventory_evse e ON e.id = t.evse_id
                     WHERE t.charger_id = h.charger_id AND e.number = h.evse
                       AND t.ended IS NULL AND t.received >= h.since) THEN 'session_over'
             WHEN c.booted_at > h.since AND m.quirks->>'keeps_profiles' = 'false'
                  THEN 'forgotten'
           END AS why
      FROM control_chargingprofile h
      JOIN inventory_charger i ON i.id = h.charger_id
      LEFT JOIN inventory_chargermodel m ON m.id = i.model_id
      LEFT JOIN monitoring_chargerstate c ON c.charger_id = h.charger_id
     WHERE h.gone_at IS NULL AND (%(charger)s::bigint IS NULL OR h.charger_id = %(charger)s)
  ) o
 WHERE p.id = o.id AND o.why IS NOT NULL AND p.gone_at IS NULL
"""


def tidy(now: datetime, charger_id: int | None = None) -> int:
    """Take off what expired, ended with its session or was lost in a restart; return how many."""
    with connection.cursor() as cursor:
        arguments = {"now": now, "charger": charger_id, "before": now - BEGINS_WITHIN}
        cursor.execute(TIDY, arguments)
        found: int = cursor.rowcount
    return found


def _trim(charger_id: int) -> None:
    """Forget the oldest of those that are over."""
    over = ChargingProfile.objects.filter(charger_id=charger_id, gone_at__isnull=False)
    old = over.order_by("-gone_at", "-pk").values_list("pk", flat=True)[MOST_GONE:]
    ChargingProfile.objects.filter(pk__in=list(old)).delete()
