"""What happened, in lists over REST: sessions, attempts, events, statuses, connections."""

from django.db.models import QuerySet

from inventory.rest.views import Listed
from monitoring import access, filters, serializers
from monitoring.models import Attempt, ConnectionSpan, Event, Session, StatusSpan


class Sessions(Listed):
    """Charging sessions, newest first."""

    queryset = Session.objects.none()
    scope = staticmethod(access.sessions)
    serializer_class = serializers.SessionSerializer
    filterset_class = filters.SessionFilters
    ordering = ("-started", "-id")

    def get_queryset(self) -> QuerySet[Session]:
        """Return sessions with what names them."""
        return super().get_queryset().select_related("charger", "evse")


class Attempts(Listed):
    """Attempts to charge, newest first: what session success counts."""

    queryset = Attempt.objects.none()
    scope = staticmethod(access.attempts)
    serializer_class = serializers.AttemptSerializer
    filterset_class = filters.AttemptFilters
    ordering = ("-ended", "-id")

    def get_queryset(self) -> QuerySet[Attempt]:
        """Return attempts with what names them."""
        return super().get_queryset().select_related("evse__charger")


class Events(Listed):
    """Events, newest first."""

    queryset = Event.objects.none()
    scope = staticmethod(access.events)
    serializer_class = serializers.EventSerializer
    filterset_class = filters.EventFilters
    ordering = ("-at", "-id")

    def get_queryset(self) -> QuerySet[Event]:
        """Return events with what names them."""
        return super().get_queryset().select_related("charger", "evse")


class StatusSpans(Listed):
    """The history of ports' statuses, newest first: what uptime counts."""

    queryset = StatusSpan.objects.none()
    scope = staticmethod(access.status_spans)
    serializer_class = serializers.StatusSpanSerializer
    filterset_class = filters.StatusSpanFilters
    ordering = ("-started", "-id")

    def get_queryset(self) -> QuerySet[StatusSpan]:
        """Return spans with what names them."""
        return super().get_queryset().select_related("evse__charger")


class Connections(Listed):
    """Chargers' connections, newest first: what online rate and reconnects count."""

    queryset = ConnectionSpan.objects.none()
    scope = staticmethod(access.connections)
    serializer_class = serializers.ConnectionSerializer
    filterset_class = filters.ConnectionFilters
    ordering = ("-opened", "-id")

    def get_queryset(self) -> QuerySet[ConnectionSpan]:
        """Return connections with what names them."""
        return super().get_queryset().select_related("charger")
