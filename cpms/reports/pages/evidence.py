"""Where the rows that a figure was made of are shown."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from cpms.reports.pages.asked import Asked
from monitoring.kpis.figures import Definition

#: What the outage ledger can be narrowed by; the rest is for `kpi-evidence`.
_LEDGER = frozenset({"organisation", "site", "charger", "evse"})


def url(definition: Definition, selected: Mapping[str, str], asked: Asked) -> str:
    """Return the address of the rows behind a figure of what is `selected`, in the window."""
    days = asked.days
    if definition.evidence == "outages" and _LEDGER.issuperset(selected):
        window = {"from": _midnight(days.first), "to": _midnight(days.last + timedelta(days=1))}
        return f"{reverse('outages')}?{urlencode({**selected, **window, 'zone': asked.zone})}"
    window = {"window": "custom", "from": f"{days.first}", "to": f"{days.last}"}
    address = reverse("kpi-evidence", args=[definition.evidence])
    return f"{address}?{urlencode({**selected, **window})}"


def _midnight(day: date) -> str:
    return f"{day}T00:00"
