"""Every error of the API as `application/problem+json` (RFC 9457)."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.core import exceptions as django_errors
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from inventory.audit import record_refusal

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


class Conflict(exceptions.APIException):
    """The request clashes with what is there."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"


class TooLarge(exceptions.APIException):
    """The body is larger than anything the API takes."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Unprocessable(exceptions.APIException):
    """The request can be read, and makes no sense."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


class Unavailable(exceptions.APIException):
    """Something the answer needs is away; worth trying again."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"
    wait = RETRY_SECONDS


def problem(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Return the answer to a request that failed with `error`; the exception handler of REST.

    Refused writes are entered in the audit trail here, after the write's transaction is over.
    """
    known = translate(error)
    request: Request = context["request"]
    if known is None:
        log.error("api_request_failed", path=request.path, exc_info=error)
        known = exceptions.APIException(_("Something went wrong here; it has been logged."))
    if isinstance(known, exceptions.PermissionDenied):
        _audit(request, str(known.detail))
    return response(known)


def translate(error: Exception) -> exceptions.APIException | None:
    """Return the API's error that says what `error` means to the caller; None if nothing does."""
    if isinstance(error, exceptions.APIException):
        return error
    for kind, meaning in MEANINGS:
        if isinstance(error, kind):
            return meaning(error)
    return None


def response(error: exceptions.APIException) -> HttpResponse:
    """Return `error` as problem+json, whatever format the request asked for."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": int(error.status_code),
        **_described(error.detail),
    }
    return HttpResponse(
        json.dumps(body, default=str), MEDIA_TYPE, error.status_code, headers=_headers(error)
    )


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {"WWW-Authenticate": getattr(error, "auth_header", None)}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return {name: value for name, value in headers.items() if value}


def _described(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return {"detail": _("Some fields are not right."), "errors": detail}
    if isinstance(detail, list):
        return {"detail": " ".join(map(str, detail)), "errors": {"non_field_errors": detail}}
    return {"detail": str(detail)}


def _invalid(error: Exception) -> exceptions.APIException:
    assert isinstance(error, django_errors.ValidationError)
    return exceptions.ValidationError(field_errors(error))


def field_errors(error: django_errors.ValidationError) -> dict[str, list[str]]:
    """Return a model's errors by field, those of the whole under REST's name for it."""
    if not hasattr(error, "error_dict"):
        return {"non_field_errors": error.messages}
    by_field = error.message_dict
    if django_errors.NON_FIELD_ERRORS in by_field:
        by_field["non_field_errors"] = by_field.pop(django_errors.NON_FIELD_ERRORS)
    return by_field


def _audit(request: Request, reason: str) -> None:
    user = request._request.user  # noqa: SLF001 never authenticates again
    if request.method not in SAFE_METHODS and isinstance(user, User):
        record_refusal(user, f"{request.method} {request.path}", reason)


#: What an error of Django means to the caller, the particular before the general.
MEANINGS: list[
    tuple[
        type[Exception] | tuple[type[Exception], ...],
        Callable[[Exception], exceptions.APIException],
    ]
] = [
    (Http404, lambda _error: exceptions.NotFound()),
    (django_errors.PermissionDenied, lambda _error: exceptions.PermissionDenied()),
    (django_errors.ValidationError, _invalid),
    (
        (ProtectedError, IntegrityError),
        lambda _error: Conflict(_("This clashes with something that exists.")),
    ),
    (DataError, lambda _error: exceptions.ParseError(_("A value is out of range."))),
    (
        (OperationalError, InterfaceError),
        lambda _error: Unavailable(_("The database is away; try again in a moment.")),
    ),
    (
        django_errors.RequestDataTooBig,
        lambda _error: TooLarge(_("The body is larger than the API takes.")),
    ),
    (
        (django_errors.SuspiciousOperation, UnreadablePostError),
        lambda _error: exceptions.ParseError(_("The request can't be read.")),
    ),
]
