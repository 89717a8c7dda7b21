"""How what happened is read by programs. Energies in Wh, power in W, times in UTC."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import Charger, Evse
from inventory.serializers import ChargerSerializer, EvseSerializer
from monitoring.effective import State, port_state
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    Event,
    MeterSample,
    QuarantinedFact,
    Session,
    SessionReconciliation,
    Sighting,
    StatusSpan,
)
from monitoring.models.meters import COLUMNS, CONTEXTS
from monitoring.sightings import fingerprint

STATES = [(state.value, state.value) for state in State]


class ClockOffset(serializers.FloatField):
    """Seconds the charger's clock is ahead of ours; kept in milliseconds."""

    def __init__(self, **kwargs: Any) -> None:
        help_text = _("Seconds that the charger's clock is ahead of ours.")
        super().__init__(read_only=True, allow_null=True, help_text=help_text, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return seconds."""
        return round(value / 1000, 3)


class LiveChargerSerializer(ChargerSerializer):
    """A charging station, and how it is now."""

    online = serializers.SerializerMethodField()
    last_seen = serializers.DateTimeField(source="state.last_seen", read_only=True, allow_null=True)
    clock_offset = ClockOffset(source="state.clock_offset")

    class Meta(ChargerSerializer.Meta):
        fields = [*ChargerSerializer.Meta.fields, "online", "last_seen", "clock_offset"]

    def get_online(self, charger: Charger) -> bool:
        """Tell whether its connection is up."""
        return hasattr(charger, "state") and charger.state.online


class LiveEvseSerializer(EvseSerializer):
    """A port of a charger, and how it is now."""

    state = serializers.SerializerMethodField(
        help_text=_("How it is for a driver: its status, offline if its charger is.")
    )
    status = serializers.CharField(
        source="state.status", read_only=True, allow_null=True, help_text=_("As last reported.")
    )
    since = serializers.DateTimeField(source="state.since", read_only=True, allow_null=True)
    error_code = serializers.CharField(source="state.error_code", read_only=True, allow_null=True)

    class Meta(EvseSerializer.Meta):
        fields = [*EvseSerializer.Meta.fields, "state", "status", "since", "error_code"]

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, evse: Evse) -> str:
        """Return the effective state."""
        return effective(evse, evse.charger)


def effective(evse: Evse, charger: Charger) -> State:
    """Return the effective state of a port, from rows that were read with it."""
    link, port = getattr(charger, "state", None), getattr(evse, "state", None)
    return port_state(
        online=bool(link and link.online),
        seen=bool(link and link.since),
        status=port.status if port else "",
    )


class OfCharger(serializers.ModelSerializer[Any]):
    """Rows of a charger, which is named by its identity, and maybe of a port, by its number."""

    charger = serializers.CharField(source="charger.identity", read_only=True)
    evse = serializers.IntegerField(source="evse.number", read_only=True, allow_null=True)


class OfPort(serializers.ModelSerializer[Any]):
    """Rows of a port."""

    charger = serializers.CharField(source="evse.charger.identity", read_only=True)
    evse = serializers.IntegerField(source="evse.number", read_only=True)


class SessionSerializer(OfCharger):
    """A charging session (OCPP: transaction)."""

    site = serializers.IntegerField(source="charger.site_id", read_only=True)

    class Meta:
        model = Session
        fields = [
            *("id", "charger", "site", "evse", "connector", "transaction_id", "id_token"),
            *("stop_token", "authorization", "started", "ended", "energy", "meter_start"),
            *("meter_stop", "peak_power", "soc", "charging_state", "stop_reason", "offline"),
            *("flags", "updated"),
        ]
        extra_kwargs = {
            "energy": {"help_text": "Wh"},
            "meter_start": {"help_text": "Wh"},
            "meter_stop": {"help_text": "Wh"},
            "peak_power": {"help_text": "W"},
            "soc": {"help_text": "%"},
            "offline": {"help_text": _("Started while the charger was offline.")},
        }


class ReconciliationSerializer(serializers.ModelSerializer[SessionReconciliation]):
    """What a session's meters come to, and what to bill. Energies in Wh."""

    session = serializers.IntegerField(source="session_id", read_only=True)
    charger = serializers.CharField(source="charger.identity", read_only=True)
    evse = serializers.IntegerField(
        source="session.evse.number", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = SessionReconciliation
        fields = [
            *("session", "charger", "evse", "ended", "by_registers", "by_samples", "by_power"),
            *("reported", "difference", "share", "cause", "verdict", "basis", "billable"),
            *("samples", "checked_at"),
        ]
        extra_kwargs = {
            "share": {"help_text": _("Of the larger of the two figures, 0 to 1.")},
            "billable": {"help_text": _("Wh; null: nothing until somebody decides.")},
        }


class AttemptSerializer(OfPort):
    """A driver's attempt to charge, and what came of it."""

    session = serializers.IntegerField(source="session_id", read_only=True, allow_null=True)

    class Meta:
        model = Attempt
        fields = [
            *("id", "charger", "evse", "started", "ended", "outcome", "detail", "id_token"),
            *("energy", "session", "again"),
        ]


class EventSerializer(OfCharger):
    """Anything a charger did that is neither status, session nor meter value."""

    class Meta:
        model = Event
        fields = [
            *("id", "charger", "evse", "kind", "at", "received", "offset_ms", "severity", "code"),
            *("text", "data"),
        ]


class StatusSpanSerializer(OfPort):
    """A stretch of time in which a port reported one status."""

    class Meta:
        model = StatusSpan
        fields = [
            *("id", "charger", "evse", "status", "error_code", "vendor_error_code", "info"),
            *("started", "ended"),
        ]


class ConnectionSerializer(serializers.ModelSerializer[ConnectionSpan]):
    """A connection of a charger. Round trips in ms."""

    charger = serializers.CharField(source="charger.identity", read_only=True)

    class Meta:
        model = ConnectionSpan
        fields = [
            *("id", "charger", "opened", "closed", "noticed", "close_reason", "close_code", "peer"),
            *("ocpp_version", "security_profile", "rtt_p50", "rtt_p95", "missed_pings"),
        ]


class SightingSerializer(serializers.ModelSerializer[Sighting]):
    """An identity that knocked and wasn't let in as it is."""

    charger = serializers.CharField(source="charger.identity", read_only=True, default=None)
    fingerprint = serializers.SerializerMethodField(
        help_text=_("Of the key it used last; empty without one.")
    )
    linked = serializers.CharField(
        source="linked.identity", read_only=True, default=None, help_text=_("The charger it is.")
    )
    decided_by = serializers.CharField(source="decided_by.username", read_only=True, default=None)
    decision = serializers.CharField(read_only=True, help_text=_("Why it is blocked."))

    class Meta:
        model = Sighting
        fields = [
            *("id", "identity", "reason", "charger", "peer", "count", "first_seen", "last_seen"),
            *("said", "fingerprint", "linked", "blocked_at", "decided_by", "decided_at"),
            "decision",
        ]

    def get_fingerprint(self, sighting: Sighting) -> str:
        """Return what tells its key from another."""
        return fingerprint(sighting)


class QuarantineSerializer(serializers.ModelSerializer[QuarantinedFact]):
    """A fact that the database refused."""

    class Meta:
        model = QuarantinedFact
        fields = ["id", "charger_id", "received", "kind", "fact", "frame", "error"]


class MeterSampleSerializer(serializers.ModelSerializer[MeterSample]):
    """A meter reading of a port. Units: Wh, W, A, V, %, °C, Hz."""

    evse = serializers.SerializerMethodField()
    session = serializers.IntegerField(source="session_id", allow_null=True)
    reading_context = serializers.SerializerMethodField()

    class Meta:
        model = MeterSample
        fields = [
            "evse",
            "session",
            "at",
            "received",
            "offset_ms",
            "reading_context",
            *COLUMNS,
            "extra",
        ]

    def get_evse(self, sample: MeterSample) -> int | None:
        """Return the port's number; `numbers` of the context maps keys to it."""
        numbers: dict[int | None, int] = self.context["numbers"]
        return numbers.get(sample.evse_id)

    def get_reading_context(self, sample: MeterSample) -> str:
        """Return OCPP's ReadingContext."""
        return CONTEXTS[sample.context]
