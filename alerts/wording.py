"""Incidents in words: for pages, messages and the API."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.detectors import BY_NAME
from alerts.models import DetectorName, Incident, IncidentEntry
from monitoring import words
from monitoring.facts import CloseReason
from monitoring.words import closing, error

CLOSINGS: dict[str, Promise | str] = {
    CloseReason.CLEAN: gettext_lazy("The charger closed the connection itself."),
    CloseReason.LOST: gettext_lazy("The connection broke off without being closed."),
    CloseReason.PING_TIMEOUT: gettext_lazy("The charger stopped answering pings."),
    CloseReason.REPLACED: gettext_lazy("A newer connection took its place, and ended as well."),
    CloseReason.GATEWAY_RESTART: gettext_lazy(
        "Our gateway was restarted, and the charger has not come back since."
    ),
    CloseReason.GATEWAY_DIED: gettext_lazy(
        "Our gateway failed, and the charger has not come back since."
    ),
    CloseReason.PROTOCOL_ERROR: gettext_lazy("We closed the connection after a protocol error."),
    CloseReason.KICKED: gettext_lazy("We closed the connection because somebody asked for it."),
}


def headline(incident: Incident) -> str:
    """Return what is wrong in one line, e.g. "CP-0001 is offline"."""
    text = BY_NAME[DetectorName(incident.detector)].headline
    return str(text) % {"subject": incident.subject}


def explanation(incident: Incident) -> list[str]:
    """Return what the detector saw, as sentences; what chargers wrote is in them unescaped."""
    return EXPLAIN[DetectorName(incident.detector)](incident.evidence)


def _offline(evidence: dict[str, Any]) -> list[str]:
    sentences = [str(CLOSINGS.get(evidence.get("close_reason", ""), ""))]
    if evidence.get("peer"):
        sentences.append(_("Its last address was %(peer)s.") % evidence)
    return [sentence for sentence in sentences if sentence]


def _faulted(evidence: dict[str, Any]) -> list[str]:
    code, vendor, info = (
        evidence.get(key, "") for key in ("error_code", "vendor_error_code", "info")
    )
    named = code and code != "NoError"
    sentences = [
        _("It reports: %(error)s.") % {"error": _with_code(code)}
        if named
        else _("It reports no error code.")
    ]
    if vendor:
        sentences.append(_("The vendor's own code is %(code)s.") % {"code": vendor})
    if info:
        sentences.append(_("It adds: “%(info)s”.") % {"info": info})
    return sentences


def _with_code(code: str) -> str:
    """Return an error in words, with its code where that isn't the same."""
    said = error(code)
    return said if said == code else f"{said} ({code})"


def _no_gateway(evidence: dict[str, Any]) -> list[str]:
    return [
        _("Chargers can't connect, and nothing they do is recorded."),
        _("The last gateway was %(gateway)s.") % evidence,
        _("Nobody is told about single chargers until a gateway is back."),
    ]


def _wrong_clock(evidence: dict[str, Any]) -> list[str]:
    return [
        _("Its clock is %(how)s.") % {"how": words.clock(int(evidence["clock_offset"]))},
        _("What it tells is dated by our measure of that; what it does by the clock isn't."),
        _("Set its clock; if it goes wrong again, look where it takes its time from."),
    ]


EXPLAIN = {
    DetectorName.OFFLINE: _offline,
    DetectorName.FAULTED: _faulted,
    DetectorName.CLOCK: _wrong_clock,
    DetectorName.NO_GATEWAY: _no_gateway,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that the detector saw: a text, or an instant."""

    label: str | Promise
    text: str = ""
    at: datetime | None = None


#: What is kept as evidence, and what it is called. Times are kept as RFC 3339.
EVIDENCE: dict[str, tuple[str | Promise, bool]] = {
    "connected": (gettext_lazy("Connected at"), True),
    "last_proof_of_life": (gettext_lazy("Last proof of life"), True),
    "close_reason": (gettext_lazy("How the connection ended"), False),
    "missed_pings": (gettext_lazy("Pings not answered"), False),
    "peer": (gettext_lazy("Address"), False),
    "error_code": (gettext_lazy("Error code"), False),
    "vendor_error_code": (gettext_lazy("Vendor's error code"), False),
    "info": (gettext_lazy("What it adds"), False),
    "clock_offset": (gettext_lazy("Clock off by (ms)"), False),
    "gateway": (gettext_lazy("Last gateway"), False),
    "lease_until": (gettext_lazy("Its lease ran out"), True),
}


def evidence(incident: Incident) -> Iterator[Evidence]:
    """Yield what the detector saw, in a fixed order; what chargers wrote is in it unescaped."""
    for key, (label, is_time) in EVIDENCE.items():
        value = incident.evidence.get(key)
        if value in (None, ""):
            continue
        if is_time:
            yield Evidence(label, at=datetime.fromisoformat(value))
        else:
            yield Evidence(label, text=(key == "close_reason" and closing(value)) or str(value))


def name(user: User) -> str:
    """Return what people call the user."""
    return user.get_full_name() or user.get_username()


def entry(row: IncidentEntry) -> str:
    """Return what happened in one line, without who did it and their note."""
    told = ", ".join(row.data.get("told", []))
    if row.kind == IncidentEntry.Kind.ESCALATED:
        return _("Step %(step)s: %(told)s told") % {"step": row.data["step"], "told": told}
    if row.kind == IncidentEntry.Kind.NOBODY:
        return _("Step %(step)s: nobody has an address to be told at") % {"step": row.data["step"]}
    if row.kind == IncidentEntry.Kind.UNDELIVERED:
        return _("%(told)s could not be reached: %(error)s") % {**row.data, "told": told}
    if row.kind == IncidentEntry.Kind.RESOLVED:
        return str(Incident.Resolution(row.data["resolution"]).label)
    return str(row.get_kind_display())
