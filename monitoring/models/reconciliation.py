"""What the meters of each session come to, held together."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger
from monitoring.models.sessions import Session
from monitoring.reconciliation.judgement import Basis, Cause, Verdict

VERDICTS = [
    (Verdict.NO_METER.value, _("no meter")),
    (Verdict.SINGLE.value, _("one figure only")),
    (Verdict.AGREES.value, _("agrees")),
    (Verdict.TOLERABLE.value, _("tolerable")),
    (Verdict.DOUBTFUL.value, _("doubtful")),
    (Verdict.CONTRADICTORY.value, _("contradictory")),
]
CAUSES = [
    (Cause.NONE.value, _("none")),
    (Cause.ROUNDING.value, _("rounded registers")),
    (Cause.ENDS_NOT_SAMPLED.value, _("no sample at its very ends")),
    (Cause.SAMPLES_MISSING.value, _("samples are missing")),
    (Cause.OFFLINE_GAP.value, _("samples lost while offline")),
    (Cause.START_MISSING.value, _("register at the start is missing")),
    (Cause.STOP_MISSING.value, _("register at the end is missing")),
    (Cause.METER_RESET.value, _("meter began anew")),
    (Cause.METER_REPLACED.value, _("meter replaced")),
    (Cause.METER_BACKWARDS.value, _("meter ran backwards")),
    (Cause.METER_STUCK.value, _("meter stands still")),
    (Cause.WRONG_UNIT.value, _("Wh taken for kWh, or the other way round")),
    (Cause.CLOCK.value, _("clock of the charger")),
    (Cause.OTHER_SESSION.value, _("another session in between")),
    (Cause.BEYOND_POWER.value, _("more than the port can deliver")),
    (Cause.UNKNOWN.value, _("not known")),
]
BASES = [
    (Basis.REGISTERS.value, _("the registers at start and end")),
    (Basis.SAMPLES.value, _("the registers of the samples")),
    (Basis.REPORTED.value, _("what the session says")),
    (Basis.NOTHING.value, _("nothing until somebody decides")),
]


class SessionReconciliation(models.Model):
    """The verdict on an ended session's meters; it stays when the samples go. Energies in Wh."""

    session = models.OneToOneField(
        Session, models.CASCADE, primary_key=True, related_name="reconciliation"
    )
    charger = models.ForeignKey(Charger, models.CASCADE, related_name="+", db_index=False)
    #: When the session ended.
    ended = models.DateTimeField(_("ended"))
    by_registers = models.FloatField(_("by its registers (Wh)"), null=True)
    by_samples = models.FloatField(_("by its samples (Wh)"), null=True)
    by_power = models.FloatField(_("by power and time (Wh)"), null=True)
    reported = models.FloatField(_("as it says (Wh)"), null=True)
    #: The witness that differs most less what to bill, Wh, and its share of the larger, 0 to 1.
    difference = models.FloatField(_("difference (Wh)"), null=True)
    share = models.FloatField(_("share"), null=True)
    cause = models.CharField(_("likely cause"), max_length=20, choices=CAUSES, blank=True)
    verdict = models.CharField(_("verdict"), max_length=16, choices=VERDICTS)
    basis = models.CharField(_("to bill by"), max_length=12, choices=BASES)
    billable = models.FloatField(_("to bill (Wh)"), null=True)
    #: Samples it was judged by.
    samples = models.PositiveIntegerField()
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        verbose_name = _("meter reconciliation")
        verbose_name_plural = _("meter reconciliations")
        constraints = [
            models.CheckConstraint(
                condition=Q(billable=None) | Q(billable__gte=0), name="nothing_negative_is_billed"
            )
        ]
        indexes = [
            models.Index(fields=["charger", "-ended"], name="reconciliations_of_charger"),
            models.Index(
                fields=["-ended"],
                condition=Q(verdict__in=[Verdict.DOUBTFUL.value, Verdict.CONTRADICTORY.value]),
                name="odd_reconciliations",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.verdict}"


class SessionToReconcile(models.Model):
    """A session that ended, or of which something came after its end.

    A trigger of the session's table writes it, so that nobody who changes sessions can forget
    to; append-only, so that nobody waits for the one who works through it.
    """

    id = models.BigAutoField(primary_key=True)
    #: No foreign key: a session that is gone meanwhile is no error.
    session_id = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.session_id)
