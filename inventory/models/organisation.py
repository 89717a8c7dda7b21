"""Organisations, who belongs to them in which role, and the tokens programs use."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

#: What a token may be used for.
#: “app” is for drivers' apps: to start and stop sessions for their users, and nothing else.
SCOPES = ("read", "write", "metrics", "app")


def validate_scopes(stored: object) -> None:
    """Raise `ValidationError` unless `stored` lists at least one known scope."""
    if not isinstance(stored, list) or not stored or any(s not in SCOPES for s in stored):
        raise ValidationError(
            _("Scopes are a list with some of: %(known)s.") % {"known": ", ".join(SCOPES)}
        )


class Role(models.TextChoices):
    """What a member may do; `inventory.access` says what each role can."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "noc_operator", _("NOC operator")
    LEAD = "noc_lead", _("NOC lead")
    CONTRACTOR = "contractor", _("Contractor")
    MANAGER = "manager", _("Manager")
    ADMINISTRATOR = "administrator", _("Administrator")


class Organisation(models.Model):
    """A tenant: owns sites and everything on them."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    #: What a charger is told about a token nobody has registered.
    accept_unknown_tokens = models.BooleanField(
        _("accept unknown tokens"),
        default=False,
        help_text=_("Let drivers charge with tokens that are not registered here."),
    )
    #: A PNG or JPEG for the head of reports.
    logo = models.BinaryField(_("logo"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's role in an organisation, limited to `sites` when any are named."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    sites = models.ManyToManyField("inventory.Site", blank=True, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], name="one_membership_per_organisation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.organisation}"


class ApiToken(models.Model):
    """A program's key to the API: shown once, kept as SHA-256, never more than its user may do."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    #: Caps the user's own role; empty: the user's role as it is.
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True)
    scopes = models.JSONField(_("scopes"), default=list, validators=[validate_scopes])
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"
