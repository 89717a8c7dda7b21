"""What a driver's app may ask: start a session for its user, see how it goes, stop it.

Its API token has the scope “app” and nothing else: it reads and changes nothing else here, and
sees no session but those it started.
"""

from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import app_sessions
from cpms.control.commands import Refused
from cpms.control.models import AppSession
from inventory import access
from inventory.models import ApiToken, Evse
from inventory.rest.filters import Filters
from inventory.rest.permissions import refusal
from inventory.rest.problems import Unprocessable
from inventory.rest.serializers import Strict
from inventory.rest.views import Listed


class StartWanted(Strict):
    """Where to start, and for whom: `charger` and `evse`, or the `code` on the port."""

    id_token = rest.CharField(max_length=255, help_text="The user's token, registered here.")
    charger = rest.CharField(max_length=48, required=False)
    evse = rest.IntegerField(min_value=1, max_value=10_000, required=False)
    code = rest.CharField(
        max_length=60, required=False, help_text="The EVSE-ID, as on the port's QR code."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Have one of the two ways to say where."""
        named = {"charger", "evse"} <= set(attrs)
        if named == ("code" in attrs) or ("code" in attrs and {"charger", "evse"} & set(attrs)):
            raise ValidationError(_("Give either a charger and its EVSE, or a code."))
        return attrs


class AppSessionSerializer(rest.Serializer[AppSession]):
    """A session that the app asked for; poll it until its state is `ended` or `failed`."""

    id = rest.UUIDField()
    state = rest.ChoiceField(choices=[state.value for state in app_sessions.State])
    message = rest.CharField(help_text="How it goes, for the user.")
    charger = rest.CharField()
    evse = rest.IntegerField()
    id_token = rest.CharField()
    asked_at = rest.DateTimeField()
    started = rest.DateTimeField(allow_null=True)
    ended = rest.DateTimeField(allow_null=True)
    energy = rest.FloatField(allow_null=True, help_text="Wh.")
    power = rest.FloatField(allow_null=True, help_text="W, while it runs.")
    soc = rest.FloatField(allow_null=True, help_text="State of charge, %.")
    transaction_id = rest.CharField(allow_null=True)

    def to_representation(self, instance: AppSession) -> dict[str, Any]:
        """Return it as it is now."""
        return super().to_representation(app_sessions.told(instance, timezone.now()))  # type: ignore[arg-type]


class AppSessionFilters(Filters):
    """Which of the app's sessions."""

    period = "asked_at"
    id_token = django_filters.CharFilter("token__id_token", "iexact")

    class Meta:
        model = AppSession
        fields: ClassVar[list[str]] = []


class AppSessions(Listed):
    """The sessions that your app started, newest first; needs a token of the scope `app`."""

    queryset = AppSession.objects.none()
    scope = staticmethod(lambda user: AppSession.objects.filter(app__user=user.pk or 0))
    serializer_class = AppSessionSerializer
    filterset_class = AppSessionFilters
    ability = "command"
    scope_needed = "app"
    ordering = ("-asked_at", "-id")
    lookup_value_regex = r"[0-9a-fA-F-]{36}"

    def get_queryset(self) -> QuerySet[AppSession]:
        """Return those of the app itself: two apps of one user don't see each other's."""
        app = getattr(self.request, "auth", None)
        if not isinstance(app, ApiToken):
            return AppSession.objects.none()
        found = super().get_queryset().filter(app=app)
        return found.select_related("charger__site", "started_by", "stopped_by", "session")

    def permits(self, row: AppSession) -> bool:
        """Ask in the organisation of the charger."""
        return access.may(self.request.user, self.ability, row.charger.site.organisation_id)

    def get_object(self) -> AppSession:
        """Return the session of the address; what is no id at all isn't there either."""
        try:
            UUID(self.kwargs["pk"])
        except ValueError:
            raise NotFound from None
        return super().get_object()  # type: ignore[no-any-return]

    @extend_schema(request=StartWanted, responses={201: AppSessionSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a session for a user; give an Idempotency-Key, so that a repetition is none.

        Answers at once; whether the charger starts is told by the session's state.
        """
        wanted = StartWanted(data=request.data)
        wanted.is_valid(raise_exception=True)
        evse = self._port(wanted.validated_data)
        if not access.may(request.user, self.ability, evse.charger.site.organisation_id):
            raise PermissionDenied(refusal(self.ability))
        try:
            made = app_sessions.start(_app(request), wanted.validated_data["id_token"], evse)
        except Refused as problem:
            raise Unprocessable(str(problem)) from None
        return Response(AppSessionSerializer(made).data, status=HTTPStatus.CREATED)

    def _port(self, wanted: dict[str, Any]) -> Evse:
        seen = access.chargers(self.request.user)
        if "code" in wanted:
            found = app_sessions.port_by_code(seen, wanted["code"])
        else:
            found = app_sessions.port(seen, wanted["charger"], wanted["evse"])
        if found is None:
            raise NotFound(_("There is no such port."))
        return found

    @extend_schema(request=None, responses=AppSessionSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **kwargs: str) -> Response:
        """Stop the session, or take its start back. Asking again changes nothing."""
        try:
            stopped = app_sessions.stop(self.get_object(), _app(request))
        except Refused as problem:
            raise Unprocessable(str(problem)) from None
        return Response(AppSessionSerializer(stopped).data)


def _app(request: Request) -> ApiToken:
    if not isinstance(request.auth, ApiToken):
        raise PermissionDenied(_("This is for apps: use an API token of the scope “app”."))
    return request.auth


RESOURCES = {"app/sessions": AppSessions}
