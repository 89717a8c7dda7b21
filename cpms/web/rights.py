"""Tells open pages at once that somebody's rights, account or session changed.

They change in Django's admin, in allauth, in a shell and by cascades. All of these send the
models' signals and have nothing else in common, so this listens to them, as the audit trail
does. A nudge may be lost, and `QuerySet.update` sends no signal: pages look at their rights
every minute anyway (`cpms.web.live`).
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.utils import timezone
from redis.exceptions import RedisError

from inventory.models import Membership, Site
from monitoring import live

log = structlog.get_logger(__name__)

#: Seconds that whoever changes rights waits for the channel layer, at most.
PATIENCE = 2.0


def listen() -> None:
    """Nudge the pages from now on, for what this process changes."""
    pre_save.connect(_note_owner, Membership)
    for changed in (post_save, post_delete):
        changed.connect(_membership_changed, Membership)
    m2m_changed.connect(_sites_changed, Membership.sites.through)
    post_save.connect(_account_changed, User)
    post_delete.connect(_account_gone, User)
    post_delete.connect(_session_ended, Session)


def announce(people: Iterable[int]) -> None:
    """Have these people's open pages look at their rights, once the transaction is stored."""
    keys = sorted(set(people))
    if keys:
        transaction.on_commit(lambda: async_to_sync(_send)(keys), robust=True)


async def _send(people: list[int]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await get_channel_layer().group_send(live.EVERYBODY, live.rights(people))
    except (OSError, RedisError) as problem:
        log.warning("live_nudge_lost", error=str(problem))


def _note_owner(instance: Membership, **_signal: Any) -> None:
    """Keep whose it was: what is handed to one person is taken from another."""
    before = Membership.objects.filter(pk=instance.pk).values_list("user_id", flat=True)
    instance.__dict__["was_of"] = set(before)


def _membership_changed(instance: Membership, **_signal: Any) -> None:
    announce({instance.user_id, *instance.__dict__.pop("was_of", ())})


def _sites_changed(
    instance: Membership | Site, action: str, pk_set: set[int] | None, **_signal: Any
) -> None:
    """Told from either side; of a site that is cleared, while it still says of whom."""
    if action not in {"post_add", "post_remove", "pre_clear"}:
        return
    if isinstance(instance, Membership):
        announce([instance.user_id])
        return
    some = Membership.objects.filter(pk__in=pk_set or ())
    theirs = instance.memberships.all() if pk_set is None else some
    announce(theirs.values_list("user_id", flat=True))


def _account_changed(
    instance: User, created: bool, update_fields: frozenset[str] | None, **_signal: Any
) -> None:
    """Signing in isn't a change, though it is stored as one."""
    if not created and update_fields != frozenset({"last_login"}):
        announce([instance.pk])


def _account_gone(instance: User, **_signal: Any) -> None:
    announce([instance.pk])


def _session_ended(instance: Session, **_signal: Any) -> None:
    """A sign-out, here or elsewhere; sessions of nobody, and that were over, end unnoticed."""
    person = instance.get_decoded().get(SESSION_KEY)
    if person and instance.expire_date > timezone.now():
        announce([int(person)])
