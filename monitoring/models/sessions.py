"""Charging sessions (OCPP: transactions)."""

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Evse


class Session(models.Model):
    """One transaction of a charger; rows are merged from messages in any order."""

    #: From the sequence monitoring_session_id in blocks; 1.6's transactionId is this number.
    id = models.BigIntegerField(primary_key=True)
    charger = models.ForeignKey(Charger, models.PROTECT, related_name="sessions")
    evse = models.ForeignKey(Evse, models.PROTECT, null=True, related_name="sessions")
    connector = models.PositiveSmallIntegerField(null=True)
    transaction_id = models.CharField(_("transaction"), max_length=255)
    start_key = models.CharField(max_length=64, null=True)  # noqa: DJ001 unique where known
    id_token = models.CharField(_("token"), max_length=255, blank=True)
    stop_token = models.CharField(max_length=255, blank=True)
    authorization = models.CharField(max_length=20, blank=True)
    started = models.DateTimeField(_("started"))
    ended = models.DateTimeField(_("ended"), null=True)
    received = models.DateTimeField()
    #: Registers in Wh.
    meter_start = models.FloatField(null=True)
    meter_stop = models.FloatField(null=True)
    #: Wh delivered, from the registers, or as the charger counts it.
    energy = models.FloatField(_("energy (Wh)"), null=True)
    #: Highest power seen, W, and the last state of charge, %.
    peak_power = models.FloatField(null=True)
    soc = models.FloatField(null=True)
    charging_state = models.CharField(max_length=20, blank=True)
    stop_reason = models.CharField(_("why it ended"), max_length=30, blank=True)
    seq_no = models.PositiveIntegerField(null=True)
    #: The last thing heard of it.
    updated = models.DateTimeField()
    offline = models.BooleanField(default=False)
    remote_start_id = models.BigIntegerField(null=True)
    #: What is odd about it: orphan_stop, abandoned, meter_backwards, no_start, seq_gap …
    flags = models.JSONField(default=list)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(fields=["charger", "transaction_id"], name="one_transaction"),
            models.UniqueConstraint(
                fields=["charger", "start_key"],
                condition=models.Q(start_key__isnull=False),
                name="one_session_per_start",
            ),
        ]
        indexes = [
            models.Index(fields=["charger", "-started"], name="sessions_of_charger"),
            models.Index(fields=["evse", "started"], name="sessions_of_port"),
            models.Index(fields=["-started"], name="sessions_by_start"),
            models.Index(Upper("id_token"), models.F("started").desc(), name="sessions_of_token"),
            models.Index(fields=["charger", "ended"], name="sessions_by_end"),
            models.Index(
                fields=["charger"], condition=models.Q(ended=None), name="running_sessions"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} of {self.charger_id}"
