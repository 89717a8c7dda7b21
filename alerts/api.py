"""Incidents over REST: read, acknowledge, resolve, note."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import access, incidents
from alerts.filters import IncidentFilters
from alerts.models import Incident, IncidentEntry
from alerts.models.severity import Severity
from inventory.rest.problems import Conflict
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed

SEVERITIES = [severity.slug for severity in Severity]


class SeverityField(serializers.ChoiceField):
    """A severity by its name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=SEVERITIES, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Return the name."""
        return Severity(value).slug


class EntrySerializer(serializers.ModelSerializer[IncidentEntry]):
    """A line of an incident's timeline."""

    actor = serializers.CharField(
        source="actor.username", default=None, help_text=_("Null: Kilowatch itself.")
    )

    class Meta:
        model = IncidentEntry
        fields = ["id", "at", "kind", "actor", "note", "data"]


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """Something that is or was wrong."""

    severity = SeverityField()
    charger = serializers.CharField(source="charger.identity", default=None)
    evse = serializers.IntegerField(source="evse.number", default=None)
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", default=None)
    resolved_by = serializers.CharField(source="resolved_by.username", default=None)

    class Meta:
        model = Incident
        fields = [
            *("id", "detector", "subject", "severity", "state", "organisation", "site", "charger"),
            *("evse", "since", "opened_at", "acknowledged_at", "acknowledged_by", "cleared_at"),
            *("resolved_at", "resolved_by", "resolution", "episode", "evidence"),
        ]


class IncidentDetail(IncidentSerializer):
    """An incident with its timeline."""

    timeline = EntrySerializer(many=True, source="entries")

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "timeline"]


class Remark(Strict):
    """What somebody says about it."""

    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class Note(Strict):
    """A note."""

    note = serializers.CharField(max_length=2000)


class Incidents(Listed):
    """What is wrong, and what was; the newest first."""

    queryset = Incident.objects.none()
    scope = staticmethod(access.incidents)
    related = ("charger", "evse", "acknowledged_by", "resolved_by")
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilters
    ordering = ("-opened_at", "-id")
    #: What each way of writing needs.
    abilities: ClassVar[dict[str, str]] = {
        "acknowledge": "acknowledge",
        "resolve": "resolve",
        "notes": "acknowledge",
    }

    @property
    def ability(self) -> str:  # type: ignore[override]
        """The ability that the action needs."""
        return self.abilities[self.action]

    def get_queryset(self) -> QuerySet[Incident]:
        """Return incidents with what names them; with their timeline where one is shown."""
        found = super().get_queryset()
        if not self.detail:
            return found
        entries = IncidentEntry.objects.select_related("actor")
        return found.prefetch_related(Prefetch("entries", entries))

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Return the serializer with the timeline, except for lists."""
        return IncidentDetail if self.detail else IncidentSerializer

    def permits(self, row: Incident) -> bool:
        """Ask in the organisation that it is about."""
        return access.may(self.request.user, self.ability, row.organisation_id)

    @extend_schema(request=Remark, responses=IncidentDetail)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that you are on it: escalation stops waiting for somebody."""
        return self._act(incidents.acknowledge, Remark)

    @extend_schema(request=Remark, responses=IncidentDetail)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Close it, once what it is about has gone."""
        return self._act(incidents.resolve, Remark)

    @extend_schema(request=Note, responses=IncidentDetail)
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        """Add a note to the timeline."""
        return self._act(incidents.note, Note)

    def _act(self, service: Callable[..., Any], body: type[Strict]) -> Response:
        incident = self.get_object()
        said = body(data=self.request.data)
        said.is_valid(raise_exception=True)
        by, now = self.request.user, timezone.now()
        try:
            service(incident.pk, by=by, now=now, note=said.validated_data["note"])
        except incidents.IncidentError as error:
            raise Conflict(str(error)) from error
        return Response(IncidentDetail(self.get_object()).data)


RESOURCES = {"incidents": Incidents}
