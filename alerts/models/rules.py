"""How staff tune the detectors."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerts.models.severity import Severity
from inventory.models import Organisation


class DetectorName(models.TextChoices):
    """The detectors there are; `alerts.detectors.DETECTORS` says what each does."""

    OFFLINE = "offline", _("Charger offline")
    FAULTED = "faulted", _("Port faulted")
    CLOCK = "clock", _("Clock wrong")
    NO_GATEWAY = "no_gateway", _("No gateway")


def validate_codes(stored: object) -> None:
    """Raise `ValidationError` unless `stored` is a list of error codes."""
    if not isinstance(stored, list) or not all(isinstance(code, str) and code for code in stored):
        raise ValidationError(_('Error codes are a list of texts, e.g. ["WeakSignal"].'))


class Rule(models.Model):
    """A detector's settings for one organisation, or for all that have none of their own.

    Where there is no row, the detector's own settings apply: see `alerts.rules`.
    """

    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="alert_rules",
        help_text=_("Empty: for every organisation without a rule of its own."),
    )
    detector = models.CharField(_("detector"), max_length=30, choices=DetectorName.choices)
    enabled = models.BooleanField(_("watch"), default=True)
    hold_off = models.PositiveIntegerField(
        _("hold-off (s)"), help_text=_("How long it must be wrong before anybody is told.")
    )
    clear_delay = models.PositiveIntegerField(
        _("clear delay (s)"), help_text=_("How long it must be right before it counts as resolved.")
    )
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity.choices)
    #: Of the port-faulted detector: codes that nobody is told about.
    ignored_codes = models.JSONField(
        _("ignored error codes"), default=list, blank=True, validators=[validate_codes]
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["detector", "organisation"]
        verbose_name = _("alert rule")
        constraints = [
            models.UniqueConstraint(
                fields=["detector", "organisation"],
                nulls_distinct=False,
                name="one_rule_per_organisation",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__range=(1, 4)), name="rule_severity_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_detector_display()} · {self.organisation or '*'}"
