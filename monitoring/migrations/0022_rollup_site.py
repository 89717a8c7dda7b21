from django.db import migrations, models


class Migration(migrations.Migration):
    """Days that are computed already have no site: all of them are computed again, in portions.

    They have nothing in the columns of 0015, which would read as 0, and no outages.
    """

    dependencies = [("monitoring", "0021_outages_by_end")]

    operations = [
        migrations.AddField("rollupstate", "site", models.BigIntegerField(null=True)),
    ]
