"""A charger's new key on its way: while nobody knows which is in force, both let it in.

Losing a key that a charger has taken costs a drive to it; so what is uncertain is settled by the
key that the charger comes with next.
"""

from datetime import datetime, timedelta
from enum import Enum

from django.utils.translation import gettext as _

from cpms.control.models import Command
from cpms.control.operations.base import BadRequest
from inventory import credentials
from inventory.models import Charger

#: Who still comes with the old key so long after the new one was sent didn't take it.
SETTLED_AFTER = timedelta(minutes=10)


class Taken(Enum):
    """What a charger's answer says of a key that was sent to it."""

    NOW = "now"
    #: It comes into force when the charger restarts.
    LATER = "later"
    NO = "no"
    UNKNOWN = "unknown"


def send(charger_id: int, password: str, now: datetime) -> None:
    """Let a charger in with `password`, which is about to be sent to it, as well.

    Raises `BadRequest` while another new key may be in force there.
    """
    digest = credentials.digest(password)
    charger = Charger.objects.only("next_password_digest").get(pk=charger_id)
    if charger.next_password_digest not in (None, digest):
        raise BadRequest(
            _(
                "A new key was sent before, and it isn't known yet whether the charger took it. "
                "Have it reconnect first, for example by a reset."
            )
        )
    Charger.objects.filter(pk=charger_id).update(
        next_password_digest=digest, next_password_until=now + SETTLED_AFTER, updated_at=now
    )


def settle(charger_id: int, password: str, taken: Taken, now: datetime) -> None:
    """Keep what a charger's answer makes of the key that was sent to it."""
    digest = credentials.digest(password)
    sent = Charger.objects.filter(pk=charger_id, next_password_digest=digest)
    if taken is Taken.NOW:
        _take(charger_id, digest, now)
    elif taken is Taken.NO:
        sent.update(next_password_digest=None, next_password_until=None, updated_at=now)
    elif taken is Taken.LATER:
        sent.update(next_password_until=None, updated_at=now)


def used(charger_id: int, digest: bytes, now: datetime) -> None:
    """Learn from the key that a charger came with which of its two is in force."""
    if _take(charger_id, digest, now):
        _verify(charger_id, now)
        return
    Charger.objects.filter(
        pk=charger_id, password_digest=digest, next_password_until__lt=now
    ).update(next_password_digest=None, next_password_until=None, updated_at=now)


def _take(charger_id: int, digest: bytes, now: datetime) -> bool:
    """Make the key that was sent the only one."""
    return bool(
        Charger.objects.filter(pk=charger_id, next_password_digest=digest).update(
            password_digest=digest,
            password_set_at=now,
            next_password_digest=None,
            next_password_until=None,
            updated_at=now,
        )
    )


def _verify(charger_id: int, now: datetime) -> None:
    """Note on the last change of the key that the charger came with it."""
    asked = Command.objects.filter(
        charger=charger_id, operation="change_password", verified=None, sent_at__isnull=False
    )
    last = asked.order_by("-sent_at").values("pk")[:1]
    Command.objects.filter(pk__in=last).update(
        verified=True, verified_at=now, evidence="connection"
    )
