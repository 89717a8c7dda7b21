"""What the Operate tab is made of: a list at its side, each entry a page with an address."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TAB = "charger-operate"


@dataclass(frozen=True, slots=True)
class Section:
    """A section: the route it is at, which takes the charger's identity, and what it is called."""

    url_name: str
    label: str | Promise
    icon: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A section as one charger's page shows it."""

    url: str
    label: str | Promise
    icon: str
    current: bool


#: In their order; the raw door comes last.
SECTIONS = (
    Section(TAB, _("Operations"), "player-play"),
    Section("charger-commands", _("Commands"), "history"),
)


def entries(identity: str, current: str) -> list[Entry]:
    """Return the sections of a charger; `current` is the name of the one that is open."""
    return [
        Entry(
            url=reverse(section.url_name, args=[identity]),
            label=section.label,
            icon=section.icon,
            current=section.url_name == current,
        )
        for section in SECTIONS
    ]
