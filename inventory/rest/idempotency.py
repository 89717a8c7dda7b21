"""`Idempotency-Key`: a write repeated with its key is answered again, not carried out again.

As in draft-ietf-httpapi-idempotency-key-header. The key's row is written in the transaction of
the write itself: a twin request waits at the unique constraint until the first one is decided,
a write that fails keeps no key, and nothing is ever half done.
"""

import string
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import IdempotencyKey
from inventory.rest.problems import Conflict, Unprocessable

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
PRINTABLE = set(string.ascii_letters + string.digits + string.punctuation + " ")


def once(
    write: Callable[[], Response], request: Request, *, secret: bool = False
) -> Response | HttpResponse:
    """Carry out `write` in one transaction, once per key; `secret` answers are not kept.

    Raises `ParseError` for a bad key, `Unprocessable` for a key used for something else.
    """
    key = request.headers.get("Idempotency-Key")
    with transaction.atomic():
        if key is None or not isinstance(request.user, User):
            return write()
        kept, fresh = _claim(request.user, _checked(key), _fingerprint(request), timezone.now())
        if not fresh:
            return _again(kept, request)
        response = write()
        _keep(kept, response, secret=secret)
        return response


def forget_expired(now: datetime) -> int:
    """Delete the keys that are over; return how many."""
    return IdempotencyKey.objects.filter(expires_at__lte=now).delete()[0]


def _checked(key: str) -> str:
    if not 0 < len(key) <= LONGEST_KEY or not set(key) <= PRINTABLE:
        raise ParseError(_("An Idempotency-Key has 1 to 255 printable ASCII characters."))
    return key


def _fingerprint(request: Request) -> bytes:
    asked = b"\0".join([
        str(request.method).encode(), request.get_full_path().encode(), request._request.body,  # noqa: SLF001
    ])  # fmt: skip
    return salted_hmac("inventory.rest.idempotency", asked, algorithm="sha256").digest()


def _claim(user: User, key: str, fingerprint: bytes, now: datetime) -> tuple[IdempotencyKey, bool]:
    IdempotencyKey.objects.filter(user=user, key=key, expires_at__lte=now).delete()
    return IdempotencyKey.objects.get_or_create(
        user=user, key=key, defaults={"fingerprint": fingerprint, "expires_at": now + KEPT}
    )


def _keep(kept: IdempotencyKey, response: Response, *, secret: bool) -> None:
    kept.status = response.status_code
    kept.body = None if secret else JSONRenderer().render(response.data)
    kept.save(update_fields=["status", "body"])


def _again(kept: IdempotencyKey, request: Request) -> HttpResponse:
    if bytes(kept.fingerprint) != _fingerprint(request):
        raise Unprocessable(_("This Idempotency-Key was used for another request."))
    if kept.body is None:
        raise Conflict(_("This was carried out before; its answer held a secret and isn't kept."))
    headers: dict[str, Any] = {"Idempotent-Replayed": "true"}
    return HttpResponse(bytes(kept.body), "application/json", kept.status, headers=headers)
