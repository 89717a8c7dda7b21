"""The lanes of a charger's history: bars of states, sessions and marks over one window.

A lane of a long window has a thousand pieces: it is written here, not by a template.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cpms.web import times, zones
from cpms.web.durations import spoken
from cpms.web.templatetags.kilowatch import CONNECTION_NAMES, HEIGHTS, STATES, TALLEST, WORTH_SAYING
from cpms.web.timeline import THINNEST
from monitoring import words
from monitoring.charger_page.bars import Lane, Stretch
from monitoring.charger_page.marks import Bout, Mark
from monitoring.charger_page.window import Window
from monitoring.decimals import decimals
from monitoring.effective import State

register = template.Library()

#: Marks are drawn in this order, the ones that matter most on top of the others.
ORDER = {"boot": 1, "firmware": 2}

Names = Mapping[State, str | Promise]


@register.inclusion_tag("web/components/lane.html")
def lane(label: str, drawn: Lane, window: Window, zone: str, of: str = "port") -> dict[str, Any]:
    """Draw a bar of states, with the sum of each below it.

    `of` a "port" the states are called as everywhere; of a "connection" available is online.
    """
    names = {state: text for state, (text, _icon) in STATES.items()}
    if of == "connection":
        names |= CONNECTION_NAMES
    nothing = window.length - sum((length for _state, length in drawn.totals), timedelta())
    write = _writer(zone, window)
    return {
        "label": label,
        "tallest": TALLEST,
        "pieces": _joined(_piece(piece, window, names, write) for piece in drawn.pieces),
        "legend": _legend(drawn, window, names),
        "nothing": spoken(nothing) if nothing >= WORTH_SAYING else "",
    }


def _legend(drawn: Lane, window: Window, names: Names) -> list[dict[str, Any]]:
    return [
        {
            "state": state,
            "label": names[state],
            "duration": spoken(length),
            "share": f"{decimals(length / window.length * 100, 1)} %",
        }
        for state, length in drawn.totals
        if length >= timedelta(seconds=1)
    ]


def _piece(piece: Stretch, window: Window, names: Names, write: Any) -> str:
    x, width = _place(piece.start, piece.end, window)
    height = HEIGHTS[piece.state] if piece.share == 1 else max(TALLEST * piece.share, 3)
    top = TALLEST - height if piece.share == 1 else 0
    title = f"{names[piece.state]}, {spoken(piece.end - piece.start)}"
    if piece.share < 1:
        title = _("up to %(share)s %% of the time: %(state)s") % {
            "share": f"{piece.share * 100:.0f}", "state": names[piece.state],
        }  # fmt: skip
    said = f" · {piece.note}" if piece.note else ""
    text = escape(f"{title}: {write(piece.start)} – {write(piece.end)}{said}")
    return (
        f'<rect class="state-{piece.state}" x="{x}%" y="{top:.1f}" width="{width}%"'
        f' height="{height:.1f}"><title>{text}</title></rect>'
    )


def _place(start: datetime, end: datetime, window: Window) -> tuple[str, str]:
    x = max((start - window.start) / window.length * 100, 0.0)
    width = min((end - window.start) / window.length * 100, 100.0) - x
    return f"{x:.3f}", f"{max(width, THINNEST):.3f}"


@register.simple_tag
def session_lane(bouts: Iterable[Bout], window: Window, zone: str, identity: str) -> SafeString:
    """Draw sessions as columns, as high as their energy; one by one they are links."""
    shown = list(bouts)
    most = max((bout.energy for bout in shown), default=0.0) or 1.0
    write = _writer(zone, window)
    return _joined(_bout(bout, window, write, most, identity) for bout in shown)


def _bout(bout: Bout, window: Window, write: Any, most: float, identity: str) -> str:
    x, width = _place(bout.start, bout.end, window)
    height = max(bout.energy / most * TALLEST, 4)
    energy = f"{decimals(bout.energy / 1000, 1)} kWh"
    number = ngettext("%(count)s session", "%(count)s sessions", bout.count) % {"count": bout.count}
    where = _("port %(port)s") % {"port": bout.port} if bout.port else ""
    parts = [number, where, energy, f"{write(bout.start)} – {write(bout.end)}"]
    title = escape(", ".join(part for part in parts if part))
    rect = (
        f'<rect class="kw-bout{" is-running" if bout.running else ""}" x="{x}%"'
        f' y="{TALLEST - height:.1f}" width="{width}%" height="{height:.1f}">'
        f"<title>{title}</title></rect>"
    )
    if bout.session is None:
        return rect
    url = escape(reverse("charger-session", args=[identity, bout.session]))
    return f'<a href="{url}" tabindex="-1">{rect}</a>'


@register.simple_tag
def mark_lane(marks: Iterable[Mark], window: Window, zone: str) -> SafeString:
    """Draw a tick for each thing that happened, by its kind."""
    write = _writer(zone, window)
    rarest_last = sorted(marks, key=lambda mark: ORDER.get(mark.kind, 0))
    return _joined(_mark(mark, window, write) for mark in rarest_last)


def _mark(mark: Mark, window: Window, write: Any) -> str:
    x, _width = _place(mark.at, mark.at, window)
    times_ = f" × {mark.count}" if mark.count > 1 else ""
    said = f" · {mark.text}" if mark.text else ""
    title = escape(f"{words.event_kind(mark.kind)}{times_}: {write(mark.at)}{said}")
    tone = "firmware" if mark.kind == "firmware" else "boot" if mark.kind == "boot" else "event"
    return (
        f'<g class="kw-mark is-{tone}"><title>{title}</title>'
        f'<rect x="{x}%" y="2" width="{5 if tone == "firmware" else 3}" height="22" rx="1.5"/></g>'
    )


@register.simple_tag
def local_input(at: datetime, zone: str) -> str:
    """Write a time as an input for a date and time wants it, in the zone that is shown."""
    return f"{at.astimezone(ZoneInfo(zones.shown(zone))):%Y-%m-%dT%H:%M}"


def _writer(zone: str, window: Window) -> Any:
    """Return what writes a time of the window: to the minute, and each minute once."""
    local, shape = ZoneInfo(zones.shown(zone)), times.shape("minutes")
    written: dict[int, str] = {}

    def write(at: datetime) -> str:
        minute = int(at.timestamp()) // 60
        if minute not in written:
            written[minute] = date_format(at.astimezone(local), shape)
        return written[minute]

    return write


def _joined(parts: Iterable[str]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 every text in it is escaped where it is put in
