"""Exclusions over REST: propose, change, approve, reject, withdraw; notes and the photo."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.db.models import Max, Q, QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import ExclusionReason
from inventory.rest.filters import ChargerFilter, Filters, IdFilter
from inventory.rest.problems import Conflict, Unprocessable
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed
from monitoring import access
from monitoring.api.places import Placed
from monitoring.models import Exclusion, ExclusionEntry
from monitoring.outages import exclusions as deeds
from monitoring.outages import photos
from monitoring.outages.covered import covered
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.exclusions import Wish
from monitoring.outages.scope import Scope
from monitoring.views.exclusions import picture


class ExclusionSerializer(serializers.ModelSerializer[Exclusion]):
    """A stretch that is to be taken out of uptimes; it counts once it is approved."""

    organisation = serializers.IntegerField(source="site.organisation_id", read_only=True)
    charger = serializers.CharField(source="charger.identity", default=None, read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.username", read_only=True)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    photo = serializers.SerializerMethodField(help_text=_("Where it is; null: there is none."))
    version = serializers.IntegerField(
        read_only=True, default=0, help_text=_("Another once it was changed or decided.")
    )

    class Meta:
        model = Exclusion
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "site", "charger", "evse", "started", "ended", "reason"),
            *("note", "photo", "photo_sha256", "state", "proposed_by", "proposed_at"),
            *("decided_by", "decided_at", "version"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_photo(self, exclusion: Exclusion) -> str | None:
        """Return the photo's address."""
        if not exclusion.photo_type:
            return None
        address = reverse("exclusions-photo", args=[exclusion.pk])
        url: str = self.context["request"].build_absolute_uri(address)
        return url


class Covers(serializers.Serializer[Any]):
    """What it meets: ports, outages, and the seconds that it takes out of them."""

    ports = serializers.IntegerField()
    outages = serializers.IntegerField()
    seconds = serializers.FloatField()


class ExclusionEventSerializer(serializers.ModelSerializer[ExclusionEntry]):
    """A line of its history."""

    actor = serializers.CharField(source="actor.username", default=None, read_only=True)
    changes = serializers.DictField()

    class Meta:
        model = ExclusionEntry
        fields: ClassVar[list[str]] = ["at", "kind", "actor", "note", "changes"]


class ExclusionDetail(ExclusionSerializer):
    """An exclusion with what it takes out, whether it is approved or not, and its history."""

    covers = serializers.SerializerMethodField()
    history = ExclusionEventSerializer(source="entries", many=True, read_only=True)

    class Meta(ExclusionSerializer.Meta):
        fields: ClassVar[list[str]] = [*ExclusionSerializer.Meta.fields, "covers", "history"]
        read_only_fields = fields

    @extend_schema_field(Covers())
    def get_covers(self, exclusion: Exclusion) -> Any:
        """Return what it meets; nothing where late data has taken its outages away."""
        return Covers(covered([exclusion.pk])[exclusion.pk]).data


class ExclusionProposal(Placed):
    """What to take out, when, and why."""

    started = serializers.DateTimeField()
    ended = serializers.DateTimeField()
    reason = serializers.ChoiceField(choices=ExclusionReason.choices)
    note = serializers.CharField(max_length=deeds.LONGEST_NOTE)


class ExclusionDecision(Strict):
    """A note, and the `version` that was looked at: if it is another by now, nothing is done."""

    note = serializers.CharField(
        max_length=deeds.LONGEST_NOTE, required=False, allow_blank=True, default=""
    )
    version = serializers.IntegerField(source="seen", required=False, min_value=0)


class ExclusionNote(Strict):
    """A note."""

    note = serializers.CharField(max_length=deeds.LONGEST_NOTE)


class ExclusionPhoto(Strict):
    """A JPEG or PNG."""

    photo = serializers.FileField(max_length=200)


class ExclusionFilters(Filters):
    """Of exclusions: those that touch the window."""

    touches = ("started", "ended")
    organisation = IdFilter("site__organisation_id")
    site = IdFilter("site_id")
    charger = ChargerFilter("charger_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    state = django_filters.MultipleChoiceFilter(choices=Exclusion.State.choices, distinct=False)
    reason = django_filters.MultipleChoiceFilter(choices=ExclusionReason.choices, distinct=False)

    class Meta:
        model = Exclusion
        fields: ClassVar[list[str]] = []


class Exclusions(Listed):
    """Exclusions, newest first. Whoever proposes one, another person approves it."""

    queryset = Exclusion.objects.none()
    scope = staticmethod(access.exclusions)
    related = ("site", "charger", "evse__charger", "proposed_by", "decided_by")
    serializer_class = ExclusionSerializer
    filterset_class = ExclusionFilters
    ordering = ("-started", "-id")

    @property
    def ability(self) -> str:  # type: ignore[override]
        """The ability that the action needs somewhere; where, its deed asks."""
        deciding = self.action in {"approve", "reject"}
        return "approve_exclusion" if deciding else "propose_exclusion"

    def permits(self, row: Exclusion) -> bool:
        """Leave it to the deeds, which know whose permission it takes."""
        return True

    def get_queryset(self) -> QuerySet[Exclusion]:
        """Return exclusions, each with its version."""
        latest = Max("entries", filter=~Q(entries__kind=ExclusionEntry.Kind.NOTE))
        found: QuerySet[Exclusion] = super().get_queryset().annotate(version=latest)
        return found.prefetch_related("entries__actor") if self.detail else found

    def get_serializer_class(self) -> Any:
        """Return the long form for one exclusion."""
        return ExclusionDetail if self.detail else ExclusionSerializer

    @extend_schema(request=ExclusionProposal, responses={201: ExclusionDetail})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Propose to take a stretch of outage out of uptimes."""
        said = ExclusionProposal(data=request.data, context=self.get_serializer_context())
        said.is_valid(raise_exception=True)
        wish = _wish(said.validated_data)
        made = _carried_out(deeds.propose, Unprocessable, wish, by=request.user)
        return self._shown(made.pk, 201)

    @extend_schema(request=ExclusionProposal, responses=ExclusionDetail)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a proposal while nobody has decided; only who proposed it may."""
        exclusion: Exclusion = self.get_object()
        context = self.get_serializer_context()
        said = ExclusionProposal(data=request.data, partial=True, context=context)
        said.is_valid(raise_exception=True)
        wish = _wish(_as_it_is(exclusion) | said.validated_data)
        _carried_out(deeds.change, Unprocessable, exclusion, wish, by=request.user)
        return self._shown(exclusion.pk)

    @extend_schema(request=ExclusionDecision, responses=ExclusionDetail)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Have it count; takes another person than who proposed it."""
        return self._decide(deeds.approve)

    @extend_schema(request=ExclusionDecision, responses=ExclusionDetail)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse it; the note says why."""
        return self._decide(deeds.reject)

    @extend_schema(request=ExclusionDecision, responses=ExclusionDetail)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back, an approved one too; the note says why, its history stays."""
        return self._decide(deeds.withdraw)

    @extend_schema(request=ExclusionNote, responses={201: ExclusionEventSerializer})
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        """Add a note to its history."""
        exclusion = self.get_object()
        said = ExclusionNote(data=request.data)
        said.is_valid(raise_exception=True)
        text = said.validated_data["note"]
        entry = _carried_out(deeds.note, Conflict, exclusion, text, by=request.user)
        return Response(ExclusionEventSerializer(entry).data, 201)

    @extend_schema(
        responses={
            (200, "image/jpeg"): OpenApiResponse(OpenApiTypes.BINARY),
            (200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY),
        }
    )
    @action(detail=True, methods=["get"])
    def photo(self, request: Request, pk: str) -> HttpResponse:
        """Send the picture alone, without what else the file held."""
        exclusion = self.get_object()
        if not exclusion.photo:
            raise Http404
        return picture(exclusion)

    @extend_schema(request={"multipart/form-data": ExclusionPhoto}, responses=ExclusionDetail)
    @photo.mapping.put
    def put_photo(self, request: Request, pk: str) -> Response:
        """Attach a JPEG or PNG, while nobody has decided; only who proposed it may."""
        exclusion = self.get_object()
        said = ExclusionPhoto(data=request.data)
        said.is_valid(raise_exception=True)
        return self._attach(exclusion, said.validated_data["photo"].read(photos.LARGEST + 1))

    @extend_schema(request=None, responses=ExclusionDetail)
    @photo.mapping.delete
    def delete_photo(self, request: Request, pk: str) -> Response:
        """Take the photo away, while nobody has decided; only who proposed it may."""
        return self._attach(self.get_object(), b"")

    def get_parsers(self) -> list[Any]:
        """Return the readers of bodies: a photo comes as a form."""
        return [*super().get_parsers(), MultiPartParser()]

    def _attach(self, exclusion: Exclusion, photo: bytes) -> Response:
        wish = _wish(_as_it_is(exclusion), photo)
        _carried_out(deeds.change, Unprocessable, exclusion, wish, by=self.request.user)
        return self._shown(exclusion.pk)

    def _decide(self, deed: Callable[..., Exclusion]) -> Response:
        exclusion = self.get_object()
        said = ExclusionDecision(data=self.request.data or {})
        said.is_valid(raise_exception=True)
        _carried_out(deed, Conflict, exclusion, by=self.request.user, **said.validated_data)
        return self._shown(exclusion.pk)

    def _shown(self, key: int, status: int = 200) -> Response:
        """Return how an exclusion is now."""
        self.detail = True
        exclusion = self.get_queryset().get(pk=key)
        serializer = ExclusionDetail(exclusion, context=self.get_serializer_context())
        return Response(serializer.data, status)


def _wish(said: dict[str, Any], photo: bytes | None = None) -> Wish:
    start, end = said["started"], said["ended"]
    return Wish(said["scope"], start, end, said["reason"], said["note"], photo)


def _as_it_is(exclusion: Exclusion) -> dict[str, Any]:
    return {
        "scope": Scope.of(exclusion),
        "started": exclusion.started,
        "ended": exclusion.ended,
        "reason": exclusion.reason,
        "note": exclusion.note,
    }


def _carried_out(
    deed: Callable[..., Any], otherwise: type[Conflict | Unprocessable], *what: Any, **more: Any
) -> Any:
    """Do it now; raises `PermissionDenied` and `otherwise`, with the sentence why."""
    try:
        return deed(*what, now=timezone.now(), **more)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except LedgerError as error:
        raise otherwise(str(error)) from error
