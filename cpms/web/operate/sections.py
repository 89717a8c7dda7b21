"""What the Operate tab is made of: a list at its side, each entry a page with an address."""

from collections.abc import Collection
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
    #: Only who has this ability is led there.
    ability: str = "view"


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
    Section("charger-configuration", _("Configuration"), "adjustments"),
    Section("charger-profiles", _("Charging profiles"), "gauge"),
    Section("charger-reservations", _("Reservations"), "bookmark"),
    Section("charger-display", _("Display"), "message"),
    Section("charger-customers", _("Customers"), "user", "command"),
    Section("charger-local-list", _("Local list"), "list-check"),
    Section("charger-firmware", _("Firmware"), "cpu"),
    Section("charger-logs", _("Logs"), "file-text"),
    Section("charger-monitors", _("Monitors"), "eye"),
    Section("charger-certificates", _("Certificates"), "certificate"),
    Section("charger-commands", _("Commands"), "history"),
    Section("charger-raw", _("Raw message"), "terminal-2", "command_raw"),
)


def entries(identity: str, current: str, abilities: Collection[str]) -> list[Entry]:
    """Return the sections of a charger for one who has these `abilities`.

    `current` is the name of the one that is open.
    """
    return [
        Entry(
            url=reverse(section.url_name, args=[identity]),
            label=section.label,
            icon=section.icon,
            current=section.url_name == current,
        )
        for section in SECTIONS
        if section.ability == "view" or section.ability in abilities
    ]
