"""The shell's components: one look for states, times, bars, figures and empty places."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms, template
from django.forms import BoundField
from django.http import QueryDict
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.web import times, zones
from cpms.web.durations import spoken
from cpms.web.sparkline import strokes
from cpms.web.timeline import Mark, Piece, Segment, bar, marks
from monitoring.decimals import decimals
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

register.simple_tag(times.ago)
register.simple_tag(times.lasting)
register.simple_tag(times.clock_time)
register.simple_tag(times.calendar_day)
register.simple_tag(times.zone_name)
#: `{{ zone|shown_zone }}`: the zone that scripts write times in, as the tags above do.
register.filter("shown_zone", zones.shown)


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
    places = 0 if round(watts / 100) % 10 == 0 else 1
    return f"{decimals(watts / 1000, places)} kW"


@register.filter
def kilowatts(watts: float | None) -> str:
    """Write watts as kW with one decimal."""
    return "–" if watts is None else f"{decimals(watts / 1000, 1)} kW"


@register.filter
def kilowatt_hours(watt_hours: float | None) -> str:
    """Write watt-hours as kWh, with more decimals for little."""
    if watt_hours is None:
        return "–"
    return f"{decimals(watt_hours / 1000, 2 if abs(watt_hours) < 100_000 else 1)} kWh"


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
        "segments": [_segment(piece, zone, names) for piece in drawn.segments],
        "legend": [
            {"state": state, "label": _named(state, names), "duration": spoken(lasted)}
            for state, lasted in drawn.totals
            if lasted >= timedelta(seconds=1)
        ],
    }


def _segment(piece: Segment, zone: str, names: Mapping[State, str | Promise]) -> dict[str, str]:
    text = _("%(state)s, %(duration)s: %(start)s – %(end)s") % {
        "state": _named(piece.state, names),
        "duration": spoken(piece.end - piece.start),
        "start": _edge(piece.start, zone),
        "end": _edge(piece.end, zone),
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


def _edge(at: datetime, zone: str) -> str:
    return date_format(at.astimezone(ZoneInfo(zones.shown(zone))), times.shape("minutes"))


@register.inclusion_tag("web/components/hours.html")
def timeline_hours(start: datetime, end: datetime, zone: str = "UTC") -> dict[str, Any]:
    """Write the hours, days or months under timeline bars of [start, end), in `zone`."""
    local = ZoneInfo(zones.shown(zone))
    drawn = [(f"{mark.x:.3f}", _written(mark)) for mark in marks(start, end, local)]
    return {"marks": drawn, "zone": times.zone_name(zone, end)}


def _written(mark: Mark) -> str:
    return date_format(mark.at, "H:i" if mark.form == "clock" else times.shape(mark.form))


@register.inclusion_tag("web/components/kpi.html")
def kpi(
    title: str, value: str, formula: str = "", no_data: str = "", **more: Any
) -> dict[str, Any]:
    """Draw a figure with its formula and the share of time without data, both in words.

    `more`: unit; detail (a line below the figure); tone (see `pill`); href (its evidence);
    help (what it means, behind a "?"); trend (has way: up, down or level, tone, and text);
    spark (its values over time, None where there is no data; the text says what it shows).
    """
    points = strokes(more.pop("spark", None) or [])
    return {
        "title": title, "value": value, "formula": formula, "no_data": no_data, "strokes": points,
        **more,
    }  # fmt: skip


@register.inclusion_tag("web/components/help_tip.html")
def help_tip(text: str, of: str = "") -> dict[str, str]:
    """Draw a "?" that opens `text` on click, Enter or tap; `of` names what it explains."""
    return {"text": text, "of": of}


@register.simple_tag
def live_number(key: str, value: str | float, unit: str = "") -> SafeString:
    """Draw a number that lights up for a moment when a refresh changes it.

    `key` is the page's own name for it, and the same before and after.
    """
    written = value if isinstance(value, str) else number_format(value, force_grouping=True)
    small = format_html(" <small>{}</small>", unit) if unit else ""
    return format_html('<span class="kw-number" data-number="{}">{}{}</span>', key, written, small)


@register.inclusion_tag("web/components/tabs.html")
def tabs(label: str, entries: Iterable[Any]) -> dict[str, Any]:
    """Draw the tabs of a page whose every tab is an address of its own.

    `label` says what they are parts of. An entry has label, url and current; and may have icon,
    badge (a count) and tone (of the badge, see `pill`).
    """
    return {"label": label, "entries": entries}


@register.inclusion_tag("web/components/stepper.html")
def stepper(label: str, steps: Iterable[Any], zone: str = "UTC") -> dict[str, Any]:
    """Draw the steps of something that goes on by itself, one below the other.

    A step has label and state (done, current, failed or waiting); and may have detail (what was
    seen, or what to do) and at (when).
    """
    return {"label": label, "steps": steps, "zone": zone}


@register.inclusion_tag("web/components/events.html")
def events(entries: Iterable[Any], zone: str = "UTC", empty: str = "") -> dict[str, Any]:
    """Draw what happened, as a timeline of events in the order given.

    An event has at, text and icon; and may have tone (see `pill`), who, note (several lines of
    a person's own words) and url. `empty` is said where there are none.
    """
    return {"entries": entries, "zone": zone, "empty": empty}


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw a form field's control as all controls look; `components/field.html` has the rest."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        css = "form-check-input"
    elif isinstance(widget, forms.Select):
        css = "form-select"
    else:
        css = "form-control"
    return field.as_widget(attrs={"class": css})


@register.inclusion_tag("web/components/filter_select.html")
def filter_select(
    name: str, label: str, options: Iterable[tuple[Any, str]], chosen: Any, everything: str
) -> dict[str, Any]:
    """Draw a choice of a filter bar; `everything` is the option that filters nothing."""
    return {
        "name": name, "label": label, "options": options, "chosen": chosen,
        "everything": everything,
    }  # fmt: skip


@register.inclusion_tag("web/components/filter_search.html")
def filter_search(name: str, label: str, value: str, placeholder: str = "") -> dict[str, str]:
    """Draw the search field of a filter bar."""
    return {"name": name, "label": label, "value": value, "placeholder": placeholder}


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
def sort_header(
    context: template.Context, field: str, label: str, css: str = "", *, most_first: bool = False
) -> dict[str, Any]:
    """Draw a column's name that sorts by `field`, then by it backwards (parameter `sort`).

    `css` "num" is for a column of numbers; `most_first`: the other way round.
    """
    current = context["request"].GET.get("sort", "")
    direction = {field: "ascending", f"-{field}": "descending"}.get(current, "none")
    first, second = (f"-{field}", field) if most_first else (field, f"-{field}")
    following = second if current == first else first
    return {
        "url": query(context, sort=following),
        "label": label,
        "direction": direction,
        "css": css,
    }


@register.inclusion_tag("web/components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Any) -> dict[str, Any]:
    """Draw the links to the other pages of a paginator's `page`."""
    return {
        "page": page,
        "previous": query(context, page=page.number - 1) if page.has_previous() else "",
        "next": query(context, page=page.number + 1) if page.has_next() else "",
    }
