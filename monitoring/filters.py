"""What lists of what happened can be filtered by. Times are of the event, corrected."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.filters import ChargerFilters as InventoryChargerFilters
from inventory.filters import EvseFilters as InventoryEvseFilters
from inventory.rest.filters import ChargerFilter, Filters, Flag, IdFilter, Instant
from monitoring.facts import CloseReason, Status
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    Event,
    QuarantinedFact,
    Session,
    SessionReconciliation,
    Sighting,
    StatusSpan,
)
from monitoring.models.reconciliation import CAUSES, VERDICTS
from monitoring.sightings import STATES

STATUSES = [(status.value, status.value) for status in Status]


class Open(Flag):
    """Whether it goes on: its end (`field`) isn't known yet."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "isnull", help_text=_("Whether it still goes on."))


class ChargerFilters(InventoryChargerFilters):
    """Of chargers, with how they are now."""

    online = Flag("state__online")
    seen_since = Instant("state__last_seen", "gte")


class EvseFilters(InventoryEvseFilters):
    """Of ports, with how they are now."""

    status = django_filters.MultipleChoiceFilter("state__status", choices=STATUSES, distinct=False)
    online = Flag("charger__state__online")


class SessionFilters(Filters):
    """Of sessions, by when they started."""

    period = "started"
    charger = ChargerFilter("charger_id")
    site = IdFilter("charger__site_id")
    organisation = IdFilter("charger__site__organisation_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    running = Open("ended")
    updated_since = Instant("updated", "gte")
    flag = django_filters.CharFilter(method="with_flag", help_text=_("E.g. meter_backwards."))

    class Meta:
        model = Session
        fields: ClassVar[list[str]] = ["id_token", "transaction_id", "stop_reason"]

    def with_flag(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Return the sessions that are odd in this way."""
        return queryset.filter(flags__contains=[value])


class ReconciliationFilters(Filters):
    """Of verdicts on sessions' meters, by when the sessions ended."""

    period = "ended"
    charger = ChargerFilter("charger_id")
    site = IdFilter("charger__site_id")
    organisation = IdFilter("charger__site__organisation_id")
    session = IdFilter("session_id")
    verdict = django_filters.MultipleChoiceFilter(choices=VERDICTS, distinct=False)
    cause = django_filters.MultipleChoiceFilter(
        choices=[cause for cause in CAUSES if cause[0]], distinct=False
    )

    class Meta:
        model = SessionReconciliation
        fields: ClassVar[list[str]] = ["basis"]


class AttemptFilters(Filters):
    """Of attempts, by when they ended: that is when they count."""

    period = "ended"
    charger = ChargerFilter("evse__charger_id")
    site = IdFilter("evse__charger__site_id")
    organisation = IdFilter("evse__charger__site__organisation_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    outcome = django_filters.MultipleChoiceFilter(choices=Attempt.OUTCOMES, distinct=False)

    class Meta:
        model = Attempt
        fields: ClassVar[list[str]] = ["id_token"]


class EventFilters(Filters):
    """Of events."""

    period = "at"
    charger = ChargerFilter("charger_id")
    site = IdFilter("charger__site_id")
    organisation = IdFilter("charger__site__organisation_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    severity_at_most = django_filters.NumberFilter(
        "severity", "lte", min_value=0, max_value=9, help_text=_("0 danger to 9 debug.")
    )

    class Meta:
        model = Event
        fields: ClassVar[list[str]] = ["kind", "code"]


class StatusSpanFilters(Filters):
    """Of status spans: those that touch the window."""

    touches = ("started", "ended")
    charger = ChargerFilter("evse__charger_id")
    site = IdFilter("evse__charger__site_id")
    organisation = IdFilter("evse__charger__site__organisation_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    status = django_filters.MultipleChoiceFilter(choices=STATUSES, distinct=False)

    class Meta:
        model = StatusSpan
        fields: ClassVar[list[str]] = ["error_code"]


class ConnectionFilters(Filters):
    """Of connections: those that touch the window."""

    touches = ("opened", "closed")
    charger = ChargerFilter("charger_id")
    site = IdFilter("charger__site_id")
    organisation = IdFilter("charger__site__organisation_id")
    close_reason = django_filters.MultipleChoiceFilter(
        choices=[(reason.value, reason.value) for reason in CloseReason],
        distinct=False,
    )
    open = Open("closed")

    class Meta:
        model = ConnectionSpan
        fields: ClassVar[list[str]] = ["peer", "ocpp_version"]


class SightingFilters(Filters):
    """Of sightings, by when they were last seen."""

    period = "last_seen"
    charger = ChargerFilter("charger_id")
    state = django_filters.ChoiceFilter(
        method="decided", choices=[(state, state) for state in STATES], null_label=None,
        empty_label=None,
    )  # fmt: skip

    class Meta:
        model = Sighting
        fields: ClassVar[list[str]] = ["identity", "reason"]

    def decided(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Return those about which that was decided."""
        return queryset.filter(pk__in=STATES[value](self.request.user).values("pk"))


class QuarantineFilters(Filters):
    """Of refused facts."""

    period = "received"
    charger = ChargerFilter("charger_id")

    class Meta:
        model = QuarantinedFact
        fields: ClassVar[list[str]] = ["kind"]
