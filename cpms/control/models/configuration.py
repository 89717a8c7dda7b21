"""Reports that chargers send in parts, and the monitors that are set in them (OCPP 2.x)."""

from datetime import datetime, timedelta
from itertools import islice

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpms.control.models.command import Command
from inventory.models import Charger

#: A report of which nothing more came for so long won't come any more.
STALLED_AFTER = timedelta(minutes=5)
#: Parts that are named as missing.
MOST_MISSING = 20


class Report(models.Model):
    """A report in parts: which came, and whether it is whole."""

    class Kind(models.TextChoices):
        """What it is of."""

        SETTINGS = "settings", _("settings")
        MONITORS = "monitors", _("monitors")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    request_id = models.BigIntegerField()
    #: What asked for it; None: it came unasked.
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)
    #: It is of everything: what isn't in it isn't there any more.
    whole = models.BooleanField(default=False)
    #: The numbers of the parts that came, in their order; and of the last part, once it is known.
    parts = models.JSONField(default=list)
    last_part = models.IntegerField(null=True)
    entries = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["charger", "kind", "request_id"], name="one_report_per_request"
            )
        ]
        indexes = [models.Index(fields=["charger", "-last_at"], name="reports_of_charger")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.kind} {self.request_id}"

    @property
    def missing(self) -> list[int]:
        """The numbers of parts that must have been sent and didn't come, the first of them."""
        known = set(self.parts)
        highest = max(known, default=-1) if self.last_part is None else self.last_part
        # A charger may say any number: the search ends with the first of them.
        return list(islice((n for n in range(highest + 1) if n not in known), MOST_MISSING))

    def stalled(self, now: datetime) -> bool:
        """Tell whether the rest won't come any more."""
        heard = self.last_at or self.asked_at
        return self.completed_at is None and heard is not None and now - heard > STALLED_AFTER


class Monitor(models.Model):
    """What a charger watches of a variable, as it last said."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="monitors")
    number = models.BigIntegerField()
    component = models.CharField(max_length=50)
    component_instance = models.CharField(max_length=50, blank=True)
    evse = models.PositiveSmallIntegerField(default=0)
    connector = models.PositiveSmallIntegerField(default=0)
    variable = models.CharField(max_length=50)
    instance = models.CharField(max_length=50, blank=True)
    #: OCPP 2.x MonitorEnumType, e.g. "UpperThreshold".
    type = models.CharField(max_length=20)
    value = models.FloatField()
    #: 0 danger … 9 debug.
    severity = models.PositiveSmallIntegerField()
    transaction = models.BooleanField(default=False)
    #: Who set it (2.1): "HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor".
    origin = models.CharField(max_length=24, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["component", "evse", "connector", "variable", "number"]
        constraints = [
            models.UniqueConstraint(fields=["charger", "number"], name="one_row_per_monitor")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.type} of {self.component}.{self.variable}"
