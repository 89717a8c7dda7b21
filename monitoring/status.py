"""A charger and its ports as they are now, for programs."""

from typing import Any

from django.db.models import Prefetch
from rest_framework import serializers

from inventory.models import Charger, Evse
from monitoring.models import PortState, Session
from monitoring.serializers import STATES, ClockOffset, effective


class ConnectorStatus(serializers.Serializer[Any]):
    """A connector's own status."""

    number = serializers.IntegerField()
    type = serializers.CharField()
    max_power = serializers.IntegerField(allow_null=True, help_text="W")
    status = serializers.CharField()


class RunningSession(serializers.ModelSerializer[Session]):
    """The session that runs."""

    class Meta:
        model = Session
        fields = ["id", "transaction_id", "id_token", "started", "energy", "charging_state"]


class PortStatus(serializers.Serializer[Any]):
    """A port. Power in W, energy in Wh, SoC in %."""

    number = serializers.IntegerField()
    evse_id = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    status = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    error_code = serializers.CharField()
    vendor_error_code = serializers.CharField()
    info = serializers.CharField()
    power = serializers.FloatField(allow_null=True)
    energy = serializers.FloatField(allow_null=True)
    soc = serializers.FloatField(allow_null=True)
    metered_at = serializers.DateTimeField(allow_null=True)
    session = RunningSession(allow_null=True)
    connectors = ConnectorStatus(many=True)


class ChargerStatus(serializers.Serializer[Any]):
    """A charger as it is now."""

    identity = serializers.CharField()
    online = serializers.BooleanField(source="state.online", default=False)
    since = serializers.DateTimeField(source="state.since", default=None, allow_null=True)
    last_seen = serializers.DateTimeField(source="state.last_seen", default=None, allow_null=True)
    booted_at = serializers.DateTimeField(source="state.booted_at", default=None, allow_null=True)
    status = serializers.CharField(source="state.status", default="")
    error_code = serializers.CharField(source="state.error_code", default="")
    clock_offset = ClockOffset(source="state.clock_offset")
    round_trip = serializers.FloatField(
        source="state.rtt", default=None, allow_null=True, help_text="ms"
    )
    deaf_since = serializers.DateTimeField(source="state.deaf_since", default=None, allow_null=True)
    evses = PortStatus(many=True)


def status_of(charger: Charger) -> dict[str, Any]:
    """Return what `ChargerStatus` says of the charger; four queries."""
    ports = charger.evses.select_related("state").order_by("number")
    ports = ports.prefetch_related(Prefetch("connectors"))
    shown: dict[str, Any] = ChargerStatus(_Now(charger, list(ports))).data
    return shown


class _Now:
    """A charger with the values that `ChargerStatus` names."""

    def __init__(self, charger: Charger, ports: list[Evse]) -> None:
        self.identity = charger.identity
        self.state = getattr(charger, "state", None)
        running = {port.state.session_id for port in ports if hasattr(port, "state")} - {None}
        sessions = Session.objects.in_bulk(running)
        self.evses = [_port(port, charger, sessions) for port in ports]


def _port(evse: Evse, charger: Charger, sessions: dict[int, Session]) -> dict[str, Any]:
    state = getattr(evse, "state", None) or PortState(evse=evse)
    return {
        "number": evse.number,
        "evse_id": evse.evse_id,
        "state": effective(evse, charger),
        "session": sessions.get(state.session_id or 0),
        "connectors": [_connector(connector, state) for connector in evse.connectors.all()],
        **{name: getattr(state, name) for name in _STATE_FIELDS},
    }


_STATE_FIELDS = (
    *("status", "since", "error_code", "vendor_error_code", "info"),
    *("power", "energy", "soc", "metered_at"),
)


def _connector(connector: Any, state: PortState) -> dict[str, Any]:
    return {
        "number": connector.number,
        "type": connector.type,
        "max_power": connector.max_power,
        "status": state.connectors.get(str(connector.number), state.status),
    }
