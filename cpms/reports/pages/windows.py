"""The windows that a KPI page offers, in whole days; and what they are compared with.

Days are each site's own (`monitoring.days`), both ends included, as a person writes them.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.kpis.queries import Days

#: In the order of the page; the name is the parameter's value.
NAMES: dict[str, str | Promise] = {
    "today": gettext_lazy("Today"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "month": gettext_lazy("This month"),
    "last_month": gettext_lazy("Last month"),
    "quarter": gettext_lazy("This quarter"),
    "last_quarter": gettext_lazy("Last quarter"),
    "12m": gettext_lazy("12 months"),
    "year": gettext_lazy("This year"),
    "last_year": gettext_lazy("Last year"),
}
CUSTOM = "custom"
DEFAULT = "30d"
#: The longest window, days: two years with a leap day.
LONGEST = 731
#: No charger of ours is older, and no date arithmetic overflows.
FIRST = date(2000, 1, 1)
#: A trend over more days than this goes by month, over fewer than that reaches further back.
MOST_DAYS, LEAST_DAYS = 92, 14


class BadWindow(ValueError):
    """A window that can't be shown; the message says why, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The days that a trend shows, a point per day or per month."""

    days: Days
    monthly: bool

    def __contains__(self, day: object) -> bool:
        """Tell whether a day is one of them."""
        return isinstance(day, date) and self.days.first <= day <= self.days.last


def named(name: str, today: date) -> Days:
    """Return the window `name`, one of `NAMES`; those that go on end `today`."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    back = {"today": 0, "7d": 6, "30d": 29}
    if name in back:
        return Days(today - timedelta(days=back[name]), today)
    return {
        "month": Days(month, today),
        "last_month": Days(_month_before(month), _eve(month)),
        "quarter": Days(quarter, today),
        "last_quarter": Days(_months_before(quarter, 3), _eve(quarter)),
        "12m": Days(_year_before(today) + timedelta(days=1), today),
        "year": Days(year, today),
        "last_year": Days(_year_before(year), _eve(year)),
    }[name]


def custom(first: str, last: str, today: date) -> Days:
    """Return the days from `first` to `last` (2026-03-02), both included.

    Raises `BadWindow` for what is no date, lies in the future, or is too long.
    """
    days = Days(_date(first, _("first day")), _date(last, _("last day")))
    if days.first > days.last:
        raise BadWindow(_("The window ends before it begins: swap the two days."))
    if days.first > today:
        raise BadWindow(_("The window has not begun yet: choose days up to today."))
    if days.first < FIRST:
        raise BadWindow(_("The window begins before 2000: no charger is that old."))
    if length(days) > LONGEST:
        raise BadWindow(_("The window is longer than two years: choose a shorter one."))
    return days


def length(days: Days) -> int:
    """Return how many days that is."""
    return (days.last - days.first).days + 1


def before(days: Days) -> Days:
    """Return as many days just before, to compare with."""
    back = timedelta(days=length(days))
    return Days(days.first - back, days.last - back)


def trend(days: Days) -> Trend:
    """Return what a trend of the window shows."""
    if length(days) > MOST_DAYS:
        return Trend(days, monthly=True)
    first = min(days.first, days.last - timedelta(days=LEAST_DAYS - 1))
    return Trend(Days(first, days.last), monthly=False)


def _date(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        sentence = _("The %(what)s is no date: write it like 2026-03-02.")
        raise BadWindow(sentence % {"what": what}) from None


def _eve(day: date) -> date:
    return day - timedelta(days=1)


def _month_before(month: date) -> date:
    return _eve(month).replace(day=1)


def _months_before(month: date, count: int) -> date:
    for _step in range(count):
        month = _month_before(month)
    return month


def _year_before(day: date) -> date:
    """Return the same day a year ago; 28 February for the 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
