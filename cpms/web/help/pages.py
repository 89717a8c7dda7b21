"""The guide's pages: which there are, what they say, and where a word is in them.

A page is `text/<language>/<slug>.md`: a title, then sections with an anchor each, the same in
every language: `## Reading it {#reading}`. Pages link to each other by slug (`[map](map)`),
and show screenshots by name (`![What one sees](shot:fleet)`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path

import markdown
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

TEXT = Path(__file__).resolve().parent / "text"
SHOTS = Path(__file__).resolve().parent.parent / "static" / "help"
#: Slug -> the icon beside it; in the order in which one reads them.
PAGES: dict[str, str] = {
    "start": "circle-check",
    "fleet": "charging-pile",
    "map": "map",
    "charger": "plug",
    "flight-recorder": "broadcast",
    "operate": "player-play",
    "drivers": "phone",
    "settings": "adjustments",
    "limits": "chart-line",
    "tokens": "credit-card",
    "firmware": "upload",
    "security": "certificate",
    "tariffs": "receipt",
    "incidents": "urgent",
    "kpis": "gauge",
    "outages": "plug-connected-x",
    "reports": "file-text",
    "sightings": "radar",
    "kiosk": "device-desktop",
    "keyboard": "list",
    "api": "cpu",
}
#: Name of a route, or of its first part -> the page (and section) about it.
ABOUT: dict[str, str] = {
    "fleet": "fleet",
    "map": "map",
    "site": "map#site",
    "sites": "map#sites",
    "charger-flight": "flight-recorder",
    "charger-frames": "flight-recorder",
    "charger": "charger",
    "charger-operate": "operate",
    "charger-operation": "operate",
    "charger-command": "operate#ends",
    "charger-commands": "operate#ends",
    "charger-raw": "operate#hurts",
    "charger-configuration": "settings",
    "charger-setting": "settings#history",
    "charger-settings": "settings#history",
    "charger-monitors": "settings#monitors",
    "charger-profiles": "limits",
    "charger-reservations": "drivers#reserve",
    "charger-display": "drivers#display",
    "charger-customer": "drivers#customers",
    "charger-customers": "drivers#customers",
    "charger-local": "tokens#list",
    "charger-firmware": "firmware",
    "charger-log": "firmware#logs",
    "charger-logs": "firmware#logs",
    "charger-certificates": "security",
    "commands": "operate#ends",
    "bulk": "operate#many",
    "bulks": "operate#stop",
    "tokens": "tokens",
    "token": "tokens#may",
    "tokens-import": "tokens#import",
    "firmware": "firmware#update",
    "certificates": "security#authorities",
    "contracts": "security#plug-and-charge",
    "site-tariffs": "tariffs",
    "vendor-rules": "tariffs#vendors",
    "connect": "start#first-charger",
    "incident": "incidents",
    "incidents": "incidents",
    "notification": "incidents#told",
    "notifications": "incidents#told",
    "alerting": "incidents#rules",
    "alert-rule": "incidents#rules",
    "escalation-policy": "incidents#escalation",
    "kpis": "kpis",
    "kpi": "kpis",
    "meters": "kpis#use",
    "outages": "outages",
    "outage": "outages",
    "exclusions": "outages#exclusions",
    "exclusion": "outages#exclusions",
    "maintenance": "outages#planned",
    "error": "outages#codes",
    "reports": "reports",
    "report": "reports",
    "sightings": "sightings",
    "sighting": "sightings",
    "kiosks": "kiosk",
    "kiosk": "kiosk",
    "preferences": "start#preferences",
}
#: Group of an operation -> where the guide has what it is used for.
ABOUT_OPERATIONS: dict[str, str] = {
    "sessions": "drivers",
    "restart": "drivers#hangs",
    "tokens": "tokens#offline",
    "charging": "limits",
    "configuration": "settings",
    "firmware": "firmware#update",
    "logs": "firmware#logs",
    "certificates": "security",
    "display": "drivers#display",
    "vendor": "tariffs#vendors",
}
#: Characters of a section that a result of the search shows around the first hit.
AROUND = 90
MOST_RESULTS = 30
LONGEST_QUERY = 100

_HEADING = re.compile(r"<h2 id=\"([^\"]+)\">(.*?)</h2>", re.DOTALL)
_SHOT = re.compile(r'<img alt="([^"]*)" src="shot:([\w-]+)"\s*/?>')
_PAGE = re.compile(r'href="([a-z-]+)(#[\w-]+)?"')


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page under one heading; `text` is without any mark-up."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page in one language."""

    slug: str
    icon: str
    title: str
    lead: str
    body: SafeString
    sections: tuple[Section, ...]

    @property
    def url(self) -> str:
        """Where it is served."""
        return reverse("help-page", args=[self.slug])


@dataclass(frozen=True, slots=True)
class Result:
    """A section that has all the words, and the text around the first of them."""

    page: Page
    section: Section
    excerpt: str


def pages(language: str) -> list[Page]:
    """Return all pages in a language, in order; English where there is no such one."""
    return [page(slug, language) for slug in PAGES]


def page(slug: str, language: str) -> Page:
    """Return a page in a language, or in English. Raises KeyError for a page that isn't there."""
    icon = PAGES[slug]
    path = TEXT / language.partition("-")[0] / f"{slug}.md"
    if language.partition("-")[0] not in dict(settings.LANGUAGES) or not path.exists():
        path = TEXT / "en" / f"{slug}.md"
    return _read(path, path.stat().st_mtime_ns if settings.DEBUG else 0, icon)


@cache
def _read(path: Path, _changed: int, icon: str) -> Page:
    title, _, text = path.read_text().partition("\n")
    lead, _, rest = text.strip().partition("\n\n")
    html = markdown.markdown(rest, extensions=["attr_list", "tables", "sane_lists"])
    body = _PAGE.sub(_linked, _SHOT.sub(_pictured, html))
    body = body.replace("<pre>", '<pre tabindex="0">')  # It scrolls, by keyboard too.
    return Page(
        slug=path.stem,
        icon=icon,
        title=title.removeprefix("# ").strip(),
        lead=lead.replace("\n", " "),
        body=mark_safe(body),  # noqa: S308 our own files
        sections=tuple(_sections(html)),
    )


def _linked(found: re.Match[str]) -> str:
    slug, anchor = found[1], found[2] or ""
    return f'href="{reverse("help-page", args=[slug])}{anchor}"'


def _pictured(found: re.Match[str]) -> str:
    """Show the screenshot of the theme in use; the other one isn't fetched."""
    alt, name = unescape(found[1]), found[2]
    return "".join(
        format_html(
            '<img class="help-shot only-{}" src="{}" alt="{}" loading="lazy" width="1440"'
            ' height="900">',
            theme,
            static(f"help/{name}-{theme}.webp"),
            alt,
        )
        for theme in ("light", "dark")
    )


def _sections(html: str) -> Iterable[Section]:
    parts = _HEADING.split(html)
    for at in range(1, len(parts), 3):
        yield Section(parts[at], _plain(parts[at + 1]), _plain(parts[at + 2]))


def _plain(html: str) -> str:
    return " ".join(unescape(strip_tags(html)).split())


def search(query: str, language: str) -> list[Result]:
    """Return the sections that have every word of `query`; those with one in the title first."""
    words = query.replace("\0", "")[:LONGEST_QUERY].casefold().split()
    if not words:
        return []
    found = [
        (_rank(one, section, words), Result(one, section, _excerpt(section.text, words[0])))
        for one in pages(language)
        for section in one.sections
        if all(word in _searched(one, section) for word in words)
    ]
    return [result for _rank_of_it, result in sorted(found, key=lambda pair: pair[0])][
        :MOST_RESULTS
    ]


def _searched(one: Page, section: Section) -> str:
    return f"{one.title} {section.title} {section.text}".casefold()


def _rank(one: Page, section: Section, words: list[str]) -> int:
    if any(word in section.title.casefold() for word in words):
        return 0
    return 1 if any(word in section.text.casefold() for word in words) else 2


def _excerpt(text: str, word: str) -> str:
    at = max(text.casefold().find(word), 0)
    start, end = max(at - AROUND, 0), at + AROUND
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def about(url_name: str, group: str = "") -> str:
    """Return the address of what the guide says about the page with this name; "" for nothing.

    Of the page of an operation, `group` is the one that the operation is in.
    """
    parts = url_name.split("-")
    names = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    place = next((ABOUT[name] for name in names if name in ABOUT), "")
    place = ABOUT_OPERATIONS.get(group, place)
    slug, hash_mark, anchor = place.partition("#")
    return reverse("help-page", args=[slug]) + hash_mark + anchor if slug else ""
