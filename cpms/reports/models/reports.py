"""A report: what was asked for, how far it is, and the files that came of it."""

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpms.reports.models.subscriptions import Subscription
from inventory.models import Organisation


class Kind(models.TextChoices):
    """What a report is; `cpms.reports.kinds` says what is in each."""

    NEVI = "nevi", _("NEVI quarterly submission")
    UK = "uk", _("UK annual statement")
    CALIFORNIA = "california", _("California semiannual data")
    MONTHLY = "monthly", _("Management report")
    CONTRACTOR = "contractor", _("Contractor scorecard")
    SITE = "site", _("Site report")


class Format(models.TextChoices):
    """What its files are."""

    PDF = "pdf", "PDF"
    XLSX = "xlsx", "XLSX"
    CSV = "csv", "CSV"
    #: The list of the others, with their hashes.
    JSON = "json", "JSON"


class Report(models.Model):
    """One report of an organisation over whole days; nothing of it changes once it is done.

    The window is half-open, [first, end), in each site's own days.
    """

    class State(models.TextChoices):
        """How far it is."""

        REQUESTED = "requested", _("Waiting")
        MAKING = "making", _("Being made")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="reports")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=300)
    #: What else the kind wants to know, e.g. {"contractor": 7}.
    parameters = models.JSONField(default=dict)
    #: Keys of the sites it is about; None: all of the organisation's.
    sites = ArrayField(models.BigIntegerField(), null=True)
    first = models.DateField(_("from"))
    end = models.DateField(_("to"))
    lens = models.CharField(_("lens"), max_length=12)
    language = models.CharField(_("language"), max_length=8, default="en")
    formats = ArrayField(models.CharField(max_length=4, choices=Format.choices))
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    #: 0 to 100, and what is being done.
    progress = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    doing = models.CharField(max_length=200, blank=True)
    #: Why it couldn't be made: a sentence for whoever asked.
    problem = models.CharField(max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: Their name at that time; it stays when they have gone.
    requested_name = models.CharField(max_length=150, blank=True)
    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, related_name="reports"
    )
    #: The moment of the subscription's timetable that it was made for.
    due_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(_("requested"))
    made_at = models.DateTimeField(_("made"), null=True)
    #: What was known then is in it; days up to this one were settled, None: none of all.
    cutoff_at = models.DateTimeField(_("data cut-off"), null=True)
    settled_day = models.DateField(_("last settled day"), null=True)
    #: The report that this one was made anew of.
    previous = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="next", verbose_name=_("version before")
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    #: Who makes it, until when nobody else may, and how many have begun.
    maker = models.UUIDField(null=True)
    maker_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-requested_at", "-id"]
        verbose_name = _("report")
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("first")), name="reports_have_days"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(made_at__isnull=False, cutoff_at__isnull=False),
                name="done_reports_say_when",
            ),
            models.UniqueConstraint(
                fields=["subscription", "due_at"], name="one_report_per_due_moment"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-requested_at"], name="reports_of_organisation"),
            models.Index(
                fields=["requested_at"],
                condition=Q(state__in=["requested", "making"]),
                name="reports_to_be_made",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def last(self) -> date:
        """The last day of the window."""
        return self.end - timedelta(days=1)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (self.State.DONE, self.State.FAILED)


class ReportFile(models.Model):
    """A file of a report; whole from its first moment, and never changed."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="files")
    format = models.CharField(max_length=4, choices=Format.choices)
    name = models.CharField(max_length=120)
    #: Bytes, and their SHA-256 as hex.
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "name"], name="one_file_per_name")]

    def __str__(self) -> str:
        return self.name


class Chunk(models.Model):
    """A stretch of a file's bytes, so that no process ever holds the whole of a large one."""

    file = models.ForeignKey(ReportFile, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["file", "number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="chunks_in_order")]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"
