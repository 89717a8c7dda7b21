"""How the ledger's pages write kinds and amounts."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.models.outages import KINDS
from monitoring.outages.kinds import Kind

register = template.Library()

#: Tone and icon of each kind of outage.
LOOKS = {
    Kind.OFFLINE: ("bad", "wifi-off"),
    Kind.FAULTED: ("bad", "alert-triangle"),
    Kind.UNAVAILABLE: ("warn", "circle-minus"),
    Kind.SILENT: ("warn", "plug-x"),
}
_NAMES = dict(KINDS)


@register.simple_tag
def outage_badge(kind: str) -> SafeString:
    """Draw the badge of a kind of outage."""
    tone, icon = LOOKS[Kind(kind)]
    drawn = format_html('<svg class="icon " aria-hidden="true"><use href="#i-{}"/></svg>', icon)
    return format_html('<span class="kw-badge tone-{}">{}{}</span>', tone, drawn, _NAMES[kind])


@register.filter
def hours(seconds: float) -> str:
    """Return seconds as hours, e.g. "12.4 h"."""
    return _("%(hours)s h") % {"hours": f"{seconds / 3600:,.1f}"}


@register.filter
def minutes(seconds: float) -> str:
    """Return seconds as whole minutes, e.g. "120 minutes"."""
    count = round(seconds / 60)
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": f"{count:,}"}


@register.filter
def percent(share: float) -> str:
    """Return a share as per cent."""
    return f"{100 * share:.0f} %"
