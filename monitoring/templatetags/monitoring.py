"""Figures and codes of this room, as its pages write them."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from monitoring import security_words, words
from monitoring.decimals import decimals, per_cent
from monitoring.effective import State, state_of_status
from monitoring.kpis.figures import Figure, Metric

register = template.Library()

#: A clock further off than this, in ms, is worth a word.
CLOCK_TOLERANCE = 2_000
#: Severities of events up to these (OCPP 2.0.1 §3, EventData.severity) are shown as such.
ERROR, WORTH_A_LOOK = 3, 5

register.filter("stop_words", words.stop_reason)
register.filter("closing_words", words.closing)
register.filter("flag_words", words.flag)
register.filter("answer_words", words.answer)
register.filter("event_words", words.event_kind)
register.filter("boot_words", words.boot_reason)


@register.filter
def masked(token: str) -> str:
    """Write a driver's token so that it can be told from others, but not copied."""
    return token if len(token) <= 4 else f"{token[:2]}…{token[-4:]}"


@register.filter
def clock_words(offset: int | None) -> str:
    """Say how far a charger's clock is off; `offset` in ms, positive: ahead of ours."""
    if offset is None:
        return _("not measured")
    if abs(offset) < CLOCK_TOLERANCE:
        return _("right (%(offset)+d ms)") % {"offset": offset}
    return _("%(how)s: times are corrected") % {"how": words.clock(offset)}


@register.filter
def effective_state(status: str) -> State:
    """Return the state that a reported status means."""
    return state_of_status(status)


@register.filter
def status_words(said: Any) -> str:
    """Say what a port reported beyond its state: its error, or what it waits for.

    `said`: a status span, or a mapping with its columns.
    """
    status, *error = _columns(said, "status", "error_code", "vendor_error_code", "info")
    return " · ".join(part for part in (words.status(status), words.error(*error)) if part)


@register.filter
def event_tone(said: Any) -> str:
    """Return the tone of an event's badge (`pill`), by its severity."""
    kind, severity = _columns(said, "kind", "number" if isinstance(said, dict) else "severity")
    if kind in {"boot", "hears_again"}:
        return "info"
    return "bad" if severity <= ERROR else "notice" if severity <= WORTH_A_LOOK else "calm"


@register.filter
def event_details(said: Any) -> str:
    """Say what an event tells, in the charger's own words where it has some.

    `said`: an event, or a mapping with its columns and the firmware of a boot.
    """
    kind, code, text = _columns(said, "kind", "code", "text")
    if kind == "boot":
        told = said if isinstance(said, dict) else said.data
        refused = "" if code == "Accepted" else code
        parts = [words.boot_reason(text), told.get("firmware_version", ""), refused]
    else:
        parts = [security_words.of(kind, code) or code, text]
    return " · ".join(part for part in parts if part)


def _columns(said: Any, *names: str) -> list[Any]:
    return [said[name] if isinstance(said, dict) else getattr(said, name) for name in names]


@register.filter
def yesno_words(value: Any) -> Any:
    """Say yes or no; anything else as it is."""
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else value


@register.filter
def figure_value(figure: Figure) -> str:
    """Write a KPI; "No data" is never 0 % or 100 %."""
    if figure.value is None:
        return _("No data")
    if figure.metric is Metric.RECONNECTS:
        return decimals(figure.value, 2)
    return per_cent(figure.value, 2)
