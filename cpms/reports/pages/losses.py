"""Where the time is lost: the ports that cost the most, and the hours of the week."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages import drawing, evidence, writing
from cpms.reports.pages.asked import Asked
from monitoring.decimals import per_cent
from monitoring.kpis.figures import Unit
from monitoring.kpis.queries import Worst
from monitoring.kpis.totals import HOURS

#: Ports on the page.
SHOWN = 10
#: The sentence names the fewest ports that lost this much of all, if they are few.
MUCH = 0.5
#: Every so many hours the heat map names one.
NAMED_HOURS = 3


@dataclass(frozen=True, slots=True)
class Loss:
    """A port, and what it cost."""

    label: str
    url: str
    site: str
    site_url: str
    lost: str
    share: str
    #: The share of the largest one, 0 to 100.
    bar: float
    cumulative: str
    outages: str
    outages_url: str


@dataclass(frozen=True, slots=True)
class Losses:
    """The worst ports, and what they are together, in a sentence."""

    sentence: str
    note: str
    rows: list[Loss]


def losses(worst: Sequence[Worst], asked: Asked) -> Losses:
    """Return the ports that lost the most time, the most first."""
    shown = worst[:SHOWN]
    largest = shown[0].share if shown else 0.0
    rows = [_loss(each, largest, asked) for each in shown]
    return Losses(_sentence(shown), _whole(shown), rows)


def _sentence(worst: Sequence[Worst]) -> str:
    """Say how few ports lost much: "These 5 ports are 71 % of the lost time." """
    if not worst:
        return _("No port that counts lost any time in this window.")
    count = next(
        (place for place, each in enumerate(worst, 1) if each.cumulative >= MUCH), len(worst)
    )
    text = ngettext(
        "This port is %(share)s of the lost time.",
        "These %(count)d ports are %(share)s of the lost time.",
        count,
    )
    return text % {"count": count, "share": per_cent(worst[count - 1].cumulative, 0)}


def _whole(worst: Sequence[Worst]) -> str:
    if not worst or not worst[0].share:
        return ""
    lost = writing.time(worst[0].lost / worst[0].share)
    return _("%(time)s lost in all") % {"time": lost}


def _loss(each: Worst, largest: float, asked: Asked) -> Loss:
    ledger = evidence.url(
        CATALOGUE["uptime"], {"charger": each.identity, "evse": str(each.evse_id)}, asked
    )
    everything = dict.fromkeys(asked.scope.parameters)
    return Loss(
        label=each.label,
        url=asked.url(**{**everything, "charger": each.identity}),
        site=each.site,
        site_url=asked.url(**{**everything, "site": str(each.site_id)}),
        lost=writing.time(each.lost),
        share=writing.number(each.share, Unit.SHARE),
        bar=round(each.share / largest * 100, 2) if largest else 0.0,
        cumulative=writing.number(each.cumulative, Unit.SHARE),
        outages=writing.number(each.outages, Unit.COUNT),
        outages_url=ledger,
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A name, and its abbreviation."""

    short: str
    long: str


@dataclass(frozen=True, slots=True)
class Shade:
    """An hour of a weekday."""

    level: int
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Heat:
    """Time by hour and weekday, each shade with its number."""

    title: str | Promise
    note: str
    css: str
    hours: list[Word]
    days: list[tuple[Word, list[Shade]]]
    levels: list[int]
    most: str


#: What `heat_map` may be asked for -> its title, and the class of its colours.
HEATS: dict[str, tuple[str | Promise, str]] = {
    "lost": (gettext_lazy("Lost time by hour of the week"), "is-lost"),
    "busy": (gettext_lazy("Charging by hour of the week"), "is-busy"),
}


def heat(what: str, seconds: Sequence[Sequence[float]]) -> Heat:
    """Return the map of 7 × 24 sums, Monday first."""
    title, css = HEATS[what]
    largest = max(max(day) for day in seconds)
    days = [
        (
            Word(str(WEEKDAYS_ABBR[number]), str(WEEKDAYS[number])),
            [_shade(number, hour, each, largest) for hour, each in enumerate(day)],
        )
        for number, day in enumerate(seconds)
    ]
    return Heat(
        title=title,
        note=_("local time of each site"),
        css=css,
        hours=[_hour(hour) for hour in range(HOURS)],
        days=days,
        levels=list(range(drawing.LEVELS + 1)),
        most=writing.time(largest),
    )


def _hour(hour: int) -> Word:
    return Word(f"{hour}" if hour % NAMED_HOURS == 0 else "", f"{hour:02}:00")


def _shade(day: int, hour: int, seconds: float, largest: float) -> Shade:
    text = writing.time(seconds)
    return Shade(drawing.level(seconds, largest), text, f"{WEEKDAYS[day]} {hour:02}:00: {text}")
