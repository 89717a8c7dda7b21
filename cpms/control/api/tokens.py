"""Tokens over REST."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.db.models.functions import Upper
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import access as control_access
from cpms.control import token_import
from cpms.control.models import Token
from cpms.control.token_import import BadFile, Reading
from inventory import access
from inventory.filters import Search
from inventory.models import Organisation, Site
from inventory.rest.fields import IdentityField, KeyField
from inventory.rest.filters import Filters, Flag, IdFilter, Instant
from inventory.rest.permissions import refusal
from inventory.rest.problems import Conflict, Unprocessable
from inventory.rest.serializers import Strict, StrictModel
from inventory.rest.views import Editable
from inventory.serializers import refuse_change


class TokenSerializer(StrictModel):
    """A token. One with `sites` or `chargers` may charge there only."""

    organisation = KeyField(
        access.organisations, Organisation, required=False,
        help_text=gettext_lazy("May be left out by who belongs to one only."),
    )  # fmt: skip
    sites = KeyField(access.sites, Site, many=True, required=False)
    chargers = IdentityField(many=True, required=False)

    class Meta:
        model = Token
        fields = [
            *("id_token", "organisation", "type", "status", "expires_at", "group", "master_pass"),
            *("one_at_a_time", "limited", "sites", "chargers", "on_local_lists", "language"),
            *("holder", "note", "updated_at"),
        ]
        validators: ClassVar[list[Any]] = []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the organisation, hold the places to it, and see that the limit fits them."""
        refuse_change(self, attrs, "organisation")
        if self.instance is None and "organisation" not in attrs:
            attrs["organisation"] = self._only_organisation()
        organisation = self.instance.organisation if self.instance else attrs["organisation"]
        _refuse_foreign(attrs, organisation)
        if {"sites", "chargers"} & set(attrs) and "limited" not in attrs:
            attrs["limited"] = bool(self._places(attrs, "sites") or self._places(attrs, "chargers"))
        return super().validate(attrs)

    def _only_organisation(self) -> Organisation:
        found = access.organisations_where(self.context["request"].user, "command")[:2]
        if len(found) != 1:
            raise ValidationError({"organisation": [_("Say which organisation it belongs to.")]})
        return found[0]

    def _places(self, attrs: dict[str, Any], name: str) -> list[Any]:
        if name in attrs:
            return list(attrs[name])
        return list(getattr(self.instance, name).all()) if self.instance else []


def _refuse_foreign(attrs: dict[str, Any], organisation: Organisation) -> None:
    for site in attrs.get("sites", ()):
        if site.organisation_id != organisation.pk:
            raise ValidationError({"sites": [_("%s belongs to another organisation.") % site]})
    for charger in attrs.get("chargers", ()):
        if charger.site.organisation_id != organisation.pk:
            sentence = _("%s belongs to another organisation.") % charger
            raise ValidationError({"chargers": [sentence]})


class TokenFilters(Filters):
    """Which tokens."""

    organisation = IdFilter("organisation_id")
    site = IdFilter("sites")
    status = django_filters.MultipleChoiceFilter(choices=Token.Status.choices, distinct=False)
    master_pass = Flag()
    limited = Flag()
    expires_before = Instant("expires_at", "lt")
    updated_since = Instant("updated_at", "gte")
    search = Search("id_token", "holder", "note", "group")

    class Meta:
        model = Token
        fields: ClassVar[list[str]] = ["type", "group"]


class ImportWanted(Strict):
    """Tokens as CSV."""

    organisation = KeyField(access.organisations, Organisation)
    csv = rest.CharField(trim_whitespace=False, help_text="As the export has it.")
    dry_run = rest.BooleanField(default=True, help_text="Only say what it would do.")


class ImportProblem(rest.Serializer[Any]):
    """What is wrong with a line."""

    line = rest.IntegerField()
    message = rest.CharField()


class ImportResult(rest.Serializer[Any]):
    """What an import did, or would do."""

    dry_run = rest.BooleanField()
    added = rest.IntegerField()
    changed = rest.IntegerField()
    unchanged = rest.IntegerField()
    problems = ImportProblem(many=True)


class Tokens(Editable):
    """Whom we let charge, and where. A change counts with the next message of any charger."""

    queryset = Token.objects.none()
    scope = staticmethod(control_access.tokens_in_full)
    serializer_class = TokenSerializer
    filterset_class = TokenFilters
    ability = "command"
    ordering = ("id_token", "id")
    lookup_field = "id_token"
    lookup_value_regex = r"[^/]{1,255}"

    def get_queryset(self) -> QuerySet[Token]:
        """Return tokens with their places."""
        found = super().get_queryset().select_related("organisation")
        return found.prefetch_related("sites", "chargers")

    def get_object(self) -> Token:
        """Return the token of the address, whatever its case."""
        key = self.kwargs["id_token"].upper()
        found = self.get_queryset().alias(key=Upper("id_token")).filter(key=key)
        if "organisation" in self.request.query_params:
            found = found.filter(organisation=self._organisation())
        rows = list(found[:2])
        if not rows:
            raise Http404
        if len(rows) > 1:
            raise Conflict(_("Several organisations have this token: add ?organisation=…"))
        self.check_object_permissions(self.request, rows[0])
        return rows[0]

    def _organisation(self) -> int:
        said = self.request.query_params["organisation"]
        if not (said.isascii() and said.isdecimal() and len(said) < 19):
            raise ValidationError({"organisation": [_("This is a number.")]})
        return int(said)

    @extend_schema(request=ImportWanted, responses=ImportResult)
    @action(detail=False, methods=["post"], url_path="import")
    def bring_in(self, request: Request) -> Response:
        """Add and change tokens from CSV: first only told, then all of them or none.

        What is wrong is told by line; nothing is stored of a file with a line that is wrong.
        """
        wanted = ImportWanted(data=request.data, context={"request": request})
        wanted.is_valid(raise_exception=True)
        organisation, dry = wanted.validated_data["organisation"], wanted.validated_data["dry_run"]
        seen = access.whole_organisations(request.user).filter(pk=organisation.pk)
        if not seen.exists() or not access.may(request.user, self.ability, organisation.pk):
            raise PermissionDenied(refusal(self.ability))
        try:
            reading = token_import.read(wanted.validated_data["csv"], organisation, request.user)  # type: ignore[arg-type]
        except BadFile as problem:
            raise Unprocessable(str(problem)) from None
        if not dry and reading.problems:
            said = [f"{problem.line}: {problem.message}" for problem in reading.problems]
            raise Unprocessable({"csv": said})
        if not dry:
            token_import.carry_out(reading, organisation, request.user)  # type: ignore[arg-type]
        return Response(_result(reading, dry=dry))


def _result(reading: Reading, *, dry: bool) -> dict[str, Any]:
    return {
        "dry_run": dry,
        "added": len(reading.added),
        "changed": len(reading.changed),
        "unchanged": reading.unchanged,
        "problems": [{"line": p.line, "message": p.message} for p in reading.problems],
    }


RESOURCES = {"tokens": Tokens}
