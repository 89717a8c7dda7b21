"""The outage ledger over REST: outages with their proof, and what people found."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django.db.models import F, FloatField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.rest.filters import ChargerFilter, Filters, IdFilter
from inventory.rest.problems import Unprocessable
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed
from monitoring import access
from monitoring.filters import Open
from monitoring.models import Exclusion, Outage, OutageChange
from monitoring.models.outages import CAUSES, KINDS
from monitoring.outages import board, findings
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.queries import lines, with_lost

#: Before and after an outage that its evidence is linked.
AROUND = timedelta(minutes=5)
MOST_CHANGES = 200
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class OutageSerializer(serializers.ModelSerializer[Outage]):
    """A stretch in which a port could serve nobody. Seconds; `ended` null: it goes on."""

    organisation = serializers.IntegerField(source="charger.site.organisation_id", read_only=True)
    site = serializers.IntegerField(source="charger.site_id", read_only=True)
    charger = serializers.CharField(source="charger.identity", read_only=True)
    port = serializers.IntegerField(source="evse.number", read_only=True)
    lost = serializers.FloatField(
        read_only=True, help_text=_("Seconds lost in the window that is asked for.")
    )
    seconds = serializers.FloatField(read_only=True, help_text=_("Seconds lost, up to `until`."))
    found_by = serializers.CharField(source="found_by.username", default=None, read_only=True)

    class Meta:
        model = Outage
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "site", "charger", "evse", "port", "started", "ended"),
            *("kind", "cause", "error_code", "chargex", "found_cause", "found_note", "found_by"),
            *("found_at", "lost", "seconds", "offline", "faulted", "unavailable", "silent"),
            *("stretches", "until"),
        ]
        read_only_fields = fields


class LensSeconds(serializers.Serializer[Any]):
    """What one lens makes of an outage: seconds that count as outage, of them excluded."""

    lens = serializers.CharField()
    outage = serializers.FloatField()
    excluded = serializers.FloatField()


class OutageExclusion(serializers.ModelSerializer[Exclusion]):
    """An exclusion, proposed or approved, that touches the outage."""

    class Meta:
        model = Exclusion
        fields: ClassVar[list[str]] = ["id", "state", "reason", "started", "ended"]


class OutageEvent(serializers.ModelSerializer[OutageChange]):
    """What late data (`actor` null) or a person changed."""

    actor = serializers.CharField(source="actor.username", default=None, read_only=True)
    changes = serializers.DictField()

    class Meta:
        model = OutageChange
        fields: ClassVar[list[str]] = ["at", "actor", "changes"]


class OutageDetail(OutageSerializer):
    """An outage with what each lens makes of it, its exclusions, proof and history."""

    lenses = serializers.SerializerMethodField()
    exclusions = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField(help_text=_("Where to read what proves it."))
    history = serializers.SerializerMethodField()

    class Meta(OutageSerializer.Meta):
        fields: ClassVar[list[str]] = [
            *OutageSerializer.Meta.fields,
            *("lenses", "exclusions", "evidence", "history"),
        ]
        read_only_fields = fields

    @extend_schema_field(LensSeconds(many=True))
    def get_lenses(self, outage: Outage) -> list[dict[str, Any]]:
        """Return what each lens that the port is under makes of it."""
        (line,) = lines([outage], outage.started, outage.ended or outage.until)
        return [
            {"lens": lens, "outage": totals.outage, "excluded": totals.excluded}
            for lens, totals in line.lenses.items()
        ]

    @extend_schema_field(OutageExclusion(many=True))
    def get_exclusions(self, outage: Outage) -> Any:
        """Return the proposed and approved exclusions that touch it."""
        user = self.context["request"].user
        return OutageExclusion(board.exclusions_of(user, [outage])[outage.pk], many=True).data

    @extend_schema_field(serializers.DictField(child=serializers.URLField()))
    def get_evidence(self, outage: Outage) -> Mapping[str, str]:
        """Return addresses of the rows around it."""
        end = outage.ended or outage.until
        window = {"from": _stamp(outage.started - AROUND), "to": _stamp(end + AROUND)}
        port, charger = {"evse": str(outage.evse_id)}, {"charger": outage.charger.identity}
        frames = reverse("chargers-frames", args=[outage.charger.identity])
        return {
            "status_spans": self._link(reverse("status-spans-list"), window | port),
            "connections": self._link(reverse("connections-list"), window | charger),
            "sessions": self._link(reverse("sessions-list"), window | port),
            "attempts": self._link(reverse("attempts-list"), window | port),
            "frames": self._link(frames, window),
        }

    def _link(self, address: str, asked: Mapping[str, str]) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(f"{address}?{urlencode(asked)}")

    @extend_schema_field(OutageEvent(many=True))
    def get_history(self, outage: Outage) -> Any:
        """Return what was changed, the latest first."""
        changes = OutageChange.objects.filter(outage_id=outage.pk, evse=outage.evse_id)
        told = changes.select_related("actor").order_by("-at", "-pk")[:MOST_CHANGES]
        return OutageEvent(told, many=True).data


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Found(Strict):
    """What a person found: what isn't said stays as it is."""

    found_cause = serializers.ChoiceField(choices=CAUSES, allow_blank=True, required=False)
    found_note = serializers.CharField(
        max_length=findings.LONGEST_NOTE, allow_blank=True, required=False
    )


class OutageFilters(Filters):
    """Of outages: those that touch the window."""

    touches = ("started", "ended")
    organisation = IdFilter("charger__site__organisation_id")
    site = IdFilter("charger__site_id")
    charger = ChargerFilter("charger_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    kind = django_filters.MultipleChoiceFilter(choices=KINDS, distinct=False)
    cause = django_filters.MultipleChoiceFilter(
        "why", choices=CAUSES, distinct=False, help_text=_("As found, else as recorded.")
    )
    chargex = django_filters.NumberFilter("chargex", min_value=1, max_value=26)
    open = Open("ended")

    class Meta:
        model = Outage
        fields: ClassVar[list[str]] = ["error_code"]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those asked for, with what they have lost in the window."""
        asked = self.form.cleaned_data
        start, end = asked.get("from") or EARLIEST, asked.get("to") or LATEST
        found: QuerySet[Any] = super().filter_queryset(board.with_why(queryset))
        return with_lost(found, start, end)


class Outages(Listed):
    """Outages, newest first. PATCH says what a person has found about one."""

    queryset = Outage.objects.none()
    scope = staticmethod(access.outages)
    related = ("charger__site", "evse", "found_by")
    serializer_class = OutageSerializer
    filterset_class = OutageFilters
    ability = "propose_exclusion"
    ordering = ("-started", "-id")

    def get_queryset(self) -> QuerySet[Outage]:
        """Return outages; one by one, what is lost is all of it."""
        found: QuerySet[Outage] = super().get_queryset()
        if not self.detail:
            return found
        whole = F("offline") + F("faulted") + F("unavailable") + F("silent")
        return found.annotate(lost=Coalesce(whole, Value(0.0), output_field=FloatField()))

    def get_serializer_class(self) -> Any:
        """Return the long form for one outage."""
        return OutageDetail if self.detail else OutageSerializer

    def permits(self, row: Outage) -> bool:
        """Leave it to the deed, which knows whose permission it takes."""
        return True

    @extend_schema(request=Found, responses=OutageDetail)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say what was found about an outage."""
        outage = self.get_object()
        said = Found(data=request.data)
        said.is_valid(raise_exception=True)
        found = said.validated_data
        try:
            findings.find(
                outage,
                cause=found.get("found_cause", outage.found_cause),
                note=found.get("found_note", outage.found_note),
                by=request.user,  # type: ignore[arg-type]  # Signed in, or refused before.
                now=timezone.now(),
            )
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except LedgerError as error:
            raise Unprocessable(str(error)) from error
        return Response(self.get_serializer(self.get_object()).data)
