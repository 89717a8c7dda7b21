"""The panels of a KPI page: cards, lenses side by side, trend, and what a figure is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages import drawing, evidence, windows, writing
from cpms.reports.pages.asked import Asked
from cpms.reports.pages.lenses import LENSES, Lens, Target, verdict
from cpms.reports.pages.reading import Part
from monitoring.kpis.figures import RAW, Figure, Unit
from monitoring.kpis.queries import Bucket
from monitoring.kpis.ranking import CLASSES
from monitoring.kpis.windows import Days

#: Names below a trend, at most.
MOST_NAMES = 8
#: Metric -> what its details are called together, which of them are no parts, and their unit.
MADE_OF: Mapping[str, tuple[str | Promise, frozenset[str], Unit]] = {
    "uptime": (
        gettext_lazy("What the lost time was"),
        frozenset({"outage", "planned", "no_data", "window", "excluded", "ineligible"}),
        Unit.SECONDS,
    ),
    "failures": (gettext_lazy("Why attempts fail"), frozenset(), Unit.COUNT),
    "reconnects": (
        gettext_lazy("Why connections ended"),
        frozenset({"total", "own_restarts"}),
        Unit.COUNT,
    ),
    "late_replies": (gettext_lazy("Round trips of pings"), frozenset(), Unit.COUNT),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A headline figure."""

    label: str | Promise
    text: str
    unit: str
    parts: str
    formula: str | Promise
    no_data: str
    change: Mapping[str, str]
    #: Its values over time, for a sparkline.
    spark: Sequence[float | None]
    url: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An uptime through one lens, beside the others."""

    lens: Lens
    target: str
    text: str
    known: bool
    verdict: Mapping[str, str]
    chosen: bool
    url: str


@dataclass(frozen=True, slots=True)
class Point:
    """A day or month of the trend, as its table says it."""

    day: date
    text: str
    parts: str
    no_data: str


@dataclass(frozen=True, slots=True)
class Trend:
    """How a metric went: a line, and the same in words."""

    label: str | Promise
    days: Days
    monthly: bool
    line: drawing.Line
    points: list[Point]
    #: (how far to the right, per cent; the day) of the names below.
    names: list[tuple[str, date]]
    ticks: list[tuple[str, str]]
    target: str
    #: How a day or month is written, whole and below the chart.
    shape: str
    short: str
    #: (metric, its label, chosen, address)
    choices: list[tuple[str, str | Promise, bool, str]]

    @property
    def marked(self) -> list[tuple[drawing.Dot, Point]]:
        """The dots of the line with what they say."""
        return [(dot, self.points[dot.index]) for dot in self.line.dots]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a whole."""

    label: str | Promise
    text: str
    #: 0 to 100
    share: float
    percent: str
    url: str = ""
    #: A state's or tone's class, for its colour.
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """What something is made of, the most first."""

    title: str | Promise
    note: str
    bars: list[Bar] = field(default_factory=list)


def cards(whole: Part, before: Part, trend: Sequence[Part], asked: Asked) -> list[Card]:
    """Return the tab's headline figures, each with its formula and how it was before."""
    return [
        _card(name, whole.figure(name), before.figure(name), trend, asked)
        for name in asked.view.metrics
    ]


def _card(name: str, figure: Figure, before: Figure, trend: Sequence[Part], asked: Asked) -> Card:
    definition = CATALOGUE[name]
    return Card(
        label=definition.label,
        text=writing.value(figure, definition),
        unit=writing.unit(definition) if figure.value is not None else "",
        parts=writing.parts(figure, definition),
        formula=definition.formula,
        no_data=writing.no_data(figure),
        change=writing.change(figure, before, definition, windows.length(asked.days)),
        spark=[part.figure(name).value for part in trend],
        url=evidence.url(definition, asked.scope.parameters, asked),
    )


def lenses(whole: Part, targets: Mapping[str, Target], asked: Asked) -> list[Seen]:
    """Return the uptime through every lens; a lens that no port is under says so."""
    return [_seen(lens, whole.uptime(name), targets[name], asked) for name, lens in LENSES.items()]


def _seen(lens: Lens, figure: Figure, target: Target, asked: Asked) -> Seen:
    text = _("No data") if lens.name == RAW else _("no ports")
    if figure.value is not None:
        text = writing.number(figure.value, Unit.SHARE)
    return Seen(
        lens=lens,
        target=target.text,
        text=text,
        known=figure.value is not None,
        verdict=verdict(lens, target, figure),
        chosen=lens.name == asked.lens,
        url=asked.url(lens=None if lens.name == RAW else lens.name, by=asked.by.value),
    )


def trend(points: Sequence[Part], shown: windows.Trend, target: Target, asked: Asked) -> Trend:
    """Return the line of the metric that was asked for; days without data are gaps."""
    definition = CATALOGUE[asked.metric]
    by_day = {part.key: part.figure(asked.metric) for part in points}
    days = _days(shown)
    figures = [by_day.get(day) for day in days]
    values = [figure.value if figure else None for figure in figures]
    threshold = target.least if asked.metric == "uptime" else None
    share = definition.unit is Unit.SHARE
    line = drawing.line(values, threshold=threshold, ceiling=1.0 if share else None)
    return Trend(
        label=definition.label,
        days=shown.days,
        monthly=shown.monthly,
        line=line,
        points=[
            Point(day, *_written(figure, asked.metric))
            for day, figure in zip(days, figures, strict=True)
        ],
        names=[
            (f"{(index + 0.5) / len(days) * 100:.2f}", days[index])
            for index in drawing.sparse(len(days), MOST_NAMES)
        ],
        ticks=[
            (f"{tick.y:.2f}", writing.number(tick.value, definition.unit)) for tick in line.ticks
        ],
        target=target.text if threshold is not None else "",
        shape="F Y" if shown.monthly else "j M Y",
        short="M y" if shown.monthly else "j M",
        choices=[
            (name, CATALOGUE[name].label, name == asked.metric, asked.url(metric=name, by=asked.by))
            for name in asked.view.table
        ],
    )


def _written(figure: Figure | None, metric: str) -> tuple[str, str, str]:
    if figure is None:
        return _("No data"), "", ""
    definition = CATALOGUE[metric]
    return (
        writing.value(figure, definition),
        writing.parts(figure, definition),
        writing.no_data(figure),
    )


def _days(shown: windows.Trend) -> list[date]:
    """Return the days, or the first days of the months, of a trend."""
    if not shown.monthly:
        count = windows.length(shown.days)
        return [shown.days.first + timedelta(days=index) for index in range(count)]
    months, month = [], shown.days.first.replace(day=1)
    while month <= shown.days.last:
        months.append(month)
        month = (month + timedelta(days=31)).replace(day=1)
    return months


def made_of(metric: str, whole: Part) -> Bars:
    """Return the parts of a figure (its details), the most first."""
    definition, figure = CATALOGUE[metric], whole.figure(metric)
    title, leave_out, unit = MADE_OF[metric]
    found = {
        name: count
        for name, count in figure.details.items()
        if count > 0 and name in definition.details and name not in leave_out
    }
    total = sum(found.values())
    bars = [
        Bar(
            label=definition.details[name],
            text=writing.number(count, unit),
            share=round(count / total * 100, 2),
            percent=writing.number(count / total, Unit.SHARE),
        )
        for name, count in sorted(found.items(), key=lambda each: -each[1])
    ]
    return Bars(title, writing.number(total, unit) if total else "", bars)


def spread(buckets: Sequence[Bucket], target: Target) -> Bars:
    """Return how many ports have which uptime, best first; those without data last."""
    total = sum(bucket.ports for bucket in buckets)
    bars = [_class(bucket, total, target.least) for bucket in buckets if bucket.ports]
    note = ngettext("%(count)s port", "%(count)s ports", total)
    said = note % {"count": writing.number(total, Unit.COUNT)} if total else ""
    return Bars(_("Ports by uptime"), said, bars)


def _class(bucket: Bucket, total: int, threshold: float | None) -> Bar:
    share = bucket.ports / total
    return Bar(
        label=_between(bucket),
        text=writing.number(bucket.ports, Unit.COUNT),
        share=round(share * 100, 2),
        percent=writing.number(share, Unit.SHARE),
        tone=_tone(bucket, threshold),
    )


def _between(bucket: Bucket) -> str:
    if bucket.least is None:
        return _("No data")
    least = writing.number(bucket.least, Unit.SHARE)
    if bucket.below is None:
        return least
    below = writing.number(bucket.below, Unit.SHARE)
    if bucket.least == 0:
        return _("below %(below)s") % {"below": below}
    return _("%(least)s to below %(below)s") % {"least": least, "below": below}


def _tone(bucket: Bucket, threshold: float | None) -> str:
    if bucket.least is None:
        return "tone-calm"
    if threshold is None:
        return "tone-info"
    return "tone-good" if bucket.least >= threshold else "tone-bad"


def meeting(buckets: Sequence[Bucket], target: Target) -> str:
    """Say how many ports reach the lens' threshold, of those with data; "" without one."""
    threshold = target.least if target.least in CLASSES else None
    known = [bucket for bucket in buckets if bucket.least is not None]
    total = sum(bucket.ports for bucket in known)
    if threshold is None or not total:
        return ""
    enough = sum(bucket.ports for bucket in known if (bucket.least or 0.0) >= threshold)
    return _("%(enough)s of %(total)s ports (%(share)s) reach %(threshold)s.") % {
        "enough": writing.number(enough, Unit.COUNT),
        "total": writing.number(total, Unit.COUNT),
        "share": writing.number(enough / total, Unit.SHARE),
        "threshold": writing.number(threshold, Unit.SHARE),
    }


def left_out(whole: Part, asked: Asked) -> str:
    """Say how much time the lens excluded, or doesn't judge."""
    figure = whole.uptime(asked.lens)
    if asked.lens == RAW or figure.value is None:
        return ""
    said = []
    if excluded := figure.details.get("excluded"):
        text = _("%(time)s of %(outage)s of outage are excluded.")
        outage = writing.time(figure.details.get("outage", 0.0))
        said.append(text % {"time": writing.time(excluded), "outage": outage})
    if ineligible := figure.details.get("ineligible"):
        text = _("%(time)s are not eligible for measurement.")
        said.append(text % {"time": writing.time(ineligible)})
    return " ".join(said) or _("Nothing was left out in this window.")
