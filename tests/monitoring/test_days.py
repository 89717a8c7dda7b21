"""Days are the site's own, whatever its clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from monitoring.days import bounds, day_of, days, parts, start_of, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
#: Zones change their rules, and Samoa its side of the date line (2011-12-30).
instants = st.timedeltas(timedelta(0), timedelta(days=21 * 365)).map(
    lambda since: datetime(2009, 1, 1, tzinfo=UTC) + since
)


def hours(day: date, zone: ZoneInfo) -> float:
    start, end = bounds(day, zone)
    return (end - start) / timedelta(hours=1)


def test_a_day_has_23_hours_when_the_clocks_go_forward_and_25_when_they_go_back() -> None:
    assert hours(date(2026, 3, 28), BERLIN) == 24
    assert hours(date(2026, 3, 29), BERLIN) == 23
    assert hours(date(2026, 10, 25), BERLIN) == 25


def test_a_day_begins_at_the_change_where_the_clocks_leave_midnight_out() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    assert start_of(date(2026, 4, 24), cairo) == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)
    assert hours(date(2026, 4, 24), cairo) == 23


def test_a_day_left_out_at_the_date_line_has_no_length() -> None:
    assert hours(date(2011, 12, 30), ZoneInfo("Pacific/Apia")) == 0


@given(zones, instants)
def test_each_instant_lies_in_its_own_day_and_no_other(zone: ZoneInfo, at: datetime) -> None:
    day = day_of(at, zone)
    start, end = bounds(day, zone)
    assert start <= at < end
    assert bounds(day - timedelta(days=1), zone)[1] == start
    assert bounds(day + timedelta(days=1), zone)[0] == end


@given(zones, instants, st.timedeltas(timedelta(0), timedelta(days=9)), instants)
def test_whole_days_and_what_is_cut_off_tile_the_past_of_a_window(
    zone: ZoneInfo, start: datetime, length: timedelta, now: datetime
) -> None:
    end = start + length
    whole, cut = parts(start, end, now, zone)
    pieces = [bounds(day, zone) for day in whole] + [(first, last) for _day, first, last in cut]
    at = start
    for first, last in sorted(pieces):
        assert first == at
        at = min(last, now)
    assert at == max(start, min(end, now))
    assert all(start <= bounds(day, zone)[0] for day in whole)


def test_today_is_a_whole_day_of_a_window_that_reaches_to_now() -> None:
    now = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    whole, cut = parts(datetime(2026, 3, 2, 12, 0, tzinfo=UTC), now, now, ZoneInfo("UTC"))
    assert whole == [date(2026, 3, 3)]
    assert [day for day, _start, _end in cut] == [date(2026, 3, 2)]


def test_today_is_cut_by_a_window_that_ends_before_now() -> None:
    now = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    start, end = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    assert parts(start, end, now, ZoneInfo("UTC")) == ([], [(date(2026, 3, 3), start, end)])


def test_days_include_the_last_one() -> None:
    assert list(days(date(2026, 2, 28), date(2026, 3, 1))) == [date(2026, 2, 28), date(2026, 3, 1)]
    assert list(days(date(2026, 3, 2), date(2026, 3, 1))) == []


def test_a_name_that_is_no_zone_counts_as_utc() -> None:
    assert zone_of("Atlantis/Capital").key == zone_of("../etc/passwd").key == "UTC"
