"""Who asks: `Authorization: Bearer <token>`."""

from typing import Any

from auditlog.context import auditlog_value
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from inventory import tokens
from inventory.models import ApiToken


class TokenAuthentication(BaseAuthentication):
    """Find the token of the request; its user becomes the request's, in the audit trail too."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the user and token, None without a Bearer header; raise for a bad token."""
        text = bearer(request.META.get("HTTP_AUTHORIZATION", ""))
        if text is None:
            return None
        now = timezone.now()
        token = tokens.find(text, now)
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        tokens.note_use(token, now)
        record_as(token.user)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        return 'Bearer realm="Kilowatch"'


def bearer(header: str) -> str | None:
    """Return the token in an Authorization header, None if it is of another scheme."""
    scheme, _space, text = header.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def record_as(user: User) -> None:
    """Name `user` in the audit trail of this request.

    Auditlog's middleware ran before the token was read; its context is amended, because a
    second, nested one would leave the first one's signal receiver connected for good.
    """
    context: dict[str, Any] | None = auditlog_value.get(None)
    if context is not None:
        context["actor"] = user
