"""The outbox: what is to be said to whom, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models.incidents import Incident
from alerts.models.steps import EscalationStep


class Notification(models.Model):
    """One message to one recipient, written with the step that wants it, sent afterwards."""

    class State(models.TextChoices):
        """How far it is."""

        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    class Channel(models.TextChoices):
        """How it goes; `alerts.notifications.TRANSPORTS` says what each does."""

        EMAIL = "email", _("E-mail")

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="notifications")
    step = models.ForeignKey(EscalationStep, models.CASCADE, related_name="notifications")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    address = models.CharField(_("to"), max_length=254)
    #: Incident, step, recipient. The same for every try, so that a doubled message is known.
    key = models.CharField(max_length=80, unique=True)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField()
    html = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField(_("written"))
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    #: When it was last claimed for sending, and when it may be tried (again).
    tried_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("what went wrong"), max_length=500, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="sent_notifications_say_when",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["pending", "sending"]),
                name="unsent_notifications",
            ),
            models.Index(fields=["-created_at", "-id"], name="notifications_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.key} to {self.address}: {self.state}"
