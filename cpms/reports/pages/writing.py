"""Figures as people read them: values, what they are made of, and how they changed.

"No data" is never 0 % or 100 %, and a change is always said in words.
"""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.decimals import decimals, per_cent
from monitoring.kpis.figures import Better, Definition, Figure, Unit

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
#: Shares of these rows are counted; other shares are of time.
_COUNTED = frozenset({"attempts", "incidents"})
_OF_PINGS = frozenset({"late_replies", "missed_pings"})
#: Less than this share of time without data is left out of tables.
WORTH_A_WORD = 0.01


def value(figure: Figure, definition: Definition) -> str:
    """Write a figure with its unit, or that there is no data."""
    return _("No data") if figure.value is None else number(figure.value, definition.unit)


def number(amount: float, unit: Unit) -> str:
    """Write a number of a unit: shares as per cent, times in hours or minutes."""
    return _WRITTEN.get(unit, _count)(amount)


def time(seconds: float) -> str:
    """Write a time in the unit that suits it: 40 s, 12 min, 6.5 h, 1,234 h."""
    if seconds < MINUTE:
        return f"{decimals(seconds, 0)} s"
    if seconds < HOUR:
        return f"{decimals(seconds / MINUTE, 0)} min"
    hours = seconds / HOUR
    return f"{decimals(hours, 1 if hours < 100 else 0, grouped=True)} h"


def energy(watt_hours: float) -> str:
    """Write an energy in kWh, or MWh where that is many."""
    kilo = watt_hours / 1000
    if abs(kilo) >= 100_000:
        return f"{decimals(kilo / 1000, 1, grouped=True)} MWh"
    return f"{decimals(kilo, 1 if abs(kilo) < 1_000 else 0, grouped=True)} kWh"


def _count(amount: float) -> str:
    return decimals(amount, 0, grouped=True)


_WRITTEN: Mapping[Unit, Callable[[float], str]] = {
    Unit.SHARE: lambda share: per_cent(share, 2),
    Unit.SECONDS: time,
    Unit.MILLISECONDS: lambda amount: f"{_count(amount)} ms",
    Unit.PER_DAY: lambda amount: decimals(amount, 2, grouped=True),
    Unit.WATT_HOURS: energy,
    Unit.WATTS: lambda watts: f"{decimals(watts / 1000, 1, grouped=True)} kW",
}


def parts(figure: Figure, definition: Definition) -> str:
    """Write what a figure is made of: "970 h of 1,000 h", "97 of 100"; "" if that says nothing."""
    if figure.value is None or not definition.denominator:
        return ""
    above, below = _units(definition)
    said = {
        "numerator": number(figure.numerator, above),
        "what": str(definition.numerator),
        "denominator": number(figure.denominator, below),
        "of_what": str(definition.denominator),
    }
    return _("%(what)s %(numerator)s / %(of_what)s %(denominator)s") % said


def unit(definition: Definition) -> str:
    """Return what stands behind a number that doesn't say it itself."""
    return _("per charger and day") if definition.unit is Unit.PER_DAY else ""


def no_data(figure: Figure) -> str:
    """Write the share of time without data, "" where there is none."""
    share = figure.no_data_share
    return per_cent(share, 2) if share else ""


def worth_a_word(figure: Figure) -> bool:
    """Tell whether so much is not known that a table should say it."""
    return (figure.no_data_share or 0.0) >= WORTH_A_WORD


def change(figure: Figure, before: Figure, definition: Definition, days: int) -> dict[str, str]:
    """Say how a figure differs from that of as many `days` before; {} if one isn't known.

    `way` and `tone` are for the arrow and the colour, `text` says it all.
    """
    if figure.value is None or before.value is None:
        return {}
    written, difference = _difference(figure.value - before.value, definition.unit)
    if not difference:
        return {"way": "level", "tone": "calm", "text": _than(_("as"), days)}
    up = difference > 0
    tone, word = _judged(definition.better, up=up)
    said = f"{'+' if up else '−'}{written}"
    text = _than(f"{said}, {word}", days)
    return {"way": "up" if up else "down", "tone": tone, "text": text}


def _difference(by: float, unit: Unit) -> tuple[str, float]:
    """Write a difference without its sign, and return it as rounded as it is written."""
    if unit is Unit.SHARE:
        points = round(by * 100, 2)
        return _("%(points)s points") % {"points": decimals(abs(points), 2)}, points
    text = number(abs(by), unit)
    return text, 0.0 if text == number(0.0, unit) else by


def _judged(better: Better, *, up: bool) -> tuple[str, str]:
    if better is Better.NEITHER:
        return "calm", _("more") if up else _("less")
    good = up is (better is Better.HIGHER)
    return ("good", _("better")) if good else ("bad", _("worse"))


def _than(said: str, days: int) -> str:
    text = ngettext("%(said)s than the day before", "%(said)s than the %(days)d days before", days)
    if said == _("as"):
        text = ngettext("as the day before", "as the %(days)d days before", days)
    return text % {"said": said, "days": days}


def _units(definition: Definition) -> tuple[Unit, Unit]:
    """Return the units of a figure's two parts."""
    counted = definition.evidence in _COUNTED or str(definition.metric) in _OF_PINGS
    if definition.unit is Unit.SHARE:
        return (Unit.COUNT, Unit.COUNT) if counted else (Unit.SECONDS, Unit.SECONDS)
    if definition.unit is Unit.SECONDS:
        return Unit.SECONDS, Unit.COUNT
    return Unit.COUNT, Unit.COUNT
