"""What happened, in lists over REST: sessions, attempts, events, statuses, connections."""

from inventory.rest.views import Listed
from monitoring import access, filters, serializers
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    Event,
    Session,
    SessionReconciliation,
    StatusSpan,
)


class Sessions(Listed):
    """Charging sessions, newest first."""

    queryset = Session.objects.none()
    scope = staticmethod(access.sessions)
    related = ("charger", "evse")
    serializer_class = serializers.SessionSerializer
    filterset_class = filters.SessionFilters
    ordering = ("-started", "-id")


class Reconciliations(Listed):
    """Whether ended sessions' meters agree, and what to bill; the latest first."""

    queryset = SessionReconciliation.objects.none()
    scope = staticmethod(access.reconciliations)
    related = ("charger", "session__evse")
    serializer_class = serializers.ReconciliationSerializer
    filterset_class = filters.ReconciliationFilters
    ordering = ("-ended", "-session_id")


class Attempts(Listed):
    """Attempts to charge, newest first: what session success counts."""

    queryset = Attempt.objects.none()
    scope = staticmethod(access.attempts)
    related = ("evse__charger",)
    serializer_class = serializers.AttemptSerializer
    filterset_class = filters.AttemptFilters
    ordering = ("-ended", "-id")


class Events(Listed):
    """Events, newest first."""

    queryset = Event.objects.none()
    scope = staticmethod(access.events)
    related = ("charger", "evse")
    serializer_class = serializers.EventSerializer
    filterset_class = filters.EventFilters
    ordering = ("-at", "-id")


class StatusSpans(Listed):
    """The history of ports' statuses, newest first: what uptime counts."""

    queryset = StatusSpan.objects.none()
    scope = staticmethod(access.status_spans)
    related = ("evse__charger",)
    serializer_class = serializers.StatusSpanSerializer
    filterset_class = filters.StatusSpanFilters
    ordering = ("-started", "-id")


class Connections(Listed):
    """Chargers' connections, newest first: what online rate and reconnects count."""

    queryset = ConnectionSpan.objects.none()
    scope = staticmethod(access.connections)
    related = ("charger",)
    serializer_class = serializers.ConnectionSerializer
    filterset_class = filters.ConnectionFilters
    ordering = ("-opened", "-id")
