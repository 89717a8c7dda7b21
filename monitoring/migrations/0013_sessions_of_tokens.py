"""A token's sessions are found by its text."""

from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):

    dependencies = [("monitoring", "0012_certificates_shown")]

    operations = [
        migrations.AddIndex(
            model_name="session",
            index=models.Index(Upper("id_token"), models.F("started").desc(), name="sessions_of_token"),
        ),
    ]
