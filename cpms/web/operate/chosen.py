"""The chargers of a bulk operation: those that pass the fleet page's filters."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from cpms.web.operate.target import Target
from inventory import access
from inventory.models import Charger, Lifecycle, Organisation
from monitoring import fleet
from monitoring.fleet import narrowing
from monitoring.models import Session

#: Parameters of the fleet page that choose nothing.
IDLE = frozenset({"sort", "view", "page", "columns", "density", "of"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Chargers of one organisation, which all or some of them can be asked of."""

    organisation: Organisation
    chargers: QuerySet[Charger]
    #: OCPP version ("": not known yet) -> how many of them speak it.
    versions: dict[str, int]
    offline: int
    target: Target

    @property
    def size(self) -> int:
        """How many there are."""
        return self.target.size


def unread(parameters: QueryDict) -> list[str]:
    """Return the filters that can't be read: they must not choose the whole fleet."""
    read = {name for name, _value in fleet.filters(parameters).chosen()}
    return sorted(name for name in parameters if name not in {*read, *IDLE})


def organisations(user: User, parameters: QueryDict) -> list[Organisation]:
    """Return whose chargers can be asked, of those that pass the filters; the first is chosen."""
    able = access.organisations_where(user, "command")
    passing = _passing(user, parameters).values("site__organisation")
    return list(able.filter(pk__in=passing).order_by("name"))


def chosen(user: User, organisation: Organisation, parameters: QueryDict, now: datetime) -> Chosen:
    """Return the chargers that pass the filters; three queries."""
    chargers = _passing(user, parameters).filter(site__organisation=organisation)
    chargers = chargers.exclude(lifecycle=Lifecycle.DECOMMISSIONED)
    counted = chargers.values_list("ocpp_version", "state__online").annotate(n=Count("pk"))
    versions: Counter[str] = Counter()
    offline = 0
    for version, online, number in counted.order_by():
        versions[version] += number
        offline += 0 if online else number
    running = Session.objects.filter(charger__in=chargers, ended=None)
    # Of several at a port all but the last were left open.
    ports, elsewhere = Count("evse", distinct=True), Count("pk", filter=Q(evse=None))
    about = running.aggregate(n=ports + elsewhere, busy=Count("charger", distinct=True))
    target = Target(
        now, versions=frozenset(versions) - {""}, size=versions.total(), sessions=about["n"],
        busy=about["busy"], organisation_id=organisation.pk,
    )  # fmt: skip
    return Chosen(organisation, chargers, dict(versions), offline, target)


def _passing(user: User, parameters: QueryDict) -> QuerySet[Charger]:
    filters = fleet.filters(parameters)
    return fleet.narrowed(access.chargers(user), filters).filter(narrowing.in_states(filters))
