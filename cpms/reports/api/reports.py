"""Reports and subscriptions to them over REST."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.reports import access, downloads, orders
from cpms.reports.kinds import KINDS
from cpms.reports.models import Every, Format, Kind, Report, ReportFile, Subscription
from cpms.reports.orders import BadOrder, Wish
from cpms.reports.schedule import Every as Rhythm
from cpms.reports.schedule import next_due, period_before
from inventory import access as inventory_access
from inventory.models import Contractor, Membership, Organisation, Site
from inventory.models.site import validate_timezone
from inventory.rest.fields import KeyField
from inventory.rest.filters import Filters, IdFilter
from inventory.rest.permissions import refusal
from inventory.rest.problems import Conflict
from inventory.rest.serializers import Strict
from inventory.rest.views import Editable, Listed
from monitoring.kpis.figures import LENS_LABELS

#: What is handed out; the manifest comes with each of them.
FORMATS = (Format.PDF, Format.XLSX, Format.CSV)
LANGUAGES = ("en", "de")


class ReportFileSerializer(serializers.ModelSerializer[ReportFile]):
    """A file of a report; it never changes."""

    class Meta:
        model = ReportFile
        fields: ClassVar[list[str]] = ["id", "name", "format", "size", "sha256", "made_at"]


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report of whole days [`from`, `to`), each site's own."""

    to = serializers.DateField(source="end")
    files = ReportFileSerializer(many=True)
    requested_by = serializers.CharField(source="requested_name")
    parameters = serializers.DictField()
    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=[each.value for each in FORMATS])
    )

    class Meta:
        model = Report
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "kind", "title", "from", "to", "lens", "parameters", "sites"),
            *("language", "formats", "state", "progress", "doing", "problem", "requested_by"),
            *("subscription", "requested_at", "made_at", "cutoff_at", "settled_day"),
            *("version", "previous", "files"),
        ]

    def build_field(self, name: str, *more: Any) -> Any:
        """Read `from` from the column that has it."""
        if name == "from":
            return serializers.DateField, {"source": "first", "read_only": True}
        return super().build_field(name, *more)


class Wanted(Strict):
    """What a report is about."""

    organisation = KeyField(access.makers, Organisation)
    kind = serializers.ChoiceField(choices=Kind.choices)
    lens = serializers.ChoiceField(
        choices=[(lens, str(label)) for lens, label in LENS_LABELS.items()], required=False
    )
    sites = KeyField(
        inventory_access.sites, Site, many=True, required=False, allow_null=True,
        help_text=gettext_lazy("None: all of the organisation's."),
    )  # fmt: skip
    contractor = KeyField(
        lambda user: Contractor.objects.filter(organisation__in=access.makers(user)),
        Contractor, required=False,
    )  # fmt: skip
    target = serializers.FloatField(
        required=False, min_value=0.000001, max_value=1.0,
        help_text=gettext_lazy("Of the uptime, 0 to 1; by default what the rules ask."),
    )  # fmt: skip
    language = serializers.ChoiceField(choices=LANGUAGES, default="en")
    formats = serializers.MultipleChoiceField(
        choices=[each.value for each in FORMATS], required=False
    )

    def site_keys(self, values: dict[str, Any]) -> list[int] | None:
        """Return the sites' keys; raises `ValidationError` for another organisation's."""
        sites, owner = values.get("sites"), values["organisation"]
        user = self.context["request"].user
        if sites is None:
            if not inventory_access.sees_every_site(user, owner.pk):
                sentence = _("You see only some of its sites: name those that it is about.")
                raise serializers.ValidationError({"sites": [sentence]})
            return None
        if any(site.organisation_id != owner.pk for site in sites):
            sentence = _("A site belongs to another organisation.")
            raise serializers.ValidationError({"sites": [sentence]})
        return [site.pk for site in sites]

    def parameters(self, values: dict[str, Any], sites: list[int] | None) -> dict[str, Any]:
        """Return the kind's own parameters."""
        found: dict[str, Any] = {}
        if "contractor" in values:
            found["contractor"] = values["contractor"].pk
        if "target" in values:
            found["target"] = values["target"]
        if KINDS[values["kind"]].one_site and sites:
            found["site"] = sites[0]
        return found

    def wish(self, values: dict[str, Any], first: date, end: date) -> Wish:
        """Return what is asked for. Raises `ValidationError` for what can't be made."""
        sites = self.site_keys(values)
        wish = Wish(
            values["organisation"], values["kind"], first, end, values.get("lens", ""), sites,
            self.parameters(values, sites), values["language"],
            [each.value for each in FORMATS if each.value in values.get("formats", ())],
        )  # fmt: skip
        try:
            orders.check(wish, timezone.now())
        except BadOrder as problem:
            raise serializers.ValidationError(str(problem)) from problem
        return wish


class NewReport(Wanted):
    """A report to be made of the days from `from` until before `to`."""

    to = serializers.DateField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; `from` is a word of Python's."""
        return {**super().get_fields(), "from": serializers.DateField(source="first")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked for as `wish`."""
        return {"wish": self.wish(attrs, attrs["first"], attrs["to"])}


class ReportFilters(Filters):
    """Of reports: those asked for in the window."""

    period = "requested_at"
    organisation = IdFilter("organisation_id")
    subscription = IdFilter("subscription_id")

    class Meta:
        model = Report
        fields: ClassVar[list[str]] = ["kind", "state"]


AS = OpenApiParameter(
    "as", str, enum=[*(each.value for each in FORMATS), "json", "zip"], required=True,
    description="The format; `json` is the manifest, `zip` all files.",
)  # fmt: skip


class Reports(Listed):
    """Reports: made by a worker, then immutable; each file has a hash. Latest first.

    `state` is requested, making (with `progress`), done or failed (with a `problem`).
    """

    queryset = Report.objects.none()
    scope = staticmethod(access.reports)
    serializer_class = ReportSerializer
    filterset_class = ReportFilters
    ordering = ("-requested_at", "-id")
    ability = "make_reports"

    def get_queryset(self) -> QuerySet[Report]:
        """Return the reports with their files."""
        return super().get_queryset().prefetch_related("files")

    def permits(self, row: Report) -> bool:
        """Ask in the organisation that it is of."""
        return inventory_access.may(self.request.user, self.ability, row.organisation_id)

    @extend_schema(request=NewReport, responses={201: ReportSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a report."""
        asked = NewReport(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        wish: Wish = asked.validated_data["wish"]
        try:
            report = orders.request(wish, by=_person(request), now=timezone.now())
        except BadOrder as problem:
            raise Conflict(str(problem)) from problem
        return Response(ReportSerializer(report).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={201: ReportSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """Ask for a new version of what is known now; this one stays as it is."""
        report = self.get_object()
        try:
            newer = orders.again(report, by=_person(request), now=timezone.now())
        except BadOrder as problem:
            raise Conflict(str(problem)) from problem
        return Response(ReportSerializer(newer).data, status=status.HTTP_201_CREATED)

    @extend_schema(parameters=[AS], responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """Download the report in one of its formats; several CSV files come as one archive."""
        report, wanted = self.get_object(), request.query_params.get("as", "")
        files = list(report.files.order_by("pk")) if report.state == Report.State.DONE else []
        if wanted != "zip":
            files = [file for file in files if file.format == wanted]
        if not files:
            known = ", ".join([*report.formats, "json", "zip"])
            sentence = _("This report has no such file; once it is done there are: %s.")
            raise NotFound(sentence % known)
        plain = request._request  # noqa: SLF001
        if len(files) == 1 and wanted != "zip":
            return downloads.of_file(plain, files[0])
        return downloads.of_all(plain, files, f"report-{report.pk}")


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


class SubscriptionSerializer(Wanted):
    """A report made again and again, of the whole period that has just ended, and mailed.

    Whoever writes it answers for where it goes: when they may no longer have reports made, it
    pauses and `problem` says why.
    """

    id = serializers.IntegerField(read_only=True)
    every = serializers.ChoiceField(choices=Every.choices)
    day = serializers.IntegerField(min_value=1, max_value=28, default=3)
    hour = serializers.IntegerField(min_value=0, max_value=23, default=6)
    timezone = serializers.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    recipients = KeyField(
        lambda user: User.objects.filter(
            pk__in=Membership.objects.filter(
                organisation__in=inventory_access.organisations(user)
            ).values("user")
        ),
        User, many=True, required=False, help_text=gettext_lazy("Members, by their keys."),
    )  # fmt: skip
    addresses = serializers.ListField(child=serializers.EmailField(), max_length=50, required=False)
    enabled = serializers.BooleanField(default=True)
    problem = serializers.CharField(read_only=True)
    owner = serializers.CharField(source="owner.username", default=None, read_only=True)
    next_due = serializers.DateTimeField(read_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values; raises `ValidationError` for what can't be made or has no reader."""
        whole = {**self._before(), **attrs}
        if not whole.get("recipients") and not whole.get("addresses"):
            sentence = _("Name somebody who gets it: recipients, addresses or both.")
            raise serializers.ValidationError({"recipients": [sentence]})
        if whole["every"] == Every.WEEK and whole["day"] > 7:
            raise serializers.ValidationError({"day": [_("Of the week 1 (Monday) to 7 (Sunday).")]})
        owner = whole["organisation"]
        people = {user.pk for user in whole.get("recipients", ())}
        members = Membership.objects.filter(organisation=owner, user__in=people)
        if members.values("user").distinct().count() < len(people):
            sentence = _("A recipient is no member of the organisation.")
            raise serializers.ValidationError({"recipients": [sentence]})
        first, end = period_before(Rhythm(whole["every"]), timezone.now().date())
        return {**whole, "wish": self.wish(whole, first, end)}

    def _before(self) -> dict[str, Any]:
        """Return what is written, where only a part is changed."""
        row: Subscription | None = self.instance
        if row is None:
            return {}
        names = ("organisation", "kind", "lens", "language", "formats", "every", "day", "hour")
        found = {name: getattr(row, name) for name in (*names, "timezone", "addresses", "enabled")}
        found["recipients"] = list(row.recipients.all())
        found["sites"] = None if row.sites is None else list(Site.objects.filter(pk__in=row.sites))
        contractor = Contractor.objects.filter(pk=row.parameters.get("contractor") or 0).first()
        return {
            **found,
            **({"contractor": contractor} if contractor else {}),
            **({"target": row.parameters["target"]} if "target" in row.parameters else {}),
        }

    def create(self, validated_data: dict[str, Any]) -> Subscription:
        """Subscribe."""
        return self.update(Subscription(), validated_data)

    def update(self, instance: Subscription, validated_data: dict[str, Any]) -> Subscription:
        """Write it; who writes it answers for it."""
        wish: Wish = validated_data["wish"]
        for name in ("every", "day", "hour", "timezone", "enabled"):
            setattr(instance, name, validated_data[name])
        instance.organisation, instance.kind = wish.organisation, wish.kind
        instance.sites = None if wish.sites is None else list(wish.sites)
        instance.parameters = dict(wish.parameters or {})
        instance.lens = wish.lens or KINDS[wish.kind].lens
        instance.formats = list(wish.formats or KINDS[wish.kind].formats)
        instance.language, instance.problem = wish.language, ""
        instance.addresses = validated_data.get("addresses", [])
        instance.owner = _person(self.context["request"])
        instance.next_due = next_due(instance.schedule, timezone.now())
        instance.save()
        instance.recipients.set(validated_data.get("recipients", []))
        return instance

    def to_representation(self, instance: Subscription) -> dict[str, Any]:
        """Return the subscription; its reports are `reports/?subscription=`."""
        parameters = instance.parameters
        return {
            "id": instance.pk, "organisation": instance.organisation_id, "kind": instance.kind,
            "lens": instance.lens, "sites": instance.sites,
            "contractor": parameters.get("contractor"), "target": parameters.get("target"),
            "language": instance.language, "formats": instance.formats, "every": instance.every,
            "day": instance.day, "hour": instance.hour, "timezone": instance.timezone,
            "recipients": [user.pk for user in instance.recipients.all()],
            "addresses": instance.addresses, "enabled": instance.enabled,
            "problem": instance.problem,
            "owner": instance.owner.get_username() if instance.owner else None,
            "next_due": instance.next_due,
        }  # fmt: skip


class SubscriptionFilters(Filters):
    """Which subscriptions."""

    organisation = IdFilter("organisation_id")

    class Meta:
        model = Subscription
        fields: ClassVar[list[str]] = ["enabled"]


class Subscriptions(Editable):
    """Subscriptions to reports."""

    queryset = Subscription.objects.none()
    scope = staticmethod(access.subscriptions)
    related = ("owner",)
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilters
    ability = "make_reports"

    def get_queryset(self) -> QuerySet[Subscription]:
        """Return the subscriptions with their people."""
        return super().get_queryset().prefetch_related("recipients")

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Ask in the organisation."""
        return inventory_access.may(self.request.user, self.ability, values["organisation"].pk)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        """Write it unless it moves to where the user may not subscribe."""
        if not self.permits_new(serializer.validated_data):
            raise PermissionDenied(refusal(self.ability))
        serializer.save()


RESOURCES = {"reports": Reports}
#: Address below /api/v1/ -> its view, and what its lists are called.
NESTED = {"reports/subscriptions": (Subscriptions, "report-subscriptions")}
