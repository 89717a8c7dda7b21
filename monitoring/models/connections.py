"""Gateways, and the connections they hold."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger
from monitoring.facts import CloseReason
from monitoring.models.ranges import no_overlap

CLOSE_REASONS = [(reason.value, reason.value) for reason in CloseReason]


class Gateway(models.Model):
    """One run of a gateway process; its lease is renewed while it lives."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    lease_until = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class ConnectionSpan(models.Model):
    """One connection of a charger, owned by the socket whose token it has; [opened, closed)."""

    charger = models.ForeignKey(Charger, models.PROTECT, related_name="connections")
    token = models.UUIDField(unique=True)
    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="+")
    opened = models.DateTimeField(_("opened"))
    #: The last proof of life, not when we noticed; None while it lasts.
    closed = models.DateTimeField(_("closed"), null=True)
    noticed = models.DateTimeField(null=True)
    close_reason = models.CharField(_("why"), max_length=20, choices=CLOSE_REASONS, blank=True)
    close_code = models.PositiveIntegerField(null=True)
    peer = models.CharField(_("address"), max_length=64)
    ocpp_version = models.CharField(_("OCPP version"), max_length=5)
    security_profile = models.PositiveSmallIntegerField()
    rtt_p50 = models.FloatField(_("round trip, median (ms)"), null=True)
    rtt_p95 = models.FloatField(_("round trip, 95th percentile (ms)"), null=True)
    missed_pings = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        constraints = [no_overlap("connections_do_not_overlap", "charger", "opened", "closed")]
        indexes = [
            models.Index(
                fields=["gateway"], condition=models.Q(closed=None), name="open_connections"
            ),
            models.Index(fields=["charger", "opened"], name="connections_of_charger"),
            models.Index(fields=["charger", "closed"], name="connections_by_end"),
            models.Index(fields=["-opened", "-id"], name="connections_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.opened:%F %T}"


class PingDay(models.Model):
    """What pings of a charger found on a day in its site's time zone."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    #: When the first of them was answered or given up.
    first = models.DateTimeField()
    #: Counts by `monitoring.kpis.totals.RTT_BOUNDS`, and those never answered.
    round_trips = ArrayField(models.PositiveIntegerField())
    missed = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["charger", "day"], name="one_day_of_pings")]
        indexes = [models.Index(fields=["first"], name="pings_by_time")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.day}"


class ChargerState(models.Model):
    """What we know of a charger now; one small row each, changed with the facts."""

    charger = models.OneToOneField(Charger, models.CASCADE, primary_key=True, related_name="state")
    online = models.BooleanField(default=False)
    #: Online or offline since.
    since = models.DateTimeField(null=True)
    #: The token of the connection that owns this row.
    connection = models.UUIDField(null=True)
    last_seen = models.DateTimeField(null=True)
    booted_at = models.DateTimeField(null=True)
    boot_reason = models.CharField(max_length=20, blank=True)
    #: The charger's own status: 1.6's connector 0.
    status = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    #: When its own status began, and when that change was stored.
    status_since = models.DateTimeField(null=True)
    status_noticed = models.DateTimeField(null=True)
    #: Milliseconds the charger's clock is ahead of ours.
    clock_offset = models.IntegerField(null=True)
    rtt = models.FloatField(null=True)
    #: Heartbeats but answers none of our CALLs since.
    deaf_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["since"], condition=models.Q(online=False), name="offline")]

    def __str__(self) -> str:
        return f"{self.charger_id} {'online' if self.online else 'offline'}"
