"""Ports kept for drivers: what became of each, from the asking to its end.

The charger keeps a reservation; what is here is what we know of that. A row is written just
before the CALL goes out, whatever door it came through.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cpms.control import settlement
from cpms.control.models import Command, Reservation
from cpms.control.operations.base import BadRequest
from cpms.control.operations.pins import MASK
from cpms.control.operations.reservations import Reserve
from inventory.models import Charger, Evse
from monitoring.models import Session

State = Reservation.State
#: A charger has so long to say itself that a reservation ended.
GRACE = timedelta(minutes=1)
#: The longest that a port may be kept.
LONGEST = timedelta(days=7)
PIN = "KeyCode"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reservation as it is asked of a charger."""

    number: int
    evse: int | None
    connector_type: str
    id_token: str
    token_type: str
    group: str
    until: datetime


def objection(charger: Charger, asked: Reserve) -> str:
    """Return why this can't be asked of a charger; empty if it can."""
    now = timezone.now()
    if asked.until <= now:
        return _("That time is over: a reservation needs one to come.")
    if asked.until > now + LONGEST:
        return _("A port can be kept for %s days at most.") % LONGEST.days
    live = Reservation.objects.filter(charger=charger, state__in=Reservation.LIVE, until__gt=now)
    others = [row for row in live if row.number != asked.number]
    if asked.evse is not None and any(row.evse == asked.evse for row in others):
        return _("Port %s is reserved already; cancel that first.") % asked.evse
    if len(others) >= max(Evse.objects.filter(charger=charger).count(), 1):
        return _("Every port is reserved already; cancel one first.")
    return ""


def begin(charger_id: int, wanted: Wanted, now: datetime) -> None:
    """Note a reservation that is about to go out; raise `BadRequest` where it can't be."""
    if wanted.until <= now:
        raise BadRequest(_("The reservation's time was over before it could be sent."))
    values = {
        "evse": wanted.evse,
        "connector_type": wanted.connector_type[:20],
        "id_token": MASK if wanted.token_type == PIN else wanted.id_token[:255],
        "token_type": wanted.token_type[:20],
        "group": wanted.group[:255],
        "until": wanted.until,
    }
    end_over(now, charger_id)
    try:
        with transaction.atomic():
            kept = _live(charger_id, wanted.number).update(**values)
            if not kept:
                Reservation.objects.create(
                    charger_id=charger_id, number=wanted.number, asked_at=now, **values
                )
    except IntegrityError:
        raise BadRequest(_("Port %s was reserved meanwhile.") % wanted.evse) from None


def answered(command: Command, number: int, word: str, now: datetime, *, accepted: bool) -> None:
    """Keep what the charger answered; a refusal leaves what it had before as it was."""
    live = _live(command.charger_id, number)
    if accepted:
        live.update(state=State.ACTIVE, word=word, answered_at=now, command=command)
    else:
        live.filter(state=State.ASKED).update(
            state=State.REFUSED, word=word, answered_at=now, ended_at=now, command=command
        )


def cancelled(charger_id: int, number: int, word: str, now: datetime, *, accepted: bool) -> None:
    """Keep what the charger answered; one that it doesn't know isn't there. (H02)"""
    state = State.CANCELLED if accepted else State.REMOVED
    _live(charger_id, number).update(state=state, word=word, ended_at=now)


def told(charger_id: int, number: int, word: str, now: datetime) -> None:
    """Keep what the charger says became of a reservation. (2.0.1 H03, H04)"""
    state = State.REMOVED if word == "Removed" else State.EXPIRED
    _live(charger_id, number).update(state=state, word=word[:50], ended_at=now)


def used(charger_id: int, number: int, transaction_id: str, now: datetime) -> None:
    """Keep that a session used a reservation; what we held for over it may have used as well."""
    session = Session.objects.filter(charger=charger_id, transaction_id=transaction_id).first()
    kept = Reservation.objects.filter(
        charger=charger_id, number=number,
        state__in=(State.ASKED, State.ACTIVE, State.EXPIRED, State.REMOVED),
    ).order_by("-asked_at").first()  # fmt: skip
    if kept is not None:
        kept.state, kept.session, kept.ended_at = State.USED, session, now
        kept.save(update_fields=["state", "session", "ended_at"])
        if kept.command is not None:
            settlement.verify(kept.command, now, "session")


def end_over(now: datetime, charger_id: int | None = None) -> int:
    """End what was over by `now`; return how many."""
    over = Reservation.objects.filter(state__in=Reservation.LIVE, until__lt=now)
    if charger_id is not None:
        over = over.filter(charger=charger_id)
    return over.update(state=State.EXPIRED, ended_at=now)


def _live(charger_id: int, number: int) -> QuerySet[Reservation]:
    return Reservation.objects.filter(charger=charger_id, number=number, state__in=Reservation.LIVE)
