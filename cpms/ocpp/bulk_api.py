"""One operation over many chargers, over REST: chosen as the fleet page chooses them."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import access as control_access
from cpms.control import bulks
from cpms.control.commands import Asker, Refused
from cpms.control.models import Bulk, Command
from cpms.control.operations import OPERATIONS, BadRequest
from cpms.ocpp.commands import typed
from inventory import access
from inventory.models import Charger
from inventory.rest.permissions import refusal
from inventory.rest.problems import Unprocessable
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed
from monitoring import fleet
from monitoring.fleet import narrowing


class Wanted(Strict):
    """An operation, and of which chargers."""

    organisation = rest.IntegerField(min_value=1, max_value=2**63 - 1)
    operation = rest.ChoiceField(choices=sorted(OPERATIONS))
    request = rest.DictField(required=False, help_text="The operation's fields.")
    chargers = rest.ListField(
        child=rest.CharField(max_length=48), max_length=bulks.MOST, required=False,
        help_text="Identities; or else:",
    )  # fmt: skip
    filters = rest.CharField(
        required=False, max_length=2000, allow_blank=True,
        help_text="The fleet page's filters as in its address, e.g. `state=faulted&site=7`.",
    )  # fmt: skip
    reason = rest.CharField(max_length=500, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Have one of the two ways to choose: nobody means the whole fleet by leaving both out."""
        if ("chargers" in attrs) == ("filters" in attrs):
            raise rest.ValidationError(_("Give either chargers or filters."))
        return attrs


class BulkSerializer(rest.ModelSerializer[Bulk]):
    """A bulk operation, and how far it is."""

    states = rest.SerializerMethodField(help_text="State of a command -> how many are in it.")
    skipped = rest.SerializerMethodField(help_text="Chargers that can't do it.")

    class Meta:
        model = Bulk
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "operation", "request", "chosen_by", "reason", "size"),
            *("requested_at", "requested_by_name", "stopped_at", "stopped_by_name"),
            *("states", "skipped"),
        ]
        read_only_fields = fields

    def get_states(self, bulk: Bulk) -> dict[str, int]:
        """Return the counts."""
        return bulks.progress(bulk).states

    def get_skipped(self, bulk: Bulk) -> int:
        """Return how many were left out."""
        return bulks.progress(bulk).skipped


class Bulks(Listed):
    """What was asked of many chargers at once, newest first."""

    queryset = Bulk.objects.none()
    scope = staticmethod(control_access.bulks)
    serializer_class = BulkSerializer
    ability = "command"
    ordering = ("-requested_at", "-id")

    def permits(self, row: Bulk) -> bool:
        """Ask in its organisation."""
        return access.may(self.request.user, self.ability, row.organisation_id)

    @extend_schema(request=Wanted, responses={201: BulkSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask an operation of many chargers."""
        asked = Wanted(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        user = request.user
        organisation = get_object_or_404(access.organisations(user), pk=wanted["organisation"])
        if not access.may(user, self.ability, organisation.pk):
            raise PermissionDenied(refusal(self.ability))
        who = Asker.person(user, Command.Source.API)  # type: ignore[arg-type]
        try:
            operation = OPERATIONS[wanted["operation"]].read(wanted.get("request") or {})
            chosen = _chosen(request, wanted).filter(site__organisation=organisation)
            typed.check_all(operation, organisation.pk, chosen)
            bulk = bulks.start(
                organisation, chosen, operation, who,
                chosen_by=wanted.get("filters", ""), reason=wanted["reason"],
            )  # fmt: skip
        except (BadRequest, Refused) as problem:
            raise Unprocessable(str(problem)) from None
        return Response(BulkSerializer(bulk).data, status=HTTPStatus.CREATED)

    @extend_schema(request=None, responses=BulkSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **kwargs: str) -> Response:
        """Take back what wasn't sent yet."""
        bulk = self.get_object()
        bulks.stop(bulk, Asker.person(request.user, Command.Source.API))  # type: ignore[arg-type]
        bulk.refresh_from_db()
        return Response(BulkSerializer(bulk).data)


def _chosen(request: Request, wanted: dict[str, Any]) -> QuerySet[Charger]:
    seen = access.chargers(request.user)
    if "filters" in wanted:
        return _filtered(seen, QueryDict(wanted["filters"]))
    named = {identity.lower() for identity in wanted["chargers"]}
    found = seen.alias(folded=Lower("identity")).filter(folded__in=named)
    missing = named - {identity.lower() for identity in found.values_list("identity", flat=True)}
    if missing:
        raise Refused(_("There is no charger “%s”.") % min(missing)[:60])
    return found


def _filtered(seen: QuerySet[Charger], parameters: QueryDict) -> QuerySet[Charger]:
    """Return what passes the filters; one that can't be read must not choose the whole fleet."""
    filters = fleet.filters(parameters)
    read = {name for name, _value in filters.chosen()}
    unread = [name for name in parameters if name not in {*read, "sort", "view"}]
    if unread or not read:
        raise BadRequest(
            _("These filters can't be read: %s.") % (", ".join(sorted(unread))[:200] or "–")
        )
    return fleet.narrowed(seen, filters).filter(narrowing.in_states(filters))


RESOURCES = {"bulks": Bulks}
