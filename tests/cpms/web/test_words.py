"""Durations and timeline bars: what pages write and draw."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cpms.web.durations import spoken
from cpms.web.sparkline import strokes
from cpms.web.timeline import bar, marks
from cpms.web.times import absolute, ago

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
END = START + timedelta(hours=24)


@dataclass(frozen=True)
class Piece:
    """A stretch of a bar."""

    state: str
    start: datetime
    end: datetime
    note: str = ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (8.9, "8 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600 + 5 * 60, "1 h 05 min"),
        (2 * 86_400 + 4 * 3_600, "2 d 4 h"),
        (15 * 86_400 + 3_600, "15 d"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert spoken(timedelta(seconds=seconds)) == text


def test_a_time_says_its_zone() -> None:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert absolute(noon, "Europe/Berlin") == "2 Mar 2026, 13:00:00 CET (Europe/Berlin)"
    assert absolute(noon, "UTC") == "2 Mar 2026, 12:00:00 UTC"


def test_no_time_is_a_dash() -> None:
    assert "–" in ago(None)


def test_a_bar_places_its_segments_in_per_cent_of_the_window() -> None:
    drawn = bar(
        [Piece("charging", START + timedelta(hours=6), START + timedelta(hours=12))], START, END
    )
    assert [(s.state, s.x, s.width) for s in drawn.segments] == [("charging", "25.000", "25.000")]


def test_a_bar_cuts_what_sticks_out_and_leaves_out_what_is_not_in_the_window() -> None:
    day = timedelta(days=1)
    drawn = bar(
        [
            Piece("faulted", START - day, START - timedelta(hours=1)),
            Piece("offline", START - day, START + timedelta(hours=12)),
            Piece("available", START + timedelta(hours=12), END + day),
        ],
        START,
        END,
    )
    assert [(s.state, s.start, s.end) for s in drawn.segments] == [
        ("offline", START, START + timedelta(hours=12)),
        ("available", START + timedelta(hours=12), END),
    ]


def test_a_fault_of_a_second_can_still_be_seen() -> None:
    drawn = bar([Piece("faulted", START, START + timedelta(seconds=1))], START, END)
    assert float(drawn.segments[0].width) >= 0.1


def test_the_sums_name_the_longest_state_first() -> None:
    hour = timedelta(hours=1)
    drawn = bar(
        [
            Piece("charging", START, START + hour),
            Piece("available", START + hour, START + 5 * hour),
            Piece("charging", START + 5 * hour, START + 7 * hour),
        ],
        START,
        END,
    )
    assert drawn.totals == [("available", 4 * hour), ("charging", 3 * hour)]


def written(start: datetime, end: datetime, zone: str) -> list[str]:
    return [f"{mark.at:%m-%d %H:%M} {mark.x:.1f}" for mark in marks(start, end, ZoneInfo(zone))]


def test_the_marks_of_a_day_stand_at_round_hours_of_the_place() -> None:
    at = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
    hours = [mark[6:11] for mark in written(at - timedelta(hours=24), at, "Asia/Kolkata")]
    assert hours == ["18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00", "15:00"]


def test_the_marks_go_by_the_wall_clock_when_it_is_put_forward() -> None:
    night = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert written(night, night + timedelta(hours=6), "Europe/Berlin")[:4] == [
        "03-29 00:00 0.0", "03-29 01:00 16.7", "03-29 03:00 33.3", "03-29 04:00 50.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "first", "last", "count"),
    [(7, "02-24", "03-02", 7), (30, "02-05", "03-02", 6), (365, "04-01", "03-01", 12)],
)
def test_longer_windows_have_days_or_months_under_them(
    days: int, first: str, last: str, count: int
) -> None:
    end = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    found = written(end - timedelta(days=days), end, "UTC")
    assert found[0].startswith(f"{first} 00:00")
    assert found[-1].startswith(f"{last} 00:00")
    assert len(found) == count


def test_a_sparkline_leaves_gaps_where_there_is_no_data() -> None:
    assert strokes([1.0, 3.0, None, 2.0, 1.0]) == ["0.0,22.0 25.0,2.0", "75.0,12.0 100.0,22.0"]
    assert strokes([5.0]) == ["0.0,12.0 0.0,12.0"]
    assert strokes([None, None]) == []
