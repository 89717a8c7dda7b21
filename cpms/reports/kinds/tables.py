"""Tables that several kinds of reports hand out: ports, days, outages, exclusions."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.kinds import reading
from cpms.reports.order import Order
from cpms.reports.schedule import months
from cpms.reports.sheets import Cell, Sheet
from inventory.models import Evse
from monitoring.kpis.queries import GroupBy
from monitoring.lenses.standards import uptime

PLACE = ("station_id", "station", "charger_id", "port_id")
Row = Sequence[Cell]


def place(evse: Evse) -> tuple[Cell, ...]:
    """Return the identifiers of a port, as in `PLACE`."""
    charger = evse.charger
    return charger.site_id, charger.site.name, charger.identity, reading.port_id(evse)


def minutes(seconds: float) -> float:
    """Return minutes to a hundredth."""
    return round(seconds / 60, 2)


def percent(part: float | None) -> float | None:
    """Return a share as per cent to four decimals."""
    return None if part is None else round(part * 100, 4)


def figures_sheet(order: Order, names: Sequence[str]) -> Sheet:
    """Return each figure of the whole, with what it is made of."""

    def rows() -> Iterator[Row]:
        found = order.figures(order.days, GroupBy.FLEET, names)
        for name in names if found else ():
            figure, definition = found[0].figures[name], CATALOGUE[name]
            yield (
                name, str(definition.label), str(definition.unit), figure.value, figure.numerator,
                figure.denominator, percent(figure.no_data_share), str(definition.formula),
            )  # fmt: skip

    columns = ("metric", "label", "unit", "value", "numerator", "denominator",
               "no_data_percent", "formula")  # fmt: skip
    return Sheet("figures", _("Figures"), columns, rows, len(names))


def days_sheet(order: Order, names: Sequence[str]) -> Sheet:
    """Return the figures of each day."""

    def rows() -> Iterator[Row]:
        for group in order.figures(order.days, GroupBy.DAY, names):
            yield (str(group.key), *(group.figures[name].value for name in names))

    return Sheet("days", _("Days"), ("day", *names), rows, (order.end - order.first).days)


def ports_sheet(order: Order) -> Sheet:
    """Return each port's time in the window, under the lens."""

    def rows() -> Iterator[Row]:
        for evse, by_month in reading.months_of(order, order.first, order.end):
            time = reading.whole(by_month, order.first.replace(day=1), order.end)
            if time.under:
                seen = uptime(order.lens, time.seen)
                yield (
                    *place(evse), percent(seen.value), minutes(time.seen.window),
                    minutes(time.seen.outage), minutes(time.seen.excluded),
                    minutes(time.seen.ineligible), minutes(time.no_data),
                )  # fmt: skip

    columns = (*PLACE, "uptime_percent", "window_minutes", "outage_minutes", "excluded_minutes",
               "ineligible_minutes", "no_data_minutes")  # fmt: skip
    return Sheet("ports", _("Ports"), columns, rows, 1_000)


def months_sheet(order: Order) -> Sheet:
    """Return each port's time by month, under the lens."""

    def rows() -> Iterator[Row]:
        for evse, by_month in reading.months_of(order, order.first, order.end):
            for month in months(order.first, order.end):
                time = by_month.get(month)
                if time is not None and time.under:
                    seen = uptime(order.lens, time.seen)
                    yield (
                        *place(evse), f"{month:%Y-%m}", percent(seen.value),
                        minutes(time.seen.window), minutes(time.seen.outage),
                        minutes(time.seen.excluded), minutes(time.no_data),
                    )  # fmt: skip

    columns = (*PLACE, "month", "uptime_percent", "window_minutes", "outage_minutes",
               "excluded_minutes", "no_data_minutes")  # fmt: skip
    return Sheet("months", _("Months"), columns, rows, 1_000)


OUTAGE = ("outage_id", "started", "ended", "duration_minutes", "excluded_minutes", "kind",
          "cause", "error_code", "chargex", "note")  # fmt: skip


def outages_sheet(order: Order, under: Iterable[int] | None = None) -> Sheet:
    """Return each outage with its minutes in the window; only of the ports `under`, if named."""

    def rows() -> Iterator[Row]:
        chosen = None if under is None else set(under)
        for chargers in reading.batches(order):
            ports = {evse.pk: evse for evse in reading.ports_of(chargers)}
            for outage, lost, excluded in reading.outages_of(order, chargers, judged=True):
                if chosen is not None and outage.evse_id not in chosen:
                    continue
                yield (
                    *place(ports[outage.evse_id]), outage.pk, outage.started, outage.ended,
                    minutes(lost), minutes(excluded), outage.kind,
                    outage.found_cause or outage.cause, outage.error_code,
                    f"CX{outage.chargex:03}" if outage.chargex else "", outage.found_note,
                )  # fmt: skip

    return Sheet("outages", _("Outages"), (*PLACE, *OUTAGE), rows, 1_000)


def exclusions_sheet(order: Order) -> Sheet:
    """Return what was excluded or planned: why, by whom, approved by whom."""

    def rows() -> Iterator[Row]:
        for row in reading.exclusions_of(order).iterator(1_000):
            yield (
                row.site_id, row.site.name, row.charger.identity if row.charger else "",
                row.evse.number if row.evse else None, row.started, row.ended,
                _length(row.started, row.ended), row.reason, row.note,
                row.proposed_by.get_username(), row.proposed_at,
                row.decided_by.get_username() if row.decided_by else "", row.decided_at,
                row.photo_sha256,
            )  # fmt: skip
        for work in reading.planned_of(order).iterator(1_000):
            over = min(work.ended, work.cancelled_at or work.ended)
            yield (
                work.site_id, work.site.name, work.charger.identity if work.charger else "",
                work.evse.number if work.evse else None, work.started, over,
                _length(work.started, over), "planned", work.note,
                work.planned_by.get_username(), work.planned_at, "", None, "",
            )  # fmt: skip

    columns = ("station_id", "station", "charger_id", "port_number", "started", "ended",
               "minutes", "reason", "note", "proposed_by", "proposed_at", "approved_by",
               "approved_at", "photo_sha256")  # fmt: skip
    return Sheet("exclusions", _("Exclusions"), columns, rows, 100)


def _length(start: datetime, end: datetime) -> float:
    return minutes((end - start).total_seconds())
