"""What is asked of chargers, over REST: operations by name, and OCPP messages as they are."""

import time
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import access as control_access
from cpms.control import commands
from cpms.control.commands import Asker, Refused
from cpms.control.models import Command
from cpms.control.operations import OPERATIONS, BadRequest, Operation
from cpms.ocpp.commands import raw, typed
from inventory import access
from inventory.api import IDENTITY
from inventory.models import Charger
from inventory.rest.filters import ChargerFilter, Filters
from inventory.rest.permissions import refusal
from inventory.rest.problems import Conflict, Unprocessable
from inventory.rest.queries import Query
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed

#: Seconds that `?wait=` may hold an answer.
LONGEST_WAIT = 60
#: Seconds between looks at a command that is waited for, at first and later.
FIRST_LOOK, LAST_LOOK = 0.02, 0.5
LONGEST_LIFE = timedelta(days=30)


class Asked(Strict):
    """A command to give: `operation` with `request`, or `action` with `payload`."""

    operation = rest.ChoiceField(
        choices=sorted(OPERATIONS), required=False, help_text="Version-neutral."
    )
    request = rest.DictField(required=False, help_text="The operation's fields.")
    action = rest.CharField(max_length=50, required=False, help_text="An OCPP action, e.g. Reset.")
    payload = rest.DictField(
        required=False, help_text="Checked by the schema of the version the charger speaks."
    )
    reason = rest.CharField(max_length=500, required=False, allow_blank=True, default="")
    expires_in = rest.IntegerField(
        min_value=1,
        max_value=int(LONGEST_LIFE.total_seconds()),
        required=False,
        help_text="Seconds that it waits for a charger that isn't there.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Have one of the two."""
        if ("operation" in attrs) == ("action" in attrs):
            raise ValidationError(_("Give either an operation or an action."))
        return attrs


class Wait(Query):
    """How long to wait."""

    wait = rest.FloatField(
        required=False,
        min_value=0,
        max_value=LONGEST_WAIT,
        help_text="Seconds to wait for the charger's answer.",
    )


class CommandSerializer(rest.ModelSerializer[Command]):
    """A command, and what became of it."""

    charger = rest.CharField(source="charger.identity", read_only=True)

    class Meta:
        model = Command
        fields: ClassVar[list[str]] = [
            *("id", "charger", "operation", "request", "action", "payload", "ocpp_version"),
            *("state", "result", "response", "error", "verified", "evidence", "reason"),
            *("requested_at", "requested_by_name", "source", "expires_at", "sent_at"),
            *("answered_at", "attempts", "bulk"),
        ]
        read_only_fields = fields


class CommandFilters(Filters):
    """Which commands."""

    period = "requested_at"
    charger = ChargerFilter("charger")

    class Meta:
        model = Command
        fields: ClassVar[list[str]] = ["charger", "state", "operation", "action", "bulk"]


class Commands(Listed):
    """What was asked of all chargers you see, newest first."""

    queryset = Command.objects.none()
    scope = staticmethod(control_access.commands)
    serializer_class = CommandSerializer
    filterset_class = CommandFilters
    ability = "command"
    ordering = ("-requested_at", "-id")
    lookup_value_regex = r"[0-9a-fA-F-]{36}"

    def get_queryset(self) -> QuerySet[Command]:
        """Return commands with their chargers."""
        return super().get_queryset().select_related("charger__site")

    def permits(self, row: Command) -> bool:
        """Ask in the organisation of the charger."""
        return access.may(self.request.user, self.ability, row.charger.site.organisation_id)

    def get_object(self) -> Command:
        """Return the command of the address; what is no id at all isn't there either."""
        try:
            UUID(self.kwargs["pk"])
        except ValueError:
            raise NotFound from None
        return super().get_object()  # type: ignore[no-any-return]

    @extend_schema(request=None, responses=CommandSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: str) -> Response:
        """Take back a command that wasn't sent yet."""
        command = self.get_object()
        if not commands.cancel(command, _asker(request)):
            raise Conflict(_("It was sent already, or is over: it can't be taken back."))
        command.refresh_from_db()
        return Response(CommandSerializer(command).data)


class ChargerCommands(Commands):
    """What was asked of one charger; a POST asks for more."""

    def charger(self) -> Charger:
        """Return the charger of the address."""
        seen = access.chargers(self.request.user).select_related("site")
        return get_object_or_404(access.with_identity(seen, self.kwargs["identity"]))

    def get_queryset(self) -> QuerySet[Command]:
        """Return the charger's commands."""
        if getattr(self, "swagger_fake_view", False):
            return Command.objects.none()
        return super().get_queryset().filter(charger=self.charger())

    @extend_schema(parameters=[Wait], request=Asked, responses={201: CommandSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask something of the charger.

        Either an `operation` with its `request`, the same for every OCPP version, or an OCPP
        `action` with its `payload`. It waits for a charger that is offline until it expires;
        `?wait=` holds the answer until the charger has answered, at most so many seconds.
        """
        charger = self.charger()
        if not access.may(request.user, self.ability, charger.site.organisation_id):
            raise PermissionDenied(refusal(self.ability))
        asked = Asked(data=request.data)
        asked.is_valid(raise_exception=True)
        Wait.of(request)
        try:
            command = _ask(charger, asked.validated_data, _asker(request))
        except (BadRequest, Refused) as problem:
            raise Unprocessable(str(problem)) from None
        return Response(CommandSerializer(command).data, status=HTTPStatus.CREATED)

    def write(
        self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Carry out a POST; then, outside its transaction, wait for the charger's answer."""
        response = super().write(handler, request, *args, **kwargs)
        seconds = request.query_params.get("wait")
        if not seconds or not isinstance(response, Response) or "id" not in (response.data or {}):
            return response
        command = _over(response.data["id"], min(float(seconds), LONGEST_WAIT))
        response.data = CommandSerializer(command).data
        return response


def _asker(request: Request) -> Asker:
    return Asker.person(request.user, Command.Source.API)  # type: ignore[arg-type]


def _ask(charger: Charger, asked: dict[str, Any], who: Asker) -> Command:
    lasts = timedelta(seconds=asked["expires_in"]) if "expires_in" in asked else None
    reason = asked["reason"]
    if "operation" in asked:
        operation = OPERATIONS[asked["operation"]].read(asked.get("request") or {})
        return typed.request(charger, operation, who, reason=reason, lasts=lasts)
    return raw.request(
        charger,
        asked["action"],
        asked.get("payload") or {},
        who,
        reason=reason,
        lasts=lasts or Operation.lasts,
    )


def _over(command_id: str, seconds: float) -> Command:
    """Return a command once it is over, or when the `seconds` are."""
    until, pause = time.monotonic() + seconds, FIRST_LOOK
    while True:
        command = Command.objects.select_related("charger").get(pk=command_id)
        if command.is_over or time.monotonic() + pause > until:
            return command
        connection.close()  # Nothing is asked of the database meanwhile: others may have it.
        time.sleep(pause)
        pause = min(pause * 1.5, LAST_LOOK)


RESOURCES = {"commands": Commands}
#: Address below /api/v1/ -> its view, and what its lists are called.
NESTED = {rf"chargers/(?P<identity>{IDENTITY})/commands": (ChargerCommands, "charger-commands")}
