"""What the views of every room's API have in common."""

from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework import mixins
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from inventory import access
from inventory.deletion import in_the_way
from inventory.rest import export
from inventory.rest.filters import StrictFilters
from inventory.rest.idempotency import once
from inventory.rest.permissions import refusal
from inventory.rest.problems import Conflict


class Rest(APIView):
    """A view of the API: times in UTC, writes in one transaction and once per Idempotency-Key."""

    metadata_class = None
    #: What writing needs, of `inventory.access.ABILITIES`.
    ability: ClassVar[str] = "edit_inventory"
    #: The token's scope that it needs in place of `read` and `write`.
    scope_needed: ClassVar[str] = ""
    #: Actions whose answers hold a secret.
    secret_actions: ClassVar[frozenset[str]] = frozenset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request."""
        method = str(request.method).lower()
        if request.method not in SAFE_METHODS and hasattr(self, method):
            setattr(self, method, partial(self.write, getattr(self, method)))
        with timezone.override(UTC):
            return super().dispatch(request, *args, **kwargs)

    def write(
        self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Carry out a writing method."""
        secret = getattr(self, "action", "") in self.secret_actions
        return once(partial(handler, request, *args, **kwargs), request, secret=secret)


class ListOnly(Rest, mixins.ListModelMixin, GenericViewSet[Any]):
    """The scoped rows of `scope`, in the order of `ordering`."""

    filter_backends = [StrictFilters]
    ordering: ClassVar[tuple[str, ...]] = ("id",)
    #: What a row's representation needs of other tables, fetched with it.
    related: ClassVar[tuple[str, ...]] = ()
    #: A function of `access`: user -> the rows that exist for them.
    scope: Callable[[User | AnonymousUser], QuerySet[Any]]

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows that exist for the user."""
        user = getattr(self.request, "user", None) or AnonymousUser()
        rows = type(self).scope(user)
        return rows.select_related(*self.related) if self.related else rows

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Return a page of rows, or all of them as CSV."""
        if getattr(request, "accepted_renderer").format != "csv":  # noqa: B009
            return super().list(request, *args, **kwargs)
        rows, name = self.filter_queryset(self.get_queryset()), self.basename or "export"
        return export.stream(request, rows, self.ordering, self.get_serializer(), name)


class Listed(ListOnly, mixins.RetrieveModelMixin):
    """A resource to read, as a list and one by one."""

    lookup_value_regex = r"\d{1,18}"


class Editable(
    Listed,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
):
    """A resource that members with `ability` in its organisation may change."""

    #: What to do with a row that can't be deleted.
    instead: ClassVar[str | Promise] = ""

    def permits(self, row: Any) -> bool:
        """Tell whether the user may change this row."""
        return access.may(self.request.user, self.ability, self.organisation_of(row))

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Tell whether the user may add a row of these values."""
        return access.may(self.request.user, self.ability, values["organisation"].pk)

    def organisation_of(self, row: Any) -> int:
        """Return the organisation that a row belongs to."""
        organisation: int = row.organisation_id
        return organisation

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Add the row if the user may add it there."""
        if not self.permits_new(serializer.validated_data):
            raise PermissionDenied(refusal(self.ability))
        serializer.save()

    def perform_destroy(self, instance: Model) -> None:
        """Delete the row; raise `Conflict` if it has a history or others need it."""
        if needing := in_the_way(instance):
            sentence = _("This can't be deleted: it has %(what)s.") % {"what": ", ".join(needing)}
            raise Conflict(f"{sentence} {self.instead}".strip())
        instance.delete()
