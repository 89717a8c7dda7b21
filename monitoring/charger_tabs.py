"""The tabs of a charger's page, in their order; each is a page with an address of its own.

A room above this one adds its tab by an entry here: the route by its name, nothing else.
"""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: the route it is at, which takes the charger's identity, and what it is called."""

    url_name: str
    label: str | Promise
    icon: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A tab as one charger's page shows it."""

    url: str
    label: str | Promise
    icon: str
    current: bool


TABS = (
    Tab("charger", _("Now"), "activity"),
    Tab("charger-history", _("History"), "history"),
    Tab("charger-sessions", _("Sessions"), "bolt"),
    Tab("charger-operate", _("Operate"), "player-play"),
    Tab("charger-frames", _("Flight recorder"), "list"),
    Tab("charger-facts", _("Facts"), "file-text"),
)


def entries(identity: str, current: str) -> list[Entry]:
    """Return the tabs of a charger's page; `current` is the name of the one that is open."""
    return [
        Entry(
            url=reverse(tab.url_name, args=[identity]),
            label=tab.label,
            icon=tab.icon,
            current=tab.url_name == current,
        )
        for tab in TABS
    ]
