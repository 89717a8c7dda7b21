"""What the list of incidents can be filtered by."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from alerts.models import Incident
from alerts.models.severity import Severity
from inventory.rest.filters import ChargerFilter, Filters, Flag, IdFilter

SEVERITIES = {severity.slug: severity for severity in Severity}


class IncidentFilters(Filters):
    """Of incidents: those that touch the window."""

    touches = ("since", "resolved_at")
    charger = ChargerFilter("charger_id")
    site = IdFilter("site_id")
    organisation = IdFilter("organisation_id")
    state = django_filters.MultipleChoiceFilter(choices=Incident.State.choices, distinct=False)
    unresolved = Flag("resolved_at", "isnull")
    severity = django_filters.MultipleChoiceFilter(
        choices=[(slug, slug) for slug in SEVERITIES],
        method="of_severity",
        help_text=_("Any of them."),
    )

    class Meta:
        model = Incident
        fields: ClassVar[list[str]] = ["detector"]

    def of_severity(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Return the incidents of these severities."""
        return queryset.filter(severity__in=[SEVERITIES[slug] for slug in value])
