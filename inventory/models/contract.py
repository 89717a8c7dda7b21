"""Who keeps the chargers of a site going, and what was agreed about their uptime."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.organisation import Organisation
from inventory.models.site import Site, validate_opening_hours


class ExclusionReason(models.TextChoices):
    """Why a stretch of outage may be taken out of an uptime (KPIS.md, exclusion reasons)."""

    UTILITY_OUTAGE = "utility_outage", _("Utility outage")
    VEHICLE_FAULT = "vehicle_fault", _("Vehicle fault")
    SCHEDULED_MAINTENANCE = "scheduled_maintenance", _("Scheduled maintenance")
    VANDALISM = "vandalism", _("Vandalism")
    NATURAL_DISASTER = "natural_disaster", _("Natural disaster")
    NETWORK_PROVIDER = "network_provider", _("Network provider")
    OUTSIDE_OPENING_HOURS = "outside_opening_hours", _("Outside opening hours")


def validate_reasons(stored: object) -> None:
    """Raise `ValidationError` unless `stored` lists reasons, each once."""
    known = set(ExclusionReason.values)
    if not isinstance(stored, list) or len(set(map(str, stored))) != len(stored):
        raise ValidationError(_("Reasons are a list, each once."))
    for reason in stored:
        if reason not in known:
            raise ValidationError(
                _("%(reason)s is no reason; write some of: %(known)s."),
                params={"reason": reason, "known": ", ".join(sorted(known))},
            )


class Contractor(models.Model):
    """A firm, or an own crew, that repairs an organisation's chargers."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="contractors")
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("contractor")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="contractor_name_unique_in_organisation"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Contract(models.Model):
    """What a contractor owes for some sites: an uptime, when it counts and what it leaves out.

    Days are the sites' own, `ends` is the last one. A site has one contract at a time.
    """

    contractor = models.ForeignKey(Contractor, models.PROTECT, related_name="contracts")
    name = models.CharField(_("name"), max_length=120)
    sites = models.ManyToManyField(Site, blank=True, related_name="contracts")
    starts = models.DateField(_("first day"))
    ends = models.DateField(_("last day"), null=True, blank=True)
    #: 0 to 1; None: none was agreed.
    uptime_target = models.FloatField(
        _("uptime agreed"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
    )
    #: When it counts, as opening hours are written; empty: always.
    hours = models.JSONField(
        _("hours"), default=dict, blank=True, validators=[validate_opening_hours]
    )
    #: Only while the site is open as well.
    in_opening_hours = models.BooleanField(_("only in opening hours"), default=False)
    excluded_reasons = models.JSONField(
        _("reasons that are excluded"), default=list, blank=True, validators=[validate_reasons]
    )
    counts_silent = models.BooleanField(_("a port that fails every driver is down"), default=True)
    counts_offline = models.BooleanField(_("an offline port is down"), default=True)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["contractor", "name", "starts"]
        verbose_name = _("contract")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends=None) | models.Q(ends__gte=models.F("starts")),
                name="contract_ends_after_it_starts",
                violation_error_message=_("The last day lies before the first."),
            ),
            models.CheckConstraint(
                condition=models.Q(uptime_target=None) | models.Q(uptime_target__range=(0.0, 1.0)),
                name="uptime_agreed_is_a_share",
                violation_error_message=_("An uptime is a share from 0 to 1, e.g. 0.98."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contractor}: {self.name}"

    def clean(self) -> None:
        """Raise `ValidationError` for a last day before the first."""
        if self.starts and self.ends and self.ends < self.starts:
            raise ValidationError({"ends": _("The last day lies before the first.")})

    def overlapping(self, sites: Any) -> models.QuerySet["Contract"]:
        """Return the other contracts that are in force at any of `sites` at the same time."""
        others = Contract.objects.exclude(pk=self.pk).filter(sites__in=sites).distinct()
        if self.ends is not None:
            others = others.filter(starts__lte=self.ends)
        return others.filter(models.Q(ends=None) | models.Q(ends__gte=self.starts))
