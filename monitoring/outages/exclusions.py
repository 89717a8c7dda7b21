"""What people take out of uptimes: one proposes, another approves, and all of it is kept.

Each deed is one transaction with its line of history, and two at once find out who was first.
Approved time that comes or goes has the KPIs of its days computed again; no computation ever
takes an exclusion away, not even where late data leaves it no outage.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inventory import access
from inventory.access import Person
from inventory.models import ExclusionReason, Site
from monitoring import access as ledger_access
from monitoring.kpis import record
from monitoring.kpis.rollup import HISTORY
from monitoring.models import Exclusion, ExclusionEntry
from monitoring.outages import photos
from monitoring.outages.dirty import mark, mark_work
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.people import named
from monitoring.outages.scope import Scope, nearest, touching

#: One exclusion; what lasts longer is told again, so that somebody looks again.
LONGEST = timedelta(days=92)
LONGEST_NOTE = 2_000
State, Kind = Exclusion.State, ExclusionEntry.Kind
#: States in which it claims its time.
LIVING = (State.PROPOSED, State.APPROVED)


class ExclusionError(LedgerError):
    """It can't be proposed or decided; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to take out: [start, end), aware. `photo` None: as it was, or none."""

    scope: Scope
    start: datetime
    end: datetime
    reason: str
    note: str
    photo: bytes | None = None


def propose(wish: Wish, *, by: User, now: datetime) -> Exclusion:
    """Propose to take a stretch of outage out of uptimes; raises LedgerError."""
    _ask(by, "propose_exclusion", wish.scope.site.organisation_id)
    exclusion = Exclusion(proposed_by=by, proposed_at=now)
    with _one_at_a_time(wish.scope.site):
        _fill(exclusion, wish, now)
        exclusion.save()
        _note(exclusion, Kind.PROPOSED, by, now, exclusion.note)
    return exclusion


def change(
    exclusion: Exclusion, wish: Wish, *, by: User, now: datetime, seen: int | None = None
) -> Exclusion:
    """Change what was proposed and isn't decided; only who proposed it may. Raises LedgerError.

    `seen` is the `version` that they looked at.
    """
    with _one_at_a_time(wish.scope.site):
        held = _held(exclusion, seen)
        for site in (held.site, wish.scope.site):
            _ask(by, "propose_exclusion", site.organisation_id)
        _still(held, State.PROPOSED)
        if held.proposed_by_id != by.pk:
            raise NotAllowedError(
                _("Only %(who)s, who proposed it, may change it. Add a note, or reject it.")
                % {"who": named(held.proposed_by)}
            )
        before = _shown(held)
        _fill(held, wish, now)
        changes = _changes(before, _shown(held))
        if changes:
            held.save()
            _note(held, Kind.CHANGED, by, now, changes=changes)
    return held


def approve(
    exclusion: Exclusion, *, by: User, now: datetime, note: str = "", seen: int | None = None
) -> Exclusion:
    """Have it count. Takes another person than who proposed it; raises LedgerError."""
    with transaction.atomic():
        held = _to_decide(exclusion, by, seen)
        if held.proposed_by_id == by.pk:
            raise NotAllowedError(
                _("You proposed it yourself: it takes another person to approve it.")
            )
        _check_reach(held.started, now)
        _decide(held, State.APPROVED, by, now, note)
        _mark(held, now)
    return held


def reject(
    exclusion: Exclusion, *, by: User, now: datetime, note: str, seen: int | None = None
) -> Exclusion:
    """Refuse it, and say why; raises LedgerError."""
    with transaction.atomic():
        held = _to_decide(exclusion, by, seen)
        _decide(held, State.REJECTED, by, now, _said(note, _("Say why you reject it.")))
    return held


def withdraw(
    exclusion: Exclusion, *, by: User, now: datetime, note: str, seen: int | None = None
) -> Exclusion:
    """Take it back, and say why: who proposed it while it is open, an approver ever.

    One that was approved doesn't count any more; its history stays. Raises LedgerError.
    """
    with transaction.atomic():
        held = _held(exclusion, seen)
        _still(held, *LIVING)
        if held.state == State.APPROVED or held.proposed_by_id != by.pk:
            _ask(by, "approve_exclusion", held.site.organisation_id)
        else:
            _ask(by, "propose_exclusion", held.site.organisation_id)
        counted = held.state == State.APPROVED
        if counted:
            _check_reach(held.ended, now)
        _decide(held, State.WITHDRAWN, by, now, _said(note, _("Say why you withdraw it.")))
        if counted:
            _mark(held, now)
    return held


def note(exclusion: Exclusion, text: str, *, by: User, now: datetime) -> ExclusionEntry:
    """Add a note to its history, whatever its state; raises LedgerError."""
    with transaction.atomic():
        held = _held(exclusion, None)
        _ask(by, "propose_exclusion", held.site.organisation_id)
        return _note(held, Kind.NOTE, by, now, _said(text, _("Write a note.")))


def version(exclusion: Exclusion) -> int:
    """Return what tells whether it was changed or decided since somebody looked; notes don't."""
    entries = exclusion.entries.exclude(kind=Kind.NOTE).order_by("-pk")
    return entries.values_list("pk", flat=True).first() or 0


def waiting(user: Person) -> QuerySet[Exclusion]:
    """Return the proposals that wait for this person: others', where they may approve."""
    able = access.organisations_where(user, "approve_exclusion")
    seen = ledger_access.exclusions(user).filter(state=State.PROPOSED)
    return seen.filter(site__organisation__in=able).exclude(proposed_by=user.pk or 0)


def reach(now: datetime) -> datetime:
    """Return since when the record can be computed again."""
    return max(now - HISTORY, record.start(now) + record.MARGIN)


def check(scope: Scope, start: datetime, end: datetime, now: datetime) -> None:
    """Raise ExclusionError unless an outage of the scope may be taken out of [start, end)."""
    _check_times(start, end, now)
    outages = scope.outages()
    if touching(outages, start, end).exists():
        return
    words = {"scope": scope, "window": scope.stretch(start, end)}
    near = nearest(outages, start, end)
    if near is None:
        raise ExclusionError(
            _("%(scope)s has had no outage at all: there is nothing to take out.") % words
        )
    words["near"] = scope.stretch(near.started, near.ended)
    raise ExclusionError(
        _(
            "%(scope)s had no outage in %(window)s. The nearest was %(near)s; "
            "set the times to the outage that you mean."
        )
        % words
    )


def _check_times(start: datetime, end: datetime, now: datetime) -> None:
    if start >= end:
        raise ExclusionError(_("It ends before it starts: set its end after its start."))
    if end > now:
        raise ExclusionError(
            _("It ends in the future. Take out what is over, and the rest when that is over.")
        )
    _check_reach(start, now)
    if end - start > LONGEST:
        raise ExclusionError(
            _("It is longer than %(days)s days: propose it in parts.") % {"days": LONGEST.days}
        )


def _check_reach(start: datetime, now: datetime) -> None:
    """Raise ExclusionError if days from `start` on can't be computed again."""
    first = reach(now)
    if start < first:
        raise ExclusionError(
            _("It starts before the record reaches: not before %(day)s.")
            % {"day": f"{first:%Y-%m-%d}"}
        )


def _fill(exclusion: Exclusion, wish: Wish, now: datetime) -> None:
    """Set its fields to what is wished; raises ExclusionError."""
    if wish.reason not in ExclusionReason.values:
        raise ExclusionError(_("Choose a reason."))
    exclusion.note = _said(wish.note, _("Say what happened: whoever approves it wasn't there."))
    check(wish.scope, wish.start, wish.end, now)
    exclusion.site, exclusion.charger = wish.scope.site, wish.scope.charger
    exclusion.evse, exclusion.reason = wish.scope.evse, wish.reason
    exclusion.started, exclusion.ended = wish.start, wish.end
    if wish.photo is not None:
        _attach(exclusion, wish.photo)
    _check_alone(exclusion)


def _attach(exclusion: Exclusion, photo: bytes) -> None:
    """Keep the photo, as it came; an empty one takes it away."""
    if not photo:
        exclusion.photo, exclusion.photo_type, exclusion.photo_sha256 = None, "", ""
        return
    try:
        exclusion.photo_type = photos.kind_of(photo)
    except photos.BadPhoto as problem:
        raise ExclusionError(_bad_photo(problem.reason)) from problem
    exclusion.photo, exclusion.photo_sha256 = photo, hashlib.sha256(photo).hexdigest()


def _bad_photo(reason: str) -> str:
    sentences = {
        photos.TOO_LARGE: _("The photo is larger than %(mb)s MB: send a smaller one.")
        % {"mb": photos.LARGEST // 1_000_000},
        photos.NO_PICTURE: _("The photo is neither a JPEG nor a PNG."),
        photos.BROKEN: _("The photo is damaged or cut off: send it again."),
        photos.TOO_MANY_PIXELS: _("The photo has too many pixels: send a smaller one."),
    }
    return sentences[reason]


def _check_alone(exclusion: Exclusion) -> None:
    other = _others(exclusion).first()
    if other is not None:
        raise _overlap(other)


def _others(exclusion: Exclusion) -> QuerySet[Exclusion]:
    """Return the living exclusions of the very same scope that overlap it."""
    same = Exclusion.objects.exclude(pk=exclusion.pk).filter(
        site=exclusion.site, charger=exclusion.charger, evse=exclusion.evse, state__in=LIVING
    )
    touching_it = Q(started__lt=exclusion.ended, ended__gt=exclusion.started)
    return same.filter(touching_it).select_related("site", "charger", "evse").defer("photo")


def _overlap(other: Exclusion) -> ExclusionError:
    scope = Scope.of(other)
    return ExclusionError(
        _(
            "It overlaps number %(number)s (%(state)s: %(reason)s, %(window)s) of %(scope)s: "
            "leave out what that has, or have it withdrawn."
        )
        % {
            "number": other.pk,
            "state": other.get_state_display(),
            "reason": other.get_reason_display(),
            "window": scope.stretch(other.started, other.ended),
            "scope": scope,
        }
    )


@contextmanager
def _one_at_a_time(site: Site) -> Iterator[None]:
    """Do it in a transaction, and hold up whoever proposes at the same site meanwhile.

    The database's own constraint alone would have two of them wait for each other.
    """
    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        yield


def _to_decide(exclusion: Exclusion, by: User, seen: int | None) -> Exclusion:
    held = _held(exclusion, seen)
    _ask(by, "approve_exclusion", held.site.organisation_id)
    _still(held, State.PROPOSED)
    return held


def _held(exclusion: Exclusion, seen: int | None) -> Exclusion:
    """Return the row, nobody else's until the transaction ends; raises ExclusionError if stale."""
    rows = Exclusion.objects.select_for_update(of=("self",)).defer("photo")
    held = rows.select_related("site", "charger", "evse__charger", "proposed_by", "decided_by").get(
        pk=exclusion.pk
    )
    if seen is not None and held.state in LIVING and seen != version(held):
        raise ExclusionError(_("It was changed since you looked: look again, then decide."))
    return held


def _still(held: Exclusion, *states: str) -> None:
    if held.state not in states:
        who, when = held.decided_by or held.proposed_by, held.decided_at or held.proposed_at
        raise ExclusionError(
            _("It is decided already: %(state)s by %(who)s on %(when)s.")
            % {
                "state": held.get_state_display().lower(),
                "who": named(who),
                "when": Scope.of(held).clock(when),
            }
        )


def _decide(held: Exclusion, state: str, by: User, now: datetime, said: str) -> None:
    held.state, held.decided_by, held.decided_at = state, by, now
    held.save(update_fields=["state", "decided_by", "decided_at"])
    _note(held, state, by, now, said.strip()[:LONGEST_NOTE])


def _mark(held: Exclusion, now: datetime) -> None:
    """Have the days of approved time that came or went computed again."""
    work = held.reason == ExclusionReason.SCHEDULED_MAINTENANCE
    (mark_work if work else mark)(Scope.of(held).chargers, held.started, held.ended, now)


def _note(
    exclusion: Exclusion,
    kind: str,
    by: User,
    now: datetime,
    text: str = "",
    changes: Mapping[str, Any] | None = None,
) -> ExclusionEntry:
    return ExclusionEntry.objects.create(
        exclusion=exclusion, at=now, kind=kind, actor=by, note=text, changes=changes or {}
    )


def _said(text: str, otherwise: str) -> str:
    """Return a text without what can't be stored; raises ExclusionError(`otherwise`) if empty."""
    said = text.replace("\0", "").strip()
    if not said:
        raise ExclusionError(otherwise)
    if len(said) > LONGEST_NOTE:
        raise ExclusionError(
            _("That is longer than %(most)s characters: say it shorter.") % {"most": LONGEST_NOTE}
        )
    return said


def _shown(exclusion: Exclusion) -> dict[str, str]:
    """Return what its history says of it."""
    return {
        "scope": str(Scope.of(exclusion)),
        "from": f"{exclusion.started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "to": f"{exclusion.ended.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "reason": exclusion.reason,
        "note": exclusion.note,
        "photo": exclusion.photo_sha256,
    }


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [old, after[name]] for name, old in before.items() if old != after[name]}


def _ask(by: User, ability: str, organisation: int) -> None:
    if not access.may(by, ability, organisation):
        raise NotAllowedError(_("Your role doesn't allow this."))
