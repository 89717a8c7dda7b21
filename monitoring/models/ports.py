"""Port status: the spans that were and the state that is."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Evse
from monitoring.facts import Status
from monitoring.models.ranges import no_overlap

STATUSES = [(status.value, status.value) for status in Status]


class StatusSpan(models.Model):
    """A stretch [started, ended) in which a port had one status and error; ended None: still."""

    evse = models.ForeignKey(Evse, models.PROTECT, related_name="status_spans")
    status = models.CharField(max_length=14, choices=STATUSES)
    error_code = models.CharField(max_length=50, blank=True)
    vendor_error_code = models.CharField(max_length=50, blank=True)
    info = models.CharField(max_length=255, blank=True)
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    #: Only a 2.x transaction said so, no connector since: see `monitoring.spans`.
    refines = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("status span")
        verbose_name_plural = _("status spans")
        constraints = [
            no_overlap("status_spans_do_not_overlap", "evse", "started", "ended"),
            models.UniqueConstraint(
                fields=["evse"], condition=models.Q(ended=None), name="one_open_status_span"
            ),
        ]
        indexes = [
            models.Index(fields=["evse", "started"], name="status_span_by_start"),
            models.Index(fields=["-started", "-id"], name="status_spans_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.status} {self.started:%F %T}"


class PortState(models.Model):
    """What we know of a port now, whether or not its charger is online."""

    evse = models.OneToOneField(Evse, models.CASCADE, primary_key=True, related_name="state")
    status = models.CharField(max_length=14, choices=STATUSES, default=Status.UNKNOWN)
    since = models.DateTimeField(null=True)
    #: When the change to this status was stored: nobody is alerted about the past.
    noticed = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=50, blank=True)
    vendor_error_code = models.CharField(max_length=50, blank=True)
    info = models.CharField(max_length=255, blank=True)
    #: Status per connector of the EVSE, {"1": "Available"}; only where there are several.
    connectors = models.JSONField(default=dict)
    #: The running session, if any (monitoring.Session's key; no constraint: hot path).
    session_id = models.BigIntegerField(null=True)
    power = models.FloatField(null=True)
    energy = models.FloatField(null=True)
    soc = models.FloatField(null=True)
    metered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.evse_id} {self.status}"
