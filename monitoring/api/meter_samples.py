"""Meter readings over REST: of a session, or of a charger in a window."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.request import Request

from inventory.rest.fields import IdentityField
from inventory.rest.queries import Window
from inventory.rest.views import ListOnly
from monitoring import access, serializers
from monitoring.models import MeterSample

#: Samples of a session may be stamped a little before its start and after its end.
SLACK = timedelta(hours=1)


class MeterQuery(Window):
    """Which samples: of one session, or of one charger in a window of at most 31 days."""

    charger = IdentityField(required=False)
    evse = rest.IntegerField(required=False, min_value=1, help_text="The port's number.")
    session = rest.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in charger and window from the session."""
        if "session" in attrs:
            self._from_session(attrs)
        missing = [name for name in ("charger", "from", "to") if name not in attrs]
        if missing:
            sentence = _("Say which charger from when to when, or which session.")
            raise rest.ValidationError({key: [sentence] for key in missing})
        self.check_window(attrs["from"], attrs["to"])
        return attrs

    def _from_session(self, attrs: dict[str, Any]) -> None:
        seen = access.sessions(self.context["request"].user).select_related("charger")
        session = get_object_or_404(seen, pk=attrs["session"])
        if attrs.setdefault("charger", session.charger) != session.charger:
            raise rest.ValidationError({"session": [_("It was at another charger.")]})
        attrs.setdefault("from", session.started - SLACK)
        end: datetime = session.ended or self.context["now"]
        attrs.setdefault("to", min(end + SLACK, attrs["from"] + self.longest))


class MeterSamples(ListOnly):
    """Meter readings of one charger, oldest first."""

    queryset = MeterSample.objects.none()
    scope = staticmethod(access.meter_samples)
    serializer_class = serializers.MeterSampleSerializer
    filter_backends = []
    ordering = ("at", "evse_id", "context")

    @extend_schema(parameters=[MeterQuery])
    def list(  # type: ignore[override]
        self, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Return a page of samples, or all of them as CSV."""
        self.query = MeterQuery.of(request, now=timezone.now())
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[MeterSample]:
        """Return the samples asked for; the charger was found in the user's scope."""
        query = getattr(self, "query", None)
        if query is None:
            return self.queryset
        start, end = query["from"], query["to"]
        samples = MeterSample.objects.filter(
            charger_id=query["charger"].pk, at__gte=start, at__lt=end
        )
        if "session" in query:
            samples = samples.filter(session_id=query["session"])
        if "evse" in query:
            ports = query["charger"].evses.filter(number=query["evse"])
            samples = samples.filter(evse_id__in=ports.values("pk"))
        return samples

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the context, with the charger's port numbers by key."""
        query = getattr(self, "query", None)
        ports = query["charger"].evses.values_list("pk", "number") if query else ()
        return {**super().get_serializer_context(), "numbers": dict(ports)}
