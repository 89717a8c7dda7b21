"""When a report is due, and of which days: literal moments, clocks that change, no day lost."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpms.reports.kinds.words import window
from cpms.reports.schedule import Every, Schedule, days_of, months, next_due, period_before

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "day", "hour", "zone", "after", "due", "days"),
    [
        ("month", 3, 6, BERLIN, "2026-10-03T03:59", "2026-10-03T04:00", "2026-09-01 2026-10-01"),
        # The clocks went back on 25 October: six o'clock stays six o'clock.
        ("month", 3, 6, BERLIN, "2026-10-03T04:00", "2026-11-03T05:00", "2026-10-01 2026-11-01"),
        # 02:30 doesn't exist on 29 March 2026 there: the hour comes at the change.
        ("month", 28, 2, BERLIN, "2026-03-01T00:00", "2026-03-28T01:00", "2026-02-01 2026-03-01"),
        ("week", 7, 2, BERLIN, "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-16 2026-03-23"),
        # 02:00 comes twice on 25 October: the first.
        ("week", 7, 2, BERLIN, "2026-10-24T12:00", "2026-10-25T00:00", "2026-10-12 2026-10-19"),
        ("week", 28, 0, "UTC", "2026-03-01T00:00", "2026-03-08T00:00", "2026-02-23 2026-03-02"),
        ("quarter", 1, 0, "UTC", "2026-01-01T00:00", "2026-04-01T00:00", "2026-01-01 2026-04-01"),
        ("half_year", 15, 8, "America/Los_Angeles", "2026-06-30T00:00", "2026-07-15T15:00",
         "2026-01-01 2026-07-01"),
        ("year", 28, 23, "Pacific/Auckland", "2026-03-01T00:00", "2027-01-28T10:00",
         "2026-01-01 2027-01-01"),
        # There it is the first of the month already.
        ("month", 1, 0, "Pacific/Kiritimati", "2026-03-31T09:59", "2026-03-31T10:00",
         "2026-03-01 2026-04-01"),
    ],
)  # fmt: skip
def test_a_report_is_due_by_the_wall_clock_of_its_zone_and_of_the_period_before(
    every: str, day: int, hour: int, zone: str, after: str, due: str, days: str
) -> None:
    schedule = Schedule(Every(every), day, hour, zone)
    assert next_due(schedule, at(after)) == at(due)
    assert " ".join(map(str, days_of(schedule, at(due)))) == days


@given(
    every=st.sampled_from(list(Every)),
    day=st.integers(1, 28),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", BERLIN, "America/St_Johns", "Pacific/Apia", "Africa/Cairo"]),
    hours=st.integers(0, 30 * 8_766),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_periods_follow_each_other_without_a_gap_and_each_is_due_after_its_end(
    every: Every, day: int, hour: int, zone: str, hours: int
) -> None:
    after = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    schedule = Schedule(every, day, hour, zone)
    due = next_due(schedule, after)
    following = next_due(schedule, due)
    assert after < due < following
    first, end = days_of(schedule, due)
    assert first < end <= due.astimezone(schedule.zone).date()
    assert days_of(schedule, following)[0] == end


def test_a_period_is_called_by_its_name() -> None:
    today = date(2026, 2, 28)
    names = [window(*period_before(every, today)) for every in Every]
    assert names == ["16 Feb 2026 – 22 Feb 2026", "January 2026", "quarter 4 of 2025",
                     "half 2 of 2025", "2025"]  # fmt: skip
    assert window(date(2026, 2, 1), date(2026, 2, 2)) == "1 Feb 2026 – 1 Feb 2026"


def test_the_months_that_a_window_touches() -> None:
    found = list(months(date(2025, 11, 30), date(2026, 2, 2)))
    assert [f"{month:%Y-%m}" for month in found] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert list(months(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=31))) == [
        date(2026, 1, 1)
    ]
