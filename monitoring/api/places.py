"""The place that an exclusion or planned work is for, as a body names it."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from inventory import access
from inventory.models import Charger, Evse, Site
from inventory.rest.fields import IdentityField, KeyField
from inventory.rest.serializers import Strict
from monitoring.outages.scope import Scope


class Placed(Strict):
    """A site, a charger's identity or a port's id: one of the three."""

    site = KeyField(access.sites, Site, required=False, allow_null=True)
    charger = IdentityField(required=False, allow_null=True)
    evse = KeyField(access.evses, Evse, required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values, the place as `scope` if one is named."""
        places = {name: attrs.pop(name, None) for name in ("site", "charger", "evse")}
        scope = _scope(**places)
        if scope is None and not self.partial:
            raise serializers.ValidationError({
                "site": [_("Name the site, the charger or the port.")]
            })  # fmt: skip
        return attrs if scope is None else {**attrs, "scope": scope}


def _scope(site: Site | None, charger: Charger | None, evse: Evse | None) -> Scope | None:
    """Return the smallest place that is named; the others have to be around it."""
    found = evse or charger or site
    if found is None:
        return None
    scope = Scope.at(found)
    if charger is not None and scope.charger != charger:
        raise serializers.ValidationError({"evse": [_("This port isn't of that charger.")]})
    if site is not None and scope.site != site:
        raise serializers.ValidationError({"site": [_("It doesn't stand at that site.")]})
    return scope
