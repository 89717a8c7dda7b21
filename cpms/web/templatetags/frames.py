"""The flight recorder's rows, in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cpms.web import times, zones
from cpms.web.frames.page import Row, Said
from monitoring.decimals import decimals
from monitoring.exchanges import Fate
from monitoring.frame_lines import stamp

register = template.Library()
register.filter("stamp", stamp)


@register.simple_tag
def precise(at: datetime, zone: str) -> SafeString:
    """Write the time of day to the millisecond in `zone`, everything on hover."""
    local = at.astimezone(ZoneInfo(zones.shown(zone)))
    written = f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
    whole = times.absolute(at, zone)
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp(at), whole, written)


@register.filter
def fate_words(row: Row) -> str:
    """Say what became of an exchange: how long the answer took, or why there is none."""
    took = _took(row.milliseconds)
    if row.fate is Fate.ANSWERED:
        return took
    if row.fate is Fate.REFUSED:
        return f"{row.code[:50]} · {took}" if took else row.code[:50]
    if row.fate is Fate.GAP:
        return _("gap: %(count)s frames were not kept") % {"count": row.exchange.frame.text}
    named = {
        Fate.UNANSWERED: _("no answer"),
        Fate.WAITING: _("waiting"),
        Fate.STRAY: _("answers nothing"),
        Fate.UNREADABLE: _("not readable"),
    }
    return named.get(row.fate, "")


def _took(milliseconds: float | None) -> str:
    if milliseconds is None:
        return ""
    if milliseconds < 1:
        return _("under 1 ms")
    if milliseconds < 1_000:
        return _("%(took)d ms") % {"took": milliseconds}
    return f"{decimals(milliseconds / 1000, 1)} s"


@register.filter
def said_words(said: Said) -> str:
    """Say whose frame it is."""
    if said.frame.direction == "in":
        return _("From the charger")
    return _("From us") if said.frame.direction == "out" else _("Gap")
