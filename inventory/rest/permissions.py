"""What the one who asks may do: the token's scopes, then the role in the object's organisation."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from inventory import access
from inventory.models import ApiToken

if TYPE_CHECKING:  # REST's views load this module while they are being loaded.
    from rest_framework.views import APIView


class RolePermission(BasePermission):
    """Reading needs a user (and scope `read`); writing the view's `ability` (and scope `write`).
    A view may name another scope in `scope_needed`.

    Views that write name the ability they need in `ability` and answer for an object in
    `permits`.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Refuse early who could write nowhere; 405 comes before that."""
        if not request.user.is_authenticated:
            return False
        usual = "read" if request.method in SAFE_METHODS else "write"
        scope = getattr(view, "scope_needed", "") or usual
        if isinstance(request.auth, ApiToken) and scope not in request.auth.scopes:
            raise PermissionDenied(_("This token lacks the scope “%s”.") % scope)
        ability = ability_needed(request, view)
        if ability and not access.organisations_where(request.user, ability).exists():
            raise PermissionDenied(refusal(ability))
        return True

    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        """Ask the view whether the user may change this object."""
        ability = ability_needed(request, view)
        if ability and not view.permits(obj):  # type: ignore[attr-defined]
            raise PermissionDenied(refusal(ability))
        return True


def ability_needed(request: Request, view: "APIView") -> str:
    """Return the ability that the request needs, empty for reading and unknown methods."""
    method = str(request.method).lower()
    if request.method in SAFE_METHODS or not hasattr(view, method):
        return ""
    ability: str = view.ability  # type: ignore[attr-defined]
    return ability


def refusal(ability: str) -> str:
    """Return the sentence that says why not."""
    return _("Your role doesn't allow this; it needs “%s”.") % ability
