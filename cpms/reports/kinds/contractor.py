"""The scorecard of a contractor: each contract's uptime against what was agreed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.reports.kinds import blocks, monthly, site, words
from cpms.reports.kinds.about import foot
from cpms.reports.kinds.kind import Kind
from cpms.reports.kinds.parts import Facts
from cpms.reports.kinds.tables import Row, minutes, percent
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.paper.document import Block, Column, Document, Heading, Table
from cpms.reports.schedule import Every, add_months, months
from cpms.reports.sheets import Sheet, Tick
from inventory.models import Charger, Contract, Contractor, Organisation, Site
from monitoring.kpis.queries import Days, GroupBy, sums
from monitoring.kpis.totals import LensTotals
from monitoring.lenses.standards import STANDARDS, uptime

LENS = "contract"
FIGURES = ("uptime", "outages", "mtbf", "mtta", "mttr", "remote_resolution", "first_time_fix",
           "online_rate", "session_success")  # fmt: skip


def contracts(order: Order) -> list[Contract]:
    """Return the contractor's contracts that were in force in the window."""
    rows = Contract.objects.filter(
        Q(ends=None) | Q(ends__gte=order.first), starts__lt=order.end,
        contractor=order.parameters.get("contractor"),
        contractor__organisation=order.organisation,
    )  # fmt: skip
    return list(rows.order_by("name", "starts"))


def narrowed(order: Order) -> Order:
    """Return the order for the sites of the contractor's contracts alone."""
    theirs = Site.objects.filter(contracts__in=contracts(order))
    keys = order.where().filter(pk__in=theirs).values_list("pk", flat=True)
    return replace(order, sites=tuple(keys), read={})


def of_contract(contract: Contract, first: date, end: date, order: Order) -> LensTotals:
    """Return the time of the contract's ports in [first, end), as far as it was in force."""
    last = order.last if end > order.last else Days(first, end).last
    begins = max(first, contract.starts)
    ends = min(last, contract.ends or last)
    if ends < begins:
        return LensTotals()
    chargers = Charger.objects.filter(site__in=contract.sites.all())
    found = sums(chargers, Days(begins, ends), by=GroupBy.FLEET, now=order.now)
    return found[0].ports.lenses.get(LENS, LensTotals()) if found else LensTotals()


def sheets(order: Order) -> list[Sheet]:
    """Return contracts by month, and what every report has."""

    def rows() -> Iterator[Row]:
        for contract in contracts(order):
            for month in months(order.first, order.end):
                first, end = max(month, order.first), min(add_months(month, 1), order.end)
                seen = of_contract(contract, first, _last(end), order)
                value = uptime(LENS, seen).value
                met = STANDARDS[LENS].met(value, contract.uptime_target)
                yield (
                    contract.pk, contract.name, f"{month:%Y-%m}", percent(value),
                    percent(contract.uptime_target), {True: "yes", False: "no", None: ""}[met],
                    minutes(seen.window), minutes(seen.outage), minutes(seen.excluded),
                )  # fmt: skip

    columns = ("contract_id", "contract", "month", "uptime_percent", "target_percent", "met",
               "window_minutes", "outage_minutes", "excluded_minutes")  # fmt: skip
    known = [sheet for sheet in monthly.sheets(order) if sheet.name != "days"]
    return [Sheet("contracts", _("Contracts"), columns, rows, 100), *known]


def _last(end: date) -> date:
    return date.fromordinal(end.toordinal() - 1)


def document(order: Order, facts: Facts, tick: Tick) -> Document:
    """Return the scorecard on paper."""
    firm = Contractor.objects.filter(pk=order.parameters.get("contractor") or 0).first()
    said = _("Uptime agreed and kept, %s") % (firm.name if firm else "–")
    return Document(
        order.title, said, order.organisation.name, blocks.logo(order), order.language,
        foot(order), facts, _body(order, tick),
    )  # fmt: skip


def _body(order: Order, tick: Tick) -> list[Block]:
    chargers = order.chargers()
    earlier = blocks.before(order)
    called = words.window(earlier.first, order.first)
    names = blocks.known(FIGURES)
    now = blocks.fleet(order, order.days, names)
    then = blocks.fleet(order, earlier, names)
    tick(0.4)
    agreed = [c.uptime_target for c in contracts(order) if c.uptime_target is not None]
    goal = agreed[0] if len(set(agreed)) == 1 else None
    found: list[Block] = [
        Heading(_("Contracts")), _table(order),
        Heading(_("Figures")),
        blocks.cards(now, then, names[:4], called, {} if goal is None else {"uptime": goal}),
        blocks.compared(now, then, names, called), blocks.trend(order, "uptime", goal, called),
        Heading(_("Where time was lost")), *blocks.worst(order, chargers),
    ]  # fmt: skip
    tick(0.7)
    return [
        *found, Heading(_("Longest outages")), site.longest(order),
        Heading(_("Why")), *blocks.causes(order),
        Heading(_("Exclusions")), *blocks.exclusions(order),
        Heading(_("How it is computed")), *blocks.definitions(names),
    ]  # fmt: skip


def _table(order: Order) -> Table:
    rows = []
    for contract in contracts(order):
        seen = of_contract(contract, order.first, order.last, order)
        value = uptime(LENS, seen).value
        met = STANDARDS[LENS].met(value, contract.uptime_target)
        rows.append([
            contract.name, words.number(contract.sites.count()), words.share(value),
            words.share(contract.uptime_target) if contract.uptime_target is not None else "–",
            {True: _("kept"), False: _("broken"), None: "–"}[met], words.hours(seen.outage),
            words.hours(seen.excluded),
        ])  # fmt: skip
    columns = [
        Column(_("Contract"), 2.6), Column(_("Sites"), 0.7, right=True),
        Column(_("Uptime"), 1, right=True), Column(_("Agreed"), 1, right=True),
        Column(_("Verdict"), 1, right=True), Column(_("Outage"), 1, right=True),
        Column(_("Excluded"), 1, right=True),
    ]  # fmt: skip
    return Table(columns, rows, _("No contract of theirs was in force in these days."))


def check(
    organisation: Organisation, parameters: Mapping[str, Any], sites: Sequence[int] | None
) -> None:
    """Raise ValueError unless the contractor is one of the organisation's."""
    key = parameters.get("contractor")
    known = isinstance(key, int) and organisation.contractors.filter(pk=key).exists()
    if not known:
        raise ValueError(_("A scorecard is of a contractor: name one of the organisation's."))


def subject(parameters: Mapping[str, Any]) -> str:
    """Return the contractor's name."""
    firm = Contractor.objects.filter(pk=parameters.get("contractor") or 0).first()
    return firm.name if firm else ""


KIND = Kind(
    "contractor", gettext_lazy("Contractor scorecard"),
    gettext_lazy(
        "One contractor: each contract's uptime by its own rules against what was agreed, by "
        "month, repair times, worst ports, longest outages, exclusions."
    ),
    Every.MONTH, (LENS,), (Format.PDF, Format.XLSX, Format.CSV), sheets, document, check, subject,
    of_contractor=True, narrowed=narrowed,
)  # fmt: skip
