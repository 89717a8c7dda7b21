"""Who is told."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from inventory.models import Membership, Role


def of_step(organisation_id: int | None, site_id: int | None, roles: Sequence[str]) -> list[User]:
    """Return the people in `roles` who have an address and whose membership covers the site.

    If there are none, the organisation's administrators stand in, then whoever runs this
    installation: somebody is told. What concerns the installation itself goes to the latter.
    """
    if organisation_id is not None:
        for wanted in (roles, [Role.ADMINISTRATOR]):
            people = list(_members(organisation_id, site_id, wanted))
            if people:
                return people
    return list(_reachable(User.objects.filter(is_superuser=True)))


def _members(organisation_id: int, site_id: int | None, roles: Sequence[str]) -> QuerySet[User]:
    covering = Membership.objects.filter(
        Q(sites=None) | Q(sites=site_id), organisation=organisation_id, role__in=roles
    )
    return _reachable(User.objects.filter(pk__in=covering.values("user")))


def _reachable(people: QuerySet[User]) -> QuerySet[User]:
    return people.filter(is_active=True).exclude(email="").order_by("pk")
