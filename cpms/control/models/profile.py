"""Charging profiles, limits of others, and what vehicles need: as chargers hold and tell them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpms.control.models.command import Command
from inventory.models import Charger
from monitoring.models import Session


class ChargingProfile(models.Model):
    """A profile at a charger: one that it accepted from us, or reported."""

    class Drift(models.TextChoices):
        """How what the charger reports differs from what we set."""

        NONE = "", _("as set")
        DIFFERS = "differs", _("the charger reports another limit")
        MISSING = "missing", _("the charger doesn't report it")
        FOREIGN = "foreign", _("not set by us")

    class Gone(models.TextChoices):
        """Why it is in force no more."""

        CLEARED = "cleared", _("cleared")
        REPLACED = "replaced", _("replaced")
        EXPIRED = "expired", _("expired")
        SESSION_OVER = "session_over", _("its session is over")
        FORGOTTEN = "forgotten", _("the charger forgot it")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="charging_profiles")
    #: 0: the charger as a whole, or all its ports.
    evse = models.PositiveSmallIntegerField()
    #: Its id at the charger.
    number = models.BigIntegerField()
    purpose = models.CharField(max_length=40)
    stack_level = models.IntegerField(default=0)
    transaction_id = models.CharField(max_length=255, blank=True)
    #: Whose limit it is: CSO (ours), EMS, SO, Other …
    source = models.CharField(max_length=20, default="CSO")
    #: `cpms.control.operations.profiles.Profile` as JSON; what the charger reported if it differs.
    body = models.JSONField()
    reported = models.JSONField(null=True)
    drift = models.CharField(max_length=8, choices=Drift.choices, blank=True)
    since = models.DateTimeField()
    reported_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    gone_why = models.CharField(max_length=12, choices=Gone.choices, blank=True)
    #: What set it; None where the charger told of it only.
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["charger", "evse", "purpose", "-stack_level", "number"]
        indexes = [
            models.Index(
                fields=["charger"], condition=models.Q(gone_at=None), name="profiles_in_force"
            ),
            models.Index(fields=["charger", "-since"], name="profiles_of_charger"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["charger", "evse", "number"],
                condition=models.Q(gone_at=None),
                name="one_profile_of_a_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.number} of {self.charger_id}/{self.evse}"


class ExternalLimit(models.Model):
    """A limit that somebody else set, as the charger told it. (2.x K11–K14)"""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="external_limits")
    #: 0: the charger as a whole.
    evse = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=20)
    #: The grid is in danger: charging may be stopped. (K11.FR.05)
    grid_critical = models.BooleanField(null=True)
    #: `Schedule`s as JSON, none where the charger doesn't say how much.
    schedules = models.JSONField(default=list)
    since = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["charger", "evse", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["charger", "evse", "source"],
                condition=models.Q(cleared_at=None),
                name="one_limit_of_a_source",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} limits {self.charger_id}/{self.evse}"


class ChargingNeeds(models.Model):
    """What a session's vehicle needs, what it was given, and what it makes of that. (2.x K15–17)"""

    class Answer(models.TextChoices):
        """What was done with the needs."""

        GIVEN = "given", _("given a profile")
        NO_SESSION = "no_session", _("no session runs there")
        REFUSED = "refused", _("no profile could be sent")

    class Fit(models.TextChoices):
        """Whether the vehicle's own schedule keeps to the profile."""

        UNKNOWN = "", _("not told yet")
        FITS = "fits", _("keeps to the profile")
        EXCEEDS = "exceeds", _("exceeds the profile")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="charging_needs")
    evse = models.PositiveSmallIntegerField()
    session = models.ForeignKey(Session, models.CASCADE, null=True, related_name="charging_needs")
    at = models.DateTimeField()
    #: As the charger told it.
    told = models.JSONField()
    #: `cpms.control.charging.plan.Needs` as JSON.
    needs = models.JSONField()
    answer = models.CharField(max_length=10, choices=Answer.choices)
    why = models.CharField(max_length=300, blank=True)
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")
    #: How often a profile was sent again because the vehicle exceeded it.
    renegotiated = models.PositiveSmallIntegerField(default=0)
    #: The vehicle's own schedule, as it told it.
    schedule = models.JSONField(null=True)
    schedule_at = models.DateTimeField(null=True)
    fit = models.CharField(max_length=8, choices=Fit.choices, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["charger", "-at"], name="needs_of_charger")]

    def __str__(self) -> str:
        return f"needs at {self.charger_id}/{self.evse}"


class CompositeAnswer(models.Model):
    """The last composite schedule that a charger told of a port, held against ours."""

    class Verdict(models.TextChoices):
        """What the comparison says."""

        SAME = "same", _("as worked out here")
        LOWER = "lower", _("lower than worked out here: something else limits it")
        ABOVE = "above", _("higher than worked out here: a profile is not applied")
        NOTHING = "nothing", _("there is no profile to compare it with")

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="composites")
    #: 0: the charger as a whole.
    evse = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    start = models.DateTimeField()
    #: A `Schedule` as JSON.
    schedule = models.JSONField()
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    #: From when on it differs.
    differs_from = models.DateTimeField(null=True)
    command = models.ForeignKey(Command, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["charger", "evse"]
        constraints = [
            models.UniqueConstraint(fields=["charger", "evse"], name="one_composite_per_port")
        ]

    def __str__(self) -> str:
        return f"composite of {self.charger_id}/{self.evse}"
