"""Links by which a screen on a wall shows the network, without anybody signed in."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.access import Onlooker
from inventory.models import Organisation, Site
from inventory.models.site import validate_timezone


class KioskLink(models.Model):
    """A wall: what it shows, of which sites, and the digest of the link that opens it.

    It is no user: it sees its boards, and there is nothing it may do. The link's text is shown
    once and kept as SHA-256.
    """

    class Board(models.TextChoices):
        """What a wall can show, in the order of rotation."""

        FLEET = "fleet", _("Fleet: states and the worst chargers")
        INCIDENTS = "incidents", _("Open incidents")
        SITES = "sites", _("All sites by state")
        KPIS = "kpis", _("KPIs of today and of 7 days")
        SITE = "site", _("One site")

    class Theme(models.TextChoices):
        """How it looks: dark is easier on a control room."""

        DARK = "dark", _("Dark")
        LIGHT = "light", _("Light")

    name = models.CharField(_("name"), max_length=80)
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="kiosk_links", verbose_name=_("organisation")
    )
    sites = models.ManyToManyField(
        Site,
        blank=True,
        related_name="kiosk_links",
        verbose_name=_("only these sites"),
        help_text=_("None chosen: all sites of the organisation, new ones too."),
    )
    #: Sites were chosen: when the last of them is gone, the wall shows none, not all.
    limited = models.BooleanField(default=False, editable=False)
    boards = models.JSONField(_("boards"), default=list)
    #: What the board of one site shows.
    site = models.ForeignKey(
        Site, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("the site")
    )
    #: Seconds for each board; 0 stays on the first.
    rotation = models.PositiveSmallIntegerField(_("seconds for each board"), default=20)
    #: A code of `settings.LANGUAGES`.
    language = models.CharField(_("language"), max_length=12, default="en")
    theme = models.CharField(_("look"), max_length=5, choices=Theme.choices, default=Theme.DARK)
    timezone = models.CharField(
        _("time zone of the clock"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    #: To the minute.
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("kiosk link")
        verbose_name_plural = _("kiosk links")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def onlooker(self) -> Onlooker | None:
        """Return whom `inventory.access` lets see the link's sites; None: nobody sees any.

        A link limited to sites of which none is left must not widen to all of them.
        """
        sites = frozenset(self.sites.values_list("pk", flat=True))
        if self.limited and not sites:
            return None
        return Onlooker(self.organisation_id, sites)
