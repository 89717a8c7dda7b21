"""Opening hours as instants."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.opening_hours import is_open, parse
from monitoring.days import zone_of
from monitoring.lenses.hours import closed, opened
from monitoring.lenses.stretches import Stretch

BERLIN = "Europe/Berlin"


def instant(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def within(hours: object, zone: str, start: str, end: str) -> list[tuple[str, str]]:
    """Return when it is open in the stretch, in UTC."""
    whole = Stretch(instant(start), instant(end))
    shut = [whole.start, *(edge for each in closed(parse(hours), zone, whole) for edge in each)]
    edges = [*shut, whole.end]
    return [
        (f"{datetime.fromtimestamp(a, UTC):%d %H:%M}", f"{datetime.fromtimestamp(b, UTC):%d %H:%M}")
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if a < b
    ]


def test_no_hours_are_always_open() -> None:
    assert opened({}, BERLIN, Stretch(0.0, 9.0)) == [(0.0, 9.0)]
    assert closed({}, BERLIN, Stretch(0.0, 9.0)) == []


def test_hours_that_meet_at_midnight_are_one_stretch() -> None:
    hours = {"mon": [["18:00", "24:00"]], "tue": [["00:00", "02:00"]]}
    assert within(hours, "UTC", "2025-06-02", "2025-06-05") == [("02 18:00", "03 02:00")]


def test_a_day_without_hours_is_closed() -> None:
    assert within({"mon": []}, "UTC", "2025-06-02", "2025-06-09") == []


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        # 2025-03-30: 02:00 is 03:00, at 01:00 UTC.
        ([["00:00", "24:00"]], ("29 23:00", "30 22:00")),
        ([["01:00", "04:00"]], ("30 00:00", "30 02:00")),
        ([["02:30", "06:00"]], ("30 01:30", "30 04:00")),
    ],
)
def test_the_night_that_loses_an_hour(hours: object, expected: tuple[str, str]) -> None:
    assert within({"sun": hours}, BERLIN, "2025-03-29T12:00", "2025-03-31") == [expected]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        # 2025-10-26: 03:00 is 02:00 again, at 01:00 UTC.
        ([["00:00", "24:00"]], ("25 22:00", "26 23:00")),
        ([["02:30", "06:00"]], ("26 00:30", "26 05:00")),
        ([["00:00", "02:30"]], ("25 22:00", "26 01:30")),
    ],
)
def test_the_night_that_gains_an_hour(hours: object, expected: tuple[str, str]) -> None:
    assert within({"sun": hours}, BERLIN, "2025-10-25T12:00", "2025-10-27") == [expected]


@given(st.integers(0, 3 * 366 * 1_440).map(lambda minute: minute * 60.0))
def test_it_is_open_when_the_clock_says_so(after: float) -> None:
    hours = parse(
        {
            "mon": [["08:00", "12:00"], ["13:30", "24:00"]],
            "tue": [["00:00", "05:30"]],
            "sun": [["04:00", "23:59"]],
        }
    )
    at = instant("2024-01-01") + after
    stretches = opened(hours, BERLIN, Stretch(at - 3_600, at + 3_600))
    found = any(start <= at < end for start, end in stretches)
    assert found == is_open(hours, datetime.fromtimestamp(at, zone_of(BERLIN)))


def test_edges_lie_inside_what_is_asked() -> None:
    whole = Stretch(instant("2025-06-02T10:00"), instant("2025-06-02T11:00"))
    hours = parse({"mon": [["08:00", "10:30"]]})
    assert closed(hours, "UTC", whole) == [(whole.start + timedelta(minutes=30).seconds, whole.end)]
