"""Figures and codes of this room, as its pages write them."""

from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring import words
from monitoring.kpi_queries import LABELS, Figure, Metric

register = template.Library()

#: A clock further off than this, in ms, is worth a word.
CLOCK_TOLERANCE = 2_000
#: Less time without data than this is left out of tables; the cards always say it.
SHARE_WORTH_A_WORD = 0.01

register.filter("stop_words", words.stop_reason)
register.filter("closing_words", words.closing)
register.filter("flag_words", words.flag)
register.filter("frame_words", words.frame)
register.filter("frame_payload", words.payload)


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
    seconds = {"seconds": f"{abs(offset) / 1000:.0f}"}
    return _("%(seconds)s s ahead") % seconds if offset > 0 else _("%(seconds)s s behind") % seconds


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
        return f"{figure.value:.2f}"
    return ratio(figure.value)


def ratio(value: float) -> str:
    """Write a rate in per cent; only what is whole is 100 %, only nothing is 0 %."""
    if value in (0.0, 1.0):
        return f"{value * 100:.0f} %"
    return f"{min(max(value * 100, 0.01), 99.99):.2f} %"


@register.inclusion_tag("monitoring/_figure.html")
def figure_cell(figure: Figure) -> dict[str, Any]:
    """Write a KPI in a table, with its no-data share where that is worth a word."""
    worth = (figure.no_data_share or 0) >= SHARE_WORTH_A_WORD
    share = _no_data(figure) if worth else ""
    return {"figure": figure, "share": share, "detail": detail(figure)}


@register.inclusion_tag("web/components/kpi.html")
def kpi_figure(label: str | Promise, figure: Figure, formula: str | Promise) -> dict[str, Any]:
    """Draw a KPI with its formula."""
    per_day = figure.metric is Metric.RECONNECTS and figure.value is not None
    return {
        "title": label,
        "value": figure_value(figure),
        "unit": _("per charger and day") if per_day else "",
        "detail": detail(figure),
        "no_data": _no_data(figure),
        "formula": formula,
    }


def detail(figure: Figure) -> str:
    """Say what a KPI is made of."""
    return DETAILS[figure.metric](figure) if figure.value is not None else ""


def _uptime(figure: Figure) -> str:
    return _("%(outage)s out of %(measured)s h measured") % {
        "outage": _hours(figure.details["outage"]),
        "measured": f"{figure.denominator / 3600:,.0f}",
    }


def _online(figure: Figure) -> str:
    return _("%(offline)s offline of %(commissioned)s h") % {
        "offline": _hours(figure.details["offline"]),
        "commissioned": f"{figure.denominator / 3600:,.0f}",
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
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _no_data(figure: Figure) -> str:
    share = figure.no_data_share
    return ratio(share) if share else ""
