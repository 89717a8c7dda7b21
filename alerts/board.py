"""The incident list as an operator asks for it: filtered, counted by severity, worst first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Min, Q, QuerySet

from alerts.models import EscalationStep, Incident, Severity

PAGE_SIZE = 50
State = Incident.State
#: What the list can be narrowed to by state; the first is what it shows unasked.
STATES = {
    "unresolved": (State.OPEN, State.ACKNOWLEDGED),
    "open": (State.OPEN,),
    "acknowledged": (State.ACKNOWLEDGED,),
    "resolved": (State.RESOLVED,),
    "all": tuple(State),
}
BY_SLUG = {severity.slug: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; the names are the page's parameters."""

    state: str = "unresolved"
    severity: str = ""
    site: int | None = None
    charger: str = ""

    @property
    def narrowed(self) -> bool:
        """Tell whether unresolved incidents are left out."""
        return bool(self.severity or self.site or self.charger) or self.state not in (
            "unresolved",
            "all",
        )


def filters(parameters: Mapping[str, str]) -> Filters:
    """Read the filters of a query string; what can't be read doesn't filter."""
    state, severity = parameters.get("state", ""), parameters.get("severity", "")
    site = parameters.get("site", "")
    return Filters(
        state=state if state in STATES else "unresolved",
        severity=severity if severity in BY_SLUG else "",
        site=int(site) if site.isascii() and site.isdigit() and len(site) < 10 else None,
        charger=parameters.get("charger", "").replace("\0", "").strip()[:48],
    )


def narrowed(incidents: QuerySet[Incident], wanted: Filters) -> QuerySet[Incident]:
    """Return the incidents that pass the filters, but for the severity."""
    incidents = incidents.filter(state__in=STATES[wanted.state])
    if wanted.site:
        incidents = incidents.filter(site=wanted.site)
    if wanted.charger:
        incidents = incidents.filter(charger__identity__iexact=wanted.charger)
    return incidents


def counts(incidents: QuerySet[Incident]) -> list[tuple[Severity, int]]:
    """Count the incidents by severity, worst first; one query."""
    rows = dict(incidents.order_by().values_list("severity").annotate(Count("pk")))
    return [(severity, rows.get(severity, 0)) for severity in Severity]


def page(incidents: QuerySet[Incident], wanted: Filters, number: int) -> Page[Incident]:
    """Return a page of the list: worst and oldest first, resolved ones last and latest first."""
    if wanted.severity:
        incidents = incidents.filter(severity=BY_SLUG[wanted.severity])
    order: list[Any] = ["severity", "since", "pk"]
    if State.RESOLVED in STATES[wanted.state]:
        order.insert(0, F("resolved_at").desc(nulls_first=True))
    return Paginator(shown(incidents).order_by(*order), PAGE_SIZE).get_page(number)


def shown(incidents: QuerySet[Incident]) -> QuerySet[Any]:
    """Fetch with the incidents what a list shows of them, worst and oldest first."""
    rows = incidents.select_related("site", "charger", "evse", "acknowledged_by")
    return rows.annotate(next_due=_next_due()).order_by("severity", "since", "pk")


def _next_due() -> Min:
    """When the next people are told, as long as nobody is on it."""
    pending = Q(steps__state=EscalationStep.State.PENDING, state=State.OPEN)
    return Min("steps__due_at", filter=pending)
