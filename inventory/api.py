"""The inventory over REST."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import access, credentials, filters, serializers
from inventory.models import (
    Charger,
    ChargerModel,
    Connector,
    Contract,
    Contractor,
    Evse,
    Organisation,
    Sim,
    Site,
)
from inventory.rest.views import Editable, Listed

#: As in `inventory.models.charger.validate_identity`: anything else is no charger's address.
IDENTITY = r"[A-Za-z0-9*_=:+|@.\-]{1,48}"


class Organisations(Listed):
    """The organisations you belong to."""

    queryset = Organisation.objects.none()
    scope = staticmethod(access.organisations)
    serializer_class = serializers.OrganisationSerializer


class Sites(Editable):
    """Places with chargers."""

    queryset = Site.objects.none()
    scope = staticmethod(access.sites)
    serializer_class = serializers.SiteSerializer
    filterset_class = filters.SiteFilters

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Refuse members who see only some sites: they would not see this one."""
        whole = access.sees_every_site(self.request.user, values["organisation"].pk)
        return whole and super().permits_new(values)


class Chargers(Editable):
    """Charging stations, by their OCPP identity in any case."""

    queryset = Charger.objects.none()
    scope = staticmethod(access.chargers)
    related: ClassVar[tuple[str, ...]] = ("site", "model")
    serializer_class = serializers.ChargerSerializer
    filterset_class = filters.ChargerFilters
    lookup_field = "identity"
    lookup_value_regex = IDENTITY
    secret_actions = frozenset({"password"})
    instead = _("Set its lifecycle to decommissioned instead: its history stays.")

    def get_object(self) -> Charger:
        """Return the charger of the address."""
        found = access.with_identity(self.get_queryset(), self.kwargs["identity"])
        charger = get_object_or_404(found)
        self.check_object_permissions(self.request, charger)
        return charger

    def organisation_of(self, row: Charger) -> int:
        """Return the organisation of its site."""
        return row.site.organisation_id

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Ask in the organisation of its site."""
        return access.may(self.request.user, self.ability, values["site"].organisation_id)

    @extend_schema(request=None, responses=serializers.GeneratedPassword)
    @action(detail=True, methods=["post"])
    def password(self, request: Request, identity: str) -> Response:
        """Make a new key for the charger and show it, this once. The old one ends at once."""
        charger = self.get_object()
        key = credentials.generate()
        charger.set_password(key)
        charger.save(update_fields=["password_digest", "password_set_at", "updated_at"])
        shown = {
            "identity": charger.identity,
            "password": key,
            "password_set_at": charger.password_set_at,
        }
        answer = serializers.GeneratedPassword(shown).data
        return Response(answer, headers={"Cache-Control": "no-store"})


class Evses(Editable):
    """Ports: what charges one vehicle at a time."""

    queryset = Evse.objects.none()
    scope = staticmethod(access.evses)
    related: ClassVar[tuple[str, ...]] = ("charger__site",)
    serializer_class = serializers.EvseSerializer
    filterset_class = filters.EvseFilters
    ordering = ("charger_id", "number")

    def organisation_of(self, row: Evse) -> int:
        """Return the organisation of its charger's site."""
        return row.charger.site.organisation_id

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Ask in the organisation of its charger."""
        organisation = values["charger"].site.organisation_id
        return access.may(self.request.user, self.ability, organisation)


class Connectors(Editable):
    """Cables and sockets."""

    queryset = Connector.objects.none()
    scope = staticmethod(access.connectors)
    related = ("evse__charger__site",)
    serializer_class = serializers.ConnectorSerializer
    filterset_class = filters.ConnectorFilters

    def organisation_of(self, row: Connector) -> int:
        """Return the organisation of its charger's site."""
        return row.evse.charger.site.organisation_id

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Ask in the organisation of its port."""
        organisation = values["evse"].charger.site.organisation_id
        return access.may(self.request.user, self.ability, organisation)


class Models(Editable):
    """Charger models, shared by all organisations."""

    queryset = ChargerModel.objects.none()
    scope = staticmethod(access.models)
    serializer_class = serializers.ModelSerializer
    filterset_class = filters.ModelFilters

    def permits(self, row: ChargerModel) -> bool:
        """Ask wherever the model stands."""
        return access.may_edit_model(self.request.user, row)

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Let anybody add one who may edit some inventory, which was asked already."""
        return True


class Sims(Editable):
    """SIM cards."""

    queryset = Sim.objects.none()
    scope = staticmethod(access.sims)
    serializer_class = serializers.SimSerializer
    filterset_class = filters.SimFilters


class Contractors(Editable):
    """Firms, or own crews, that keep chargers going."""

    queryset = Contractor.objects.none()
    scope = staticmethod(access.contractors)
    serializer_class = serializers.ContractorSerializer
    filterset_class = filters.ContractorFilters
    instead = _("Its contracts go first.")

    def permits(self, row: Contractor) -> bool:
        """Ask in the organisation, where the user must see all sites that it may work at."""
        return may_for_all_sites(self, row.organisation_id)

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Ask in the organisation."""
        return may_for_all_sites(self, values["organisation"].pk)


class Contracts(Editable):
    """What contractors owe for sites: an uptime, when it counts and what it leaves out."""

    queryset = Contract.objects.none()
    scope = staticmethod(access.contracts)
    related: ClassVar[tuple[str, ...]] = ("contractor",)
    serializer_class = serializers.ContractSerializer
    filterset_class = filters.ContractFilters

    def get_queryset(self) -> QuerySet[Contract]:
        """Return the contracts with those of their sites that the user sees."""
        theirs = access.sites(self.request.user).order_by("pk")
        return super().get_queryset().prefetch_related(Prefetch("sites", theirs))

    def permits(self, row: Contract) -> bool:
        """Ask in the organisation, where the user must see all that the contract is for."""
        return may_for_all_sites(self, row.contractor.organisation_id)

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Ask in the contractor's organisation."""
        return may_for_all_sites(self, values["contractor"].organisation_id)


def may_for_all_sites(view: Editable, organisation: int) -> bool:
    """Tell whether the user has the view's ability in the organisation, and for all its sites."""
    whole = access.sees_every_site(view.request.user, organisation)
    return whole and access.may(view.request.user, view.ability, organisation)


RESOURCES = {
    "organisations": Organisations,
    "sites": Sites,
    "chargers": Chargers,
    "evses": Evses,
    "connectors": Connectors,
    "models": Models,
    "sims": Sims,
    "contractors": Contractors,
    "contracts": Contracts,
}
