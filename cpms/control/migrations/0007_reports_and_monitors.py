import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Reports that come in parts, and the monitors that are told in them."""

    dependencies = [
        ("inventory", "0004_keys_on_their_way"),
        ("control", "0006_files"),
    ]

    operations = [
        migrations.CreateModel(
            name="Monitor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("component", models.CharField(max_length=50)),
                ("component_instance", models.CharField(blank=True, max_length=50)),
                ("evse", models.PositiveSmallIntegerField(default=0)),
                ("connector", models.PositiveSmallIntegerField(default=0)),
                ("variable", models.CharField(max_length=50)),
                ("instance", models.CharField(blank=True, max_length=50)),
                ("type", models.CharField(max_length=20)),
                ("value", models.FloatField()),
                ("severity", models.PositiveSmallIntegerField()),
                ("transaction", models.BooleanField(default=False)),
                ("origin", models.CharField(blank=True, max_length=24)),
                ("reported_at", models.DateTimeField()),
                (
                    "charger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="monitors",
                        to="inventory.charger",
                    ),
                ),
            ],
            options={
                "ordering": ["component", "evse", "connector", "variable", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("charger", "number"), name="one_row_per_monitor"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("settings", "settings"), ("monitors", "monitors")],
                        max_length=8,
                    ),
                ),
                ("request_id", models.BigIntegerField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("whole", models.BooleanField(default=False)),
                ("parts", models.JSONField(default=list)),
                ("last_part", models.IntegerField(null=True)),
                ("entries", models.PositiveIntegerField(default=0)),
                ("last_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                (
                    "charger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="inventory.charger",
                    ),
                ),
                (
                    "command",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="control.command",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["charger", "-last_at"], name="reports_of_charger")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("charger", "kind", "request_id"), name="one_report_per_request"
                    )
                ],
            },
        ),
    ]
