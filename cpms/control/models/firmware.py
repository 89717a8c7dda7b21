"""Files that are kept, firmware, and what chargers fetch and send."""

from uuid import uuid4

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cpms.control import vault
from cpms.control.models.command import Command
from inventory.models import Charger, ChargerModel, Organisation


class StoredFile(models.Model):
    """A file in FILES, under a name of ours; what it was called is only shown."""

    class Kind(models.TextChoices):
        """What it is."""

        FIRMWARE = "firmware", _("firmware")
        LOG = "log", _("log")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    #: Who sent it; None: a person.
    charger = models.ForeignKey(Charger, models.PROTECT, null=True, related_name="files")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=120)
    #: Its name in the folder.
    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32)
    stored_at = models.DateTimeField(default=timezone.now)
    #: Taken off the disk since, by a person or its age.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-stored_at"]
        indexes = [
            models.Index(
                fields=["organisation"],
                include=["size"],
                condition=models.Q(removed_at=None),
                name="files_of_organisation",
            ),
            models.Index(fields=["charger", "-stored_at"], name="files_of_charger"),
            models.Index(
                fields=["stored_at"],
                condition=models.Q(removed_at=None, kind="log"),
                name="logs_by_age",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FirmwareImage(models.Model):
    """Firmware: a file of ours or one at another's address, and the chargers it is for."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="firmware")
    #: What a charger that runs it says in BootNotification.
    version = models.CharField(_("version"), max_length=50)
    #: None named: any.
    fits = models.ManyToManyField(ChargerModel, blank=True, related_name="firmware")
    file = models.OneToOneField(StoredFile, models.PROTECT, null=True, related_name="image")
    #: Another's address, sealed, and as it may be shown.
    sealed_url = models.BinaryField(null=True, editable=False)
    address = models.CharField(max_length=600, blank=True)
    #: Of a file at another's address: its MD5, which publishing needs.
    md5 = models.CharField(max_length=32, blank=True)
    certificate = models.TextField(_("signing certificate"), max_length=5500, blank=True)
    signature = models.TextField(_("signature"), max_length=800, blank=True)
    notes = models.TextField(_("release notes"), max_length=10_000, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    added_by_name = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-added_at", "-id"]
        indexes = [models.Index(fields=["organisation", "-added_at"], name="firmware_newest")]

    def __str__(self) -> str:
        return self.version

    def location(self) -> str:
        """Return another's address as chargers need it, "" for a file of ours."""
        return vault.unseal(bytes(self.sealed_url)).decode() if self.sealed_url else ""

    def checksum(self) -> str:
        """Return the MD5 of the file, "" where it isn't known."""
        return self.file.md5 if self.file else self.md5


class Transfer(models.Model):
    """A file on its way to or from a charger: what a command to fetch or send one leads to.

    Its steps are what the charger reports; its one-time address, where it is ours, is kept as
    a hash.
    """

    class Kind(models.TextChoices):
        """What is done with the file."""

        FIRMWARE = "firmware", _("firmware update")
        PUBLISH = "publish", _("firmware for a local controller")
        DIAGNOSTICS = "diagnostics", _("diagnostics")
        LOG = "log", _("log")

    class State(models.TextChoices):
        """How far it got."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        STALLED = "stalled", _("stalled")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    command = models.OneToOneField(Command, models.CASCADE, related_name="transfer")
    charger = models.ForeignKey(Charger, models.PROTECT, related_name="transfers")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    #: Of a log: diagnostics, security or data_collector.
    log = models.CharField(max_length=20, blank=True)
    request_id = models.BigIntegerField(null=True)
    image = models.ForeignKey(FirmwareImage, models.PROTECT, null=True, related_name="transfers")
    #: Another's address as it may be shown, "" for ours.
    address = models.CharField(max_length=600, blank=True)
    #: Of the token of our address; until when it works, and for how many bytes.
    digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    expires_at = models.DateTimeField(null=True)
    limit = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    #: The charger's last word, and when it came.
    status = models.CharField(max_length=40, blank=True)
    status_at = models.DateTimeField(null=True)
    #: [{"status", "at", "last", "count"}] in the order they came; see `cpms.control.steps`.
    steps = models.JSONField(default=list)
    #: The last event of the charger that was read.
    last_event = models.BigIntegerField(default=0)
    #: More may be learnt of it.
    followed = models.BooleanField(default=True)
    #: Firmware: what it is to be, was, and is by the last boot since.
    version = models.CharField(max_length=50, blank=True)
    version_before = models.CharField(max_length=50, blank=True)
    version_after = models.CharField(max_length=50, blank=True)
    booted_at = models.DateTimeField(null=True)
    #: Where a local controller hands the firmware out.
    published = models.JSONField(default=list)
    #: What the charger says it will call the file.
    said_name = models.CharField(max_length=255, blank=True)
    file = models.OneToOneField(StoredFile, models.PROTECT, null=True, related_name="transfer")
    #: Bytes of our file that were sent to it in the furthest request, and when.
    fetched = models.PositiveBigIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)
    #: Not before, where somebody asked for a later time.
    due_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["charger", "-asked_at"], name="transfers_of_charger"),
            models.Index(
                fields=["charger"],
                condition=models.Q(followed=True),
                name="transfers_followed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.charger_id} {self.asked_at:%F %T}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}
