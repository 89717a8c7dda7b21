"""A charger as a tile on its site's page: four hundred of them are drawn in a moment."""

from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from cpms.web import times
from cpms.web.templatetags.kilowatch import kilowatts, port_chip, state_badge
from monitoring.fleet import Row

register = template.Library()


@register.simple_tag
def bay(row: Row, close: bool = False) -> SafeString:
    """Draw a charger's tile: label, state, since when, ports, power; `close` only what is vital."""
    charger = row.charger
    power = "" if row.power is None else _power(kilowatts(row.power))
    return format_html(
        '<div class="kw-bay state-{}">'
        '<div class="kw-bay-head"><a href="{}"><bdi>{}</bdi></a>{}</div>{}'
        '<div class="kw-bay-ports">{}{}</div></div>',
        row.state,
        reverse("charger", args=[charger.identity]),
        charger.bay or charger.identity,
        _badge(row.state, get_language()),
        "" if close else _since(row),
        format_html_join(
            "",
            "{}",
            ((_chip(p.number, p.state, p.what, get_language()),) for p in row.shown_ports),
        ),
        power,
    )


def _since(row: Row) -> SafeString:
    named = row.charger.identity if row.charger.bay else ""
    return format_html(
        '<div class="kw-bay-sub">{}{}</div>',
        format_html('<span class="mono">{}</span> ', named) if named else "",
        times.lasting(row.since, row.zone),
    )


def _power(text: str) -> SafeString:
    return format_html('<span class="kw-bay-power">{}</span>', text)


@lru_cache(maxsize=64)
def _badge(state: str, _language: str | None) -> SafeString:
    return state_badge(state)


@lru_cache(maxsize=2_000)
def _chip(number: int, state: str, what: str, _language: str | None) -> SafeString:
    return port_chip(number, state, what)
