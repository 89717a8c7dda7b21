"""What every page reads from its request."""

from typing import cast

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from inventory.audit import record_refusal


def person(request: HttpRequest) -> User:
    """Return who is signed in; the view is behind `login_required`."""
    return cast("User", request.user)


def refused(request: HttpRequest, ability: str, said: str = "") -> PermissionDenied:
    """Enter that who asks lacks an ability, and return what the view then raises.

    `said` is what the page for it tells them.
    """
    record_refusal(person(request), f"{request.method} {request.path}", f"no {ability}")
    return PermissionDenied(said)


def asks_for(request: HttpRequest, element: str) -> bool:
    """Tell whether htmx asks for the page's live part alone that goes into `element`, its id."""
    return request.headers.get("HX-Target") == element


def number(text: str | None, default: int) -> int:
    """Return the whole number in a parameter, or `default` where there is none to read."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default
