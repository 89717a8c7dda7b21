from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0020_running_sums")]

    operations = [
        migrations.AddIndex("outage", models.Index(fields=["ended"], name="outages_by_end")),
    ]
