"""A fault that is told late ends what transactions said after it, and nothing else."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0009_connections_by_end")]

    operations = [
        migrations.AddField(
            model_name="statusspan",
            name="refines",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
