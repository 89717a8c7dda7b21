"""The views above the fleet's list: those everybody has, and the saved ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cpms.web.fleet_views import access
from cpms.web.fleet_views.pages import address
from cpms.web.models import FleetPreferences
from inventory import access as inventory_access
from inventory.models import Membership, Organisation
from monitoring.fleet import ALL

register = template.Library()
#: Name -> query string of the views that need no saving.
COMMON: tuple[tuple[str | Promise, str], ...] = (
    (_("Needs attention"), "state=offline&state=faulted&state=unavailable"),
    (_("Nobody has it"), "held=nobody"),
    (_("Charging"), "port=charging"),
    (_("Just changed"), "since=last-15m&sort=-since"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A view one can go to."""

    key: str
    name: str | Promise
    url: str
    query: str
    shared: bool = False


@register.inclusion_tag("web/fleet_views.html", takes_context=True)
def fleet_views(context: template.Context) -> dict[str, Any]:
    """Draw the views, with what may be done with the one that is shown; one query, mostly."""
    request = context["request"]
    user = request.user
    opening = FleetPreferences.objects.filter(user=user, opening=OuterRef("pk"))
    views = access.views(user).select_related("organisation").annotate(opens=Exists(opening))
    saved = {str(view.pk): view for view in views}
    current = saved.get(request.GET.get("view", ""))
    return {
        "csrf_token": context.get("csrf_token"),
        "tabs": [*_common(), *(_tab(key, view) for key, view in saved.items())],
        "current": current,
        "may_change": current is not None and access.may_change(user, current),
        "organisations": _shares_with(user, context["shell"]["memberships"]),
    }


def _shares_with(user: User, memberships: list[Membership]) -> Iterable[Organisation]:
    """Return what `access.shares_with` would ask of memberships that the page has anyway."""
    if user.is_superuser:
        return access.shares_with(user)
    able = inventory_access.ABILITIES["share_views"]
    return [mine.organisation for mine in memberships if mine.role in able]


def _common() -> list[Tab]:
    fleet = reverse("fleet")
    whole = Tab(ALL, _("All"), f"{fleet}?view={ALL}", "")
    return [whole, *(Tab("", name, f"{fleet}?{query}", query) for name, query in COMMON)]


def _tab(key: str, view: Any) -> Tab:
    return Tab(key, view.name, address(view), view.query, shared=view.organisation_id is not None)
