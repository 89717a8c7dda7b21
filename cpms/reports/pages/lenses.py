"""The lenses as a page shows them: what each asks for, and what it leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.decimals import per_cent
from monitoring.kpis.figures import RAW, Figure
from monitoring.lenses.standards import STANDARDS


@dataclass(frozen=True, slots=True)
class Lens:
    """A rule by which uptime is reckoned."""

    name: str
    label: str | Promise
    #: Whether every port must reach the threshold, or all of them together.
    each_port: bool
    #: What counts, and what doesn't.
    rule: str | Promise

    @property
    def threshold(self) -> float | None:
        """What must be reached, 0 to 1; None: nothing, or every contract asks its own."""
        return STANDARDS[self.name].least

    @property
    def target(self) -> str:
        """The threshold in words: "> 97 %"; "" without one."""
        standard = STANDARDS[self.name]
        if standard.least is None:
            return ""
        return f"{'>' if standard.strict else '≥'} {per_cent(standard.least, 0)}"


LENSES: Mapping[str, Lens] = {
    lens.name: lens
    for lens in (
        Lens(
            RAW, gettext_lazy("Raw"), False,
            gettext_lazy(
                "Every port, every hour; nothing is excluded but planned work and time of which "
                "nothing is known."
            ),
        ),
        Lens(
            "nevi", gettext_lazy("NEVI"), True,
            gettext_lazy(
                "Ports of sites under 23 CFR 680.116(b); each port, over twelve months. Left out: "
                "approved exclusions for utility outages, vehicle faults, scheduled maintenance, "
                "vandalism and natural disasters; not those of the network provider."
            ),
        ),
        Lens(
            "uk", gettext_lazy("UK"), False,
            gettext_lazy(
                "Ports of 50 kW or more of sites under SI 2023/1168; all together, over the "
                "calendar year and in opening hours. Offline, unknown and blocked time is not "
                "eligible for measurement and counts as reliable; nothing else is left out."
            ),
        ),
        Lens(
            "california", gettext_lazy("California"), True,
            gettext_lazy(
                "DC fast ports of sites under the California Energy Commission's standards. Left "
                "out: vandalism up to 10 days an incident, grid loss, natural disasters, planned "
                "work up to 72 hours a year."
            ),
        ),
        Lens(
            "contract", gettext_lazy("Contract"), False,
            gettext_lazy(
                "Ports of sites with a contract, by what each contract counts and excludes; each "
                "has a target of its own."
            ),
        ),
    )
}  # fmt: skip


def verdict(lens: Lens, uptime: Figure) -> dict[str, str]:
    """Say whether an uptime is enough: a word and its tone; {} where nothing is asked."""
    met = STANDARDS[lens.name].met(uptime.value)
    if met is None:
        return {}
    word = _("above target") if met else _("below target")
    return {"tone": "good" if met else "bad", "text": word, "icon": "check" if met else "x"}
