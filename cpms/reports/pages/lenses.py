"""The lenses as a page shows them: what each asks for, and what it leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Charger, Contract
from monitoring.decimals import per_cent
from monitoring.kpis.figures import RAW, Figure
from monitoring.lenses.standards import STANDARDS, Standard


@dataclass(frozen=True, slots=True)
class Lens:
    """A rule by which uptime is reckoned."""

    name: str
    label: str | Promise
    #: Whether every port must reach the threshold, or all of them together.
    each_port: bool
    #: What counts, and what doesn't.
    rule: str | Promise


@dataclass(frozen=True, slots=True)
class Target:
    """What a lens asks of the chargers of a page."""

    #: 0 to 1; None: nothing, or each contract its own.
    least: float | None
    #: In words, "> 97 %"; "" where nothing is asked.
    text: str


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


def targets(
    chargers: QuerySet[Charger], last: date, *, contract: bool = True
) -> Mapping[str, Target]:
    """Return what each lens asks of these chargers; `last` is the window's last day.

    `contract`: whether what was agreed about them is looked up.
    """
    found = {name: _asked(STANDARDS[name]) for name in LENSES}
    agreed = _agreed(chargers, last) if contract else []
    if len(agreed) == 1:
        found["contract"] = Target(agreed[0], f"≥ {_share(agreed[0])}")
    elif agreed:
        found["contract"] = Target(None, f"≥ {_share(agreed[0])} … {_share(agreed[-1])}")
    return found


def _asked(standard: Standard) -> Target:
    if standard.least is None:
        return Target(None, "")
    sign = ">" if standard.strict else "≥"
    return Target(standard.least, f"{sign} {_share(standard.least)}")


def _agreed(chargers: QuerySet[Charger], last: date) -> list[float]:
    """Return the uptimes that contracts in force that day ask of the sites, the least first."""
    contracts = Contract.objects.filter(sites__in=chargers.order_by().values("site"))
    in_force = contracts.filter(Q(ends=None) | Q(ends__gte=last), starts__lte=last)
    asked = in_force.order_by("uptime_target").values_list("uptime_target", flat=True)
    return [least for least in asked.distinct() if least is not None]


def _share(share: float) -> str:
    whole = abs(share * 100 - round(share * 100)) < 1e-6
    return per_cent(share, 0 if whole else 2)


def verdict(lens: Lens, target: Target, uptime: Figure) -> dict[str, str]:
    """Say whether an uptime is enough: a word and its tone; {} where nothing is asked."""
    met = STANDARDS[lens.name].met(uptime.value, target.least)
    if met is None:
        return {}
    word = _("above target") if met else _("below target")
    return {"tone": "good" if met else "bad", "text": word, "icon": "check" if met else "x"}
