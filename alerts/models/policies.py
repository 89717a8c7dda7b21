"""Who is told after how long: policies, whose versions never change."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerts import escalation
from inventory.models import Organisation


def validate_steps(stored: object) -> None:
    """Raise `ValidationError` unless `stored` follows `alerts.escalation.parse`."""
    try:
        escalation.parse(stored)
    except escalation.BadSteps as problem:
        raise ValidationError(str(problem)) from problem


class EscalationPolicy(models.Model):
    """An organisation's policy, or the one of all that have none; what it says is its versions."""

    organisation = models.OneToOneField(
        Organisation, models.CASCADE, null=True, blank=True, related_name="escalation_policy"
    )
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["name"]
        verbose_name = _("escalation policy")
        verbose_name_plural = _("escalation policies")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], nulls_distinct=False, name="one_policy_per_organisation"
            )
        ]

    def __str__(self) -> str:
        return self.name


class PolicyVersion(models.Model):
    """What a policy says from `created_at` on. The database refuses to change it."""

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    #: [{"after": seconds, "roles": […], "unless_acknowledged": bool}, …]
    steps = models.JSONField(_("steps"), validators=[validate_steps])
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["policy", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"
