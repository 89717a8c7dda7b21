"""The management report: two to six pages, the figures of all, worst first."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.reports.kinds import blocks, words
from cpms.reports.kinds.about import foot
from cpms.reports.kinds.kind import Kind
from cpms.reports.kinds.parts import Facts
from cpms.reports.kinds.tables import (
    days_sheet,
    exclusions_sheet,
    figures_sheet,
    outages_sheet,
    ports_sheet,
)
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.paper.document import Block, Document, Heading
from cpms.reports.schedule import Every
from cpms.reports.sheets import Sheet, Tick
from monitoring.lenses.standards import STANDARDS

HEADLINE = ("uptime", "session_success", "online_rate", "first_time_success",
            "outages", "mttr", "energy", "sessions")  # fmt: skip
SESSIONS = ("session_success", "charging_success", "first_time_success", "failures")
LINKS = ("online_rate", "reconnects", "mean_time_between_disconnects", "longest_offline",
         "flapping_share", "round_trip_p95", "late_replies", "missed_pings")  # fmt: skip
REPAIR = ("outages", "mtbf", "silent_time", "mtta", "mttr", "remote_resolution",
          "first_time_fix")  # fmt: skip
USE = ("sessions", "energy", "peak_power", "utilisation", "occupancy", "idle")
ALL = tuple(dict.fromkeys(("uptime", *SESSIONS, *LINKS, *REPAIR, *USE)))
LENSES = ("raw", "nevi", "uk", "california", "contract")


def targets(order: Order) -> dict[str, float]:
    """Return what the figures should be: as asked, else as the lens says."""
    asked = order.parameters.get("target")
    least = asked if isinstance(asked, float | int) else STANDARDS[order.lens].least
    return {} if least is None else {"uptime": float(least)}


def sheets(order: Order) -> list[Sheet]:
    """Return the figures, days, ports, outages and exclusions as tables."""
    return [
        figures_sheet(order, blocks.known(ALL)),
        days_sheet(order, blocks.known(("uptime", "session_success", "online_rate", *USE))),
        ports_sheet(order),
        outages_sheet(order),
        exclusions_sheet(order),
    ]


def document(order: Order, facts: Facts, tick: Tick) -> Document:
    """Return the report on paper."""
    return Document(
        order.title, _("How the chargers did, compared with the time before"),
        order.organisation.name, blocks.logo(order), order.language, foot(order), facts,
        body(order, tick),
    )  # fmt: skip


def body(order: Order, tick: Tick) -> list[Block]:
    """Return the report's blocks; each section after a sign of life."""
    chargers, names = order.chargers(), blocks.known(ALL)
    earlier = blocks.before(order)
    called = words.window(earlier.first, order.first)
    now = blocks.fleet(order, order.days, names)
    tick(0.1)
    then = blocks.fleet(order, earlier, names)
    tick(0.2)
    goals = targets(order)
    found: list[Block] = [
        Heading(_("At a glance")),
        blocks.cards(now, then, blocks.known(HEADLINE), called, goals),
        blocks.trend(order, "uptime", goals.get("uptime"), called),
    ]
    tick(0.3)
    found += [Heading(_("Where time was lost")), *blocks.worst(order, chargers)]
    tick(0.4)
    lost = blocks.lost_by_day(order)
    found += [*([lost] if lost else []), blocks.heat(order, chargers)]
    tick(0.5)
    found += [Heading(_("Why")), *blocks.causes(order)]
    tick(0.6)
    found += [
        Heading(_("Sessions")),
        blocks.compared(now, then, blocks.known(SESSIONS), called),
        blocks.failures(now),
        Heading(_("Connection")), blocks.compared(now, then, blocks.known(LINKS), called),
        Heading(_("Repair")), blocks.compared(now, then, blocks.known(REPAIR), called),
        Heading(_("Energy and use")), blocks.compared(now, then, blocks.known(USE), called),
        Heading(_("Exclusions")), *blocks.exclusions(order),
        Heading(_("How it is computed")), *blocks.definitions(names),
    ]  # fmt: skip
    tick(0.8)
    return found


def check(_organisation: Any, parameters: Mapping[str, Any], _sites: Any) -> None:
    """Raise ValueError for a target that is no share."""
    target = parameters.get("target")
    if target is not None and not (isinstance(target, float | int) and 0 < target <= 1):
        raise ValueError(_("A target is a share, more than 0 and at most 1."))


KIND = Kind(
    "monthly", gettext_lazy("Management report"),
    gettext_lazy(
        "Two to six pages for whoever answers for the network: headline figures against the time "
        "before and the target, trend, worst ports, outages by cause, sessions, connection, "
        "repair, energy and use, exclusions, formulas."
    ),
    Every.MONTH, LENSES, (Format.PDF, Format.XLSX, Format.CSV), sheets, document, check,
)  # fmt: skip
