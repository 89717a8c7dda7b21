"""Firmware images over REST: a file of ours, sent as a form, or another's address."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import access as control_access
from cpms.control import firmware, serving
from cpms.control.firmware import About, Upload
from cpms.control.models import FirmwareImage
from cpms.control.operations import BadRequest
from inventory import access
from inventory.models import ChargerModel, Organisation
from inventory.rest.fields import KeyField
from inventory.rest.filters import Filters, IdFilter
from inventory.rest.parsing import StrictJson
from inventory.rest.permissions import refusal
from inventory.rest.problems import Conflict, Unprocessable
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed


class FirmwareSerializer(rest.ModelSerializer[FirmwareImage]):
    """A firmware image. `address` is another's, without its secrets; empty for a file of ours."""

    models = rest.PrimaryKeyRelatedField[ChargerModel](
        source="fits", many=True, read_only=True, help_text="None: it is for any model."
    )
    name = rest.CharField(source="file.name", default="", read_only=True)
    size = rest.IntegerField(source="file.size", default=None, read_only=True)
    sha256 = rest.CharField(source="file.sha256", default="", read_only=True)
    md5 = rest.CharField(source="checksum", read_only=True)

    class Meta:
        model = FirmwareImage
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "version", "models", "name", "size", "sha256", "md5"),
            *("address", "certificate", "signature", "notes", "added_at", "added_by_name"),
        ]
        read_only_fields = fields


class FirmwareWanted(Strict):
    """An image to add: as a form with its `file`, or with the `url` of one."""

    organisation = KeyField(access.organisations, Organisation)
    version = rest.CharField(
        max_length=50, help_text=gettext_lazy("As the charger names it in BootNotification.")
    )
    models = KeyField(access.models, ChargerModel, many=True, required=False)
    file = rest.FileField(required=False, allow_empty_file=True)
    url = rest.CharField(max_length=512, required=False, allow_blank=True, default="")
    md5 = rest.RegexField(r"^[0-9a-fA-F]{32}$", required=False, allow_blank=True, default="")
    certificate = rest.CharField(
        max_length=5500, required=False, allow_blank=True, default="", help_text="PEM."
    )
    signature = rest.CharField(
        max_length=800, required=False, allow_blank=True, default="", help_text="Base64."
    )
    notes = rest.CharField(max_length=10_000, required=False, allow_blank=True, default="")


class FirmwareFilters(Filters):
    """Which images."""

    organisation = IdFilter("organisation_id")
    model = IdFilter("fits")

    class Meta:
        model = FirmwareImage
        fields: ClassVar[list[str]] = ["version"]


class Firmware(Listed, mixins.DestroyModelMixin):
    """Firmware images, newest first."""

    queryset = FirmwareImage.objects.none()
    scope = staticmethod(control_access.firmware)
    serializer_class = FirmwareSerializer
    filterset_class = FirmwareFilters
    parser_classes = (StrictJson, MultiPartParser)
    ability = "command"
    ordering = ("-added_at", "-id")
    related = ("file",)

    def get_queryset(self) -> QuerySet[FirmwareImage]:
        """Return images with their models."""
        return super().get_queryset().prefetch_related("fits")

    def permits(self, row: FirmwareImage) -> bool:
        """Ask in its organisation."""
        return access.may(self.request.user, self.ability, row.organisation_id)

    @extend_schema(
        request={"multipart/form-data": FirmwareWanted, "application/json": FirmwareWanted},
        responses={201: FirmwareSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add an image; its file is kept, and its checksums are worked out."""
        wanted = FirmwareWanted(data=request.data, context={"request": request})
        wanted.is_valid(raise_exception=True)
        about = dict(wanted.validated_data)
        organisation, file = about.pop("organisation"), about.pop("file", None)
        if not access.may(request.user, self.ability, organisation.pk):
            raise PermissionDenied(refusal(self.ability))
        upload = Upload(file.name, file.chunks()) if file is not None else None
        fits = about.pop("models", ())
        try:
            wish = About(fits=fits, **about)
            image = firmware.add(organisation, wish, _who(request), upload, timezone.now())
        except BadRequest as problem:
            raise Unprocessable(str(problem)) from None
        return Response(FirmwareSerializer(image).data, status=HTTPStatus.CREATED)

    def perform_destroy(self, instance: FirmwareImage) -> None:
        """Offer it no longer; commands that used it keep their history."""
        try:
            firmware.withdraw(instance, _who(self.request), timezone.now())
        except BadRequest as problem:
            raise Conflict(str(problem)) from None

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Download the file."""
        image = self.get_object()
        if image.file is None:
            raise Http404
        return serving.attachment(request._request, image.file)  # noqa: SLF001


def _who(request: Request) -> User:
    assert isinstance(request.user, User)  # Nobody else gets this far.
    return request.user


RESOURCES = {"firmware": Firmware}
