import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What may be set, how it came to be known, and how it changed."""

    dependencies = [
        ("inventory", "0004_keys_on_their_way"),
        ("monitoring", "0010_spans_of_transactions"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportedvariable",
            name="characteristics",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="reportedvariable",
            name="unknown",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="reportedvariable",
            name="source",
            field=models.CharField(
                choices=[
                    ("report", "reported"),
                    ("read", "read"),
                    ("change", "changed from here"),
                    ("event", "told by an event"),
                ],
                db_default="report",
                default="report",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="reportedvariable",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="VariableChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("component", models.CharField(max_length=50)),
                ("component_instance", models.CharField(blank=True, max_length=50)),
                ("evse", models.PositiveSmallIntegerField(default=0)),
                ("connector", models.PositiveSmallIntegerField(default=0)),
                ("variable", models.CharField(max_length=50)),
                ("instance", models.CharField(blank=True, max_length=50)),
                ("attribute", models.CharField(default="Actual", max_length=10)),
                ("was", models.CharField(blank=True, max_length=2500)),
                ("value", models.CharField(blank=True, max_length=2500)),
                ("at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("report", "reported"),
                            ("read", "read"),
                            ("change", "changed from here"),
                            ("event", "told by an event"),
                        ],
                        max_length=6,
                    ),
                ),
                ("by", models.CharField(blank=True, max_length=150)),
                ("command", models.UUIDField(null=True)),
                (
                    "charger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="variable_changes",
                        to="inventory.charger",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["charger", "component", "variable", "-at"],
                        name="changes_of_variable",
                    ),
                    models.Index(fields=["charger", "-at"], name="changes_of_charger"),
                ],
            },
        ),
    ]
