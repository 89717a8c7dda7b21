"""Figures, windows and drawings of the KPI pages, in words and numbers."""

from datetime import date

import pytest

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages import drawing, windows, writing
from monitoring.kpis.figures import Figure, Unit
from monitoring.kpis.windows import Days


def figure(metric: str, numerator: float, denominator: float = 100.0) -> Figure:
    """Return a figure of these parts."""
    return Figure(metric, numerator, denominator, 0.0, {})


@pytest.mark.parametrize(
    ("metric", "before", "now", "days", "way", "tone", "text"),
    [
        ("uptime", 97.0, 99.5, 7, "up", "good", "+2.50 points, better than the 7 days before"),
        ("uptime", 99.0, 98.0, 1, "down", "bad", "−1.00 points, worse than the day before"),
        ("uptime", 99.0, 99.0, 1, "level", "calm", "as the day before"),
        ("uptime", 99.0, 99.0001, 1, "level", "calm", "as the day before"),
        ("reconnects", 100.0, 300.0, 30, "up", "bad", "+2.00, worse than the 30 days before"),
        ("reconnects", 300.0, 100.0, 1, "down", "good", "−2.00, better than the day before"),
        ("mttr", 720_000.0, 360_000.0, 7, "down", "good", "−1.0 h, better than"),
        ("energy", 100_000.0, 250_000.0, 7, "up", "calm", "+1.5 kWh, more than the 7 days before"),
    ],
)
def test_a_change_says_by_how_much_and_whether_that_is_good(
    metric: str, before: float, now: float, days: int, way: str, tone: str, text: str
) -> None:
    said = writing.change(figure(metric, now), figure(metric, before), CATALOGUE[metric], days)
    assert (said["way"], said["tone"]) == (way, tone)
    assert said["text"].startswith(text)


def test_there_is_no_change_without_data_on_both_sides() -> None:
    known, nothing = figure("uptime", 99.0), figure("uptime", 0.0, 0.0)
    assert writing.change(known, nothing, CATALOGUE["uptime"], 1) == {}
    assert writing.change(nothing, known, CATALOGUE["uptime"], 1) == {}


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (0.99999, Unit.SHARE, "99.99 %"), (1.0, Unit.SHARE, "100 %"), (0.0, Unit.SECONDS, "0 s"),
        (59.0, Unit.SECONDS, "59 s"), (5_400.0, Unit.SECONDS, "1.5 h"),
        (4_444_800.0, Unit.SECONDS, "1,235 h"), (5_000.0, Unit.MILLISECONDS, "5,000 ms"),
        (12_340.0, Unit.WATT_HOURS, "12.3 kWh"), (2.5e9, Unit.WATT_HOURS, "2,500.0 MWh"),
        (150_000.0, Unit.WATTS, "150.0 kW"), (1_234.0, Unit.COUNT, "1,234"),
        (0.805, Unit.PER_DAY, "0.81"),
    ],
)  # fmt: skip
def test_a_number_is_written_in_the_unit_that_suits_it(
    amount: float, unit: Unit, said: str
) -> None:
    assert writing.number(amount, unit) == said


TODAY = date(2026, 5, 14)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-05-14", "2026-05-14"), ("7d", "2026-05-08", "2026-05-14"),
        ("30d", "2026-04-15", "2026-05-14"), ("month", "2026-05-01", "2026-05-14"),
        ("last_month", "2026-04-01", "2026-04-30"), ("quarter", "2026-04-01", "2026-05-14"),
        ("last_quarter", "2026-01-01", "2026-03-31"), ("12m", "2025-05-15", "2026-05-14"),
        ("year", "2026-01-01", "2026-05-14"), ("last_year", "2025-01-01", "2025-12-31"),
    ],
)  # fmt: skip
def test_windows_are_whole_days_of_the_calendar(name: str, first: str, last: str) -> None:
    days = windows.named(name, TODAY)
    assert (f"{days.first}", f"{days.last}") == (first, last)


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 3, 31)])
def test_every_window_is_there_on_every_day(today: date) -> None:
    for name in windows.NAMES:
        days = windows.named(name, today)
        assert days.first <= days.last <= today
        before = windows.before(days)
        assert windows.length(before) == windows.length(days)
        assert (days.first - before.last).days == 1


def test_the_last_quarter_of_a_january_is_last_years() -> None:
    days = windows.named("last_quarter", date(2026, 1, 15))
    assert days == Days(date(2025, 10, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("values", "lowest", "highest"),
    [
        ([0.965, 0.985], 0.965, 0.985), ([1.0, 1.0], 0.999, 1.0), ([0.0], 0.0, 0.001),
        ([None], 0.0, 1.0), ([0.2, 0.9], 0.2, 1.0),
    ],
)  # fmt: skip
def test_a_scale_of_rates_holds_all_values_and_nothing_impossible(
    values: list[float | None], lowest: float, highest: float
) -> None:
    ticks = [tick.value for tick in drawing.line(values, ceiling=1.0).ticks]
    assert ticks[0] == pytest.approx(lowest)
    assert ticks[-1] <= highest + 1e-9
    assert all(0.0 <= dot.y <= 100.0 for dot in drawing.line(values, ceiling=1.0).dots)


def test_the_threshold_is_always_in_the_picture() -> None:
    drawn = drawing.line([0.999, 0.998], threshold=0.97, ceiling=1.0)
    assert drawn.threshold is not None
    assert max(dot.y for dot in drawn.dots) < drawn.threshold <= 100.0


def test_a_scale_of_amounts_begins_at_nothing() -> None:
    assert [tick.value for tick in drawing.line([3.0, 17.0]).ticks] == [0, 5, 10, 15, 20]
    assert drawing.line([0.0, 0.0]).ticks[0].value == 0


def test_only_nothing_has_no_shade() -> None:
    assert [drawing.level(value, 100.0) for value in (0.0, 0.1, 50.0, 100.0)] == [0, 1, 4, 7]
    assert drawing.level(0.0, 0.0) == 0
