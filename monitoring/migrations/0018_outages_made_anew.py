from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import migrations, models

from monitoring.models.ranges import TsTzRange


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0017_session_reconciliations")]

    operations = [
        migrations.CreateModel(
            name="RecordStart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField("outage", "course", models.JSONField(default=list)),
        migrations.RemoveConstraint("outage", "outages_do_not_overlap"),
        migrations.AddConstraint(
            "outage",
            ExclusionConstraint(
                name="outages_do_not_overlap",
                deferrable=models.Deferrable.IMMEDIATE,
                expressions=[
                    (models.F("evse"), RangeOperators.EQUAL),
                    (TsTzRange("started", "ended", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ),
    ]
