"""Which columns a list of the fleet has, in a fixed order, and how dense it is."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Column -> what it is called. The charger itself is always shown.
COLUMNS: dict[str, str | Promise] = {
    "state": _("State"),
    "charger": _("Charger"),
    "organisation": _("Organisation"),
    "site": _("Site"),
    "region": _("Region"),
    "model": _("Model"),
    "firmware": _("Firmware"),
    "version": _("OCPP"),
    "serial": _("Serial number"),
    "operator": _("SIM operator"),
    "iccid": _("ICCID"),
    "tags": _("Tags"),
    "lifecycle": _("Lifecycle"),
    "ports": _("Ports"),
    "what": _("What"),
    "held": _("Who has it"),
    "since": _("Since"),
    "power": _("Power"),
    "seen": _("Last seen"),
}
ALWAYS = "charger"
USUAL = ("state", "charger", "site", "ports", "what", "held", "since", "power", "seen")
DENSITIES = ("comfortable", "compact")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a person wants the list: its columns, in the order of `COLUMNS`, and its density."""

    columns: tuple[str, ...] = USUAL
    density: str = DENSITIES[0]


def layout(columns: str | None, density: str | None) -> Layout:
    """Read a layout from what an address says of it; what can't be read is as usual."""
    named = known(columns.split(",")) if columns else ()
    return Layout(
        columns=named or USUAL,
        density=density if density in DENSITIES else DENSITIES[0],
    )


def known(names: Iterable[object]) -> tuple[str, ...]:
    """Return the columns among the names, in their order; none if none of them is one."""
    wanted = {name for name in names if isinstance(name, str)} & set(COLUMNS)
    return tuple(name for name in COLUMNS if name in wanted | {ALWAYS}) if wanted else ()
