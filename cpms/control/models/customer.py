"""What chargers know of a customer: asked for, shown once, forgotten."""

from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext_lazy as _

from cpms.control.models.command import Command
from inventory.models import Charger


class CustomerReport(models.Model):
    """A charger's report on a customer; personal data, sealed until it is shown or too old."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="customer_reports")
    request = models.BigIntegerField()
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")
    #: Who asked; nobody else is shown it.
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    cleared = models.BooleanField(_("cleared"), default=False)
    #: The cleared customer's token while it is to be taken off the charger's local list.
    off_list = models.CharField(max_length=255, blank=True)
    #: {"<seqNo>": "<text>"} as JSON, sealed; None: nothing came yet, or it was shown.
    sealed = models.BinaryField(null=True, editable=False)
    parts = models.PositiveIntegerField(default=0)
    #: Number of the last part, once it came.
    last = models.PositiveIntegerField(null=True)
    received_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(_("shown at"), null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["charger", "request"], name="one_customer_report_per_request"
            )
        ]

    def __str__(self) -> str:
        return f"customer report {self.request} of {self.charger_id}"

    @property
    def complete(self) -> bool:
        """Whether every part came."""
        return self.last is not None and self.parts > self.last
