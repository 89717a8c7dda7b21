"""Charging profiles over REST: what a charger holds, what it allows, and asking it for both."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpms.control import access as control_access
from cpms.control import composites, profiles
from cpms.control.charging import words
from cpms.control.charging.composite import Step, composite
from cpms.control.commands import Asker, Refused
from cpms.control.models import ChargingProfile, Command, CompositeAnswer
from cpms.control.operations import BadRequest, Operation
from cpms.control.operations.profiles import AskComposite, ClearProfiles, SetProfile
from cpms.ocpp.api import LONGEST_LIFE, CommandSerializer
from cpms.ocpp.commands import typed
from inventory import access
from inventory.api import IDENTITY
from inventory.models import Charger
from inventory.rest.filters import Filters
from inventory.rest.permissions import refusal
from inventory.rest.problems import Unprocessable
from inventory.rest.queries import Query
from inventory.rest.serializers import Strict
from inventory.rest.views import ListOnly, Rest

LONGEST = int(timedelta(days=7).total_seconds())


class ProfileSerializer(rest.ModelSerializer[ChargingProfile]):
    """A profile at a charger; `id` is its number there, `profile` what was set."""

    id = rest.IntegerField(source="number", read_only=True)
    profile = rest.JSONField(source="body", read_only=True)
    verified = rest.BooleanField(source="command.verified", read_only=True, default=None)
    evidence = rest.CharField(source="command.evidence", read_only=True, default="")
    set_by = rest.CharField(source="command.requested_by_name", read_only=True, default="")
    command = rest.UUIDField(source="command_id", read_only=True)

    class Meta:
        model = ChargingProfile
        fields: ClassVar[list[str]] = [
            *("id", "evse", "purpose", "stack_level", "transaction_id", "source", "profile"),
            *("reported", "drift", "since", "reported_at", "gone_at", "gone_why"),
            *("verified", "evidence", "set_by", "command"),
        ]
        read_only_fields = fields


class ProfileFilters(Filters):
    """Which profiles."""

    class Meta:
        model = ChargingProfile
        fields: ClassVar[list[str]] = ["evse", "purpose", "source", "drift"]


class ProfileWanted(Strict):
    """A profile to set: fields of the operation `set_profile`."""

    evse = rest.IntegerField(min_value=0, max_value=10_000, help_text="0: the charger as a whole.")
    profile = rest.DictField(help_text="Its number is chosen here where it has no `id`.")
    reason = rest.CharField(max_length=500, required=False, allow_blank=True, default="")
    expires_in = rest.IntegerField(
        min_value=1, max_value=int(LONGEST_LIFE.total_seconds()), required=False,
        help_text="Seconds that it waits for a charger that isn't there.",
    )  # fmt: skip


class _OfCharger(Rest):
    """What the address says: the charger; and asking it, for those who may."""

    ability = "command"

    def charger(self) -> Charger:
        """Return the charger of the address."""
        seen = access.chargers(self.request.user).select_related("site")
        return get_object_or_404(access.with_identity(seen, self.kwargs["identity"]))

    def ask(self, charger: Charger, operation: Operation, **options: Any) -> Response:
        """Ask an operation of the charger; return the command."""
        if not access.may(self.request.user, self.ability, charger.site.organisation_id):
            raise PermissionDenied(refusal(self.ability))
        asker = Asker.person(self.request.user, Command.Source.API)  # type: ignore[arg-type]
        try:
            command = typed.request(charger, operation, asker, **options)
        except (BadRequest, Refused) as problem:
            raise Unprocessable(str(problem)) from None
        return Response(CommandSerializer(command).data, status=HTTPStatus.CREATED)


def _read(kind: type[Operation], fields: dict[str, Any]) -> Any:
    try:
        return kind.read(fields)
    except BadRequest as problem:
        raise Unprocessable(str(problem)) from None


class ChargerProfiles(_OfCharger, ListOnly):
    """The charging profiles that a charger holds, as far as is known."""

    queryset = ChargingProfile.objects.none()
    scope = staticmethod(control_access.profiles)
    serializer_class = ProfileSerializer
    filterset_class = ProfileFilters
    ordering = ("evse", "purpose", "-stack_level", "number", "pk")
    lookup_field = "number"
    lookup_value_regex = r"\d{1,10}"

    def get_queryset(self) -> QuerySet[ChargingProfile]:
        """Return what is in force."""
        if getattr(self, "swagger_fake_view", False):
            return ChargingProfile.objects.none()
        charger = self.charger()
        profiles.tidy(timezone.now(), charger.pk)  # What is over by now isn't listed.
        found = super().get_queryset().filter(charger=charger, gone_at=None)
        return found.select_related("command")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a profile by its number; of several with one number the charger's own first."""
        found = self.get_queryset().filter(number=self.kwargs["number"]).order_by("evse").first()
        if found is None:
            raise NotFound
        return Response(self.get_serializer(found).data)

    @extend_schema(request=ProfileWanted, responses={201: CommandSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask the charger to take a profile; the answer is the command."""
        charger = self.charger()
        wanted = ProfileWanted(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        operation = _read(SetProfile, {"evse": said["evse"], "profile": said["profile"]})
        profile = operation.profile
        if profile.id is None:
            number = profiles.number_for(
                charger, operation.evse, profile.purpose, profile.stack_level,
                profile.transaction_id or "",
            )  # fmt: skip
            numbered = {**said["profile"], "id": number}
            operation = _read(SetProfile, {"evse": said["evse"], "profile": numbered})
        lasts = timedelta(seconds=said["expires_in"]) if "expires_in" in said else None
        return self.ask(charger, operation, reason=said["reason"], lasts=lasts)

    @extend_schema(request=None, responses={201: CommandSerializer})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask the charger to clear a profile; the answer is the command."""
        return self.ask(self.charger(), _read(ClearProfiles, {"id": int(self.kwargs["number"])}))


class Which(Query):
    """Where, for how long, and in which unit."""

    evse = rest.IntegerField(required=False, min_value=0, max_value=10_000, default=0)
    duration = rest.IntegerField(
        required=False, min_value=60, max_value=LONGEST, default=86_400, help_text="Seconds."
    )
    unit = rest.ChoiceField(choices=["A", "W"], required=False, default="W")


class StepSerializer(rest.Serializer[Any]):
    """From `start` until `end` at most `limit`; null: no profile limits it."""

    start = rest.DateTimeField()
    end = rest.DateTimeField()
    limit = rest.FloatField(allow_null=True)
    #: The profile that counts.
    id = rest.IntegerField(allow_null=True)
    purpose = rest.CharField(allow_null=True)
    source = rest.CharField(allow_null=True)  # type: ignore[assignment]
    text = rest.CharField(help_text="The same in words, with what would count without it.")


class ToldSerializer(rest.ModelSerializer[CompositeAnswer]):
    """What the charger itself said last, held against what is worked out here."""

    class Meta:
        model = CompositeAnswer
        fields: ClassVar[list[str]] = ["at", "start", "schedule", "verdict", "differs_from"]


class CompositeSerializer(rest.Serializer[Any]):
    """What is allowed."""

    evse = rest.IntegerField()
    unit = rest.CharField()
    steps = StepSerializer(many=True)
    told = ToldSerializer(allow_null=True)


class ChargerComposite(_OfCharger, GenericViewSet[Charger]):
    """What a charger's profiles allow together."""

    queryset = Charger.objects.none()
    serializer_class = CompositeSerializer
    pagination_class = None

    @extend_schema(parameters=[Which], responses=CompositeSerializer)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return what is allowed from now on, worked out from what the charger holds."""
        charger, said = self.charger(), Which.of(request)
        now = timezone.now()
        port = composites.port_of(charger, said["evse"])
        duration = timedelta(seconds=said["duration"])
        steps = composite(profiles.layers(charger, now), port, now, duration)
        told = CompositeAnswer.objects.filter(charger=charger, evse=said["evse"]).first()
        found = {
            "evse": said["evse"],
            "unit": said["unit"],
            "steps": [_step(step, said["unit"], port.supply) for step in steps],
            "told": told,
        }
        return Response(CompositeSerializer(found).data)

    @extend_schema(request=Which, responses={201: CommandSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask the charger what it allows; the answer is the command."""
        asked = Which(data=request.data)
        asked.is_valid(raise_exception=True)
        return self.ask(self.charger(), AskComposite(**asked.validated_data))


def _step(step: Step, unit: Any, supply: Any) -> dict[str, Any]:
    layer = step.by.layer if step.by else None
    limit = step.watts if unit == "W" else step.amperes(supply)
    return {
        "start": step.start,
        "end": step.end,
        "limit": None if limit is None else round(limit, 1),
        "id": layer.profile.id if layer else None,
        "purpose": layer.profile.purpose if layer else None,
        "source": layer.source if layer else None,
        "text": words.sentence(step, timezone.get_current_timezone()),
    }


#: Address below /api/v1/ -> its view, and what its lists are called.
NESTED = {
    rf"chargers/(?P<identity>{IDENTITY})/profiles": (ChargerProfiles, "charger-profiles-api"),
    rf"chargers/(?P<identity>{IDENTITY})/composite": (ChargerComposite, "charger-composite"),
}
