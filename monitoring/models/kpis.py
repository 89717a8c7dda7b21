"""What the KPIs are read from: a row per port and day, per charger and day, and attempts."""

from django.contrib.postgres.fields import ArrayField
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
    #: Commissioned seconds so far; the seven add up to all of them.
    up = models.FloatField()
    offline = models.FloatField()
    faulted = models.FloatField()
    unavailable = models.FloatField()
    silent = models.FloatField(db_default=0.0)
    planned = models.FloatField(db_default=0.0)
    no_data = models.FloatField()
    #: Outages that began.
    outages = models.PositiveIntegerField(db_default=0)
    #: Attempts that count and the successful among them; refused ones don't count.
    attempts = models.PositiveIntegerField()
    successes = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    #: Failed attempts by outcome.
    no_authorization = models.PositiveIntegerField(db_default=0)
    not_started = models.PositiveIntegerField(db_default=0)
    no_energy = models.PositiveIntegerField(db_default=0)
    fault = models.PositiveIntegerField(db_default=0)
    power_or_link_loss = models.PositiveIntegerField(db_default=0)
    stuck_finishing = models.PositiveIntegerField(db_default=0)
    #: See `monitoring.kpis.totals.PortTotals`.
    authorized = models.PositiveIntegerField(db_default=0)
    regular = models.PositiveIntegerField(db_default=0)
    first = models.PositiveIntegerField(db_default=0)
    first_successes = models.PositiveIntegerField(db_default=0)
    sessions = models.PositiveIntegerField(db_default=0)
    #: Wh and W; seconds.
    energy = models.FloatField(db_default=0.0)
    peak_power = models.FloatField(db_default=0.0)
    charging = models.FloatField(db_default=0.0)
    occupied = models.FloatField(db_default=0.0)
    idle = models.FloatField(db_default=0.0)
    #: What each lens sees (`LensTotals`), seconds; None: the port isn't under it.
    nevi_window = models.FloatField(null=True)
    nevi_outage = models.FloatField(null=True)
    nevi_excluded = models.FloatField(null=True)
    uk_window = models.FloatField(null=True)
    uk_outage = models.FloatField(null=True)
    uk_ineligible = models.FloatField(null=True)
    california_window = models.FloatField(null=True)
    california_outage = models.FloatField(null=True)
    california_excluded = models.FloatField(null=True)
    contract_window = models.FloatField(null=True)
    contract_outage = models.FloatField(null=True)
    contract_excluded = models.FloatField(null=True)
    #: Whole seconds by local hour, 24 of them; None: none at all.
    lost_hours = ArrayField(models.PositiveSmallIntegerField(), null=True)
    busy_hours = ArrayField(models.PositiveSmallIntegerField(), null=True)
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
    #: See `monitoring.kpis.totals.LinkTotals`.
    disconnects = models.PositiveIntegerField(db_default=0)
    longest_offline = models.FloatField(db_default=0.0)
    flapping = models.FloatField(db_default=0.0)
    missed_pings = models.PositiveIntegerField(db_default=0)
    #: Counts by `monitoring.kpis.totals.RTT_BOUNDS`; None: no answers.
    round_trips = ArrayField(models.PositiveIntegerField(), null=True)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charger", "day"], name="one_day_of_charger")
        ]
        indexes = [models.Index(fields=["day"], name="charger_days")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.day}"


class QuarterHours(models.Model):
    """A port's day under California's rules in stretches of 15 minutes, midnight to midnight.

    96 of them, 92 or 100 where the clocks change: seconds of outage and of those the excluded,
    each 0 to 900 (CEC, EV Charger Data and Reliability Standards).
    """

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="quarter_hours")
    day = models.DateField()
    outage = ArrayField(models.PositiveSmallIntegerField())
    excluded = ArrayField(models.PositiveSmallIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evse", "day"], name="one_day_of_quarter_hours")
        ]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.day}"


class RecordStart(models.Model):
    """From when on the record (spans, events) is whole: what is older was or is forgotten.

    One row. Days that begin before are never computed again: they keep what they have.
    """

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%F %T}"


class RollupState(models.Model):
    """How far a charger's days are computed, and on what terms; its lock is the roll-up's."""

    charger = models.OneToOneField(Charger, models.CASCADE, primary_key=True, related_name="rollup")
    #: The site's time zone and the commissioned time that the days were computed with.
    timezone = models.CharField(max_length=64, blank=True)
    counts_from = models.DateTimeField(null=True)
    counts_to = models.DateTimeField(null=True)
    #: The site (key) where it stood then: what is decided for a whole site is for who stands
    #: there. None: a version computed them that knew less.
    site = models.BigIntegerField(null=True)
    #: A digest of the other terms: opening hours, lenses, agreements.
    rules = models.CharField(max_length=64, blank=True)
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
    #: A failed attempt of the same token at the same site lies just before it.
    again = models.BooleanField(db_default=False)
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
