"""The report of one site: its ports, what they lost and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cpms.reports.kinds import blocks, monthly, reading, words
from cpms.reports.kinds.about import foot
from cpms.reports.kinds.kind import Kind
from cpms.reports.kinds.parts import Facts
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.paper.document import Block, Column, Document, Heading, Table
from cpms.reports.schedule import Every
from cpms.reports.sheets import Tick
from inventory.models import Organisation, Site
from monitoring.lenses.standards import uptime

MOST_PORTS, MOST_OUTAGES = 40, 20


def document(order: Order, facts: Facts, tick: Tick) -> Document:
    """Return the report on paper."""
    site = order.where().first()
    address = (
        ", ".join(
            part for part in (site.address, f"{site.postal_code} {site.city}".strip()) if part
        )
        if site
        else ""
    )
    return Document(
        order.title, address, order.organisation.name, blocks.logo(order), order.language,
        foot(order), facts, _body(order, tick),
    )  # fmt: skip


def _body(order: Order, tick: Tick) -> list[Block]:
    chargers, names = order.chargers(), blocks.known(monthly.ALL)
    earlier = blocks.before(order)
    called = words.window(earlier.first, order.first)
    now = blocks.fleet(order, order.days, names)
    then = blocks.fleet(order, earlier, names)
    tick(0.3)
    goals = monthly.targets(order)
    found: list[Block] = [
        Heading(_("At a glance")),
        blocks.cards(now, then, blocks.known(monthly.HEADLINE), called, goals),
        blocks.trend(order, "uptime", goals.get("uptime"), called),
        Heading(_("Ports")), _ports(order), Heading(_("Longest outages")), longest(order),
        Heading(_("Why")), *blocks.causes(order), blocks.heat(order, chargers),
    ]  # fmt: skip
    tick(0.6)
    rest = (*monthly.SESSIONS, *monthly.LINKS, *monthly.REPAIR, *monthly.USE)
    found += [
        Heading(_("All figures")),
        blocks.compared(now, then, blocks.known(dict.fromkeys(rest)), called),
        blocks.failures(now), Heading(_("Exclusions")), *blocks.exclusions(order),
        Heading(_("How it is computed")), *blocks.definitions(("uptime", "session_success")),
    ]  # fmt: skip
    return found


def _ports(order: Order) -> Table:
    rows = []
    for evse, by_month in reading.months_of(order, order.first, order.end):
        time = reading.whole(by_month, order.first.replace(day=1), order.end)
        if not time.under:
            continue
        seen = uptime(order.lens, time.seen)
        rows.append((2.0 if seen.value is None else seen.value, [
            reading.port_id(evse), str(evse.charger.model or "–"), words.share(seen.value),
            words.hours(time.seen.outage), words.hours(time.seen.excluded),
            words.hours(time.no_data),
        ]))  # fmt: skip
    rows.sort(key=lambda row: row[0])
    columns = [
        Column(_("Port"), 2.2), Column(_("Model"), 2.2), Column(_("Uptime"), 1, right=True),
        Column(_("Outage"), 1, right=True), Column(_("Excluded"), 1, right=True),
        Column(_("No data"), 1, right=True),
    ]  # fmt: skip
    shown = [row for _value, row in rows[:MOST_PORTS]]
    return Table(columns, shown, _("No port of this site is under these rules."))


def longest(order: Order) -> Table:
    """Return the longest outages."""
    found: list[tuple[float, list[str]]] = []
    for chargers in reading.batches(order):
        ports = {evse.pk: evse for evse in reading.ports_of(chargers)}
        for outage, lost, _excluded in reading.outages_of(order, chargers):
            found.append((lost, [
                reading.port_id(ports[outage.evse_id]), blocks.short(outage.started),
                words.hours(lost), outage.get_kind_display(),
                outage.get_found_cause_display() or outage.get_cause_display(),
                outage.error_code or "–",
            ]))  # fmt: skip
        found = sorted(found, key=lambda row: -row[0])[:MOST_OUTAGES]
    columns = [
        Column(_("Port"), 2.2), Column(_("From (UTC)"), 1.4), Column(_("Lost"), 1, right=True),
        Column(_("Kind"), 1.4), Column(_("Cause"), 1.8), Column(_("Error code"), 1.6),
    ]  # fmt: skip
    return Table(columns, [row for _lost, row in found], _("There was no outage."))


def check(
    organisation: Organisation, parameters: Mapping[str, Any], sites: Sequence[int] | None
) -> None:
    """Raise ValueError unless it is of one site of the organisation."""
    monthly.check(organisation, parameters, sites)
    if sites is None or len(sites) != 1:
        raise ValueError(_("A site report is of one site: name it."))


def subject(parameters: Mapping[str, Any]) -> str:
    """Return the site's name."""
    site = Site.objects.filter(pk=parameters.get("site") or 0).first()
    return site.name if site else ""


KIND = Kind(
    "site", gettext_lazy("Site report"),
    gettext_lazy(
        "One site: headline figures, trend, every port with its uptime and lost time, the longest "
        "outages and their causes, sessions, exclusions."
    ),
    Every.MONTH, monthly.LENSES, (Format.PDF, Format.XLSX, Format.CSV), monthly.sheets, document,
    check, subject, one_site=True,
)  # fmt: skip
