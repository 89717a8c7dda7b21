"""Who may see and do what with alerts; built on `inventory.access`.

An incident of a site is seen by who sees the site. What concerns a whole organisation is for
members without a limit to sites; what concerns the installation itself (no organisation) is
seen by all who may acknowledge somewhere, and acted upon by superusers.
"""

from django.db.models import Q, QuerySet

from alerts.models import (
    EscalationPolicy,
    EscalationStep,
    Incident,
    IncidentEntry,
    Notification,
    PolicyVersion,
    Rule,
)
from inventory import access
from inventory.access import Person
from inventory.models import Membership


def incidents(user: Person) -> QuerySet[Incident]:
    """Incidents the user sees."""
    if _sees_all(user):
        return Incident.objects.all()
    return Incident.objects.filter(_visible(user))


def entries(user: Person) -> QuerySet[IncidentEntry]:
    """Timeline entries of the incidents the user sees."""
    return IncidentEntry.objects.filter(incident__in=incidents(user))


def steps(user: Person) -> QuerySet[EscalationStep]:
    """Escalation steps of the incidents the user sees."""
    return EscalationStep.objects.filter(incident__in=incidents(user))


def notifications(user: Person) -> QuerySet[Notification]:
    """Messages about the incidents the user sees."""
    if _sees_all(user):
        return Notification.objects.all()
    return Notification.objects.filter(incident__in=incidents(user))


def rules(user: Person) -> QuerySet[Rule]:
    """Rules of the user's organisations, and the ones for all."""
    return Rule.objects.filter(_mine_or_common(user))


def policies(user: Person) -> QuerySet[EscalationPolicy]:
    """Escalation policies of the user's organisations, and the one for all."""
    return EscalationPolicy.objects.filter(_mine_or_common(user))


def policy_versions(user: Person) -> QuerySet[PolicyVersion]:
    """Versions of the policies the user sees."""
    return PolicyVersion.objects.filter(policy__in=policies(user))


def may(user: Person, ability: str, organisation_id: int | None) -> bool:
    """Tell whether the user has the ability in the organisation, or (None) for all of them."""
    if organisation_id is not None:
        return access.may(user, ability, organisation_id)
    cap = getattr(user, "role_cap", "")
    return _sees_all(user) and (not cap or cap in access.ABILITIES[ability])


def _visible(user: Person) -> Q:
    mine = _memberships(user)
    visible = Q(site__in=access.sites(user))
    whole = mine.filter(sites=None).values("organisation")
    visible |= Q(site=None, organisation__in=whole)
    if mine.filter(role__in=access.ABILITIES["acknowledge"]).exists():
        visible |= Q(organisation=None)
    return visible


def _mine_or_common(user: Person) -> Q:
    if _sees_all(user):
        return Q()
    mine = access.organisations(user)
    return Q(organisation__in=mine) | (Q(organisation=None) if mine.exists() else Q(pk__in=[]))


def _memberships(user: Person) -> QuerySet[Membership]:
    if not user.is_active:
        return Membership.objects.none()
    return Membership.objects.filter(user_id=user.pk)


def _sees_all(user: Person) -> bool:
    return bool(user.is_active and user.is_superuser)
