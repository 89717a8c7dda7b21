from django.db import migrations, models

DETECTORS = [
    ("offline", "Charger offline"),
    ("faulted", "Port faulted"),
    ("clock", "Clock wrong"),
    ("no_gateway", "No gateway"),
]


class Migration(migrations.Migration):
    """Clocks that are wrong are told as well."""

    dependencies = [("alerts", "0002_policy_versions_never_change")]

    operations = [
        migrations.AlterField(
            model_name="incident",
            name="detector",
            field=models.CharField(choices=DETECTORS, max_length=30, verbose_name="detector"),
        ),
        migrations.AlterField(
            model_name="rule",
            name="detector",
            field=models.CharField(choices=DETECTORS, max_length=30, verbose_name="detector"),
        ),
    ]
