"""Figures and codes of this room, as its pages write them."""

from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring import security_words, words
from monitoring.decimals import decimals, per_cent
from monitoring.effective import State, state_of_status
from monitoring.kpis.queries import LABELS, Figure, Metric

register = template.Library()

#: A clock further off than this, in ms, is worth a word.
CLOCK_TOLERANCE = 2_000
#: Less time without data than this is left out of tables; the cards always say it.
SHARE_WORTH_A_WORD = 0.01
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
def metric_label(metric: Metric) -> str:
    """Return what a KPI is called."""
    return str(LABELS[metric])


@register.filter
def figure_value(figure: Figure) -> str:
    """Write a KPI; "No data" is never 0 % or 100 %."""
    if figure.value is None:
        return _("No data")
    if figure.metric is Metric.RECONNECTS:
        return decimals(figure.value, 2)
    return per_cent(figure.value, 2)


@register.inclusion_tag("monitoring/_figure.html")
def figure_cell(figure: Figure) -> dict[str, Any]:
    """Write a KPI in a table, with its no-data share where that is worth a word."""
    worth = (figure.no_data_share or 0) >= SHARE_WORTH_A_WORD
    share = _no_data(figure) if worth else ""
    return {"figure": figure, "share": share, "detail": detail(figure)}


@register.inclusion_tag("web/components/kpi.html")
def kpi_figure(
    label: str | Promise, figure: Figure, formula: str | Promise, before: Figure, days: int
) -> dict[str, Any]:
    """Draw a KPI with its formula, and how it was in the same number of `days` before."""
    per_day = figure.metric is Metric.RECONNECTS and figure.value is not None
    return {
        "title": label,
        "value": figure_value(figure),
        "unit": _("per charger and day") if per_day else "",
        "detail": detail(figure),
        "no_data": _no_data(figure),
        "help": formula,
        "trend": _trend(figure, before, days),
    }


def _trend(figure: Figure, before: Figure, days: int) -> dict[str, str] | None:
    """Say how a figure differs from the one before, unless one of them is not known."""
    if figure.value is None or before.value is None:
        return None
    unit = 1 if figure.metric is Metric.RECONNECTS else 100
    change = round((figure.value - before.value) * unit, 2)
    if not change:
        return {"way": "level", "tone": "calm", "text": _as_before(days)}
    better = (change > 0) is (figure.metric is not Metric.RECONNECTS)
    return {
        "way": "up" if change > 0 else "down",
        "tone": "good" if better else "bad",
        "text": _changed(change, days, points=unit == 100),
    }


def _as_before(days: int) -> str:
    return ngettext("as the day before", "as the %(days)d days before", days) % {"days": days}


def _changed(change: float, days: int, *, points: bool) -> str:
    said = {"change": f"{'+' if change > 0 else '−'}{decimals(abs(change), 2)}", "days": days}
    if points:
        text = ngettext(
            "%(change)s points on the day before",
            "%(change)s points on the %(days)d days before",
            days,
        )
    else:
        text = ngettext(
            "%(change)s on the day before", "%(change)s on the %(days)d days before", days
        )
    return text % said


def detail(figure: Figure) -> str:
    """Say what a KPI is made of."""
    return DETAILS[figure.metric](figure) if figure.value is not None else ""


def _uptime(figure: Figure) -> str:
    return _("%(outage)s out of %(measured)s h measured") % {
        "outage": _hours(figure.details["outage"]),
        "measured": decimals(figure.denominator / 3600, 0, grouped=True),
    }


def _online(figure: Figure) -> str:
    return _("%(offline)s offline of %(commissioned)s h") % {
        "offline": _hours(figure.details["offline"]),
        "commissioned": decimals(figure.denominator / 3600, 0, grouped=True),
    }


def _success(figure: Figure) -> str:
    return _("%(successes)d of %(attempts)d attempts") % {
        "successes": figure.numerator,
        "attempts": figure.denominator,
    }


def _reconnects(figure: Figure) -> str:
    own = int(figure.details["own_restarts"])
    text = ngettext("%(count)d reconnect", "%(count)d reconnects", int(figure.numerator)) % {
        "count": figure.numerator
    }
    return f"{text}, {_('%(own)d more after our own restarts') % {'own': own}}" if own else text


DETAILS = {
    Metric.UPTIME: _uptime,
    Metric.ONLINE_RATE: _online,
    Metric.SESSION_SUCCESS: _success,
    Metric.RECONNECTS: _reconnects,
}


def _hours(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{decimals(seconds / 3600, 1, grouped=True)} h"


def _no_data(figure: Figure) -> str:
    share = figure.no_data_share
    return per_cent(share, 2) if share else ""
