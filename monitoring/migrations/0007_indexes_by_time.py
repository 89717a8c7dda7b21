"""History is listed and forgotten by time alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0006_events_told")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["-at", "-id"], name="events_by_time"),
        ),
        migrations.AddIndex(
            model_name="connectionspan",
            index=models.Index(fields=["-opened", "-id"], name="connections_by_time"),
        ),
        migrations.AddIndex(
            model_name="statusspan",
            index=models.Index(fields=["-started", "-id"], name="status_spans_by_time"),
        ),
    ]
