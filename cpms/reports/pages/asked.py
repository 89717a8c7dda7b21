"""What a KPI page was asked for: its whole state, as its address says it.

What is no such thing is said in a sentence and replaced by the default; what isn't there for
the person is 404.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from cpms.reports.pages import scope as scopes
from cpms.reports.pages import windows
from cpms.reports.pages.lenses import LENSES
from cpms.reports.pages.scope import Scope
from cpms.reports.pages.views import VIEWS, View
from monitoring.kpis.queries import Days, GroupBy
from monitoring.views.asked import number

#: Columns of the table that are no metrics.
BY_NAME, BY_NO_DATA = "name", "no_data"


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of the page; `parameters` is what of it the address says beyond the defaults."""

    scope: Scope
    view: View
    by: GroupBy
    offered: list[GroupBy]
    lens: str
    window: str
    days: Days
    #: The time zone of most of the chargers.
    zone: str
    #: Up to when the figures of the chargers that stand there are computed.
    computed_until: datetime | None
    #: The metric that the trend shows.
    metric: str
    #: The column that the table is sorted by, "-" before it for backwards; "": worst first.
    sort: str
    page: int
    #: There is no charger at the place.
    empty: bool
    #: Sentences about what was asked and can't be.
    problems: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, str]:
        """Everything that makes the page what it is, for links and exports."""
        said = {**self.scope.parameters, "window": self.window}
        if self.window == windows.CUSTOM:
            said |= {"from": f"{self.days.first}", "to": f"{self.days.last}"}
        if self.lens != "raw":
            said["lens"] = self.lens
        if self.view.name != next(iter(VIEWS)):
            said["view"] = self.view.name
        return said

    def url(self, **changes: str | None) -> str:
        """Return the query string of the page with `changes`; None leaves a parameter out."""
        said: dict[str, str | None] = {**self.parameters, **changes}
        return "?" + urlencode({name: value for name, value in said.items() if value is not None})


def read(user: User, parameters: Mapping[str, str], now: datetime) -> Asked:
    """Return what the address asks for; raise `Http404` for what isn't there for the user."""
    problems: list[str] = []
    found = scopes.find(user, parameters)
    place = _Place.of(found)
    window, days = _window(parameters, now.astimezone(ZoneInfo(place.zone)).date(), problems)
    scope = scopes.with_traits(found, user, parameters, days.last)
    view = VIEWS[_one_of(parameters, "view", list(VIEWS), problems, _("tab"))]
    offered = scopes.levels(scope, place.organisations, place.regions)
    by = GroupBy(_one_of(parameters, "by", [by.value for by in offered], problems, _("grouping")))
    metrics = list(view.table)
    return Asked(
        scope=scope,
        view=view,
        by=by,
        offered=offered,
        lens=_one_of(parameters, "lens", list(LENSES), problems, _("lens")),
        window=window,
        days=days,
        zone=place.zone,
        computed_until=place.computed_until,
        metric=_one_of(parameters, "metric", metrics, [], ""),
        sort=_sort(parameters.get("sort", ""), metrics),
        page=number(parameters.get("page"), 1),
        empty=not place.zones,
        problems=problems,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands at the place: how many chargers by time zone; organisations and regions."""

    zones: Counter[str]
    organisations: int
    regions: int
    #: The latest refresh of a roll-up.
    computed_until: datetime | None

    @classmethod
    def of(cls, scope: Scope) -> "_Place":
        """Count; one query."""
        columns = ("site__timezone", "site__organisation", "site__region")
        found = (
            scope.chargers.order_by()
            .values_list(*columns)
            .annotate(Count("pk"), Max("rollup__refreshed_at"))
        )
        zones: Counter[str] = Counter()
        organisations, regions = set(), set()
        refreshed = []
        for zone, organisation, region, count, at in found:
            refreshed += [at] if at else []
            zones[zone] += count
            organisations.add(organisation)
            regions.add(region)
        return cls(zones, len(organisations), len(regions), max(refreshed, default=None))

    @property
    def zone(self) -> str:
        """The time zone of most of the chargers; each site counts its own days."""
        most = self.zones.most_common(1)
        return most[0][0] if most else "UTC"


def _window(parameters: Mapping[str, str], now: date, problems: list[str]) -> tuple[str, Days]:
    name = parameters.get("window", "")
    if name == windows.CUSTOM or (not name and parameters.get("from")):
        first, last = parameters.get("from", ""), parameters.get("to", "") or f"{now}"
        try:
            return windows.CUSTOM, windows.custom(first, last, now)
        except windows.BadWindow as problem:
            problems.append(str(problem))
            return windows.DEFAULT, windows.named(windows.DEFAULT, now)
    names = [windows.DEFAULT, *windows.NAMES]
    name = _one_of(parameters, "window", names, problems, _("window"))
    return name, windows.named(name, now)


def _one_of(
    parameters: Mapping[str, str], name: str, known: list[str], problems: list[str], what: str
) -> str:
    """Return the parameter if it is one of `known`, else the first; and say so."""
    asked = parameters.get(name, "")
    if asked in known:
        return asked
    if asked:
        sentence = _("“%(asked)s” is no %(what)s here: it shows “%(shown)s” instead.")
        problems.append(sentence % {"asked": asked[:40], "what": what, "shown": known[0]})
    return known[0]


def _sort(asked: str, metrics: list[str]) -> str:
    return asked if asked.removeprefix("-") in {*metrics, BY_NAME, BY_NO_DATA} else ""
