"""A subscription: which report is made when, and who gets it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpms.reports.schedule import Every as Rhythm
from cpms.reports.schedule import Schedule
from inventory.models import Organisation
from inventory.models.site import validate_timezone


class Every(models.TextChoices):
    """How often."""

    WEEK = Rhythm.WEEK.value, _("every week")
    MONTH = Rhythm.MONTH.value, _("every month")
    QUARTER = Rhythm.QUARTER.value, _("every quarter")
    HALF_YEAR = Rhythm.HALF_YEAR.value, _("every half-year")
    YEAR = Rhythm.YEAR.value, _("every year")


class Subscription(models.Model):
    """A report made again and again, of the whole week, month … that has just ended."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="subscriptions")
    kind = models.CharField(_("kind"), max_length=12)
    parameters = models.JSONField(default=dict)
    sites = ArrayField(models.BigIntegerField(), null=True)
    lens = models.CharField(_("lens"), max_length=12)
    language = models.CharField(_("language"), max_length=8, default="en")
    formats = ArrayField(models.CharField(max_length=4))
    every = models.CharField(_("how often"), max_length=10, choices=Every.choices)
    #: Day of the month (of the first month of a quarter …), or of the week, 1 is Monday.
    day = models.PositiveSmallIntegerField(
        _("day"), default=3, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    hour = models.PositiveSmallIntegerField(
        _("hour"), default=6, validators=[MaxValueValidator(23)]
    )
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    recipients = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("people")
    )
    addresses = ArrayField(models.EmailField(), default=list, blank=True)
    #: Answers for where it goes: when they may no longer subscribe, it pauses.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    #: Why it pauses by itself; "" where it doesn't.
    problem = models.CharField(max_length=300, blank=True)
    next_due = models.DateTimeField(_("next"))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["next_due", "id"]
        verbose_name = _("subscription")
        indexes = [
            models.Index(fields=["next_due"], condition=Q(enabled=True), name="subscriptions_due")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.every}"

    @property
    def schedule(self) -> Schedule:
        """Its timetable."""
        return Schedule(Rhythm(self.every), self.day, self.hour, self.timezone)
