"""Meter samples: append-only, wide, a partition a day, dropped by retention."""

from django.db import models

#: Order of `MetersSampled.values` and of the table's typed columns. Phase sums and L1–L3.
COLUMNS = (
    "energy",  # Energy.Active.Import.Register, Wh
    "energy_export",  # Energy.Active.Export.Register, Wh
    "power",  # Power.Active.Import, W
    "power_offered",  # Power.Offered, W
    "current",  # Current.Import, A
    "current_l1",
    "current_l2",
    "current_l3",
    "current_offered",  # Current.Offered, A
    "voltage",  # Voltage, V
    "voltage_l1",
    "voltage_l2",
    "voltage_l3",
    "soc",  # SoC, %
    "temperature",  # Temperature, °C
    "frequency",  # Frequency, Hz
)


class MeterSample(models.Model):
    """One MeterValues entry of a port. The table is made in the migration: partitioned by `at`.

    No primary key in the database: rows are only ever appended and read by (charger, at).
    """

    pk = models.CompositePrimaryKey("charger_id", "at")
    charger_id = models.BigIntegerField()
    evse_id = models.BigIntegerField(null=True)
    session_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    received = models.DateTimeField()
    #: Charger's clock minus ours when it was sent, ms.
    offset_ms = models.IntegerField()
    #: Index in `monitoring.models.meters.CONTEXTS`.
    context = models.SmallIntegerField()
    energy = models.FloatField(null=True)
    energy_export = models.FloatField(null=True)
    power = models.FloatField(null=True)
    power_offered = models.FloatField(null=True)
    current = models.FloatField(null=True)
    current_l1 = models.FloatField(null=True)
    current_l2 = models.FloatField(null=True)
    current_l3 = models.FloatField(null=True)
    current_offered = models.FloatField(null=True)
    voltage = models.FloatField(null=True)
    voltage_l1 = models.FloatField(null=True)
    voltage_l2 = models.FloatField(null=True)
    voltage_l3 = models.FloatField(null=True)
    soc = models.FloatField(null=True)
    temperature = models.FloatField(null=True)
    frequency = models.FloatField(null=True)
    #: Everything else as it came: other measurands, signed values, flags.
    extra = models.JSONField(null=True)

    class Meta:
        managed = False
        db_table = "monitoring_metersample"


#: OCPP ReadingContext; the index is what is stored.
CONTEXTS = (
    "Sample.Periodic",
    "Sample.Clock",
    "Transaction.Begin",
    "Transaction.End",
    "Interruption.Begin",
    "Interruption.End",
    "Trigger",
    "Other",
)
