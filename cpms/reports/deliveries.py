"""Sends reports to those who subscribed: at least once, tried again with growing pauses.

Who may no longer read a report doesn't get it: rights are asked right before each try. A
sender that dies leaves its message claimed until the claim runs out; the same key tells a
message that comes twice.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from alerts import escalation
from alerts.notifications import CHANCE, GIVE_UP_AFTER, MESSAGE_PROBLEMS, Clock
from alerts.transports import Refused
from cpms.reports import access, mail
from cpms.reports.models import Delivery, Report, Subscription

log = structlog.get_logger(__name__)

State = Delivery.State
#: How long a sender may take before somebody else tries.
CLAIM = timedelta(seconds=120)
#: How long one call sends before it leaves the rest to the next.
SHIFT = timedelta(seconds=20)
Send = Callable[[Delivery], None]


class Unreachable(Exception):
    """The mail server can't be reached, or takes nothing from us."""


def address(report: Report, now: datetime) -> None:
    """Write down to whom the finished report goes: the subscription's people and addresses."""
    if report.subscription is None:
        return
    Delivery.objects.bulk_create(
        [
            Delivery(
                report=report, recipient=user, address=to, created_at=now, next_try_at=now,
                key=f"r{report.pk}-{sha256(to.lower().encode()).hexdigest()[:24]}",
            )
            for user, to in _recipients(report.subscription)
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _recipients(subscription: Subscription) -> Iterator[tuple[User | None, str]]:
    """Yield each address once, a person's before an address of nobody here."""
    seen = set()
    people = [(user, user.email) for user in subscription.recipients.filter(is_active=True)]
    for user, to in [*people, *((None, to) for to in subscription.addresses)]:
        if to and to.lower() not in seen:
            seen.add(to.lower())
            yield user, to


def deliver(clock: Clock, send: Send = mail.send) -> int:
    """Send what is due, oldest first, for at most `SHIFT`; return how many were handed over."""
    begun, sent = clock(), 0
    while (now := clock()) - begun < SHIFT:
        delivery = claim(now)
        if delivery is None:
            break
        try:
            sent += _try(delivery, clock, send)
        except Unreachable:
            break
    return sent


def claim(now: datetime) -> Delivery | None:
    """Take the delivery that has waited longest for its (next) try, if there is one."""
    with transaction.atomic():
        waiting = Delivery.objects.filter(
            state__in=[State.PENDING, State.SENDING], next_try_at__lte=now
        )
        free = waiting.select_for_update(skip_locked=True, of=("self",))
        delivery = free.order_by("next_try_at", "pk").first()
        if delivery is None:
            return None
        delivery.state, delivery.next_try_at = State.SENDING, now + CLAIM
        delivery.tries += 1
        delivery.save(update_fields=["state", "tries", "next_try_at"])
    return delivery


def stopped(delivery: Delivery) -> str:
    """Return why the recipient may not have the report, or ""."""
    report, user = delivery.report, delivery.recipient
    if user is not None:
        if not user.is_active:
            return _("Their account is closed.")
        if not access.reports(user).filter(pk=report.pk).exists():
            return _("They may not read this report any more.")
        return ""
    if report.subscription is None:
        return _("The subscription is gone.")
    if delivery.address not in report.subscription.addresses:
        return _("The address was taken off the subscription.")
    return answered_for(report.subscription)


def answered_for(subscription: Subscription) -> str:
    """Return why nobody answers for a subscription any more, or ""."""
    owner = subscription.owner
    if owner is None or not owner.is_active:
        return _("Whoever answers for this subscription has gone; save it to answer for it.")
    allowed = access.makers(owner).filter(pk=subscription.organisation_id).exists()
    if allowed and access.subscriptions(owner).filter(pk=subscription.pk).exists():
        return ""
    return _(
        "%s answers for this subscription and may no longer have reports made; "
        "save it to answer for it."
    ) % (owner.get_full_name() or owner.get_username())


def _try(delivery: Delivery, clock: Clock, send: Send) -> bool:
    try:
        with translation.override(delivery.report.language):
            if why := stopped(delivery):
                _settle(delivery, State.STOPPED, why)
                return False
            send(delivery)
    except Refused as problem:
        _settle(delivery, State.DEAD, str(problem))
    except MESSAGE_PROBLEMS as problem:
        _put_off(delivery, clock(), str(problem))
    except OSError as problem:  # SMTPException is one.
        _put_off(delivery, clock(), str(problem) or type(problem).__name__)
        raise Unreachable from problem
    except Exception as problem:  # a bug of ours: tried again, and given up like any other
        log.exception("report_delivery_broke", key=delivery.key)
        _put_off(delivery, clock(), f"{type(problem).__name__}: {problem}")
    else:
        ours = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING)
        ours.update(state=State.SENT, sent_at=clock(), problem="")
        log.info("report_sent", key=delivery.key, tries=delivery.tries)
        return True
    return False


def _put_off(delivery: Delivery, now: datetime, why: str) -> None:
    if now - delivery.created_at > GIVE_UP_AFTER:
        _settle(delivery, State.DEAD, why)
        return
    wait = escalation.retry_after(delivery.tries, CHANCE)
    log.warning("report_delivery_put_off", key=delivery.key, why=why)
    Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(
        state=State.PENDING, next_try_at=now + wait, problem=why[:500]
    )


def _settle(delivery: Delivery, state: str, why: str) -> None:
    log.error("report_not_delivered", key=delivery.key, why=why)
    Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(
        state=state, problem=why[:500]
    )
