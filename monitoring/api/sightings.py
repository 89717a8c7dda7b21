"""Who knocked, over REST, and what people decide about it: as on the page, by the same deeds."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import access as inventory_access
from inventory.models import Charger, Lifecycle, Site
from inventory.rest.fields import IdentityField, KeyField
from inventory.rest.problems import Conflict
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed
from monitoring import access, filters, serializers
from monitoring import sightings as deeds
from monitoring.models import Sighting


class Adoption(Strict):
    """Where a new charger stands, how far along it is, and how it proves who it is."""

    site = KeyField(inventory_access.sites, Site)
    lifecycle = rest.ChoiceField(
        choices=[(value.value, value.label) for value in deeds.LIFECYCLES],
        default=Lifecycle.COMMISSIONING.value,
    )
    key = rest.ChoiceField(
        choices=[deeds.NEW_KEY, deeds.ITS_KEY, deeds.NO_KEY],
        default=deeds.NEW_KEY,
        help_text=_("A new key, the one that it used (say its `fingerprint`), or none."),
    )
    fingerprint = rest.CharField(source="seen_key", max_length=20, default="", allow_blank=True)


class Adopted(rest.Serializer[Any]):
    """The charger that is on file now, and its new key, shown this once."""

    charger = rest.CharField(source="charger.identity")
    password = rest.CharField(source="key", help_text=_("Empty where it keeps its own, or none."))


class Known(rest.Serializer[Charger]):
    """The charger that it turned out to be."""

    charger = rest.CharField(source="identity")


class WhichCharger(Strict):
    """A charger on file."""

    charger = IdentityField()


class Fingerprint(Strict):
    """The fingerprint of the key that is meant, as the sighting shows it."""

    fingerprint = rest.CharField(source="seen_key", max_length=20)


class Why(Strict):
    """Why."""

    why = rest.CharField(max_length=deeds.LONGEST_WHY, required=False, allow_blank=True, default="")


class Sightings(Listed):
    """Who knocked and wasn't let in as it is, newest first."""

    queryset = Sighting.objects.none()
    scope = staticmethod(access.sightings)
    related = ("charger__site", "linked", "decided_by")
    serializer_class = serializers.SightingSerializer
    filterset_class = filters.SightingFilters
    ordering = ("-last_seen", "-id")
    secret_actions = frozenset({"adopt"})
    #: Actions that need less than to edit the inventory.
    abilities: ClassVar[dict[str, str]] = {
        "link": "acknowledge",
        "block": "acknowledge",
        "reconsider": "acknowledge",
    }

    @property
    def ability(self) -> str:  # type: ignore[override]
        """The ability that the action needs somewhere; where, its deed asks."""
        return self.abilities.get(self.action, "edit_inventory")

    def permits(self, row: Sighting) -> bool:
        """Leave it to the deeds, which know whose permission it takes."""
        return True

    @extend_schema(request=Adoption, responses={201: Adopted})
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, pk: str) -> Response:
        """Put an unknown identity on file; its new key is shown this once."""
        adopted = self._decide(deeds.adopt, Adoption, now=timezone.now())
        return Response(Adopted(adopted).data, 201, headers={"Cache-Control": "no-store"})

    @extend_schema(request=WhichCharger, responses=serializers.SightingSerializer)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """Note that it is a charger on file under a wrong name, to be set right there."""
        return self._shown(self._decide(deeds.link, WhichCharger, now=timezone.now()))

    @extend_schema(request=WhichCharger, responses=Known)
    @action(detail=True, methods=["post"])
    def rename(self, request: Request, pk: str) -> Response:
        """Call a charger on file, which is away, what it calls itself."""
        return Response(Known(self._decide(deeds.rename, WhichCharger)).data)

    @extend_schema(request=None, responses=Known)
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        """Put on file what a known charger says it is: it was exchanged."""
        return Response(Known(self._decide(deeds.take_over)).data)

    @extend_schema(request=Fingerprint, responses=Known)
    @action(detail=True, methods=["post"], url_path="accept-key")
    def accept_key(self, request: Request, pk: str) -> Response:
        """Let a known charger in with the key that it used."""
        return Response(Known(self._decide(deeds.accept_key, Fingerprint, now=timezone.now())).data)

    @extend_schema(request=Why, responses=serializers.SightingSerializer)
    @action(detail=True, methods=["post"])
    def block(self, request: Request, pk: str) -> Response:
        """Keep it refused and out of sight."""
        return self._shown(self._decide(deeds.block, Why, now=timezone.now()))

    @extend_schema(request=None, responses=serializers.SightingSerializer)
    @action(detail=True, methods=["post"])
    def reconsider(self, request: Request, pk: str) -> Response:
        """Take back a block or a link: it waits for a decision again."""
        return self._shown(self._decide(deeds.reconsider, now=timezone.now()))

    def _decide(self, deed: Callable[..., Any], body: type[Strict] = Strict, **more: Any) -> Any:
        """Do it with what the body says; raises `PermissionDenied` and `Conflict`."""
        sighting = self.get_object()
        said = body(data=self.request.data or {}, context=self.get_serializer_context())
        said.is_valid(raise_exception=True)
        try:
            return deed(sighting, by=self.request.user, **said.validated_data, **more)
        except deeds.NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except deeds.SightingError as error:
            raise Conflict(str(error)) from error

    def _shown(self, sighting: Sighting) -> Response:
        return Response(serializers.SightingSerializer(sighting).data)
