"""How one person wants to read the dashboard."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Preferences(models.Model):
    """A user's language and time zone; without a row everything is as the browser and site say."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences"
    )
    #: A code of `settings.LANGUAGES`; empty: what the browser asks for.
    language = models.CharField(_("language"), max_length=12, blank=True)
    #: An IANA name; empty: times are in the zone of the site they belong to.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return f"{self.user}: {self.language or '–'}, {self.time_zone or '–'}"
