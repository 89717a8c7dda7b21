"""Sums since a port's or a charger's first day: any window is the difference of two rows.

Made from the daily rows by `monitoring.kpis.running`, which alone reads and writes them.
"""

from django.db import models

from inventory.models import Charger, Evse
from monitoring.kpis import columns


class RunningState(models.Model):
    """Up to where a charger's sums are made: they are right for the days before `before`."""

    charger = models.OneToOneField(
        Charger, models.CASCADE, primary_key=True, related_name="running"
    )
    before = models.DateField()

    def __str__(self) -> str:
        return f"{self.charger_id} before {self.before}"


class RunningKpi(models.Model):
    """The sums of a port's `DailyKpi` from its first day to this one.

    A column for each of `columns.PORT_SUMS`, added below: whole numbers, so that differences
    are exact. Counts are counts; of all others it is a millionth (microseconds, µWh).
    """

    evse = models.ForeignKey(Evse, models.CASCADE, related_name="+", db_index=False)
    charger = models.ForeignKey(Charger, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["charger", "day", "evse"], name="one_sum_of_port_and_day"
            )
        ]
        indexes = [models.Index(fields=["day"], name="port_sums_of_day")]

    def __str__(self) -> str:
        return f"{self.evse_id} to {self.day}"


class RunningConnectivity(models.Model):
    """The sums of a charger's `DailyConnectivity`, as `RunningKpi` has a port's."""

    charger = models.ForeignKey(Charger, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charger", "day"], name="one_sum_of_charger_and_day")
        ]
        indexes = [models.Index(fields=["day"], name="charger_sums_of_day")]

    def __str__(self) -> str:
        return f"{self.charger_id} to {self.day}"


for _name in columns.PORT_SUMS:
    RunningKpi.add_to_class(_name, models.BigIntegerField(db_default=0))
for _name in (*columns.LINK_SUMS, *columns.CLASSES):
    RunningConnectivity.add_to_class(_name, models.BigIntegerField(db_default=0))
