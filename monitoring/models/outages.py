"""The outage ledger: outages, what is excluded from uptimes and by whom, planned work."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Evse, ExclusionReason, Organisation, Site
from monitoring.models.ranges import TsTzRange, no_overlap
from monitoring.outages.kinds import Cause, Kind

KINDS = [
    (Kind.OFFLINE.value, _("Offline")),
    (Kind.FAULTED.value, _("Faulted")),
    (Kind.UNAVAILABLE.value, _("Unavailable")),
    (Kind.SILENT.value, _("Fails every driver")),
]
CAUSES = [
    (Cause.LINK.value, _("Link lost")),
    (Cause.POWER.value, _("Power lost or restarted")),
    (Cause.HARDWARE.value, _("Fault of the charger")),
    (Cause.VEHICLE.value, _("Fault of a vehicle")),
    (Cause.EMERGENCY_STOP.value, _("Emergency stop")),
    (Cause.TAKEN_OUT.value, _("Taken out of service")),
    (Cause.FIRMWARE.value, _("Firmware update")),
    (Cause.OURS.value, _("Our own restart")),
    (Cause.SILENT.value, _("Nothing reported")),
    (Cause.VANDALISM.value, _("Vandalism")),
    (Cause.UNKNOWN.value, _("Not known")),
]
_CHARGEX = [MinValueValidator(1), MaxValueValidator(26)]


class Outage(models.Model):
    """A maximal stretch [started, ended) in which a port couldn't serve a driver; None: still.

    Made from the record, within the charger's commissioned time, and made anew when the record
    changes: then it keeps its key, and what a person found (`found_*`) stays. Of a port that
    flaps more than `MOST_ROWS` times a day (`monitoring.outages.entries`) some rows stand for
    many outages: then `seconds`, what was really lost, is less than from start to end. Such a
    row lies in one local day, so what a day has lost is exact.
    """

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="outages")
    charger = models.ForeignKey(Charger, models.CASCADE, related_name="+", db_index=False)
    started = models.DateTimeField(_("started"))
    ended = models.DateTimeField(_("ended"), null=True)
    #: Of its first part.
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS)
    cause = models.CharField(_("cause"), max_length=16, choices=CAUSES, default=Cause.UNKNOWN)
    #: The charger's own code, and what it means in ChargeX's list (CX001–CX026).
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    chargex = models.PositiveSmallIntegerField("ChargeX", null=True, validators=_CHARGEX)
    #: Seconds of each kind up to `until`.
    offline = models.FloatField(default=0.0)
    faulted = models.FloatField(default=0.0)
    unavailable = models.FloatField(default=0.0)
    silent = models.FloatField(default=0.0)
    #: How many outages this row stands for.
    stretches = models.PositiveIntegerField(default=1)
    #: Its legs where it has several: [start, end, kind, seconds of each kind], instants as
    #: seconds since the epoch; see `monitoring.outages.entries.Leg`.
    course = models.JSONField(default=list)
    #: Computed up to here.
    until = models.DateTimeField()
    #: {"spans": [keys], "connections": [keys], "attempts": [keys]}: the first of each.
    evidence = models.JSONField(default=dict)
    found_cause = models.CharField(_("cause found"), max_length=16, choices=CAUSES, blank=True)
    found_note = models.TextField(_("note"), blank=True)
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    found_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started", "-id"]
        verbose_name = _("outage")
        constraints = [
            no_overlap("outages_do_not_overlap", "evse", "started", "ended", at_end=True),
            models.CheckConstraint(
                condition=Q(ended=None) | Q(ended__gt=F("started")), name="outages_last"
            ),
            models.CheckConstraint(
                condition=Q(chargex=None) | Q(chargex__range=(1, 26)), name="outage_chargex_known"
            ),
        ]
        indexes = [
            models.Index(fields=["evse", "started"], name="outages_of_port"),
            models.Index(fields=["charger", "-started"], name="outages_of_charger"),
            models.Index(fields=["-started", "-id"], name="outages_by_time"),
            #: Those that touch a window end after its start, or go on.
            models.Index(fields=["ended"], name="outages_by_end"),
            models.Index(fields=["started"], condition=Q(ended=None), name="open_outages"),
        ]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.kind} {self.started:%F %T}"

    @property
    def seconds(self) -> float:
        """Seconds lost, up to `until`."""
        return self.offline + self.faulted + self.unavailable + self.silent


class OutageChange(models.Model):
    """What late data or a person changed of an outage that had been over: append-only."""

    #: No key: the outage may have gone.
    outage_id = models.BigIntegerField(db_index=True)
    evse = models.ForeignKey(Evse, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    #: None: Kilowatch itself, after late data.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: {"field": [before, after]}; {"gone": …}: the row as it was; "joined" then says by key
    #: which outage it has become a part of. At most so many a port and day as
    #: `monitoring.outages.rows.MOST_CHANGES`.
    changes = models.JSONField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.outage_id} {self.at:%F %T}"


class SilentRun(models.Model):
    """A run of failed attempts by several drivers that no success broke, [started, ended).

    From the first failed attempt's start to the next success' start; None: still.
    """

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="silent_runs")
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField()
    tokens = models.PositiveIntegerField()

    class Meta:
        constraints = [no_overlap("silent_runs_do_not_overlap", "evse", "started", "ended")]

    def __str__(self) -> str:
        return f"{self.evse_id} {self.started:%F %T}"


def _or_none(field: str) -> Coalesce:
    """Return a key in which two nulls are equal."""
    return Coalesce(F(field), Value(0), output_field=models.BigIntegerField())


class Exclusion(models.Model):
    """A stretch [started, ended) that somebody proposes to take out of uptimes, and why.

    It is for a port, a charger or a whole site, and counts from when another person approves
    it. It belongs to no outage's row: outages are made anew from the record, this stays.
    """

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    site = models.ForeignKey(Site, models.PROTECT, related_name="exclusions")
    #: None: the whole site.
    charger = models.ForeignKey(Charger, models.PROTECT, null=True, related_name="exclusions")
    #: None: all ports.
    evse = models.ForeignKey(Evse, models.PROTECT, null=True, related_name="exclusions")
    started = models.DateTimeField(_("from"))
    ended = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=24, choices=ExclusionReason.choices)
    note = models.TextField(_("note"))
    #: A PNG or JPEG as evidence, and its SHA-256.
    photo = models.BinaryField(null=True, editable=False)
    photo_type = models.CharField(max_length=20, blank=True)
    photo_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="proposed_exclusions"
    )
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="decided_exclusions"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        ordering = ["-started", "-id"]
        verbose_name = _("exclusion")
        constraints = [
            models.CheckConstraint(condition=Q(ended__gt=F("started")), name="exclusions_last"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="decided_exclusions_say_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")),
                name="exclusions_take_two_people",
            ),
            models.CheckConstraint(
                condition=Q(evse=None) | Q(charger__isnull=False), name="ports_have_their_charger"
            ),
            ExclusionConstraint(
                name="exclusions_do_not_overlap",
                expressions=[
                    (F("site"), RangeOperators.EQUAL),
                    (_or_none("charger"), RangeOperators.EQUAL),
                    (_or_none("evse"), RangeOperators.EQUAL),
                    (TsTzRange("started", "ended", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=["proposed", "approved"]),
            ),
        ]
        indexes = [
            models.Index(fields=["site", "started"], name="exclusions_of_site"),
            models.Index(fields=["-started", "-id"], name="exclusions_by_time"),
            models.Index(
                fields=["proposed_at"], condition=Q(state="proposed"), name="open_exclusions"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.reason} {self.started:%F %T}"


class ExclusionEntry(models.Model):
    """One line of an exclusion's history: append-only."""

    class Kind(models.TextChoices):
        """What happened."""

        PROPOSED = "proposed", _("Proposed")
        CHANGED = "changed", _("Changed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        NOTE = "note", _("Note")

    exclusion = models.ForeignKey(Exclusion, models.PROTECT, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.TextField(_("note"), blank=True)
    #: {"field": [before, after]}
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.exclusion_id} {self.kind} {self.at:%F %T}"


class MaintenanceWindow(models.Model):
    """Work planned at a site, charger or port, [started, ended).

    Planned is what was entered before it began; later entries need an `Exclusion`.
    """

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="maintenance_windows"
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="maintenance_windows")
    charger = models.ForeignKey(
        Charger, models.PROTECT, null=True, blank=True, related_name="maintenance_windows"
    )
    evse = models.ForeignKey(
        Evse, models.PROTECT, null=True, blank=True, related_name="maintenance_windows"
    )
    started = models.DateTimeField(_("from"))
    ended = models.DateTimeField(_("to"))
    note = models.TextField(_("what is done"))
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="planned_maintenance"
    )
    planned_at = models.DateTimeField(_("planned"))
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-started", "-id"]
        verbose_name = _("maintenance window")
        constraints = [
            models.CheckConstraint(condition=Q(ended__gt=F("started")), name="maintenance_lasts"),
            models.CheckConstraint(
                condition=Q(planned_at__lte=F("started")), name="maintenance_is_planned_before"
            ),
        ]
        indexes = [models.Index(fields=["site", "started"], name="maintenance_of_site")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.started:%F %T}"


class ErrorMeaning(models.Model):
    """What a vendor's error code means in ChargeX's list; edited by staff.

    Goes before the codes that Kilowatch knows by itself (`monitoring.outages.chargex`).
    """

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="error_meanings"
    )
    #: As chargers say it, whatever the case; empty: any vendor's.
    vendor = models.CharField(_("vendor"), max_length=50, blank=True)
    code = models.CharField(_("code"), max_length=50)
    chargex = models.PositiveSmallIntegerField(
        "ChargeX", null=True, blank=True, validators=_CHARGEX
    )
    text = models.CharField(_("the vendor's text"), max_length=200, blank=True)
    cause = models.CharField(_("cause"), max_length=16, choices=CAUSES, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["vendor", "code"]
        verbose_name = _("meaning of an error code")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "vendor", "code"],
                nulls_distinct=False,
                name="one_meaning_per_code",
            )
        ]

    def __str__(self) -> str:
        return f"{self.vendor or '*'} {self.code}"
