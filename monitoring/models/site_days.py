"""Days of whole sites: what their ports and chargers did together.

Made from the daily rows by `monitoring.kpis.site_days`, which alone reads and writes them.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from inventory.models import Site
from monitoring.kpis import columns


class SiteDaysState(models.Model):
    """Up to where a site's days are added up: they are right before `before`.

    And only while just these chargers (keys, in order) stand there.
    """

    site = models.OneToOneField(Site, models.CASCADE, primary_key=True, related_name="+")
    before = models.DateField()
    chargers = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return f"{self.site_id} before {self.before}"


class SiteKpi(models.Model):
    """What the `DailyKpi` of a site's ports add up to; its other columns are added below."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    peak_power = models.FloatField()
    lost_hours = ArrayField(models.IntegerField(), null=True)
    busy_hours = ArrayField(models.IntegerField(), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="one_day_of_site")]
        indexes = [models.Index(fields=["day"], name="site_days")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.day}"


class SiteConnectivity(models.Model):
    """What the `DailyConnectivity` of a site's chargers add up to, as `SiteKpi`."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    longest_offline = models.FloatField()
    round_trips = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="one_link_day_of_site")]
        indexes = [models.Index(fields=["day"], name="site_link_days")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.day}"


def _column(name: str) -> "models.Field[Any, Any]":
    if name in columns.COUNTS:
        return models.BigIntegerField()
    return models.FloatField(null=name in columns.OF_LENSES)


for _name in columns.PORT_SUMS:
    SiteKpi.add_to_class(_name, _column(_name))
for _name in columns.LINK_SUMS:
    SiteConnectivity.add_to_class(_name, _column(_name))
