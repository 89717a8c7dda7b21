"""The outbox: sends what steps have written, at least once, outside their transaction.

A sender that dies leaves its message claimed until the claim runs out; then the next one
sends it again, under the same key. So nothing is lost, and a message that was handed over
just before the death comes twice, known as such by its Message-ID.
"""

import random
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet

from alerts import escalation, live, transports
from alerts.models import IncidentEntry, Notification

log = structlog.get_logger(__name__)

State = Notification.State
#: How long a sender may take before somebody else tries.
CLAIM = timedelta(seconds=30)
#: A sender that takes longer than this is stuck with a slow server: it waits there alone, and
#: the other workers are left to what else there is to do.
STUCK = timedelta(seconds=3)
#: How long one call of `deliver` sends before it leaves the rest to the next.
SHIFT = timedelta(seconds=20)
#: A page that couldn't be delivered for a day is of no use.
GIVE_UP_AFTER = timedelta(hours=24)
#: What a server has against one message; anything else it would have against all of them.
MESSAGE_PROBLEMS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
#: Jitter needs no secrecy.
CHANCE = random.Random()  # noqa: S311

Clock = Callable[[], datetime]


class Unreachable(Exception):
    """The transport's server can't be reached, or takes nothing from us."""


def deliver(clock: Clock, send: Callable[[Notification], None] = transports.send) -> int:
    """Send what is due, oldest first, for at most `SHIFT`; return how many were handed over.

    Stops early at a server that can't be reached: the next call tries it again.
    """
    begun = clock()
    sent = 0
    while (instant := clock()) - begun < SHIFT:
        notification = claim(instant)
        if notification is None:
            break
        try:
            sent += _try(notification, clock, send)
        except Unreachable:
            break
    return sent


def claim(now: datetime) -> Notification | None:
    """Take the notification that has waited longest for its (next) try, if there is one."""
    with transaction.atomic():
        if _somebody_is_stuck(now):
            return None
        free = due(now).select_for_update(skip_locked=True, of=("self",))
        notification = free.order_by("next_try_at", "pk").first()
        if notification is None:
            return None
        notification.state, notification.tried_at = State.SENDING, now
        notification.attempts += 1
        notification.next_try_at = now + CLAIM
        notification.save(update_fields=["state", "tried_at", "attempts", "next_try_at"])
    return notification


def _somebody_is_stuck(now: datetime) -> bool:
    sending = Notification.objects.filter(state=State.SENDING, next_try_at__gt=now)
    return sending.filter(next_try_at__lt=now + CLAIM - STUCK).exists()


def due(now: datetime) -> QuerySet[Notification]:
    """Return what may be tried: never tried, to be tried again, or left by a dead sender."""
    return Notification.objects.filter(
        state__in=[State.PENDING, State.SENDING], next_try_at__lte=now
    )


def _try(notification: Notification, clock: Clock, send: Callable[[Notification], None]) -> bool:
    try:
        send(notification)
    except transports.Refused as problem:
        _bury(notification, clock(), str(problem))
    except MESSAGE_PROBLEMS as problem:
        _put_off(notification, clock(), str(problem))
    except OSError as problem:  # SMTPException is one.
        _put_off(notification, clock(), str(problem) or type(problem).__name__)
        raise Unreachable from problem
    except Exception as problem:  # a bug of ours: tried again, and given up like any other
        log.exception("notification_broke", key=notification.key)
        _put_off(notification, clock(), f"{type(problem).__name__}: {problem}")
    else:
        _ours(notification).update(state=State.SENT, sent_at=clock(), error="")
        log.info("notification_sent", key=notification.key, attempts=notification.attempts)
        return True
    return False


def _ours(notification: Notification) -> QuerySet[Notification]:
    """Return the row, unless another sender has settled it."""
    return Notification.objects.filter(pk=notification.pk, state=State.SENDING)


def _put_off(notification: Notification, now: datetime, why: str) -> None:
    if now - notification.created_at > GIVE_UP_AFTER:
        _bury(notification, now, why)
        return
    wait = escalation.retry_after(notification.attempts, CHANCE)
    log.warning("notification_put_off", key=notification.key, why=why, wait=wait.total_seconds())
    _ours(notification).update(state=State.PENDING, next_try_at=now + wait, error=why[:500])


@transaction.atomic
def _bury(notification: Notification, now: datetime, why: str) -> None:
    """Give up, and say so where people look."""
    log.error("notification_given_up", key=notification.key, why=why)
    if _ours(notification).update(state=State.DEAD, error=why[:500]):
        IncidentEntry.objects.create(
            incident=notification.incident,
            at=now,
            kind=IncidentEntry.Kind.UNDELIVERED,
            data={"told": [notification.address], "error": why[:500]},
        )
        live.announce([notification.incident])
