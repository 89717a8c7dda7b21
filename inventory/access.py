"""Who may see and do what: the one scoped query per model.

Every page, API route, live channel, export and task that works for a person starts from one
of these querysets, so another tenant's object doesn't exist for them (404, never 403).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from inventory.models import (
    ApiToken,
    Charger,
    ChargerModel,
    Connector,
    Contract,
    Contractor,
    Evse,
    Membership,
    Organisation,
    Role,
    Sim,
    Site,
)


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Whoever looks through a window that is no person's, e.g. a screen on a wall.

    It sees one organisation's sites, or only some of them, and what stands there. It has no
    membership, so no role, no ability, and nothing that isn't on those sites.
    """

    organisation_id: int
    #: Empty: all of the organisation's.
    site_ids: frozenset[int]
    pk: ClassVar[None] = None
    is_active: ClassVar[Literal[False]] = False
    is_superuser: ClassVar[Literal[False]] = False
    is_authenticated: ClassVar[Literal[False]] = False

    def sites(self) -> QuerySet[Site]:
        """The sites it sees."""
        owned = Site.objects.filter(organisation=self.organisation_id)
        return owned.filter(pk__in=self.site_ids) if self.site_ids else owned


if TYPE_CHECKING:
    Person = User | AnonymousUser | Onlooker
else:
    Person = object

#: Ability -> the roles that have it. A superuser has all.
ABILITIES: dict[str, frozenset[Role]] = {
    "view": frozenset(Role),
    "acknowledge": frozenset({Role.OPERATOR, Role.LEAD, Role.ADMINISTRATOR}),
    "resolve": frozenset({Role.OPERATOR, Role.LEAD, Role.ADMINISTRATOR}),
    "command": frozenset({Role.OPERATOR, Role.LEAD, Role.ADMINISTRATOR}),
    "command_raw": frozenset({Role.LEAD, Role.ADMINISTRATOR}),
    "edit_inventory": frozenset({Role.LEAD, Role.ADMINISTRATOR}),
    "edit_alerting": frozenset({Role.LEAD, Role.ADMINISTRATOR}),
    "propose_exclusion": frozenset(
        {Role.OPERATOR, Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR, Role.CONTRACTOR}
    ),
    "approve_exclusion": frozenset({Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR}),
    "plan_maintenance": frozenset({Role.OPERATOR, Role.LEAD, Role.ADMINISTRATOR}),
    "make_reports": frozenset({Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR}),
    "hang_walls": frozenset({Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR}),
    "share_views": frozenset({Role.OPERATOR, Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR}),
    "tidy_views": frozenset({Role.LEAD, Role.ADMINISTRATOR}),
    "administer": frozenset({Role.ADMINISTRATOR}),
}


def organisations(user: Person) -> QuerySet[Organisation]:
    """Organisations the user belongs to."""
    if _sees_all(user):
        return Organisation.objects.all()
    return Organisation.objects.filter(
        Exists(_memberships(user).filter(organisation=OuterRef("pk")))
    )


def sites(user: Person) -> QuerySet[Site]:
    """Sites of the user's organisations, or only those their membership names."""
    if isinstance(user, Onlooker):
        return user.sites()
    if _sees_all(user):
        return Site.objects.all()
    whole = _memberships(user).filter(sites=None)
    named = _memberships(user).filter(sites=OuterRef("pk"))
    return Site.objects.filter(
        Q(organisation__in=whole.values("organisation")) | Q(Exists(named)),
    )


def chargers(user: Person) -> QuerySet[Charger]:
    """Chargers on the sites the user sees."""
    if _sees_all(user):
        return Charger.objects.all()
    return Charger.objects.filter(site__in=sites(user))


def with_identity(chargers: QuerySet[Charger], identity: str) -> QuerySet[Charger]:
    """The charger of that identity, whatever the case, by the unique index."""
    return chargers.alias(folded=Lower("identity")).filter(folded=identity.lower())


def evses(user: Person) -> QuerySet[Evse]:
    """Ports of the chargers the user sees."""
    if _sees_all(user):
        return Evse.objects.all()
    return Evse.objects.filter(charger__site__in=sites(user))


def connectors(user: Person) -> QuerySet[Connector]:
    """Connectors of the chargers the user sees."""
    if _sees_all(user):
        return Connector.objects.all()
    return Connector.objects.filter(evse__charger__site__in=sites(user))


def sims(user: Person) -> QuerySet[Sim]:
    """SIMs of the organisations in which the user sees every site, and of chargers they see."""
    if _sees_all(user):
        return Sim.objects.all()
    whole = _memberships(user).filter(sites=None).values("organisation")
    used = Charger.objects.filter(sim=OuterRef("pk"), site__in=sites(user))
    return Sim.objects.filter(Q(organisation__in=whole) | Q(Exists(used)))


def contracts(user: Person) -> QuerySet[Contract]:
    """Contracts of the organisations in which the user sees every site, and of sites they see."""
    if _sees_all(user):
        return Contract.objects.all()
    whole = _memberships(user).filter(sites=None).values("organisation")
    here = sites(user).filter(contracts=OuterRef("pk"))
    return Contract.objects.filter(Q(contractor__organisation__in=whole) | Q(Exists(here)))


def contractors(user: Person) -> QuerySet[Contractor]:
    """Contractors of the organisations in which the user sees every site, or of sites they see."""
    if _sees_all(user):
        return Contractor.objects.all()
    whole = _memberships(user).filter(sites=None).values("organisation")
    seen = contracts(user).filter(contractor=OuterRef("pk"))
    return Contractor.objects.filter(Q(organisation__in=whole) | Q(Exists(seen)))


def models(user: Person) -> QuerySet[ChargerModel]:
    """Charger models: shared knowledge that every member sees."""
    if _sees_all(user) or _memberships(user).exists():
        return ChargerModel.objects.all()
    return ChargerModel.objects.none()


def memberships(user: Person) -> QuerySet[Membership]:
    """Memberships of the organisations the user administers."""
    if _sees_all(user):
        return Membership.objects.all()
    administered = _memberships(user).filter(role__in=ABILITIES["administer"])
    return Membership.objects.filter(organisation__in=administered.values("organisation"))


def api_tokens(user: Person) -> QuerySet[ApiToken]:
    """The user's own tokens."""
    return ApiToken.objects.filter(user_id=user.pk or 0)


def may(user: Person, ability: str, organisation_id: int) -> bool:
    """Tell whether the user's role in the organisation has the ability.

    A request made with an API token carries the token's role as `user.role_cap`; the
    ability must then be in both.
    """
    roles = ABILITIES[ability]
    cap = getattr(user, "role_cap", "")
    if cap and cap not in roles:
        return False
    if _sees_all(user):
        return True
    return _memberships(user).filter(organisation=organisation_id, role__in=roles).exists()


def abilities(user: Person, organisation_id: int) -> frozenset[str]:
    """Return all abilities that `may` would grant in the organisation; one query."""
    if _sees_all(user):
        held = frozenset(Role)
    else:
        mine = _memberships(user).filter(organisation=organisation_id)
        held = frozenset(Role(role) for role in mine.values_list("role", flat=True))
    cap = getattr(user, "role_cap", "")
    return frozenset(
        ability
        for ability, roles in ABILITIES.items()
        if held & roles and (not cap or cap in roles)
    )


def sees_every_site(user: Person, organisation_id: int) -> bool:
    """Tell whether the user's membership of the organisation isn't limited to some sites."""
    whole = _memberships(user).filter(organisation=organisation_id, sites=None)
    return _sees_all(user) or whole.exists()


def organisations_where(user: Person, ability: str) -> QuerySet[Organisation]:
    """Organisations in which the user has the ability; none of them if the token's role hasn't."""
    roles = ABILITIES[ability]
    cap = getattr(user, "role_cap", "")
    if cap and cap not in roles:
        return Organisation.objects.none()
    if _sees_all(user):
        return Organisation.objects.all()
    able = _memberships(user).filter(role__in=roles)
    return Organisation.objects.filter(pk__in=able.values("organisation"))


def whole_organisations(user: Person) -> QuerySet[Organisation]:
    """Organisations in which the user sees every site."""
    if _sees_all(user):
        return Organisation.objects.all()
    whole = _memberships(user).filter(sites=None)
    return Organisation.objects.filter(pk__in=whole.values("organisation"))


def may_edit_model(user: Person, model: ChargerModel) -> bool:
    """Tell whether the user may edit the inventory wherever the model stands: it's shared."""
    able = organisations_where(user, "edit_inventory")
    if _sees_all(user):
        return able.exists()
    elsewhere = Charger.objects.filter(model=model).exclude(site__organisation__in=able)
    return able.exists() and not elsewhere.exists()


def _sees_all(user: Person) -> bool:
    return bool(user.is_active and user.is_superuser)


def _memberships(user: Person) -> QuerySet[Membership]:
    if not user.is_active:
        return Membership.objects.none()
    return Membership.objects.filter(user_id=user.pk)
