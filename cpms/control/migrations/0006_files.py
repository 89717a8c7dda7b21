import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("control", "0005_reservations_displays_tariffs"),
        ("inventory", "0004_keys_on_their_way"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("firmware", "firmware"), ("log", "log")], max_length=8
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("md5", models.CharField(max_length=32)),
                ("stored_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "charger",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="inventory.charger",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-stored_at"],
            },
        ),
        migrations.CreateModel(
            name="FirmwareImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=50, verbose_name="version")),
                ("sealed_url", models.BinaryField(null=True)),
                ("address", models.CharField(blank=True, max_length=600)),
                ("md5", models.CharField(blank=True, max_length=32)),
                (
                    "certificate",
                    models.TextField(
                        blank=True, max_length=5500, verbose_name="signing certificate"
                    ),
                ),
                (
                    "signature",
                    models.TextField(blank=True, max_length=800, verbose_name="signature"),
                ),
                (
                    "notes",
                    models.TextField(blank=True, max_length=10000, verbose_name="release notes"),
                ),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("added_by_name", models.CharField(blank=True, max_length=150)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "fits",
                    models.ManyToManyField(
                        blank=True, related_name="firmware", to="inventory.chargermodel"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="firmware",
                        to="inventory.organisation",
                    ),
                ),
                (
                    "file",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="image",
                        to="control.storedfile",
                    ),
                ),
            ],
            options={
                "ordering": ["-added_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("firmware", "firmware update"),
                            ("publish", "firmware for a local controller"),
                            ("diagnostics", "diagnostics"),
                            ("log", "log"),
                        ],
                        max_length=11,
                    ),
                ),
                ("log", models.CharField(blank=True, max_length=20)),
                ("request_id", models.BigIntegerField(null=True)),
                ("address", models.CharField(blank=True, max_length=600)),
                ("digest", models.BinaryField(max_length=32, null=True, unique=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("limit", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "under way"),
                            ("stalled", "stalled"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("status", models.CharField(blank=True, max_length=40)),
                ("status_at", models.DateTimeField(null=True)),
                ("steps", models.JSONField(default=list)),
                ("last_event", models.BigIntegerField(default=0)),
                ("followed", models.BooleanField(default=True)),
                ("version", models.CharField(blank=True, max_length=50)),
                ("version_before", models.CharField(blank=True, max_length=50)),
                ("version_after", models.CharField(blank=True, max_length=50)),
                ("booted_at", models.DateTimeField(null=True)),
                ("published", models.JSONField(default=list)),
                ("said_name", models.CharField(blank=True, max_length=255)),
                ("fetched", models.PositiveBigIntegerField(default=0)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "charger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="inventory.charger",
                    ),
                ),
                (
                    "command",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transfer",
                        to="control.command",
                    ),
                ),
                (
                    "file",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfer",
                        to="control.storedfile",
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="control.firmwareimage",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="storedfile",
            index=models.Index(
                condition=models.Q(("removed_at", None)),
                fields=["organisation"],
                include=("size",),
                name="files_of_organisation",
            ),
        ),
        migrations.AddIndex(
            model_name="storedfile",
            index=models.Index(fields=["charger", "-stored_at"], name="files_of_charger"),
        ),
        migrations.AddIndex(
            model_name="storedfile",
            index=models.Index(
                condition=models.Q(("kind", "log"), ("removed_at", None)),
                fields=["stored_at"],
                name="logs_by_age",
            ),
        ),
        migrations.AddIndex(
            model_name="firmwareimage",
            index=models.Index(fields=["organisation", "-added_at"], name="firmware_newest"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["charger", "-asked_at"], name="transfers_of_charger"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("followed", True)),
                fields=["charger"],
                name="transfers_followed",
            ),
        ),
    ]
