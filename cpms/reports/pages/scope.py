"""Which chargers a KPI page is about: what its address names, as far as a person may see it.

The parameters narrow together: `?region=Bayern&model=3` are the chargers of a model in a region.
A region, firmware or SIM operator that isn't known is `-`. What isn't there for the person is
404, as everywhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import access
from inventory.models import Charger, ChargerModel, Contractor, Organisation, Site
from monitoring.kpis.groups import GroupBy, key_of

T = TypeVar("T")

#: What stands for "not known" in an address.
NONE = "-"
#: Longest name that a region, firmware or operator can have.
LONGEST_NAME = 80
#: The places of the drill-down, from the whole to the part.
PLACES = ("organisation", "region", "site", "charger")
#: The other ways to narrow.
TRAITS = ("model", "firmware", "sim_operator", "contractor")
PARAMETERS = (*PLACES, *TRAITS)
LABELS: Mapping[str, str | Promise] = {
    "organisation": gettext_lazy("Organisation"),
    "region": gettext_lazy("Region"),
    "site": gettext_lazy("Site"),
    "charger": gettext_lazy("Charger"),
    "port": gettext_lazy("Port"),
    "model": gettext_lazy("Model"),
    "firmware": gettext_lazy("Firmware"),
    "sim_operator": gettext_lazy("SIM operator"),
    "contractor": gettext_lazy("Contractor"),
}
#: What rows of a grouping are together.
MANY: Mapping[str, str | Promise] = {
    "organisation": gettext_lazy("Organisations"),
    "region": gettext_lazy("Regions"),
    "site": gettext_lazy("Sites"),
    "charger": gettext_lazy("Chargers"),
    "port": gettext_lazy("Ports"),
    "model": gettext_lazy("Models"),
    "firmware": gettext_lazy("Firmware versions"),
    "sim_operator": gettext_lazy("SIM operators"),
    "contractor": gettext_lazy("Contractors"),
}
#: Those whose value is a word and not the key of a row.
_WORDS = frozenset({"region", "firmware", "sim_operator"})


@dataclass(frozen=True, slots=True)
class Step:
    """One narrowing of the scope: the parameter, its value, and what a person calls it."""

    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The chargers, the places on the way down to them, and the traits they share."""

    chargers: QuerySet[Charger]
    path: tuple[Step, ...] = ()
    traits: tuple[Step, ...] = ()
    site: Site | None = None
    charger: Charger | None = None

    @property
    def label(self) -> str:
        """What the page is of."""
        return self.path[-1].label if self.path else str(_("Fleet"))

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that select exactly this; the narrowest place says it all."""
        narrowest = self.path[-1:]
        if narrowest and narrowest[0].name == "region":
            narrowest = self.path
        return {step.name: step.value for step in (*narrowest, *self.traits)}


def find(user: User, asked: Mapping[str, str]) -> Scope:
    """Return the place that the parameters name; raise `Http404` for one that isn't there."""
    chargers = access.chargers(user)
    charger = _charger(user, asked["charger"]) if asked.get("charger") else None
    site = charger.site if charger else _site(user, asked.get("site"))
    path = tuple(_path(user, asked, site, charger))
    if charger is not None:
        chargers = chargers.filter(pk=charger.pk)
    elif site is not None:
        chargers = chargers.filter(site=site)
    else:
        for step in path:
            column = {"organisation": "site__organisation", "region": "site__region"}[step.name]
            chargers = chargers.filter(**{column: "" if step.value == NONE else step.value})
    return Scope(chargers, path, (), site, charger)


def with_traits(scope: Scope, user: User, asked: Mapping[str, str], last: date) -> Scope:
    """Return the chargers of the place that share the traits that the parameters name.

    `last` is the window's last day: a contractor's are those it had a contract for then.
    Raises `Http404` for a model or contractor that isn't there for the user.
    """
    chargers, traits = scope.chargers, []
    for name in TRAITS:
        if value := asked.get(name):
            traits.append(Step(name, value, _trait(user, name, value)))
            chargers = alike(chargers, name, value, last)
    return replace(scope, chargers=chargers, traits=tuple(traits))


def alike(chargers: QuerySet[Charger], name: str, value: str, last: date) -> QuerySet[Charger]:
    """Return those that share a trait; its value is a checked parameter's."""
    column = f"of_{name}"
    having = chargers.alias(**{column: key_of(GroupBy(name), last)})
    if name in _WORDS:
        return having.filter(**{column: "" if value == NONE else value})
    return having.filter(**{f"{column}__isnull": True} if value == NONE else {column: int(value)})


def levels(scope: Scope, organisations: int, regions: int) -> list[GroupBy]:
    """Return what the rows may stand for, the next level down first.

    A level with only one of its kind is left out where another follows.
    """
    named = {step.name for step in scope.path}
    if "charger" in named:
        return [GroupBy.PORT]
    found = [] if "site" in named else [GroupBy.SITE]
    if not named & {"region", "site"} and regions > 1:
        found.insert(0, GroupBy.REGION)
    if not named and organisations > 1:
        found.insert(0, GroupBy.ORGANISATION)
    taken = {step.name for step in scope.traits}
    traits = [
        by
        for by in (GroupBy.MODEL, GroupBy.FIRMWARE, GroupBy.SIM_OPERATOR, GroupBy.CONTRACTOR)
        if by.value not in taken
    ]
    return [*found, GroupBy.CHARGER, GroupBy.PORT, *traits]


def _charger(user: User, identity: str) -> Charger:
    if "\0" in identity:
        raise Http404
    seen = access.chargers(user).select_related("site__organisation")
    charger = access.with_identity(seen, identity).first()
    if charger is None:
        raise Http404
    return charger


def _site(user: User, key: str | None) -> Site | None:
    if not key:
        return None
    seen = access.sites(user).select_related("organisation")
    return _there(seen.filter(pk=_number(key)).first())


def _there(found: T | None) -> T:
    if found is None:
        raise Http404
    return found


def _path(
    user: User, asked: Mapping[str, str], site: Site | None, charger: Charger | None
) -> Iterator[Step]:
    """Yield the places on the way down: those that the address names, or that hold them."""
    if site is not None:
        yield Step("organisation", str(site.organisation_id), site.organisation.name)
        if site.region:
            yield Step("region", site.region, site.region)
        yield Step("site", str(site.pk), site.name)
    else:
        if key := asked.get("organisation"):
            organisation: Organisation | None = (
                access.organisations(user).filter(pk=_number(key)).first()
            )
            yield Step("organisation", key, _there(organisation).name)
        if region := asked.get("region"):
            yield Step("region", region, _word(region))
    if charger is not None:
        yield Step("charger", charger.identity, charger.identity)


def _trait(user: User, name: str, value: str) -> str:
    """Return what a trait is called; raise `Http404` for one that isn't there."""
    if name in _WORDS or value == NONE:
        return _word(value)
    if name == "model":
        model: ChargerModel | None = access.models(user).filter(pk=_number(value)).first()
        return str(_there(model))
    seen = Contractor.objects.filter(organisation__in=access.organisations(user))
    return str(_there(seen.filter(pk=_number(value)).first()))


def _word(value: str) -> str:
    if "\0" in value or len(value) > LONGEST_NAME:
        raise Http404
    return _("not known") if value == NONE else value


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
