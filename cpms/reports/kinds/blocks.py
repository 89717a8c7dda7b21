"""What several kinds of reports have in common on paper."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.kinds import about, reading, words
from cpms.reports.order import Order
from cpms.reports.paper.document import (
    Bar,
    BarChart,
    Block,
    Card,
    Cards,
    Column,
    HeatMap,
    Layer,
    Line,
    LineChart,
    StackedChart,
    Table,
    Text,
)
from inventory.models import Charger
from monitoring.kpis.figures import Better, Figure
from monitoring.kpis.queries import Days, GroupBy, heat_map, worst_ports
from monitoring.models.kpis import Attempt
from monitoring.models.outages import CAUSES

#: Days that a trend shows one by one; over more it goes by month.
MOST_DAYS = 92
MOST_PORTS, MOST_EXCLUSIONS = 10, 25
Figures = dict[str, Figure]


def logo(order: Order) -> bytes | None:
    """Return the organisation's logo."""
    return bytes(order.organisation.logo) if order.organisation.logo else None


def before(order: Order) -> Days:
    """Return the window before: as many months if it is of whole months, else as many days."""
    if order.first.day == 1 and order.end.day == 1:
        months = (order.end.year - order.first.year) * 12 + order.end.month - order.first.month
        number = order.first.year * 12 + order.first.month - 1 - months
        return Days(date(number // 12, number % 12 + 1, 1), order.first - timedelta(days=1))
    length = order.end - order.first
    return Days(order.first - length, order.first - timedelta(days=1))


def known(names: Iterable[str]) -> list[str]:
    """Return those of the figures that there are."""
    return [name for name in names if name in CATALOGUE]


def fleet(order: Order, days: Days, names: Sequence[str]) -> Figures:
    """Return the figures of the chargers together."""
    found = order.figures(days, GroupBy.FLEET, names)
    return dict(found[0].figures) if found else {}


def cards(
    now: Figures, then: Figures, names: Sequence[str], called: str, targets: dict[str, float]
) -> Cards:
    """Draw headline figures with what they were before and what they should be."""
    return Cards([_card(name, now, then, called, targets.get(name)) for name in names])


def _card(name: str, now: Figures, then: Figures, called: str, target: float | None) -> Card:
    definition = CATALOGUE[name]
    value = now[name].value
    notes = [f"{words.figure(then[name].value, definition.unit)} · {called}"]
    tone = ""
    if target is not None:
        notes.append(_("target %s") % words.figure(target, definition.unit))
        if value is not None:
            higher = definition.better is Better.HIGHER
            tone = "good" if (value >= target) == higher else "bad"
    return Card(str(definition.label), words.figure(value, definition.unit), notes, tone)


def compared(now: Figures, then: Figures, names: Sequence[str], called: str) -> Table:
    """Write figures with those before, and what they are made of."""
    rows = []
    for name in names:
        definition, figure = CATALOGUE[name], now[name]
        rows.append(
            [
                str(definition.label),
                words.figure(figure.value, definition.unit),
                words.figure(then[name].value, definition.unit),
                parted(figure, name),
            ]
        )
    columns = [
        Column(_("Figure"), 2.4), Column(_("Now"), 1.2, right=True),
        Column(called, 1.4, right=True), Column(_("Made of"), 3.2, right=True),
    ]  # fmt: skip
    return Table(columns, rows)


def parted(figure: Figure, name: str) -> str:
    """Write numerator and denominator of a rate."""
    definition = CATALOGUE[name]
    if not definition.denominator or figure.denominator <= 0:
        return "–"
    above, below = (
        words.hours(value) if value >= 3_600 and _timed(name) else words.number(value)
        for value in (figure.numerator, figure.denominator)
    )
    return f"{above} / {below}"


def _timed(name: str) -> bool:
    """Tell whether a rate is one of times."""
    return CATALOGUE[name].evidence in ("outages", "connections") or name in (
        "utilisation",
        "occupancy",
        "idle",
    )


def trend(order: Order, name: str, target: float | None, called: str) -> LineChart:
    """Draw a rate by day, or by month where there are many days, with the window before."""
    daily = (order.end - order.first).days <= MOST_DAYS
    by = GroupBy.DAY if daily else GroupBy.MONTH
    labels, values = _series(order, order.days, name, by)
    _labels, past = _series(order, before(order), name, by)
    past = [*past, *([None] * len(values))][: len(values)]
    definition = CATALOGUE[name]
    low = min((v for v in values if v is not None), default=None)
    alt = _("%(figure)s from %(first)s to %(last)s; the lowest is %(low)s.") % {
        "figure": definition.label, "first": labels[0] if labels else "", "low":
        words.figure(None if low is None else low / 100, definition.unit),
        "last": labels[-1] if labels else "",
    }  # fmt: skip
    lines = [Line(str(definition.label), values), Line(called, past, dashed=True)]
    title = _("%s by day") if daily else _("%s by month")
    return LineChart(
        title % definition.label, alt, labels, lines, "%",
        None if target is None else target * 100, _("Target"), 100.0,
    )  # fmt: skip


def _series(
    order: Order, days: Days, name: str, by: GroupBy
) -> tuple[list[str], list[float | None]]:
    groups = order.figures(days, by, [name])
    found = {group.key: group.figures[name].value for group in groups}
    places = list(_places(days, by))
    shape = "j M" if by is GroupBy.DAY else "M Y"
    values = [found.get(place) for place in places]
    return (
        [date_format(place, shape) for place in places],
        [None if value is None else value * 100 for value in values],
    )


def _places(days: Days, by: GroupBy) -> Iterable[date]:
    day = days.first
    while day <= days.last:
        yield day
        step = day + timedelta(days=1 if by is GroupBy.DAY else 32)
        day = step if by is GroupBy.DAY else step.replace(day=1)


def worst(order: Order, chargers: QuerySet[Charger]) -> list[Block]:
    """Draw the ports that lost the most time, with what share of it all they are."""
    rows = worst_ports(chargers, order.days, lens=order.lens, now=order.now, limit=MOST_PORTS)
    bars = [
        Bar(f"{row.label} · {row.site}", row.lost,
            f"{words.hours(row.lost)} · {words.share(row.share, 1)}")
        for row in rows
    ]  # fmt: skip
    blocks: list[Block] = []
    if rows:
        said = _("These %(count)d ports are %(share)s of the time that was lost.")
        few = _("This port is %(share)s of the time that was lost.")
        sentence = few if len(rows) == 1 else said
        part = words.share(rows[-1].cumulative, 0)
        blocks.append(Text(sentence % {"count": len(rows), "share": part}))
    alt = "; ".join(f"{bar.label}: {bar.text}" for bar in bars)
    title = _("Time lost, and its share of all that was lost")
    return [*blocks, BarChart(title, alt, bars, _("No port lost any time."))]


def heat(order: Order, chargers: QuerySet[Charger]) -> HeatMap:
    """Draw when time is lost: weekday and local hour."""
    cells = heat_map(chargers, order.days, what="lost", now=order.now)
    most = max(max(row) for row in cells)
    monday = date(2024, 1, 1)
    names = [date_format(monday + timedelta(days=n), "D") for n in range(7)]
    place = next(
        ((d, h) for d in range(7) for h in range(24) if most and cells[d][h] == most), None
    )
    alt = _("Time lost by weekday and local hour.")
    if place:
        alt += " " + _("Most is lost on %(day)s at %(hour)d:00.") % {
            "day": names[place[0]],
            "hour": place[1],
        }
    title = _("When it is lost: weekday and local hour, all ports together")
    hours = [(hour, f"{hour}:00") for hour in (0, 6, 12, 18)]
    return HeatMap(title, alt, names, cells, hours, words.hours(most))


def lost_by(order: Order) -> tuple[dict[str, float], Counter[str]]:
    """Return seconds lost and the number of outages by cause."""
    seconds, counts = defaultdict[str, float](float), Counter[str]()
    for cause, lost, count in reading.causes_of(order):
        seconds[cause] += lost
        counts[cause] += count
    return seconds, counts


def causes(order: Order) -> list[Block]:
    """Draw what the outages were caused by."""
    seconds, counts = lost_by(order)
    names, whole = dict(CAUSES), sum(seconds.values())
    bars = [
        Bar(f"{names.get(cause, cause)} · {words.number(counts[cause])}", lost,
            f"{words.hours(lost)} · {words.share(lost / whole if whole else None, 1)}")
        for cause, lost in sorted(seconds.items(), key=lambda item: -item[1])[:8]
    ]  # fmt: skip
    alt = "; ".join(f"{bar.label}: {bar.text}" for bar in bars)
    title = _("Outages by cause: how many, time lost, share")
    return [BarChart(title, alt, bars, _("There was no outage."))]


def lost_by_day(order: Order) -> StackedChart | None:
    """Draw the hours lost each day by how: raw, before any exclusion."""
    if (order.end - order.first).days > MOST_DAYS:
        return None
    groups = order.figures(order.days, GroupBy.DAY, ["uptime"], "raw")
    found = {group.key: group.figures["uptime"].details for group in groups}
    days = list(_places(order.days, GroupBy.DAY))
    names = {
        "offline": _("Offline"), "faulted": _("Faulted"), "unavailable": _("Unavailable"),
        "silent": _("Fails every driver"),
    }  # fmt: skip
    layers = [
        Layer(name, [found.get(day, {}).get(key, 0.0) / 3_600 for day in days])
        for key, name in names.items()
    ]
    whole = {layer.name: words.hours(sum(layer.values) * 3_600) for layer in layers}
    alt = "; ".join(f"{name}: {lost}" for name, lost in whole.items())
    labels = [date_format(day, "j M") for day in days]
    return StackedChart(_("Hours lost by day and how, nothing excluded"), alt, labels, layers, "h")


def failures(now: Figures) -> BarChart:
    """Draw why attempts failed."""
    names = dict(Attempt.OUTCOMES)
    details = now["failures"].details
    counts = Counter({k: v for k, v in details.items() if v and k != "refused"})
    whole = counts.total()
    bars = [
        Bar(str(names.get(outcome, outcome)).capitalize(), count,
            f"{words.number(count)} · {words.share(count / whole, 1)}")
        for outcome, count in counts.most_common()
    ]  # fmt: skip
    alt = "; ".join(f"{bar.label}: {bar.text}" for bar in bars)
    return BarChart(_("Why attempts failed"), alt, bars, _("No attempt failed."))


def exclusions(order: Order) -> list[Block]:
    """List what was taken out of the uptimes: reason, who proposed it, who approved it."""
    rows = list(reading.exclusions_of(order)[: MOST_EXCLUSIONS + 1])
    shown = rows[:MOST_EXCLUSIONS]
    columns = [
        Column(_("Where"), 2.3), Column(_("From (UTC)"), 1.2), Column(_("Hours"), 0.7, right=True),
        Column(_("Reason"), 1.7), Column(_("Proposed by"), 1.6), Column(_("Approved by"), 1.6),
    ]  # fmt: skip
    lines = [
        [
            where(row), short(row.started),
            words.number((row.ended - row.started).total_seconds() / 3_600, 1),
            row.get_reason_display(), person(row.proposed_by), person(row.decided_by),
        ]
        for row in shown
    ]  # fmt: skip
    more = ""
    if len(rows) > len(shown):
        more = _("There are more; all are in the workbook and in Kilowatch.")
    count = len(list(reading.planned_of(order)[:10_000]))
    planned = ngettext(
        "Beside these, one window of work that was planned before it began; it is no outage.",
        "Beside these, %s windows of work that was planned before it began; they are no outage.",
        count,
    )
    said = [Text(planned % words.number(count) if count > 1 else planned)] if count else []
    if order.lens == "raw" and rows:
        said.append(Text(_("The uptime here is raw: nothing of this is taken out of it.")))
    empty = _("Nothing was excluded: no exclusion was approved for these days.")
    return [Table(columns, lines, empty, more), *said]


def where(row: object) -> str:
    """Write what an exclusion or planned work is for."""
    site, charger, evse = (getattr(row, name) for name in ("site", "charger", "evse"))
    if evse is not None:
        return f"{charger.identity}/{evse.number} · {site.name}"
    return f"{charger.identity} · {site.name}" if charger else str(site.name)


def person(user: object) -> str:
    """Write who somebody is."""
    if user is None:
        return "–"
    return str(user.get_full_name() or user.get_username())  # type: ignore[attr-defined]


def short(at: datetime) -> str:
    """Write a moment in UTC, short."""
    return str(date_format(at, "j M, H:i"))


def definitions(names: Iterable[str]) -> list[Block]:
    """Print the formula of each figure."""
    return [Text(f"{label}: {formula}", small=True) for label, formula in about.formulas(names)]
