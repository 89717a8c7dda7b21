"""What pages of sites write: whom to call, the days of the week, the weather, the power."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from monitoring import contact
from monitoring.decimals import decimals, per_cent
from monitoring.kpis.totals import PortTotals
from monitoring.site_day import Visits
from monitoring.weather import DAYS, Bar, Cell, shares

register = template.Library()

WEEKDAYS: dict[str, Promise] = {
    "mon": gettext_lazy("Monday"),
    "tue": gettext_lazy("Tuesday"),
    "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"),
    "fri": gettext_lazy("Friday"),
    "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}
#: What a day's shares are called.
SHARES: dict[str, Promise] = {
    "available": gettext_lazy("working"),
    "unavailable": gettext_lazy("unavailable"),
    "faulted": gettext_lazy("faulted"),
    "offline": gettext_lazy("offline"),
    "": gettext_lazy("no data"),
}
LINE_BREAK = SafeString("<br>")
#: Height of a day's column, px.
TALL = 28.0
#: A share that is there is never thinner than this, px.
THIN = 1.5
#: The box of the power's curve.
CURVE = (96.0, 36.0)

register.filter("weekday", lambda day: str(WEEKDAYS[day]))


@register.filter
def with_links(text: str) -> SafeString:
    """Write a contact with its telephone numbers and addresses as links."""
    return format_html_join("", "{}", ((_linked(part),) for line in _lines(text) for part in line))


def _lines(text: str) -> Iterable[Iterable[contact.Part]]:
    for number, line in enumerate(text.splitlines()):
        if number:
            yield [contact.Part("\n")]
        yield contact.parts(line)


def _linked(part: contact.Part) -> SafeString | str:
    if part.text == "\n":
        return LINE_BREAK
    return format_html('<a href="{}">{}</a>', part.link, part.text) if part.link else part.text


@register.filter
def site_power(watts: float) -> str:
    """Write the power of a whole site: 86.4 kW, 640 kW, 1.62 MW."""
    if watts >= 1e6:
        return f"{decimals(watts / 1e6, 2)} MW"
    return f"{decimals(watts / 1000, 0 if watts >= 1e5 else 1)} kW"


@register.filter
def in_words(totals: PortTotals) -> str:
    """Say a day's shares: "working 93.0 %, offline 7.0 %"."""
    stacked = reversed(list(shares(totals)))
    said = [f"{SHARES[state]} {per_cent(share, 1)}" for state, share in stacked]
    return ", ".join(said) or _("no data")


@register.filter
def uptime(bar: Bar) -> str:
    """Write the share of the measured time in which drivers could be served."""
    measured = bar.whole.measured
    return per_cent(bar.whole.up / measured, 1) if measured else _("no data")


@register.filter
def short_day(day: date) -> str:
    """Write a day without its year."""
    return date_format(day, pgettext("format of a day without the year", "j M"))


@register.simple_tag
def weather_cell(cell: Cell) -> SafeString:
    """Draw a day's column, with its numbers for whoever looks closer or doesn't see it."""
    text = f"{short_day(cell.day)}: {in_words(cell.totals)}"
    worst = ["offline", "faulted", "unavailable"]
    trouble = next((name for name in worst if getattr(cell.totals, name)), "")
    return format_html(
        '<td tabindex="-1" data-says="{}"{}><svg width="12" height="28" aria-hidden="true">{}</svg>'
        '<span class="visually-hidden">{}</span></td>',
        text,
        format_html(' class="has-{}"', trouble) if trouble else "",
        _column(cell.totals),
        in_words(cell.totals),
    )


def _column(totals: PortTotals) -> SafeString:
    drawn, floor = [], TALL
    for state, share in shares(totals):
        height = max(share * TALL, THIN)
        floor -= share * TALL
        top = max(min(floor, TALL - height), 0.0)
        drawn.append((f"state-{state}" if state else "nothing", f"{top:.1f}", f"{height:.1f}"))
    if not drawn:
        drawn = [("nothing", "0", f"{TALL:.0f}")]
    return format_html_join("", '<rect class="{}" x="0" y="{}" width="12" height="{}"/>', drawn)


@register.simple_tag
def day_mark(day: date, index: int) -> str:
    """Write the day over a column, for one a week; the last has no room beside it."""
    return short_day(day) if index % 7 == 1 and index < DAYS - 1 else ""


@register.simple_tag
def power_curve(visits: Visits) -> SafeString:
    """Draw the site's power over the last 24 hours; the text beside it says what it shows."""
    width, height = CURVE
    top = visits.peak or 1.0
    step = width / max(len(visits.powers), 1)
    points = [f"0,{height:.0f}"]
    for place, watts in enumerate(visits.powers):
        level = f"{height - watts / top * (height - 2):.1f}"
        points += [f"{place * step:.1f},{level}", f"{(place + 1) * step:.1f},{level}"]
    points.append(f"{width:.0f},{height:.0f}")
    return format_html(
        '<svg class="kw-site-curve" viewBox="0 0 {} {}" preserveAspectRatio="none" width="100%" '
        'height="56" aria-hidden="true"><polygon points="{}"/></svg>',
        f"{width:.0f}",
        f"{height:.0f}",
        " ".join(points),
    )


@register.filter
def local_time(visits: Visits, zone: str) -> str:
    """Write when the power was highest, in the site's zone."""
    return date_format(visits.peak_at.astimezone(ZoneInfo(zone)), "H:i")
