"""What the KPIs are read from: a row per port and day, per charger and day, and attempts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Evse
from monitoring.kpis.attempts import Outcome
from monitoring.models.ranges import no_overlap
from monitoring.models.sessions import Session


class DirtyDay(models.Model):
    """A UTC day of a charger in which history changed late: its KPIs are computed again.

    Whoever changes history writes `marked_at` anew in the same commit, also where the row is
    there already: by that the roll-up sees that the day changed again while it computed.
    """

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="dirty_days")
    day = models.DateField()
    marked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["charger", "day"], name="one_dirty_day")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.day}"


class DailyKpi(models.Model):
    """A port's day in its site's time zone: seconds by state, and the attempts that ended."""

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="daily_kpis")
    #: The port's charger, so that a window of many chargers needs no join.
    charger = models.ForeignKey(Charger, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    #: Commissioned seconds so far; the five add up to all of them.
    up = models.FloatField()
    offline = models.FloatField()
    faulted = models.FloatField()
    unavailable = models.FloatField()
    no_data = models.FloatField()
    #: Attempts that count and the successful among them; refused ones don't count.
    attempts = models.PositiveIntegerField()
    successes = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    #: Computed up to here: the day's end, or the moment of the last refresh.
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evse", "day"], name="one_day_of_port")]
        indexes = [
            models.Index(fields=["charger", "day"], name="port_days_of_charger"),
            models.Index(fields=["day"], name="port_days"),
        ]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.day}"


class DailyConnectivity(models.Model):
    """A charger's day in its site's time zone: connected seconds, reconnects, refusals."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="daily_connectivity")
    day = models.DateField()
    #: Commissioned seconds so far; the two add up to all of them.
    online = models.FloatField()
    offline = models.FloatField()
    #: The part of `offline` before the first connection ever.
    unseen = models.FloatField()
    #: Reconnects by why the connection before ended.
    after_clean = models.PositiveIntegerField()
    after_lost = models.PositiveIntegerField()
    after_ping_timeout = models.PositiveIntegerField()
    after_replaced = models.PositiveIntegerField()
    after_gateway_restart = models.PositiveIntegerField()
    after_gateway_died = models.PositiveIntegerField()
    after_protocol_error = models.PositiveIntegerField()
    after_kicked = models.PositiveIntegerField()
    after_unknown = models.PositiveIntegerField()
    #: Tokens that were refused at the charger.
    refusals = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charger", "day"], name="one_day_of_charger")
        ]
        indexes = [models.Index(fields=["day"], name="charger_days")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.day}"


class RollupState(models.Model):
    """How far a charger's days are computed, and on what terms; its lock is the roll-up's."""

    charger = models.OneToOneField(Charger, models.CASCADE, primary_key=True, related_name="rollup")
    #: The site's time zone and the commissioned time that the days were computed with.
    timezone = models.CharField(max_length=64, blank=True)
    counts_from = models.DateTimeField(null=True)
    counts_to = models.DateTimeField(null=True)
    #: Every day before this one is computed whole; None: none is.
    settled_before = models.DateField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.charger_id} up to {self.settled_before}"


class Attempt(models.Model):
    """A driver's attempt to charge at a port, [started, ended), and what came of it."""

    OUTCOMES = [
        (Outcome.SUCCESS.value, _("successful")),
        (Outcome.REFUSED.value, _("token refused")),
        (Outcome.NO_AUTHORIZATION.value, _("plugged in, not authorized")),
        (Outcome.NOT_STARTED.value, _("authorized, not started by the charger")),
        (Outcome.NO_ENERGY.value, _("no energy after the start")),
        (Outcome.FAULT.value, _("interrupted by a fault")),
        (Outcome.POWER_OR_LINK_LOSS.value, _("interrupted by loss of power or link")),
        (Outcome.STUCK_FINISHING.value, _("stuck finishing")),
    ]

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="attempts", db_index=False)
    started = models.DateTimeField(_("started"))
    ended = models.DateTimeField(_("ended"))
    outcome = models.CharField(_("outcome"), max_length=20, choices=OUTCOMES)
    id_token = models.CharField(_("token"), max_length=255, blank=True)
    #: The session that decided the outcome.
    session = models.ForeignKey(
        Session, models.SET_NULL, null=True, related_name="attempts", db_constraint=False
    )
    #: Wh of all its sessions.
    energy = models.FloatField(_("energy (Wh)"), null=True)
    #: Why it failed: the error code, the reason of the stop or the answer to the token.
    detail = models.CharField(_("detail"), max_length=50, blank=True)

    class Meta:
        constraints = [no_overlap("attempts_do_not_overlap", "evse", "started", "ended")]
        indexes = [
            models.Index(fields=["evse", "ended"], name="attempts_of_port"),
            models.Index(fields=["ended"], name="attempts_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.started:%F %T} {self.outcome}"
