"""Sessions whose meters contradict each other, as they are asked for: worst first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.functions import Abs, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.access import Person
from monitoring import access
from monitoring.models import SessionReconciliation
from monitoring.models.reconciliation import CAUSES, VERDICTS
from monitoring.reconciliation.judgement import Verdict

#: The two that somebody should look at: shown unless others are asked for.
ODD = [Verdict.DOUBTFUL.value, Verdict.CONTRADICTORY.value]
WINDOWS: dict[str, tuple[Promise, timedelta]] = {
    "7d": (_("7 days"), timedelta(days=7)),
    "30d": (_("30 days"), timedelta(days=30)),
    "90d": (_("90 days"), timedelta(days=90)),
    "1y": (_("a year"), timedelta(days=366)),
}
DEFAULT = "30d"
_RANKS = [When(verdict=verdict.value, then=place) for place, verdict in enumerate(Verdict)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to."""

    verdict: str = ""
    cause: str = ""
    window: str = DEFAULT
    charger: str = ""

    @property
    def narrowed(self) -> bool:
        """Tell whether anything is left out that is shown unasked."""
        return self != Wanted()


def wanted(parameters: Mapping[str, str]) -> Wanted:
    """Read what the list is narrowed to; what can't be read doesn't narrow."""
    verdict, cause = parameters.get("verdict", ""), parameters.get("cause", "")
    window = parameters.get("window", "")
    return Wanted(
        verdict if verdict in dict(VERDICTS) else "",
        cause if cause in dict(CAUSES) else "",
        window if window in WINDOWS else DEFAULT,
        parameters.get("charger", "").replace("\0", "").strip()[:48],
    )


def found(user: Person, asked: Wanted, now: datetime) -> QuerySet[SessionReconciliation]:
    """Return the verdicts asked for, the worst first: by how bad, then by how much."""
    rows = access.reconciliations(user).select_related("session__evse", "charger__site")
    rows = rows.filter(ended__gte=now - WINDOWS[asked.window][1])
    rows = rows.filter(verdict__in=[asked.verdict] if asked.verdict else ODD)
    if asked.cause:
        rows = rows.filter(cause=asked.cause)
    if asked.charger:
        rows = rows.filter(charger__identity__icontains=asked.charger)
    rank = Case(*_RANKS, default=Value(0), output_field=IntegerField())
    size = Coalesce(Abs("difference"), Value(1e18))
    return rows.annotate(rank=rank, size=size).order_by("-rank", "-size", "-ended", "-pk")
