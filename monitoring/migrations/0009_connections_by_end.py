"""What a site lost in a day is found without reading years of its chargers' connections."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_sightings_decided")]

    operations = [
        migrations.AddIndex(
            model_name="connectionspan",
            index=models.Index(fields=["charger", "closed"], name="connections_by_end"),
        ),
    ]
