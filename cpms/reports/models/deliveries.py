"""What of a report was sent to whom."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpms.reports.models.reports import Report


class Delivery(models.Model):
    """One message with a report to one recipient: an outbox row, and the proof afterwards."""

    class State(models.TextChoices):
        """How far it is."""

        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        #: The recipient may not have it any more.
        STOPPED = "stopped", _("Stopped")
        DEAD = "dead", _("Given up")

    report = models.ForeignKey(Report, models.CASCADE, related_name="deliveries")
    #: None: an address of nobody here.
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    address = models.CharField(_("to"), max_length=254)
    #: Report and recipient; the same for every try, so that a doubled message is known.
    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField()
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("sent"), null=True)
    problem = models.CharField(_("what went wrong"), max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="sent_reports_say_when",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["pending", "sending"]),
                name="undelivered_reports",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} to {self.address}: {self.state}"
