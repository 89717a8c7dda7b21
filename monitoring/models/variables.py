"""Settings of chargers as last known, and how they changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger


class Source(models.TextChoices):
    """How a setting's value came to be known."""

    REPORT = "report", _("reported")
    READ = "read", _("read")
    #: The charger accepted a change of ours.
    CHANGE = "change", _("changed from here")
    EVENT = "event", _("told by an event")


class Named(models.Model):
    """A setting's name: component and variable (2.x), or a key (1.6: no component)."""

    component = models.CharField(max_length=50)
    component_instance = models.CharField(max_length=50, blank=True)
    evse = models.PositiveSmallIntegerField(default=0)
    connector = models.PositiveSmallIntegerField(default=0)
    variable = models.CharField(max_length=50)
    instance = models.CharField(max_length=50, blank=True)
    attribute = models.CharField(max_length=10, default="Actual")

    class Meta:
        abstract = True


class ReportedVariable(Named):
    """A setting as the charger last told it: a 2.x variable's attribute, or a 1.6 key."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="variables")
    #: Masked where it is a secret; empty where none is told.
    value = models.CharField(max_length=2500, blank=True)
    mutability = models.CharField(max_length=12, blank=True)
    #: What it may be: {"type", "unit", "min", "max", "values", "monitored"}, as far as told.
    characteristics = models.JSONField(null=True)
    #: The charger says that it has no such setting.
    unknown = models.BooleanField(default=False, db_default=False)
    reported_at = models.DateTimeField()
    source = models.CharField(
        max_length=6, choices=Source.choices, default=Source.REPORT, db_default=Source.REPORT
    )
    #: When the value was last seen to differ from the one before.
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "charger",
                    "component",
                    "component_instance",
                    "evse",
                    "connector",
                    "variable",
                    "instance",
                    "attribute",
                ],
                name="one_row_per_variable",
            )
        ]

    def __str__(self) -> str:
        return f"{self.component}.{self.variable} of {self.charger_id}"


class VariableChange(Named):
    """A setting that had another value than before: append-only, the newest are kept."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="variable_changes")
    was = models.CharField(max_length=2500, blank=True)
    value = models.CharField(max_length=2500, blank=True)
    at = models.DateTimeField()
    source = models.CharField(max_length=6, choices=Source.choices)
    #: Who changed it from here, and by which command.
    by = models.CharField(max_length=150, blank=True)
    command = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["charger", "component", "variable", "-at"], name="changes_of_variable"
            ),
            models.Index(fields=["charger", "-at"], name="changes_of_charger"),
        ]

    def __str__(self) -> str:
        return f"{self.component}.{self.variable} of {self.charger_id}: {self.at:%F %T}"
