"""What was asked of chargers ends some day, as the record does; the audit log keeps the deeds."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from cpms.control.models import AppSession, Bulk, Command

log = structlog.get_logger(__name__)

#: Rows deleted in one transaction, and transactions in one run; the rest goes the next night.
PORTION = 1_000
MOST_PORTIONS = 500
OPEN = (Command.State.PENDING, Command.State.SENT)


def forget(now: datetime, days: int) -> int:
    """Delete commands that were asked for more than `days` days before `now`; return how many.

    Idempotent, and safe to run twice at once. What they led to (certificates, reservations,
    profiles) stays; transfers and drivers' apps' sessions go with them.
    """
    before = now - timedelta(days=days)
    gone = 0
    for _portion in range(MOST_PORTIONS):
        some = _forget(before)
        gone += some
        if some < PORTION:
            break
    left = Command.objects.filter(bulk=OuterRef("pk"))
    Bulk.objects.filter(~Exists(left), requested_at__lt=before).delete()
    if gone:
        log.info("commands_forgotten", before=before.isoformat(), commands=gone)
    return gone


def _forget(before: datetime) -> int:
    with transaction.atomic():
        old = Command.objects.filter(requested_at__lt=before).exclude(state__in=OPEN)
        locked = old.order_by("requested_at").select_for_update(skip_locked=True)
        keys = list(locked.values_list("pk", flat=True)[:PORTION])
        AppSession.objects.filter(Q(started_by__in=keys) | Q(stopped_by__in=keys)).delete()
        Command.objects.filter(pk__in=keys).delete()
    return len(keys)
