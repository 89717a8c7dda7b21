"""API tokens: issued, shown once, found again by their digest."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db.models import Q

from inventory.models import ApiToken

#: Lets secret scanners recognise a token that leaked.
PREFIX = "kw_"
SECRET_BYTES = 32
#: How exactly `last_used_at` is kept.
USE_RESOLUTION = timedelta(minutes=1)


def issue(
    user: User,
    name: str,
    *,
    role: str = "",
    scopes: Sequence[str] = ("read", "write"),
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for `user` and return it with its text, which is never seen again.

    Raises `django.core.exceptions.ValidationError` for an unknown role or scope.
    """
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken(
        user=user, name=name, role=role, scopes=list(scopes), expires_at=expires_at,
        digest=_digest(text),
    )  # fmt: skip
    token.full_clean()
    token.save()
    return token, text


def find(text: str, now: datetime) -> ApiToken | None:
    """Return the valid token with this text: not expired, and its user still active.

    Its user carries the token's role as `role_cap`, which `inventory.access.may` heeds.
    """
    found = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    token = found.select_related("user").filter(digest=_digest(text), user__is_active=True).first()
    if token is not None:
        token.user.role_cap = token.role  # type: ignore[attr-defined]
    return token


def note_use(token: ApiToken, now: datetime) -> None:
    """Keep when the token was last used, to the minute."""
    if token.last_used_at is None or token.last_used_at < now - USE_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="surrogatepass")).digest()
