"""Lists come in pages that a cursor walks: no page is skipped or doubled while rows arrive."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError as ModelError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor as Position
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

if TYPE_CHECKING:  # REST's views load this module while they are being loaded.
    from rest_framework.views import APIView

LARGEST_PAGE = 1000


class Cursor(CursorPagination):
    """REST's cursor over the view's `ordering`, refusing positions that name no place in it."""

    page_size_query_param = "page_size"
    page_size_query_description = gettext_lazy("Rows per page, at most 1000.")  # type: ignore[assignment]
    max_page_size = LARGEST_PAGE
    #: Rows that may share the first field of an ordering.
    offset_cutoff = 10_000

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: "APIView | None" = None
    ) -> list[Any] | None:
        """Return a page of the queryset."""
        self.model = queryset.model
        self.ordering = tuple(view.ordering)  # type: ignore[union-attr]
        return super().paginate_queryset(queryset, request, view)

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: "APIView"
    ) -> tuple[str, ...]:
        """Return the view's ordering."""
        return tuple(self.ordering)

    def get_page_size(self, request: Request) -> int | None:
        """Return the rows per page; raise `ValidationError` for what is no such number."""
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        try:
            return min(int(forms.IntegerField(min_value=1).clean(asked)), LARGEST_PAGE)
        except ModelError as error:
            raise ValidationError({"page_size": error.messages}) from error

    def decode_cursor(self, request: Request) -> Position | None:
        """Return where to go on; raise `ValidationError` if the cursor can't come from here."""
        try:
            place = super().decode_cursor(request)
            if place is not None and place.position is not None:
                _like(self.model, self.ordering[0], str(place.position))
        except (NotFound, ModelError, ValueError) as error:
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]}) from error
        return place


def _like(model: type[Model], order: str, position: str) -> None:
    """Raise unless `position` can be a value of the field that `order` names."""
    model._meta.get_field(order.lstrip("-")).to_python(position)  # type: ignore[union-attr]
    if "\0" in position:
        raise ValueError(position)
