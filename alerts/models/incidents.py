"""Incidents and everything that happened to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models.policies import PolicyVersion
from alerts.models.rules import DetectorName
from alerts.models.severity import Severity
from inventory.models import Charger, Evse, Organisation, Site


class Incident(models.Model):
    """Something that is (or was) wrong with one subject, from alert to resolution.

    Of one subject and detector there is at most one that isn't resolved. An incident without
    organisation is about this installation itself.
    """

    class State(models.TextChoices):
        """How far people are with it."""

        OPEN = "open", _("Open")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        RESOLVED = "resolved", _("Resolved")

    class Resolution(models.TextChoices):
        """How it ended."""

        RECOVERED = "recovered", _("Recovered by itself")
        MANUAL = "manual", _("Resolved by a person")
        UNWATCHED = "unwatched", _("No longer watched")

    detector = models.CharField(_("detector"), max_length=30, choices=DetectorName.choices)
    #: Detector and subject: the same thing being wrong has the same key.
    dedup_key = models.CharField(max_length=120)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="incidents"
    )
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="incidents")
    charger = models.ForeignKey(Charger, models.PROTECT, null=True, related_name="incidents")
    evse = models.ForeignKey(Evse, models.PROTECT, null=True, related_name="incidents")
    #: The subject as it was called then, e.g. "CP-0001" or "CP-0001/2".
    subject = models.CharField(_("subject"), max_length=120)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity.choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    #: When it went wrong: the last proof of life, the start of the status.
    since = models.DateTimeField(_("since"))
    #: When people were first to be told.
    opened_at = models.DateTimeField(_("opened"))
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: When it was found to be right again; None while it is wrong.
    cleared_at = models.DateTimeField(_("cleared"), null=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    resolution = models.CharField(
        _("resolution"), max_length=10, choices=Resolution.choices, blank=True
    )
    #: How often it was opened: 1, and one more for each time it came back soon after.
    episode = models.PositiveSmallIntegerField(default=1)
    #: What the detector saw when it opened; keys differ by detector.
    evidence = models.JSONField(default=dict)
    #: The policy it escalates by, whatever becomes of the policy meanwhile.
    policy_version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="incidents")

    class Meta:
        ordering = ["severity", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["dedup_key"],
                condition=~Q(state="resolved"),
                name="one_unresolved_incident_per_key",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False)
                | (~Q(state="resolved") & Q(resolved_at=None, resolution="")),
                name="resolved_incidents_say_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="acknowledged") | Q(acknowledged_at__isnull=False),
                name="acknowledged_incidents_say_when",
            ),
            models.CheckConstraint(
                condition=Q(severity__range=(1, 4)), name="incident_severity_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["severity", "since"],
                condition=~Q(state="resolved"),
                name="unresolved_incidents",
            ),
            models.Index(fields=["dedup_key", "-resolved_at"], name="incidents_by_key"),
            models.Index(fields=["-resolved_at"], name="incidents_by_resolution"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_detector_display()}: {self.subject}"


class IncidentEntry(models.Model):
    """One line of an incident's timeline: append-only."""

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("Opened")
        REOPENED = "reopened", _("Came back, opened again")
        CLEARED = "cleared", _("Right again")
        RETURNED = "returned", _("Wrong again")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        RESOLVED = "resolved", _("Resolved")
        NOTE = "note", _("Note")
        ESCALATED = "escalated", _("Escalated")
        NOBODY = "nobody", _("Nobody to tell")
        UNDELIVERED = "undelivered", _("Could not be delivered")

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    #: Who did it; None: Kilowatch itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    note = models.TextField(_("note"), blank=True)
    #: Details, by kind: step, recipients, resolution …
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at"], name="timeline_of_incident")]

    def __str__(self) -> str:
        return f"#{self.incident_id} {self.kind} {self.at:%F %T}"
