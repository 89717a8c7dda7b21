# What a charger's history tells of is read along an index of its own.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0005_connection_attempts'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('kind__in', ('boot', 'firmware_status', 'published_firmware_status', 'identity_mismatch', 'security_event', 'certificate_request', 'deaf', 'hears_again', 'duplicate_connection', 'duplicate_fight', 'diagnostics_status', 'log_status', 'device_event', 'answer_refused', 'orphan_stop'))), fields=['charger', '-at'], name='events_told'),
        ),
    ]
