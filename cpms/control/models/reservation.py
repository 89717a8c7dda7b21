"""Ports kept for a driver."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpms.control.models.command import Command
from inventory.models import Charger
from monitoring.models import Session


class Reservation(models.Model):
    """A port, or any of a charger, kept for a token until a time; from the asking to its end."""

    class State(models.TextChoices):
        """How far it got."""

        ASKED = "asked", _("asked for")
        ACTIVE = "active", _("reserved")
        REFUSED = "refused", _("refused")
        USED = "used", _("used")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")
        REMOVED = "removed", _("removed by the charger")

    #: States in which it holds its port, as far as we know.
    LIVE = (State.ASKED, State.ACTIVE)

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="reservations")
    #: OCPP's reservationId; the charger's own while it is live.
    number = models.PositiveIntegerField(_("number"))
    #: EVSE number (1.6: connector); None: any, or the charger as a whole.
    evse = models.PositiveIntegerField(_("port"), null=True)
    #: OCPP ConnectorEnumType; empty: any.
    connector_type = models.CharField(_("connector"), max_length=20, blank=True)
    id_token = models.CharField(_("token"), max_length=255)
    token_type = models.CharField(max_length=20, blank=True)
    group = models.CharField(_("group"), max_length=255, blank=True)
    until = models.DateTimeField(_("until"))
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    #: The charger's own word for why it is in that state, e.g. "Occupied".
    word = models.CharField(max_length=50, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")
    session = models.ForeignKey(Session, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["charger", "evse"],
                condition=models.Q(state__in=("asked", "active"), evse__isnull=False),
                name="one_reservation_per_port",
            ),
            models.UniqueConstraint(
                fields=["charger", "number"],
                condition=models.Q(state__in=("asked", "active")),
                name="one_reservation_per_number",
            ),
        ]
        indexes = [
            models.Index(fields=["charger", "-asked_at"], name="reservations_of_charger"),
            models.Index(
                fields=["until"],
                condition=models.Q(state__in=("asked", "active")),
                name="reservations_that_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.charger_id}: {self.state}"

    @property
    def is_live(self) -> bool:
        """Whether it holds its port, as far as we know."""
        return self.state in self.LIVE
