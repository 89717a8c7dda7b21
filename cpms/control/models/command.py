"""What somebody asked of a charger, and what became of it."""

from uuid import uuid4

from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Organisation


class Bulk(models.Model):
    """One operation asked of many chargers at once; its commands point here."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    operation = models.CharField(max_length=40)
    request = models.JSONField(default=dict)
    #: The fleet's filters that chose the chargers, as the address of the fleet page has them.
    chosen_by = models.CharField(max_length=2000, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    requested_by_name = models.CharField(max_length=150)
    requested_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by_name = models.CharField(max_length=150, blank=True)
    #: How many chargers were chosen.
    size = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-requested_at"]
        indexes = [models.Index(fields=["organisation", "-requested_at"], name="bulks_newest")]

    def __str__(self) -> str:
        return f"{self.operation} × {self.size}"


class Command(models.Model):
    """One CALL of ours to one charger, from the wish to its verified end; the row is the truth.

    A gateway claims a pending row before it writes the CALL to the socket, so that no CALL is
    ever sent that isn't kept as sent.
    """

    class State(models.TextChoices):
        """How far it got."""

        PENDING = "pending", _("waiting")
        SENT = "sent", _("sent")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        NOT_SUPPORTED = "not_supported", _("not supported")
        FAILED = "failed", _("failed")
        TIMED_OUT = "timed_out", _("no answer")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")
        UNKNOWN = "unknown", _("outcome unknown")

    class Source(models.TextChoices):
        """Which door it came through."""

        PAGE = "page", _("dashboard")
        API = "api", _("API")
        APP = "app", _("driver's app")
        SYSTEM = "system", _("by itself")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    charger = models.ForeignKey(Charger, models.PROTECT, related_name="commands")
    #: One of `cpms.control.operations`; empty: a raw OCPP message.
    operation = models.CharField(max_length=40, blank=True)
    #: The operation's fields, without its secrets.
    request = models.JSONField(default=dict)
    #: What is secret of it, sealed; forgotten once it is over.
    sealed = models.BinaryField(null=True, editable=False)
    #: The OCPP action and payload; of an operation they are known once it is sent. Secrets masked.
    action = models.CharField(max_length=50, blank=True)
    payload = models.JSONField(null=True)
    ocpp_version = models.CharField(max_length=5, blank=True)
    state = models.CharField(max_length=13, choices=State.choices, default=State.PENDING)
    #: The status word of the charger's answer, e.g. "Scheduled".
    result = models.CharField(max_length=50, blank=True)
    response = models.JSONField(null=True)
    #: {"code", "description", "details"} of a CALLERROR or of our own.
    error = models.JSONField(null=True)
    #: Whether the charger did what it accepted; None: not known (yet).
    verified = models.BooleanField(null=True)
    verified_at = models.DateTimeField(null=True)
    #: What showed it, or showed the contrary: a kind of evidence, e.g. "boot".
    evidence = models.CharField(max_length=40, blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    requested_by_name = models.CharField(max_length=150)
    source = models.CharField(max_length=6, choices=Source.choices, default=Source.PAGE)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    #: Sending it twice does no harm.
    repeatable = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: The gateway that claimed it, and the OCPP message id that it went out with.
    gateway = models.UUIDField(null=True)
    message_id = models.CharField(max_length=36, blank=True)
    bulk = models.ForeignKey(Bulk, models.PROTECT, null=True, related_name="commands")

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["charger", "-requested_at"], name="commands_of_charger"),
            models.Index(
                fields=["charger", "requested_at"],
                condition=models.Q(state="pending"),
                name="commands_waiting",
            ),
            models.Index(fields=["sent_at"], condition=models.Q(state="sent"), name="commands_out"),
            models.Index(
                fields=["answered_at"],
                condition=models.Q(state="accepted", verified=None),
                name="commands_to_verify",
            ),
            models.Index(
                fields=["bulk", "state"],
                condition=models.Q(bulk__isnull=False),
                name="commands_of_bulk",
            ),
            models.Index(fields=["-requested_at", "-id"], name="commands_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.charger_id}"

    @property
    def name(self) -> str:
        """The operation, or the raw message's action."""
        return self.operation or self.action

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it but its verification."""
        return self.state not in {self.State.PENDING, self.State.SENT}
