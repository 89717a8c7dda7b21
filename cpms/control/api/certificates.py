"""Certificates over REST: what was issued, what chargers have, and whose are taken."""

from http import HTTPStatus
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import access as control_access
from cpms.control.models import Authority, Certificate, InstalledCertificate
from cpms.control.pki import authorities, registry
from cpms.control.pki.x509 import Unreadable
from inventory import access
from inventory.audit import record_deed
from inventory.rest.filters import ChargerFilter, Filters, Flag, Instant
from inventory.rest.problems import Conflict, Unprocessable
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed


class CertificateSerializer(rest.ModelSerializer[Certificate]):
    """A certificate that one of our authorities issued to a charger; `certificate` is PEM."""

    charger = rest.CharField(source="charger.identity", read_only=True)

    class Meta:
        model = Certificate
        fields: ClassVar[list[str]] = [
            *("id", "charger", "kind", "subject", "serial", "fingerprint", "algorithm"),
            *("authority", "certificate", "not_before", "not_after", "issued_at", "accepted_at"),
            *("rejected_at", "used_at", "revoked_at", "revocation", "revoked_by"),
        ]
        read_only_fields = fields


class CertificateFilters(Filters):
    """Which certificates."""

    period = "issued_at"
    charger = ChargerFilter("charger")
    expires_before = Instant("not_after", "lt")
    revoked = Flag("revoked_at", "isnull", exclude=True)

    class Meta:
        model = Certificate
        fields: ClassVar[list[str]] = ["charger", "kind", "serial", "fingerprint"]


class RevokeWanted(Strict):
    """Why a certificate is revoked."""

    reason = rest.ChoiceField(
        choices=Certificate.Revocation.choices, default=Certificate.Revocation.UNSPECIFIED
    )


class Certificates(Listed):
    """Certificates that our authorities issued to chargers."""

    queryset = Certificate.objects.none()
    scope = staticmethod(control_access.certificates)
    related = ("charger__site",)
    serializer_class = CertificateSerializer
    filterset_class = CertificateFilters
    ability = "command"
    ordering = ("-issued_at", "-id")

    def permits(self, row: Certificate) -> bool:
        """Tell whether the user may revoke it."""
        assert row.charger is not None  # The scope has chargers' only.
        return access.may(self.request.user, self.ability, row.charger.site.organisation_id)

    @extend_schema(request=RevokeWanted, responses=CertificateSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        """Revoke a certificate for good: nobody gets in by it any more."""
        row = self.get_object()
        wanted = RevokeWanted(data=request.data)
        wanted.is_valid(raise_exception=True)
        reason = wanted.validated_data["reason"]
        if not registry.revoke_by(row, reason, request.user, timezone.now()):  # type: ignore[arg-type]
            raise Conflict(_("It was revoked before."))
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)


class InstalledSerializer(rest.ModelSerializer[InstalledCertificate]):
    """A certificate that a charger says it has; `subject` is empty where nobody knows it here."""

    charger = rest.CharField(source="charger.identity", read_only=True)

    class Meta:
        model = InstalledCertificate
        fields: ClassVar[list[str]] = [
            *("id", "charger", "kind", "hash_algorithm", "issuer_name_hash", "issuer_key_hash"),
            *("serial", "depth", "seen_at", "subject", "fingerprint", "not_after"),
        ]
        read_only_fields = fields


class InstalledFilters(Filters):
    """Which installed certificates."""

    charger = ChargerFilter("charger")
    expires_before = Instant("not_after", "lt")

    class Meta:
        model = InstalledCertificate
        fields: ClassVar[list[str]] = ["charger", "kind", "fingerprint"]


class InstalledCertificates(Listed):
    """Certificates that chargers say they have installed."""

    queryset = InstalledCertificate.objects.none()
    scope = staticmethod(control_access.installed_certificates)
    related = ("charger",)
    serializer_class = InstalledSerializer
    filterset_class = InstalledFilters
    ordering = ("charger_id", "kind", "id")


class AuthoritySerializer(rest.ModelSerializer[Authority]):
    """An authority: `root` and `issuing` are ours. Its certificate is no secret, its key is."""

    signs = rest.SerializerMethodField(help_text=gettext_lazy("Its key is kept here, sealed."))

    class Meta:
        model = Authority
        fields: ClassVar[list[str]] = [
            *("id", "kind", "algorithm", "name", "certificate", "chain", "fingerprint", "serial"),
            *("not_before", "not_after", "signs", "retired_at"),
        ]
        read_only_fields = fields

    def get_signs(self, row: Authority) -> bool:
        """Tell whether its key is kept here."""
        return row.key is not None


class AuthorityFilters(Filters):
    """Which authorities."""

    class Meta:
        model = Authority
        fields: ClassVar[list[str]] = ["kind", "algorithm", "fingerprint"]


class TrustWanted(Strict):
    """Another's authority, PEM, those above it after it; with `key` it signs here."""

    certificate = rest.CharField(max_length=40_000, trim_whitespace=False)
    key = rest.CharField(max_length=20_000, required=False, default="", trim_whitespace=False)


class Authorities(Listed):
    """Whose certificates chargers may show us, and whose roots they are to trust.

    Only staff of the installation trusts another's authority, or trusts it no longer.
    """

    queryset = Authority.objects.none()
    scope = staticmethod(control_access.authorities)
    serializer_class = AuthoritySerializer
    filterset_class = AuthorityFilters
    ordering = ("-created_at", "-id")
    ability = "administer"

    def permits(self, row: Authority) -> bool:
        """Tell whether the user may change it."""
        return bool(self.request.user.is_superuser)

    @extend_schema(request=TrustWanted, responses={201: AuthoritySerializer})
    def create(self, request: Request) -> Response:
        """Trust another's authority; with its key it signs chargers' requests from now on."""
        if not request.user.is_superuser:
            raise PermissionDenied(_("Only staff of this installation changes its authorities."))
        wanted = TrustWanted(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        try:
            row = authorities.add_external(said["certificate"], said["key"], timezone.now())
        except Unreadable as problem:
            raise Unprocessable({"certificate": [str(problem)]}) from None
        record_deed(request.user, row, {"deed": "trusted", "authority": row.name})
        return Response(self.get_serializer(row).data, HTTPStatus.CREATED)

    @extend_schema(request=None, responses=AuthoritySerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str | None = None) -> Response:
        """Trust another's authority no longer: its chargers can't connect by it any more."""
        row = self.get_object()
        if row.kind != Authority.Kind.EXTERNAL:
            raise Conflict(_("This is an authority of ours."))
        authorities.retire(row, timezone.now())
        record_deed(request.user, row, {"deed": "retired", "authority": row.name})  # type: ignore[arg-type]
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)


RESOURCES = {
    "certificates": Certificates,
    "installed-certificates": InstalledCertificates,
    "certificate-authorities": Authorities,
}
