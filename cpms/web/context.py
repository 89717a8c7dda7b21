"""What every page's shell needs: who is signed in, the navigation, the demo's notice."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from cpms.ocpp.simulator.roster import FILE_NAME
from cpms.web import navigation
from inventory.models import Membership


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `shell` for the templates; it costs no query until a template looks at it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    # A request that is refused before it is known who asks has no user: the page for it has one.
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {"now": timezone.now()}
    memberships = list(
        Membership.objects.filter(user=request.user)
        .select_related("organisation")
        .order_by("organisation__name")
    )
    return {
        "now": timezone.now(),
        "navigation": navigation.entries(request, navigation.place_at(request.path)),
        "memberships": memberships,
        "user_name": request.user.get_full_name() or request.user.get_username(),
        "user_role": memberships[0].get_role_display() if len(memberships) == 1 else "",
        "simulated": is_simulated(),
    }


def is_simulated() -> bool:
    """Tell whether the demo's fleet is on stage: then every page says so."""
    roster = Path(settings.DATA) / FILE_NAME
    return settings.DEBUG and roster.exists() and roster.stat().st_size > len("[]\n")
