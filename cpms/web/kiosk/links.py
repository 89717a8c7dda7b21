"""Kiosk links: made, shown once, found again by their digest, revoked."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from django.contrib.auth.models import User
from django.db.models import QuerySet
from redis import RedisError

from cpms.web.models import KioskLink
from inventory import access
from inventory.access import Person
from monitoring import valkey

log = structlog.get_logger(__name__)

#: Lets secret scanners, and our own logs, recognise a token that leaked.
PREFIX = "kwk_"
SECRET_BYTES = 32
#: How exactly `last_used_at` is kept.
USE_RESOLUTION = timedelta(minutes=1)
#: Wrong tokens from one address in so many seconds; more are refused unread.
MOST_GUESSES, WITHIN = 20, 60


def new_token() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(token.encode(errors="surrogatepass")).digest()


def find(token: str) -> KioskLink | None:
    """Return the link that this token opens, unless it was revoked."""
    if not token.startswith(PREFIX):
        return None
    links = KioskLink.objects.filter(revoked_at=None).select_related("organisation", "site")
    return links.filter(digest=digest(token)).first()


def note_use(link: KioskLink, now: datetime) -> None:
    """Keep when the link was last used, to the minute."""
    if link.last_used_at is None or link.last_used_at < now - USE_RESOLUTION:
        KioskLink.objects.filter(pk=link.pk).update(last_used_at=now)


def revoke(link: KioskLink, now: datetime) -> None:
    """Close the link for good: walls that are open go dark with their next question."""
    link.revoked_at = now
    link.save(update_fields=["revoked_at"])


def manageable(user: Person) -> QuerySet[KioskLink]:
    """Return the links the user may manage: none that shows a site they don't see."""
    theirs = access.organisations_where(user, "hang_walls")
    links = KioskLink.objects.filter(organisation__in=theirs)
    if user.is_active and user.is_superuser:
        return links
    whole = [pk for pk in theirs.values_list("pk", flat=True) if access.sees_every_site(user, pk)]
    hidden = KioskLink.sites.through.objects.exclude(site__in=access.sites(user))
    partly = links.filter(limited=True).exclude(pk__in=hidden.values("kiosklink"))
    return (links.filter(organisation__in=whole) | partly).distinct()


def may_manage(user: User) -> bool:
    """Tell whether the user may hang walls anywhere."""
    return access.organisations_where(user, "hang_walls").exists()


def too_many_guesses(address: str) -> bool:
    """Tell whether too many wrong tokens came from the address lately.

    Without Redis nothing is counted: 256 bits don't depend on it, the count keeps noise out.
    """
    try:
        wrong: bytes | None = valkey.client().get(_counter(address))  # type: ignore[assignment]
    except RedisError:
        return False
    return int(wrong or 0) >= MOST_GUESSES


def note_guess(address: str) -> None:
    """Count a wrong token."""
    log.warning("kiosk_token_refused", address=address)
    try:
        with valkey.client().pipeline(transaction=True) as pipeline:
            pipeline.incr(_counter(address))
            pipeline.expire(_counter(address), WITHIN, nx=True)
            pipeline.execute()
    except RedisError as problem:
        log.debug("kiosk_guess_not_counted", error=str(problem))


def _counter(address: str) -> str:
    return valkey.key(f"kiosk-guesses:{address[:64]}")
