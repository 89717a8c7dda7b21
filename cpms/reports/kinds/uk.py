"""The annual statement of the UK's Public Charge Point Regulations 2023 (SI 2023/1168).

Reg. 7(2): the network of rapid charge points (reg. 2: public, 50 kW and above) is, on average,
reliable for 99 % of the time during each calendar year. Reg. 7(3), (4): available, charging
and reserved are working, unknown and blocked are ineligible for measurement, both reliable;
inoperative and out of order are not. Reg. 7(5): only opening hours count. Reg. 7(6): to be
published on the operator's website. Reg. 8(2): the report states the number of charge points
and the reliability as a percentage.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.reports.kinds import blocks, reading, words
from cpms.reports.kinds.about import foot
from cpms.reports.kinds.kind import Kind
from cpms.reports.kinds.parts import Facts
from cpms.reports.kinds.tables import (
    PLACE,
    Row,
    exclusions_sheet,
    minutes,
    outages_sheet,
    percent,
    place,
)
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.paper.document import Card, Cards, Column, Document, Heading, Table, Text
from cpms.reports.schedule import Every
from cpms.reports.sheets import Sheet, Tick
from inventory.models import Evse
from monitoring.kpis.totals import LensTotals
from monitoring.lenses import uk
from monitoring.lenses.standards import STANDARDS, Uptime, uptime

MOST_POINTS = 60
POINT = (
    "reliability_percent", "reliability_without_ineligible_percent", "open_minutes",
    "not_reliable_minutes", "ineligible_minutes", "no_data_minutes",
)  # fmt: skip


def points(order: Order) -> Iterator[tuple[Evse, reading.PortTime]]:
    """Yield each rapid charge point with its time in the window."""
    for evse, by_month in reading.months_of(order, order.first, order.end):
        time = reading.whole(by_month, order.first.replace(day=1), order.end)
        if time.under:
            yield evse, time


def network(order: Order) -> tuple[Uptime, int, float]:
    """Return the network's reliability, how many charge points, and seconds without data."""
    whole, count, unknown = LensTotals(), 0, 0.0
    for _evse, time in points(order):
        whole.add(time.seen)
        count += 1
        unknown += time.no_data
    return uptime(uk.NAME, whole), count, unknown


def sheets(order: Order) -> list[Sheet]:
    """Return the statement's tables."""

    def of_network() -> Iterator[Row]:
        found, count, unknown = network(order)
        met = STANDARDS[uk.NAME].met(found.value)
        yield (
            order.organisation.name, count, percent(found.value),
            percent(found.without_ineligible), {True: "yes", False: "no", None: ""}[met],
            round(found.window, 2), round(found.outage, 2), round(found.ineligible, 2),
            minutes(unknown),
        )  # fmt: skip

    def of_points() -> Iterator[Row]:
        for evse, time in points(order):
            yield (*place(evse), *_point(time))

    columns = ("operator", "rapid_charge_points", POINT[0], POINT[1], "meets_99_percent",
               *POINT[2:])  # fmt: skip
    return [
        Sheet("network", _("Network"), columns, of_network, 1),
        Sheet("charge-points", _("Charge points"), (*PLACE, *POINT), of_points, 1_000),
        outages_sheet(order),
        exclusions_sheet(order),
    ]


def _point(time: reading.PortTime) -> Row:
    found = uptime(uk.NAME, time.seen)
    return (
        percent(found.value), percent(found.without_ineligible), round(found.window, 2),
        round(found.outage, 2), round(found.ineligible, 2), minutes(time.no_data),
    )  # fmt: skip


def document(order: Order, facts: Facts, tick: Tick) -> Document:
    """Return the statement on paper."""
    rows: list[tuple[float, list[str]]] = []
    whole, count = LensTotals(), 0
    for evse, time in points(order):
        whole.add(time.seen)
        count += 1
        found = uptime(uk.NAME, time.seen)
        rows.append((2.0 if found.value is None else found.value, _line(evse, found)))
        if len(rows) > 2_000:
            rows = sorted(rows, key=lambda row: row[0])[:MOST_POINTS]
            tick(0.5)
    rows = sorted(rows, key=lambda row: row[0])[:MOST_POINTS]
    total = uptime(uk.NAME, whole)
    return Document(
        order.title, _("Statement of SI 2023/1168, regulations 7 and 8"),
        order.organisation.name, blocks.logo(order), order.language, foot(order), facts,
        [
            Heading(_("The network of rapid charge points")), _cards(total, count),
            Text(_statement(order, total, count)),
            Heading(_("Charge points")), _table([line for _value, line in rows], count),
            Heading(_("Exclusions")),
            Text(_("These regulations know no exclusions beside opening hours; none is in the "
                   "figures above."), small=True),
        ],
    )  # fmt: skip


def _statement(order: Order, total: Uptime, count: int) -> str:
    met = STANDARDS[uk.NAME].met(total.value)
    verdict = {
        True: _("The requirement of 99 % (reg. 7(2)) is met."),
        False: _("The requirement of 99 % (reg. 7(2)) is not met."),
        None: _("Nothing is known of these days."),
    }[met]
    said = _("%(operator)s operated %(count)s rapid charge points in these days; the network was "
             "reliable for %(share)s of the time.")  # fmt: skip
    values = {"operator": order.organisation.name, "count": words.number(count),
              "share": words.share(total.value, 3)}  # fmt: skip
    return f"{said % values} {verdict}"


def _cards(total: Uptime, count: int) -> Cards:
    tone = {True: "good", False: "bad", None: ""}[STANDARDS[uk.NAME].met(total.value)]
    ineligible = _("%s min ineligible") % words.number(total.ineligible)
    return Cards(
        [
            Card(_("Reliability R"), words.share(total.value, 3), [_("target %s") % "99 %"], tone),
            Card(_("R without ineligible minutes"), words.share(total.without_ineligible, 3),
                 [ineligible]),
            Card(_("Rapid charge points"), words.number(count), [_("50 kW and above")]),
            Card(_("Open minutes"), words.number(total.window),
                 [_("%s min not reliable") % words.number(total.outage)]),
        ]
    )  # fmt: skip


def _line(evse: Evse, found: Uptime) -> list[str]:
    return [
        reading.port_id(evse), evse.charger.site.name, words.share(found.value, 3),
        words.share(found.without_ineligible, 3), words.number(found.window),
        words.number(found.outage, 1), words.number(found.ineligible, 1),
    ]  # fmt: skip


def _table(rows: list[list[str]], count: int) -> Table:
    columns = [
        Column(_("Charge point"), 2.4), Column(_("Site"), 2.6), Column("R", 1.1, right=True),
        Column(_("R, ineligible out"), 1.5, right=True),
        Column(_("Open, min"), 1.2, right=True), Column(_("Not reliable, min"), 1.5, right=True),
        Column(_("Ineligible, min"), 1.3, right=True),
    ]  # fmt: skip
    more = _("Those with the least reliability; all of them are in the tables.")
    return Table(
        columns, rows, _("No rapid charge point is at a site under these rules."),
        more if count > len(rows) else "",
    )  # fmt: skip


KIND = Kind(
    "uk", gettext_lazy("UK annual statement"),
    gettext_lazy(
        "For the Public Charge Point Regulations 2023, reg. 7 and 8: the reliability of the "
        "network of rapid charge points, with and without ineligible minutes, and of each charge "
        "point, over open minutes."
    ),
    Every.YEAR, (uk.NAME,), (Format.PDF, Format.XLSX, Format.CSV), sheets, document,
)  # fmt: skip
