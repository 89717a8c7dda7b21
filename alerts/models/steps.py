"""What is due for an incident, and when."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.models.incidents import Incident


class EscalationStep(models.Model):
    """A step of an incident's policy with its instant; whoever turns it from pending owns it."""

    class State(models.TextChoices):
        """What became of it."""

        PENDING = "pending", _("Due")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Not needed")

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="steps")
    episode = models.PositiveSmallIntegerField()
    #: Its place in the policy's version, from 1.
    number = models.PositiveSmallIntegerField()
    #: The instant that `due_at` was reckoned from.
    counted_from = models.DateTimeField()
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["incident", "episode", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "episode", "number"], name="one_row_per_step"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("counted_from")), name="steps_are_due_later"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="pending_steps")
        ]

    def __str__(self) -> str:
        return f"#{self.incident_id} step {self.number}, {self.due_at:%F %T}"
