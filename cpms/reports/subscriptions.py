"""Makes subscribed reports when they are due, each due moment once, however late."""

from datetime import datetime

import structlog
from django.db import transaction
from django.utils import translation

from cpms.reports import deliveries
from cpms.reports.models import Report, Subscription
from cpms.reports.orders import BadOrder, Wish, request
from cpms.reports.schedule import days_of, next_due

log = structlog.get_logger(__name__)

#: Due moments that one sweep sees to; the next sweep goes on.
AT_ONCE = 100


def sweep(now: datetime) -> list[Report]:
    """Ask for every report that is due, of each subscription one; return them.

    A subscription that was due several times while nobody looked is due again at once: each
    of its periods is made, oldest first.
    """
    due = Subscription.objects.filter(enabled=True, next_due__lte=now)
    found = [
        _see_to(key, now) for key in due.order_by("next_due").values_list("pk", flat=True)[:AT_ONCE]
    ]
    return [report for report in found if report is not None]


@transaction.atomic
def _see_to(key: int, now: datetime) -> Report | None:
    rows = Subscription.objects.select_for_update(skip_locked=True, of=("self",))
    subscription = (
        rows.select_related("organisation", "owner")
        .filter(pk=key, enabled=True, next_due__lte=now)
        .first()
    )
    if subscription is None:  # Another sweep has it, or had.
        return None
    with translation.override(subscription.language):
        if why := deliveries.answered_for(subscription):
            pause(subscription, why)
            return None
    due = subscription.next_due
    subscription.next_due = next_due(subscription.schedule, due)
    subscription.save(update_fields=["next_due"])
    try:
        return request(_wish(subscription, due), by=None, now=now,
                       subscription=subscription, due_at=due)  # fmt: skip
    except BadOrder as problem:
        pause(subscription, str(problem))
        return None


def _wish(subscription: Subscription, due: datetime) -> Wish:
    first, end = days_of(subscription.schedule, due)
    return Wish(
        subscription.organisation, subscription.kind, first, end, subscription.lens,
        subscription.sites, subscription.parameters, subscription.language,
        subscription.formats,
    )  # fmt: skip


def pause(subscription: Subscription, why: str) -> None:
    """Stop it, and say why where people look."""
    log.warning("subscription_paused", subscription=subscription.pk, why=why)
    Subscription.objects.filter(pk=subscription.pk).update(enabled=False, problem=why[:300])


def resumed(subscription: Subscription, now: datetime) -> None:
    """Have it go on from now: what would have been due meanwhile isn't made."""
    subscription.enabled, subscription.problem = True, ""
    subscription.next_due = next_due(subscription.schedule, now)
