"""Where tokens may charge, local lists, sessions of apps; gateways hear of every change."""

import uuid

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

#: Whatever changes a token, from whatever program: `updated_at` says so, its old name is kept
#: as gone, and once it is committed the gateways hear since when to look.
FUNCTIONS = """
CREATE FUNCTION control_token_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    IF TG_OP = 'UPDATE' AND (OLD.organisation_id <> NEW.organisation_id
                             OR upper(OLD.id_token) <> upper(NEW.id_token)) THEN
        INSERT INTO control_gonetoken (organisation_id, key, gone_at)
        VALUES (OLD.organisation_id, upper(OLD.id_token), clock_timestamp());
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION control_token_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO control_gonetoken (organisation_id, key, gone_at)
    VALUES (OLD.organisation_id, upper(OLD.id_token), clock_timestamp());
    RETURN NULL;
END $$;

CREATE FUNCTION control_token_places_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE control_token SET updated_at = clock_timestamp()
     WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.token_id ELSE NEW.token_id END;
    RETURN NULL;
END $$;

CREATE FUNCTION control_tokens_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('kilowatch_tokens', extract(epoch FROM now())::text);
    RETURN NULL;
END $$;
"""
TRIGGERS = """
CREATE TRIGGER token_changes BEFORE INSERT OR UPDATE ON control_token
    FOR EACH ROW EXECUTE FUNCTION control_token_changes();
CREATE TRIGGER token_goes AFTER DELETE ON control_token
    FOR EACH ROW EXECUTE FUNCTION control_token_goes();
CREATE TRIGGER token_sites_change AFTER INSERT OR UPDATE OR DELETE ON control_token_sites
    FOR EACH ROW EXECUTE FUNCTION control_token_places_change();
CREATE TRIGGER token_chargers_change AFTER INSERT OR UPDATE OR DELETE ON control_token_chargers
    FOR EACH ROW EXECUTE FUNCTION control_token_places_change();
CREATE TRIGGER tokens_changed AFTER INSERT OR UPDATE OR DELETE ON control_token
    FOR EACH STATEMENT EXECUTE FUNCTION control_tokens_changed();
"""
AWAY = """
DROP TRIGGER tokens_changed ON control_token;
DROP TRIGGER token_chargers_change ON control_token_chargers;
DROP TRIGGER token_sites_change ON control_token_sites;
DROP TRIGGER token_goes ON control_token;
DROP TRIGGER token_changes ON control_token;
DROP FUNCTION control_tokens_changed, control_token_places_change, control_token_goes,
    control_token_changes;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('control', '0002_commands'),
        ('inventory', '0004_keys_on_their_way'),
        ('monitoring', '0010_spans_of_transactions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AppSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('app_name', models.CharField(max_length=80)),
                ('evse', models.PositiveSmallIntegerField()),
                ('asked_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-asked_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='GoneToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organisation_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=255)),
                ('gone_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='LocalList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=0)),
                ('entries', models.JSONField(default=dict)),
                ('updated_at', models.DateTimeField(null=True)),
                ('reported', models.IntegerField(null=True)),
                ('reported_at', models.DateTimeField(null=True)),
                ('trouble', models.CharField(blank=True, choices=[('', 'none'), ('not_supported', 'the charger keeps no list'), ('failed', "the charger couldn't take the update"), ('mismatch', "the charger's version isn't the one we know")], max_length=13)),
                ('kept', models.BooleanField(default=False, help_text='Changes of tokens are sent by themselves, and a list that drifted is mended.', verbose_name='kept up to date')),
                ('compared_at', models.DateTimeField(null=True)),
                ('limit', models.PositiveIntegerField(blank=True, help_text='Tokens on the list; less where the charger says that it takes less.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5000)], verbose_name='at most')),
                ('groups', models.JSONField(blank=True, default=list)),
                ('left_out', models.JSONField(blank=True, default=list)),
            ],
        ),
        migrations.AddField(
            model_name='token',
            name='chargers',
            field=models.ManyToManyField(blank=True, related_name='+', to='inventory.charger', verbose_name='only at these chargers'),
        ),
        migrations.AddField(
            model_name='token',
            name='holder',
            field=models.CharField(blank=True, max_length=120, verbose_name='holder'),
        ),
        migrations.AddField(
            model_name='token',
            name='language',
            field=models.CharField(blank=True, help_text="Of the charger's display, e.g. “de”.", max_length=8, validators=[django.core.validators.RegexValidator('^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$', 'A language is written like “de” or “pt-BR”.')], verbose_name='language'),
        ),
        migrations.AddField(
            model_name='token',
            name='limited',
            field=models.BooleanField(default=False, verbose_name='only at named places'),
        ),
        migrations.AddField(
            model_name='token',
            name='master_pass',
            field=models.BooleanField(default=False, help_text="Ends anybody's session where the charger's master pass group is this one's.", verbose_name='master pass'),
        ),
        migrations.AddField(
            model_name='token',
            name='note',
            field=models.CharField(blank=True, max_length=300, verbose_name='note'),
        ),
        migrations.AddField(
            model_name='token',
            name='on_local_lists',
            field=models.BooleanField(default=True, help_text='Chargers that keep a list of tokens get this one.', verbose_name='on local lists'),
        ),
        migrations.AddField(
            model_name='token',
            name='one_at_a_time',
            field=models.BooleanField(default=False, help_text='Refused at a second port while it charges.', verbose_name='one session at a time'),
        ),
        migrations.AddField(
            model_name='token',
            name='sites',
            field=models.ManyToManyField(blank=True, related_name='+', to='inventory.site', verbose_name='only at these sites'),
        ),
        migrations.AlterField(
            model_name='token',
            name='group',
            field=models.CharField(blank=True, help_text="Tokens of one group stop each other's sessions.", max_length=255, validators=[django.core.validators.RegexValidator('^[\\x21-\\x7e]([\\x20-\\x7e]{0,253}[\\x21-\\x7e])?$', 'A token has 1 to 255 printable ASCII characters, no blank first or last.')], verbose_name='group'),
        ),
        migrations.AlterField(
            model_name='token',
            name='id_token',
            field=models.CharField(max_length=255, validators=[django.core.validators.RegexValidator('^[\\x21-\\x7e]([\\x20-\\x7e]{0,253}[\\x21-\\x7e])?$', 'A token has 1 to 255 printable ASCII characters, no blank first or last.')], verbose_name='token'),
        ),
        migrations.AddIndex(
            model_name='token',
            index=models.Index(fields=['organisation', 'group'], name='tokens_of_group'),
        ),
        migrations.AddIndex(
            model_name='token',
            index=models.Index(condition=models.Q(('one_at_a_time', True)), fields=['organisation'], name='tokens_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(('master_pass', False), models.Q(('group', ''), _negated=True), _connector='OR'), name='master_pass_has_group', violation_error_message='A master pass needs its group.'),
        ),
        migrations.AlterConstraint(
            model_name='token',
            name='token_unique_whatever_the_case',
            constraint=models.UniqueConstraint(models.F('organisation'), django.db.models.functions.text.Upper('id_token'), name='token_unique_whatever_the_case', violation_error_message='There is a token of this text already.'),
        ),
        migrations.AddField(
            model_name='appsession',
            name='app',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inventory.apitoken'),
        ),
        migrations.AddField(
            model_name='appsession',
            name='charger',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.charger'),
        ),
        migrations.AddField(
            model_name='appsession',
            name='session',
            field=models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='app_session', to='monitoring.session'),
        ),
        migrations.AddField(
            model_name='appsession',
            name='started_by',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='app_session', to='control.command'),
        ),
        migrations.AddField(
            model_name='appsession',
            name='stopped_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='control.command'),
        ),
        migrations.AddField(
            model_name='appsession',
            name='token',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='control.token'),
        ),
        migrations.AddField(
            model_name='locallist',
            name='charger',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='local_list', to='inventory.charger'),
        ),
        migrations.AddIndex(
            model_name='appsession',
            index=models.Index(fields=['app', '-asked_at'], name='app_sessions_of_app'),
        ),
        migrations.AddIndex(
            model_name='appsession',
            index=models.Index(fields=['token', '-asked_at'], name='app_sessions_of_token'),
        ),
        migrations.AddIndex(
            model_name='locallist',
            index=django.contrib.postgres.indexes.GinIndex(fields=['entries'], name='local_lists_by_token'),
        ),
        migrations.AddIndex(
            model_name='locallist',
            index=models.Index(condition=models.Q(('kept', True)), fields=['compared_at'], name='local_lists_kept'),
        ),
        migrations.RunSQL(FUNCTIONS + TRIGGERS, AWAY),
    ]
