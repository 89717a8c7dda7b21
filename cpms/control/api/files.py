"""What chargers have sent, and what is on its way to and from them, over REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.request import Request

from cpms.control import access as control_access
from cpms.control import serving
from cpms.control.models import StoredFile, Transfer
from inventory import access
from inventory.api import IDENTITY
from inventory.models import Charger
from inventory.rest.filters import Filters
from inventory.rest.views import Listed


class FileSerializer(rest.ModelSerializer[StoredFile]):
    """A file that a charger has sent; `removed_at`: it is off the disk since."""

    command = rest.UUIDField(source="transfer.command_id", default=None, read_only=True)

    class Meta:
        model = StoredFile
        fields: ClassVar[list[str]] = [
            *("id", "name", "size", "sha256", "md5", "stored_at", "removed_at", "command"),
        ]
        read_only_fields = fields


class TransferSerializer(rest.ModelSerializer[Transfer]):
    """A file on its way: what the charger reports of it."""

    steps = rest.ListField(
        child=rest.DictField(), read_only=True,
        help_text="What the charger reported: `status`, `at` first, `last`, `count`.",
    )  # fmt: skip

    class Meta:
        model = Transfer
        fields: ClassVar[list[str]] = [
            *(
                "id",
                "command",
                "kind",
                "log",
                "request_id",
                "state",
                "status",
                "status_at",
                "steps",
            ),
            *("address", "version", "version_before", "version_after", "booted_at", "published"),
            *("image", "file", "fetched", "due_at", "asked_at", "ended_at"),
        ]
        read_only_fields = fields


class TransferFilters(Filters):
    """Which transfers."""

    class Meta:
        model = Transfer
        fields: ClassVar[list[str]] = ["kind", "state"]


class OfCharger(Listed):
    """Rows of one charger."""

    def get_queryset(self) -> QuerySet[Any]:
        """Return the charger's."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        seen = access.chargers(self.request.user)
        found: Charger = get_object_or_404(access.with_identity(seen, self.kwargs["identity"]))
        return super().get_queryset().filter(charger=found)


class ChargerFiles(OfCharger):
    """Logs and diagnostics that a charger has sent, newest first."""

    queryset = StoredFile.objects.none()
    scope = staticmethod(control_access.files)
    serializer_class = FileSerializer
    ordering = ("-stored_at", "-id")
    related = ("transfer",)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def content(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Download it."""
        return serving.attachment(request._request, self.get_object())  # noqa: SLF001


class ChargerTransfers(OfCharger):
    """Firmware updates and logs of a charger, newest first."""

    queryset = Transfer.objects.none()
    scope = staticmethod(control_access.transfers)
    serializer_class = TransferSerializer
    filterset_class = TransferFilters
    ordering = ("-asked_at", "-id")


#: Address below /api/v1/ -> its view, and what its lists are called.
NESTED = {
    rf"chargers/(?P<identity>{IDENTITY})/files": (ChargerFiles, "charger-files"),
    rf"chargers/(?P<identity>{IDENTITY})/transfers": (ChargerTransfers, "charger-transfers"),
}
