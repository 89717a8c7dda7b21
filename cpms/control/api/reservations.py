"""Reservations and display messages over REST: what we know of each; changed by commands."""

from typing import Any, ClassVar

from rest_framework import serializers as rest

from cpms.control import access
from cpms.control.models import DisplayMessage, Reservation
from inventory.rest.filters import ChargerFilter, Filters
from inventory.rest.views import Listed


class ReservationSerializer(rest.ModelSerializer[Reservation]):
    """A port kept for a driver, from the asking to its end."""

    charger = rest.CharField(source="charger.identity", read_only=True)

    class Meta:
        model = Reservation
        fields: ClassVar[list[str]] = [
            *("id", "charger", "number", "evse", "connector_type", "id_token", "token_type"),
            *("group", "until", "state", "word", "asked_at", "answered_at", "ended_at"),
            *("command", "session"),
        ]
        read_only_fields = fields


class ReservationFilters(Filters):
    """Which reservations."""

    period = "asked_at"
    charger = ChargerFilter("charger")

    class Meta:
        model = Reservation
        fields: ClassVar[list[str]] = ["charger", "state", "number"]


class Reservations(Listed):
    """Ports kept for drivers, newest first; made by the operation `reserve`."""

    queryset = Reservation.objects.none()
    scope = staticmethod(access.reservations)
    related = ("charger",)
    serializer_class = ReservationSerializer
    filterset_class = ReservationFilters
    ordering = ("-asked_at", "-id")


class DisplayMessageSerializer(rest.ModelSerializer[DisplayMessage]):
    """A message on a charger's display, as far as we know."""

    charger = rest.CharField(source="charger.identity", read_only=True)
    contents: Any = rest.JSONField(read_only=True, help_text="A text per language.")

    class Meta:
        model = DisplayMessage
        fields: ClassVar[list[str]] = [
            *("id", "charger", "number", "priority", "while_state", "starts_at", "ends_at"),
            *("transaction_id", "contents", "state", "word", "changed_at", "reported_at"),
            "command",
        ]
        read_only_fields = fields


class DisplayMessageFilters(Filters):
    """Which messages."""

    charger = ChargerFilter("charger")

    class Meta:
        model = DisplayMessage
        fields: ClassVar[list[str]] = ["charger", "state", "number"]


class DisplayMessages(Listed):
    """Messages on displays; changed by the operations `set_display` and `clear_display`."""

    queryset = DisplayMessage.objects.none()
    scope = staticmethod(access.display_messages)
    related = ("charger",)
    serializer_class = DisplayMessageSerializer
    filterset_class = DisplayMessageFilters
    ordering = ("id",)


RESOURCES = {"reservations": Reservations, "display-messages": DisplayMessages}
