"""What a verdict on meters means to a person."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.models import SessionReconciliation
from monitoring.reconciliation.judgement import Basis, Cause, Verdict

TONES = {
    Verdict.AGREES: "good",
    Verdict.TOLERABLE: "calm",
    Verdict.SINGLE: "calm",
    Verdict.NO_METER: "notice",
    Verdict.DOUBTFUL: "warn",
    Verdict.CONTRADICTORY: "bad",
}
#: Why billing should use what it should.
WHY: dict[str, Promise] = {
    Basis.REGISTERS: _("The meter's own readings at the start and the end are what was measured."),
    Basis.SAMPLES: _("The readings on the way are whole; one of those at the ends can't be."),
    Basis.REPORTED: _("No pair of readings holds; the charger counts the session itself."),
    Basis.NOTHING: _("No reading holds. Power by time is computed, not measured: not billed."),
}
LESSER = _("Nothing tells which of the two is right, so the driver pays for the lesser.")
IN_DOUBT = _("The figures differ by more than the meters may: look before it is billed.")


def tone(row: SessionReconciliation) -> str:
    """Return the tone of the verdict's pill."""
    return TONES[Verdict(row.verdict)]


def why(row: SessionReconciliation) -> str:
    """Return why billing should use what it should, and what to see to first."""
    said = [str(WHY[Basis(row.basis)])]
    unmeasured = row.by_power is None and row.basis == Basis.SAMPLES
    if row.cause == Cause.WRONG_UNIT and unmeasured and row.by_registers is not None:
        said = [str(LESSER)]
    if row.verdict in {Verdict.DOUBTFUL, Verdict.CONTRADICTORY} and row.billable is not None:
        said.append(str(IN_DOUBT))
    return " ".join(said)
