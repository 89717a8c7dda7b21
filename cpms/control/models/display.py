"""What chargers show on their displays."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpms.control.models.command import Command
from inventory.models import Charger


class DisplayMessage(models.Model):
    """A message on a charger's display, as we set it or as the charger reported it."""

    class State(models.TextChoices):
        """Whether the charger has it, as far as we know."""

        ASKED = "asked", _("asked for")
        SET = "set", _("on the charger")
        REFUSED = "refused", _("refused")
        GONE = "gone", _("not there any more")

    class Priority(models.TextChoices):
        """OCPP MessagePriorityEnumType."""

        ALWAYS_FRONT = "AlwaysFront", _("always in front")
        IN_FRONT = "InFront", _("in front for a while")
        NORMAL_CYCLE = "NormalCycle", _("in turn with others")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="display_messages")
    number = models.PositiveIntegerField(_("number"))
    priority = models.CharField(_("priority"), max_length=12, choices=Priority.choices)
    #: OCPP MessageStateEnumType: only while the charger is in it; empty: always.
    while_state = models.CharField(_("while"), max_length=20, blank=True)
    starts_at = models.DateTimeField(_("from"), null=True)
    ends_at = models.DateTimeField(_("until"), null=True)
    #: Only while this transaction runs; empty: always.
    transaction_id = models.CharField(_("transaction"), max_length=36, blank=True)
    #: [{"format", "language", "content"}, …]: one in 2.0.1, a language each in 2.1.
    contents = models.JSONField(default=list)
    state = models.CharField(max_length=7, choices=State.choices, default=State.ASKED)
    #: The charger's own word for why, e.g. "NotSupportedPriority".
    word = models.CharField(max_length=50, blank=True)
    changed_at = models.DateTimeField()
    #: When the charger last reported it, and in answer to which request.
    reported_at = models.DateTimeField(null=True)
    request = models.BigIntegerField(null=True)
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["charger", "number"], name="one_message_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.number} on {self.charger_id}"

    @property
    def text(self) -> str:
        """Return its first text."""
        return str(self.contents[0]["content"]) if self.contents else ""
