"""The KPIs over REST, each with what it is made of and a link to its evidence."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.figures import Group, figures
from cpms.reports.pages import scope as scopes
from inventory import access
from inventory.access import Person
from inventory.models import Charger, ChargerModel, Contractor, Organisation, Site
from inventory.rest import export
from inventory.rest.fields import IdentityField, KeyField
from inventory.rest.paging import Cursor
from inventory.rest.queries import DayOrInstant, Query, check_order
from inventory.rest.views import Rest
from monitoring.days import bounds
from monitoring.kpis.figures import LENS_LABELS, RAW, Figure
from monitoring.kpis.queries import LABELS, Days, GroupBy, Instants, Window

LONGEST = timedelta(days=400)
#: A window that cuts days is computed from spans, which takes long.
LONGEST_CUT = timedelta(days=62)
BY_DEFAULT = timedelta(days=30)
#: What is answered where no metric is asked for.
USUAL = tuple(str(metric) for metric in LABELS)
#: Groups that come in pages: there are as many as chargers, or more.
PAGED = {GroupBy.CHARGER, GroupBy.PORT}
CHARGERS_AT_A_TIME = 500


NOT_KNOWN = gettext_lazy("“-” for those of which it isn't known.")


def _contractors(user: Person) -> QuerySet[Contractor]:
    return Contractor.objects.filter(organisation__in=access.organisations(user))


class TraitField(KeyField):
    """The key of a row, or “-” for chargers that have none."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the row."""
        return data if data == scopes.NONE else super().to_internal_value(data)


class KpiQuery(Query):
    """Which KPIs. Days are each site's own; `to` is not included."""

    metric = serializers.MultipleChoiceField(choices=list(CATALOGUE), required=False)
    lens = serializers.ChoiceField(
        choices=list(LENS_LABELS),
        default=RAW,
        help_text=gettext_lazy("Whose uptime; other figures don't know lenses."),
    )
    group_by = serializers.ChoiceField(
        choices=[group.value for group in GroupBy], default=GroupBy.FLEET.value
    )
    organisation = KeyField(access.organisations, Organisation, required=False)
    site = KeyField(access.sites, Site, required=False)
    charger = IdentityField(required=False)
    region = serializers.CharField(required=False, max_length=80, help_text=NOT_KNOWN)
    model = TraitField(access.models, ChargerModel, required=False, help_text=NOT_KNOWN)
    firmware = serializers.CharField(required=False, max_length=50, help_text=NOT_KNOWN)
    sim_operator = serializers.CharField(required=False, max_length=80, help_text=NOT_KNOWN)
    contractor = TraitField(_contractors, Contractor, required=False, help_text=NOT_KNOWN)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `from` can't be written as an attribute."""
        fields: dict[str, Any] = super().get_fields()
        either = gettext_lazy("A day, or a time as in RFC 3339; by default the last 30 days.")
        fields["from"] = DayOrInstant(required=False, help_text=either)
        fields["to"] = DayOrInstant(required=False)
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values, the window as one."""
        today: date = self.context["now"].date()
        end = attrs.get("to", today + timedelta(days=1))
        start = attrs.get("from", end - BY_DEFAULT)
        if isinstance(start, datetime) != isinstance(end, datetime):
            start, end = _midnight(start), _midnight(end)
        check_order(start, end)
        longest = LONGEST_CUT if isinstance(start, datetime) else LONGEST
        if end - start > longest:
            sentence = _("The window is longer than %(days)s days.") % {"days": longest.days}
            raise serializers.ValidationError({"to": [sentence]})
        return {**attrs, "from": start, "to": end}


def _midnight(value: date) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time.min, UTC)


class Kpi(serializers.Serializer[Any]):
    """One figure of one group: value = numerator / denominator; null: no data.

    Shares are 0 to 1, times seconds, energies Wh. Of amounts the denominator is 1.
    """

    key = serializers.CharField(allow_null=True, help_text=gettext_lazy("Id, or the day."))
    label = serializers.CharField()  # type: ignore[assignment]
    metric = serializers.ChoiceField(choices=[metric.value for metric in LABELS])
    lens = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    numerator = serializers.FloatField()
    denominator = serializers.FloatField()
    no_data_share = serializers.FloatField(allow_null=True)
    details = serializers.DictField(child=serializers.FloatField())
    evidence = serializers.URLField(help_text=gettext_lazy("The rows it counts."))


class KpiPage(serializers.Serializer[Any]):
    """Figures, and how they were made."""

    lens = serializers.CharField()
    group_by = serializers.CharField()
    start = serializers.CharField()
    end = serializers.CharField()
    formulas = serializers.DictField(child=serializers.CharField())
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = Kpi(many=True)


class Kpis(Rest, GenericViewSet[Charger]):
    """Every KPI; where none is named uptime, online rate, session success and reconnects."""

    queryset = Charger.objects.none()
    serializer_class = Kpi
    filter_backends = []
    ordering = ("identity",)

    @extend_schema(parameters=[KpiQuery], responses=KpiPage, operation_id="kpis_list")
    def list(self, request: Request) -> HttpResponseBase:
        """Return the figures of each group, with formula, parts and evidence."""
        asked = Asked(request, timezone.now())
        if request.accepted_renderer.format == "csv":
            columns = list(Kpi().fields)
            return export.download(request, asked.all_rows(), columns, "kpis")
        chargers = asked.chargers
        links: dict[str, str | None] = {"next": None, "previous": None}
        if asked.by in PAGED:
            page = self.paginate_queryset(chargers)
            chargers = Charger.objects.filter(pk__in=[charger.pk for charger in page or ()])
            cursor = cast("Cursor", self.paginator)
            links = {"next": cursor.get_next_link(), "previous": cursor.get_previous_link()}
        return Response({**asked.described(), **links, "results": list(asked.rows(chargers))})


class Asked:
    """A validated request for KPIs, and its answer."""

    def __init__(self, request: Request, now: datetime) -> None:
        """Raise `ValidationError` for a bad request."""
        self.request, self.now = request, now
        self.query = KpiQuery.of(request, now=now)
        self.by = GroupBy(self.query["group_by"])
        wanted = self.query.get("metric") or USUAL
        self.metrics = [metric for metric in CATALOGUE if metric in wanted]
        self.start, self.end = self.query["from"], self.query["to"]

    @property
    def window(self) -> Window:
        """The window of the figures."""
        if isinstance(self.start, datetime):
            return Instants(self.start, self.end)
        return Days(self.start, self.end - timedelta(days=1))

    @property
    def chargers(self) -> QuerySet[Charger]:
        """The chargers that count."""
        chargers = access.chargers(self.request.user).order_by("identity")
        for name, path in (("organisation", "site__organisation"), ("site", "site")):
            if name in self.query:
                chargers = chargers.filter(**{path: self.query[name]})
        if "region" in self.query:
            region = self.query["region"]
            chargers = chargers.filter(site__region="" if region == scopes.NONE else region)
        if named := self.query.get("charger"):
            chargers = chargers.filter(pk=named.pk)
        for name in scopes.TRAITS:
            if name in self.query:
                value = getattr(self.query[name], "pk", self.query[name])
                chargers = scopes.alike(chargers, name, str(value), self._last)
        return chargers

    @property
    def _last(self) -> date:
        return self.end.date() if isinstance(self.end, datetime) else self.end - timedelta(days=1)

    def described(self) -> dict[str, Any]:
        """Return what the figures are about."""
        return {
            "lens": self.query["lens"],
            "group_by": self.by.value,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "formulas": {metric: str(CATALOGUE[metric].formula) for metric in self.metrics},
        }

    def all_rows(self) -> Iterator[dict[str, Any]]:
        """Yield the figures of every group, some chargers at a time."""
        if self.by not in PAGED:
            yield from self.rows(self.chargers)
            return
        keys = iter(list(self.chargers.values_list("pk", flat=True)))
        while some := list(islice(keys, CHARGERS_AT_A_TIME)):
            yield from self.rows(Charger.objects.filter(pk__in=some))

    def rows(self, chargers: QuerySet[Charger]) -> Iterator[dict[str, Any]]:
        """Yield a row per group of `chargers` and metric."""
        window = self._evidence_window()
        groups = figures(
            chargers,
            self.window,
            by=self.by,
            metrics=self.metrics,
            lens=self.query["lens"],
            now=self.now,
        )
        for group in groups:
            for metric in self.metrics:
                evidence = self._evidence(group, metric, window)
                yield self._row(group, group.figures[metric], evidence)

    def _row(self, group: Group, figure: Figure, evidence: str) -> dict[str, Any]:
        return {
            "key": None if group.key is None else str(group.key),
            "label": group.label,
            "metric": str(figure.metric),
            "lens": self.query["lens"],
            "value": figure.value,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "no_data_share": figure.no_data_share,
            "details": dict(figure.details),
            "evidence": evidence,
        }

    def _evidence(self, group: Group, metric: str, window: tuple[datetime, datetime]) -> str:
        """Return the address of the rows that the figure was made of.

        No list of rows knows regions, models, firmwares, operators and contractors: there it is
        the figure of each charger, which has its own.
        """
        asked: dict[str, str] = {}
        if self.by not in PAGED:  # A charger says where it stands and what it is.
            asked = {name: self.request.query_params[name] for name in SCOPES & set(self.query)}
        asked |= _selected(self.by, metric, group)
        if isinstance(group.key, date):
            window = self._bounds(*self._days_of(group.key))
        if set(asked) & TRAITS:
            asked |= {"metric": metric, "group_by": GroupBy.CHARGER.value}
            asked |= {"lens": self.query["lens"]}
            asked |= {"from": self.start.isoformat(), "to": self.end.isoformat()}
            address = reverse("kpis-list")
        else:
            asked["from"], asked["to"] = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in window)
            address = reverse(f"{CATALOGUE[metric].evidence}-list")
        return self.request.build_absolute_uri(f"{address}?{urlencode(asked)}")

    def _days_of(self, day: date) -> tuple[date, date]:
        """Return the first and last day of a group by time."""
        if self.by is GroupBy.DAY:
            return day, day
        following = (day + timedelta(days=31)).replace(day=1)
        return day, following - timedelta(days=1)

    def _evidence_window(self) -> tuple[datetime, datetime]:
        if isinstance(self.start, datetime):
            return self.start.astimezone(UTC), self.end.astimezone(UTC)
        return self._bounds(self.start, self.end - timedelta(days=1))

    def _bounds(self, first: date, last: date) -> tuple[datetime, datetime]:
        """Return the window (UTC) that holds the days in every zone of the sites."""
        starts = [bounds(first, zone)[0] for zone in self._zones]
        return min(starts), max(bounds(last, zone)[1] for zone in self._zones)

    @cached_property
    def _zones(self) -> list[ZoneInfo]:
        names = self.chargers.order_by().values_list("site__timezone", flat=True).distinct()
        return [ZoneInfo(name) for name in names] or [ZoneInfo("UTC")]


#: Evidence that is listed by charger and not by port.
OF_CHARGERS = {"connections", "incidents"}
#: Parameters that lists of rows know as well, and those that only KPIs do.
PLACES = {"organisation", "site", "charger"}
TRAITS = {"region", *scopes.TRAITS}
SCOPES = PLACES | TRAITS


def _selected(by: GroupBy, metric: str, group: Group) -> dict[str, str]:
    """Return the parameters that select the group among the evidence."""
    if by is GroupBy.PORT and CATALOGUE[metric].evidence in OF_CHARGERS:
        return {"charger": group.label.rpartition("/")[0]}
    if by is GroupBy.PORT:
        return {"evse": str(group.key)}
    if by is GroupBy.CHARGER:
        return {"charger": group.label}
    if by.value in SCOPES:
        return {by.value: scopes.NONE if group.key in (None, "") else str(group.key)}
    return {}


RESOURCES = {"kpis": Kpis}
