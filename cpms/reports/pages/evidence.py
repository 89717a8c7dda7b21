"""Where the rows that a figure was made of are shown."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse

from monitoring.kpis.figures import Definition
from monitoring.kpis.windows import Days

#: Evidence that has a page of its own; the rest is shown by `kpi-evidence`.
_PAGES: Mapping[str, str] = {"outages": "/outages/"}


def url(definition: Definition, selected: Mapping[str, str], days: Days) -> str:
    """Return the address of the rows behind a figure of what is `selected`, in the days."""
    query = urlencode({**selected, "from": f"{days.first}", "to": f"{days.last}"})
    if page := _PAGES.get(definition.evidence):
        return f"{page}?{query}"
    return f"{reverse('kpi-evidence', args=[definition.evidence])}?{query}"
