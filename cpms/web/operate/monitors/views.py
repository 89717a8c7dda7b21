"""The Monitors section."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from cpms.control.models import Monitor, Report
from cpms.web.operate.configuration import names
from cpms.web.operate.forms.monitors import SEVERITIES, TYPES
from cpms.web.operate.views import section
from inventory.models import Charger
from monitoring import access
from monitoring.models import Event, ReportedVariable
from monitoring.views.asked import number
from monitoring.views.charger import opened

HERE = "charger-monitors"
PAGE_SIZE, LATEST = 100, 20
#: Severities up to this are bad news, and up to that worth a look.
BAD, WARNING = 4, 6
#: Who set a monitor. (OCPP 2.1 EventNotificationEnumType)
ORIGINS: dict[str, str | Promise] = {
    "HardWiredMonitor": _("wired in by the manufacturer"),
    "HardWiredNotification": _("wired in by the manufacturer"),
    "PreconfiguredMonitor": _("set by the manufacturer"),
    "CustomMonitor": _("set from here"),
}
#: Why an event was told. (OCPP 2.x EventTriggerEnumType)
TRIGGERS: dict[str, str | Promise] = {
    "Alerting": _("beyond its limit"),
    "Delta": _("changed"),
    "Periodic": _("as due"),
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A monitor in words."""

    row: Monitor
    name: str
    what: str | Promise
    severity: str
    tone: str
    origin: str | Promise


@dataclass(frozen=True, slots=True)
class Told:
    """An event in words."""

    row: Event
    severity: str
    tone: str
    why: str | Promise
    cleared: bool
    cause: int | None
    value: str


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show monitors and the latest events."""
    user, charger = opened(request, identity)
    found = Monitor.objects.filter(charger=charger)
    page = Paginator(found, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    events = access.events(user).filter(charger=charger, kind="device_event").order_by("-at", "-id")
    context = section(
        request, charger, HERE,
        page=page, monitors=[_watched(row) for row in page.object_list],
        told=[_told(event) for event in events[:LATEST]],
        report=_report(charger), stands=_stands(charger), is_old=charger.ocpp_version == "1.6",
    )  # fmt: skip
    return render(request, "web/operate/monitors/show.html", context)


def _report(charger: Charger) -> dict[str, Any] | None:
    newest = Report.objects.filter(charger=charger, kind=Report.Kind.MONITORS).order_by("-id")
    report = newest.first()
    return {"row": report, "stalled": report.stalled(timezone.now())} if report else None


def _stands(charger: Charger) -> dict[str, str]:
    """Return the level and the base that are active."""
    told = ReportedVariable.objects.filter(
        charger=charger, component="MonitoringCtrlr", attribute="Actual",
        variable__in=("ActiveMonitoringLevel", "ActiveMonitoringBase"),
    )  # fmt: skip
    said = dict(told.values_list("variable", "value"))
    level = said.get("ActiveMonitoringLevel", "")
    return {
        "level": severity(int(level)) if level.isdecimal() and len(level) < 3 else "",
        "base": said.get("ActiveMonitoringBase", ""),
    }


def severity(number: int) -> str:
    """Return a severity in words."""
    return f"{number} · {SEVERITIES[min(max(number, 0), 9)]}"


def tone(number: int) -> str:
    """Return how a severity looks."""
    if number <= BAD:
        return "bad"
    return "warn" if number <= WARNING else "calm"


def _watched(row: Monitor) -> Watched:
    named = {
        "component": row.component, "component_instance": row.component_instance,
        "evse": row.evse, "connector": row.connector, "name": row.variable,
        "instance": row.instance,
    }  # fmt: skip
    return Watched(
        row,
        names.written(named),
        TYPES.get(row.type, row.type),
        severity(row.severity),
        tone(row.severity),
        ORIGINS.get(row.origin, ""),
    )


def _told(event: Event) -> Told:
    said = event.data if isinstance(event.data, dict) else {}
    cause = said.get("cause")
    return Told(
        event,
        severity(event.severity),
        tone(event.severity),
        TRIGGERS.get(str(said.get("trigger")), ""),
        bool(said.get("cleared")),
        cause if isinstance(cause, int) else None,
        str(said.get("actualValue") or "")[:200],
    )
