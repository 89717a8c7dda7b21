"""Saved views of the fleet, and how a person wants its list."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.models import Organisation


class SavedView(models.Model):
    """A way to look at the fleet under a name: filters, order, columns."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    #: Whose members see it; None: only its owner.
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, related_name="saved_views"
    )
    name = models.CharField(_("name"), max_length=60)
    #: The query string of the fleet's page, as `cpms.web.fleet_views.queries.normal` writes it.
    query = models.CharField(max_length=2000, blank=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                condition=Q(organisation=None),
                name="one_private_view_of_a_name",
            ),
            models.UniqueConstraint(
                "organisation",
                Lower("name"),
                condition=Q(organisation__isnull=False),
                name="one_shared_view_of_a_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FleetPreferences(models.Model):
    """A person's columns and density of the fleet's list, and the view it opens with."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="fleet_preferences",
    )
    #: Names of `monitoring.fleet.columns`; empty: the usual ones.
    columns = models.JSONField(default=list)
    density = models.CharField(max_length=12, blank=True)
    opening = models.ForeignKey(SavedView, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.user}"
