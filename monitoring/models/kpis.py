"""Which days must be computed again."""

from django.db import models

from inventory.models import Charger


class DirtyDay(models.Model):
    """A UTC day of a charger in which history changed late: its KPIs are computed again."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="dirty_days")
    day = models.DateField()
    marked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["charger", "day"], name="one_dirty_day")]

    def __str__(self) -> str:
        return f"{self.charger_id} {self.day}"
