import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0005_contracts'),
        ('monitoring', '0018_outages_made_anew'),
    ]

    operations = [
        migrations.CreateModel(
            name='PingDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('first', models.DateTimeField()),
                ('round_trips', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), size=None)),
                ('missed', models.PositiveIntegerField()),
                ('charger', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.charger')),
            ],
            options={
                'indexes': [models.Index(fields=['first'], name='pings_by_time')],
                'constraints': [models.UniqueConstraint(fields=('charger', 'day'), name='one_day_of_pings')],
            },
        ),
    ]
