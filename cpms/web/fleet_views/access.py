"""Who may see and change which saved view; built on `inventory.access`."""

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from cpms.web.models import SavedView
from inventory import access
from inventory.models import Organisation


def views(user: User) -> QuerySet[SavedView]:
    """The user's own views, and those shared with organisations they belong to."""
    mine = Q(owner_id=user.pk, organisation=None)
    return SavedView.objects.filter(mine | Q(organisation__in=access.organisations(user)))


def may_change(user: User, view: SavedView) -> bool:
    """Tell whether the user may rename, change and delete a view that they see.

    A shared one is its owner's while they may share, and always those's who keep order.
    """
    if view.organisation_id is None:
        return view.owner_id == user.pk
    ability = "share_views" if view.owner_id == user.pk else "tidy_views"
    return access.may(user, ability, view.organisation_id)


def shares_with(user: User) -> QuerySet[Organisation]:
    """Organisations with whose members the user may share a view."""
    return access.organisations_where(user, "share_views").order_by("name")
