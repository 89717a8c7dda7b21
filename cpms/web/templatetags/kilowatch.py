"""The shell's components: one look for states, times, bars, figures and empty places."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template
from django.http import QueryDict
from django.utils import timezone as clock
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.web.durations import spoken
from cpms.web.timeline import Piece, Segment, bar
from monitoring.effective import State

register = template.Library()

#: State -> what it is called, and its icon. The colour is the CSS class `state-<value>`.
STATES: dict[State, tuple[str | Promise, str]] = {
    State.OFFLINE: (gettext_lazy("Offline"), "plug-connected-x"),
    State.FAULTED: (gettext_lazy("Faulted"), "alert-triangle"),
    State.UNAVAILABLE: (gettext_lazy("Unavailable"), "ban"),
    State.UNKNOWN: (gettext_lazy("Unknown"), "help-circle"),
    State.CHARGING: (gettext_lazy("Charging"), "bolt"),
    State.OCCUPIED: (gettext_lazy("Occupied"), "plug"),
    State.RESERVED: (gettext_lazy("Reserved"), "bookmark"),
    State.AVAILABLE: (gettext_lazy("Available"), "circle-check"),
}
#: How tall a state stands in a bar of `TALLEST` px: trouble is as high as the bar, use is in
#: between, readiness is low. So a bar can be read without its colours.
TALLEST = 26
HEIGHTS: dict[State, int] = {
    State.OFFLINE: TALLEST,
    State.FAULTED: TALLEST,
    State.UNAVAILABLE: TALLEST,
    State.UNKNOWN: 6,
    State.CHARGING: 20,
    State.OCCUPIED: 15,
    State.RESERVED: 15,
    State.AVAILABLE: 10,
}
#: Less time without data than this isn't mentioned under a bar.
WORTH_SAYING = timedelta(minutes=1)
#: What the states of a connection's bar are called.
CONNECTION_NAMES: dict[State, str | Promise] = {
    State.AVAILABLE: gettext_lazy("Online"),
}
NOTHING = format_html('<span class="text-secondary">{}</span>', "–")
SHAPES = {"minutes": "j M, H:i", "seconds": "j M, H:i:s", "day": "j M Y", "time": "H:i:s"}


@register.simple_tag
def icon_sprite() -> SafeString:
    """Put all icons into the page, once, for `icon` to draw."""
    return _sprite()


@cache
def _sprite() -> SafeString:
    path = Path(__file__).resolve().parent.parent / "static" / "vendor" / "icons.svg"
    return mark_safe(path.read_text())  # noqa: S308 a file of ours


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Draw an icon of the sprite; decoration only, the text beside it says the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>',
        classes,
        name,
    )


@register.filter
def state_label(state: str) -> str:
    """Return what the state is called."""
    return str(STATES[State(state)][0])


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """Draw the icon of an effective state."""
    return icon(STATES[State(state)][1])


@register.simple_tag
def state_badge(state: str, text: str = "") -> SafeString:
    """Draw the badge of an effective state, or with `text` instead of the state's own name."""
    label, symbol = STATES[State(state)]
    return _badge(f"state-{state}", text or str(label), symbol)


@register.simple_tag
def pill(label: str, tone: str = "calm", icon: str = "") -> SafeString:
    """Draw a badge for anything but a port's state.

    `tone`: bad, warn, notice, info, good or calm.
    """
    return _badge(f"tone-{tone}", label, icon)


def _badge(look: str, label: str, symbol: str) -> SafeString:
    drawn = icon(symbol) if symbol else ""
    return format_html('<span class="kw-badge {}">{}{}</span>', look, drawn, label)


@register.simple_tag
def port_chip(number: int, state: str, detail: str = "") -> SafeString:
    """Draw a port as a small square: its number, its state's icon and colour."""
    label, symbol = STATES[State(state)]
    name = _("Port %(number)s: %(state)s") % {"number": number, "state": label}
    return format_html(
        '<span class="kw-chip state-{}" title="{}">{}<span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        state,
        f"{name} · {detail}" if detail else name,
        icon(symbol),
        number,
        name,
    )


@register.simple_tag
def ago(at: datetime | None, zone: str = "UTC") -> SafeString:
    """Say how long ago `at` was ("3 min ago"), with the time in `zone` on hover."""
    return _time(at, zone, _("%s ago"), "ago")


@register.simple_tag
def lasting(since: datetime | None, zone: str = "UTC") -> SafeString:
    """Say for how long something has been so ("3 min"), with its beginning on hover."""
    return _time(since, zone, "%s", "lasting")


def _time(at: datetime | None, zone: str, pattern: str, kind: str) -> SafeString:
    if at is None:
        return NOTHING
    text = pattern % spoken(clock.now() - at)
    return format_html(
        '<time datetime="{}" title="{}" data-relative="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        absolute(at, zone),
        kind,
        text,
    )


@register.simple_tag
def clock_time(at: datetime | None, zone: str = "UTC", form: str = "minutes") -> SafeString:
    """Write a time in `zone`, with everything on hover; `form`: minutes, seconds or day."""
    if at is None:
        return NOTHING
    local = at.astimezone(ZoneInfo(zone))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        absolute(at, zone),
        date_format(local, SHAPES[form]),
    )


def absolute(at: datetime, zone: str) -> str:
    """Return the whole time with its zone, e.g. "2 Mar 2026, 09:00:12 CET (Europe/Berlin)"."""
    local = at.astimezone(ZoneInfo(zone))
    return (
        f"{date_format(local, 'j M Y, H:i:s')} {local:%Z} ({zone})"
        if zone != "UTC"
        else (f"{date_format(local, 'j M Y, H:i:s')} UTC")
    )


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Write a duration (a timedelta, or seconds) in its two largest units."""
    if value is None:
        return "–"
    return spoken(value if isinstance(value, timedelta) else timedelta(seconds=value))


@register.filter
def until(start: datetime | None, end: datetime | None) -> str:
    """Write how long something lasted from `start` to `end`."""
    return "–" if start is None or end is None else spoken(end - start)


@register.filter
def rated(watts: float) -> str:
    """Write a rated power: 22 kW, 3.7 kW."""
    return f"{watts / 1000:.1f}".removesuffix(".0") + " kW"


@register.filter
def kilowatts(watts: float | None) -> str:
    """Write watts as kW with one decimal."""
    return "–" if watts is None else f"{watts / 1000:.1f} kW"


@register.filter
def kilowatt_hours(watt_hours: float | None) -> str:
    """Write watt-hours as kWh, with more decimals for little."""
    if watt_hours is None:
        return "–"
    return f"{watt_hours / 1000:.{2 if abs(watt_hours) < 100_000 else 1}f} kWh"


@register.inclusion_tag("web/components/timeline.html")
def timeline(
    label: str,
    pieces: Sequence[Piece],
    start: datetime,
    end: datetime,
    zone: str = "UTC",
    of: str = "port",
) -> dict[str, Any]:
    """Draw a bar of states over [start, end), with the sum per state in words below.

    `of` a "port" the states are called as everywhere; of a "connection" available is online.
    """
    names = CONNECTION_NAMES if of == "connection" else {}
    drawn = bar(pieces, start, end)
    return {
        "label": label,
        "nothing": spoken(drawn.nothing) if drawn.nothing >= WORTH_SAYING else "",
        "segments": [_segment(piece, ZoneInfo(zone), names) for piece in drawn.segments],
        "legend": [
            {"state": state, "label": _named(state, names), "duration": spoken(lasted)}
            for state, lasted in drawn.totals
            if lasted >= timedelta(seconds=1)
        ],
    }


def _segment(
    piece: Segment, zone: ZoneInfo, names: Mapping[State, str | Promise]
) -> dict[str, str]:
    text = _("%(state)s, %(duration)s: %(start)s – %(end)s") % {
        "state": _named(piece.state, names),
        "duration": spoken(piece.end - piece.start),
        "start": date_format(piece.start.astimezone(zone), "j M H:i"),
        "end": date_format(piece.end.astimezone(zone), "j M H:i"),
    }
    note = f" · {piece.note}" if piece.note else ""
    height = HEIGHTS[State(piece.state)]
    return {
        "state": piece.state,
        "x": piece.x,
        "width": piece.width,
        "y": str(TALLEST - height),
        "height": str(height),
        "title": text + note,
    }


def _named(state: str, names: Mapping[State, str | Promise]) -> str:
    return str(names.get(State(state)) or state_label(state))


@register.inclusion_tag("web/components/hours.html")
def timeline_hours(start: datetime, end: datetime, zone: str = "UTC") -> dict[str, Any]:
    """Write the hours under timeline bars of [start, end), in `zone`."""
    step = timedelta(hours=3) if end - start <= timedelta(days=1) else timedelta(days=1)
    local = start.astimezone(ZoneInfo(zone))
    first = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=3 - local.hour % 3)
    marks = []
    while first < end:
        share = (first - start) / (end - start) * 100
        marks.append({"x": f"{share:.3f}", "text": date_format(first, "H:i")})
        first += step
    return {"marks": marks, "zone": f"{local:%Z}"}


@register.inclusion_tag("web/components/kpi.html")
def kpi(
    title: str, value: str, formula: str = "", no_data: str = "", **more: Any
) -> dict[str, Any]:
    """Draw a figure with its formula and the share of time without data, both in words.

    `more`: unit, detail (a line below the figure), tone (see `pill`), href (its evidence).
    """
    return {"title": title, "value": value, "formula": formula, "no_data": no_data, **more}


@register.inclusion_tag("web/components/empty.html")
def empty_state(
    title: str, text: str = "", icon: str = "circle-check", url: str = "", action: str = ""
) -> dict[str, str]:
    """Draw what is shown where there is nothing to show, and what to do about it."""
    return {"title": title, "text": text, "icon": icon, "url": url, "action": action}


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return the page's query string with `changes`; a None or "" removes a parameter.

    Changing anything but the page goes back to page one.
    """
    parameters: QueryDict = context["request"].GET.copy()
    parameters.pop("page", None)
    for name, value in changes.items():
        parameters.pop(name, None)
        if value not in (None, ""):
            parameters[name] = str(value)
    return "?" + urlencode(list(parameters.lists()), doseq=True)


@register.inclusion_tag("web/components/sort_header.html", takes_context=True)
def sort_header(context: template.Context, field: str, label: str) -> dict[str, Any]:
    """Draw a column's name that sorts by `field`, then by it backwards (parameter `sort`)."""
    current = context["request"].GET.get("sort", "")
    direction = {field: "ascending", f"-{field}": "descending"}.get(current, "none")
    following = f"-{field}" if current == field else field
    return {"url": query(context, sort=following), "label": label, "direction": direction}


@register.inclusion_tag("web/components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Any) -> dict[str, Any]:
    """Draw the links to the other pages of a paginator's `page`."""
    return {
        "page": page,
        "previous": query(context, page=page.number - 1) if page.has_previous() else "",
        "next": query(context, page=page.number + 1) if page.has_next() else "",
    }
