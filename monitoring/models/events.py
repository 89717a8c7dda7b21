"""Events, what the database refused, and what chargers told of themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Evse

#: Kinds that a charger's history tells: few, unlike authorizations and vendors' data, among
#: which they are found by an index of their own.
TOLD = (
    *("boot", "firmware_status", "published_firmware_status", "identity_mismatch"),
    *("security_event", "certificate_request", "deaf", "hears_again"),
    *("duplicate_connection", "duplicate_fight", "diagnostics_status", "log_status"),
    *("device_event", "answer_refused", "orphan_stop", "contract_refused"),
)


class Event(models.Model):
    """Anything a charger did that is neither status nor session nor meter: append-only."""

    charger = models.ForeignKey(Charger, models.PROTECT, related_name="events")
    evse = models.ForeignKey(Evse, models.PROTECT, null=True, related_name="events")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    received = models.DateTimeField()
    offset_ms = models.IntegerField(default=0)
    #: 0 danger … 9 debug (OCPP 2.0.1 EventData.severity).
    severity = models.PositiveSmallIntegerField(default=5)
    code = models.CharField(max_length=100, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["charger", "-at"], name="events_of_charger"),
            models.Index(fields=["kind", "-at"], name="events_by_kind"),
            models.Index(fields=["-at", "-id"], name="events_by_time"),
            models.Index(
                fields=["charger", "-at"], condition=models.Q(kind__in=TOLD), name="events_told"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.charger_id} {self.at:%F %T}"


class QuarantinedFact(models.Model):
    """A fact the database refused, with the frame it came from and why."""

    charger_id = models.BigIntegerField(db_index=True)
    received = models.DateTimeField()
    kind = models.CharField(max_length=40)
    fact = models.JSONField()
    frame = models.TextField(blank=True)
    error = models.TextField()

    def __str__(self) -> str:
        return f"{self.kind} of {self.charger_id}: {self.error[:80]}"


class SchemaBreakage(models.Model):
    """How often a model breaks the schema in one way; counted, the message was still read."""

    vendor = models.CharField(max_length=50)
    model = models.CharField(max_length=50)
    action = models.CharField(max_length=50)
    kind = models.CharField(max_length=60)
    count = models.PositiveBigIntegerField(default=0)
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "model", "action", "kind"], name="one_breakage_row"
            )
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.model} {self.action}: {self.kind} × {self.count}"
