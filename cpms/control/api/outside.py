"""Whom chargers' messages may have us ask about contracts, over REST; for administrators."""

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import mixins
from rest_framework import serializers as rest
from rest_framework.exceptions import PermissionDenied

from cpms.control import access
from cpms.control.models import ContractAuthority, ContractPool, Responder
from cpms.control.outside import allowed
from inventory import access as inventory_access
from inventory.models import Organisation
from inventory.rest.fields import KeyField
from inventory.rest.filters import Filters
from inventory.rest.permissions import refusal
from inventory.rest.serializers import StrictModel
from inventory.rest.views import Listed


def _by(serializer: rest.BaseSerializer[Any]) -> str:
    return str(serializer.context["request"].user)


class ResponderSerializer(StrictModel):
    """An OCSP responder that may be asked: a host, host:port, or an address of it."""

    organisation = KeyField(inventory_access.organisations, Organisation)
    host = rest.CharField(max_length=500)

    class Meta:
        model = Responder
        fields: ClassVar[list[str]] = ["id", "organisation", "host", "added_at", "added_by"]
        read_only_fields = ("added_at", "added_by")

    def create(self, validated_data: dict[str, Any]) -> Responder:
        """Let it be asked."""
        organisation, host = validated_data["organisation"], validated_data["host"]
        try:
            return allowed.add_responder(organisation.pk, host, _by(self))
        except allowed.Unacceptable as problem:
            raise rest.ValidationError({"host": [str(problem)]}) from None


class ContractAuthoritySerializer(StrictModel):
    """An authority whose contract certificates count; `certificate` is PEM."""

    organisation = KeyField(inventory_access.organisations, Organisation)
    certificate = rest.CharField(max_length=40_000)

    class Meta:
        model = ContractAuthority
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "certificate", "subject", "fingerprint", "not_after"),
            *("added_at", "added_by"),
        ]
        read_only_fields = ("subject", "fingerprint", "not_after", "added_at", "added_by")

    def create(self, validated_data: dict[str, Any]) -> ContractAuthority:
        """Have its contracts count."""
        organisation, pem = validated_data["organisation"], validated_data["certificate"]
        try:
            return allowed.add_authority(organisation.pk, pem, _by(self), timezone.now())
        except allowed.Unacceptable as problem:
            raise rest.ValidationError({"certificate": [str(problem)]}) from None


class ContractProviderSerializer(StrictModel):
    """Where contracts are got from; a POST replaces what the organisation had."""

    organisation = KeyField(inventory_access.organisations, Organisation)
    url = rest.CharField(max_length=500)
    token = rest.CharField(
        write_only=True, required=False, help_text=_("Left out: as it is, for the same host.")
    )
    has_token = rest.SerializerMethodField()

    class Meta:
        model = ContractPool
        fields: ClassVar[list[str]] = [
            *("organisation", "url", "token", "has_token", "changed_at", "changed_by")
        ]
        read_only_fields = ("changed_at", "changed_by")
        extra_kwargs: ClassVar[dict[str, Any]] = {"organisation": {"validators": []}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take it as it is: `set_pool` knows what a token may be, the column holds it sealed."""
        return attrs

    def get_has_token(self, row: ContractPool) -> bool:
        """Tell whether a token is kept for it."""
        return row.token is not None

    def create(self, validated_data: dict[str, Any]) -> ContractPool:
        """Get contracts from there."""
        organisation, token = validated_data["organisation"], validated_data.get("token")
        try:
            return allowed.set_pool(organisation.pk, validated_data["url"], token, _by(self))
        except allowed.Unacceptable as problem:
            raise rest.ValidationError({"url": [str(problem)]}) from None


class ResponderFilters(Filters):
    """Which responders."""

    class Meta:
        model = Responder
        fields: ClassVar[list[str]] = ["organisation", "host"]


class ContractAuthorityFilters(Filters):
    """Which authorities."""

    class Meta:
        model = ContractAuthority
        fields: ClassVar[list[str]] = ["organisation", "fingerprint"]


class ContractProviderFilters(Filters):
    """Whose provider."""

    class Meta:
        model = ContractPool
        fields: ClassVar[list[str]] = ["organisation"]


class Kept(Listed, mixins.CreateModelMixin, mixins.DestroyModelMixin):
    """What is added and taken away, never changed."""

    ability = "administer"

    def permits(self, row: Any) -> bool:
        """Tell whether the user may take it away."""
        return inventory_access.may(self.request.user, self.ability, row.organisation_id)

    def perform_create(self, serializer: rest.BaseSerializer[Any]) -> None:
        """Add it if the user may."""
        organisation = serializer.validated_data["organisation"].pk
        if not inventory_access.may(self.request.user, self.ability, organisation):
            raise PermissionDenied(refusal(self.ability))
        serializer.save()


class Responders(Kept):
    """OCSP responders that may be asked for an organisation's chargers."""

    queryset = Responder.objects.none()
    scope = staticmethod(access.responders)
    serializer_class = ResponderSerializer
    filterset_class = ResponderFilters
    ordering = ("id",)


class ContractAuthorities(Kept):
    """Authorities (V2G and mobility operators') whose contract certificates count."""

    queryset = ContractAuthority.objects.none()
    scope = staticmethod(access.contract_authorities)
    serializer_class = ContractAuthoritySerializer
    filterset_class = ContractAuthorityFilters
    ordering = ("id",)


class ContractProviders(Kept):
    """Where contract certificates for cars are got from, one for each organisation."""

    queryset = ContractPool.objects.none()
    scope = staticmethod(access.contract_pools)
    serializer_class = ContractProviderSerializer
    filterset_class = ContractProviderFilters
    ordering = ("organisation_id",)


RESOURCES = {
    "ocsp-responders": Responders,
    "contract-authorities": ContractAuthorities,
    "contract-providers": ContractProviders,
}
