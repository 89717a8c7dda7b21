"""Times that chargers send are read, doubted and corrected, and never break anything."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp.times import MOST_BEHIND, Clock, read, say

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = st.sampled_from([UTC, BERLIN, NEW_YORK, ZoneInfo("Pacific/Kiritimati")])
ANYTHING = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.none(),
    st.lists(st.text()),
    st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
    st.from_regex(r"[0-9]{4,9}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{8,20}(Z|[+-][0-9]{2}:?[0-9]{2})?"),
)


def sent(clock: Clock, ahead: float, after: float) -> datetime:
    """Return where an event lands whose time is `ahead` s of its arrival, at noon + `after` s."""
    received = NOON + timedelta(seconds=after)
    return clock.moment((received + timedelta(seconds=ahead)).isoformat(), received).at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02t12:00:00z", NOON),
        (" 2026-03-02T12:00:00Z ", NOON),
        ("2026-03-02T12:00Z", NOON),
        ("20260302T120000Z", NOON),
        ("2026-03-02 12:00:00+00:00", NOON),
        ("2026-03-02 13:00:00 +01:00", NOON),
        ("2026-03-02T13:00:00.000+0100", NOON),
        ("2026-03-02T12:00:00.1234567Z", NOON + timedelta(microseconds=123456)),
        ("2026-03-02T12:00:00.123456789123Z", NOON + timedelta(microseconds=123456)),
        ("2026-03-02T12:00:00,5Z", NOON + timedelta(microseconds=500000)),
    ],
)
def test_the_ways_in_which_chargers_write_a_time_are_read_12(text: str, at: datetime) -> None:
    assert read(text, BERLIN, NOON) == (at, "")


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "1999-12-31T23:59:59",
        "0001-01-01T00:00:00",
        "222222017-01-01T00:00:00Z", "9999-12-31T23:59:59", "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z", "2026-03-02T25:00:00Z", "yesterday", "1772452800",
        "\ud800", "Z", ".",
    ],
)  # fmt: skip
def test_what_is_no_time_is_said_to_be_none_21(text: str) -> None:
    assert read(text, NEW_YORK, NOON) == (None, "bad_time")


@pytest.mark.parametrize("text", ["2036-02-07T06:28:16Z", "2030-01-01T00:00:00Z", "2024-01-01"])
def test_a_time_far_from_now_is_quarantined_and_the_event_kept_at_its_arrival_21(text: str) -> None:
    assert Clock(BERLIN).moment(text, NOON) == (NOON, 0, "bad_time")


def test_a_time_without_zone_is_the_sites_where_that_fits_and_is_flagged_21() -> None:
    assert read("2026-03-02T13:00:00", BERLIN, NOON) == (NOON, "no_zone")
    assert read("2026-03-02T12:00:00", BERLIN, NOON) == (NOON, "no_zone")
    assert read("2026-03-02T07:00:00", NEW_YORK, NOON) == (NOON, "no_zone")


def test_no_time_at_all_is_the_arrival_21() -> None:
    assert Clock().moment(None, NOON) == (NOON, 0, "")
    assert Clock().moment("", NOON) == (NOON, 0, "")


def test_three_times_are_kept_of_an_event_of_a_clock_that_is_ahead_21() -> None:
    clock = Clock()
    sent(clock, 300, 0)
    sent(clock, 300, 10)
    received = NOON + timedelta(seconds=20)
    happened = received - timedelta(seconds=60)
    moment = clock.moment((happened + timedelta(seconds=300)).isoformat(), received)
    assert moment == (happened, 300_000, "")
    assert clock.offset_ms == 300_000


def test_one_time_in_the_future_proves_no_clock_21() -> None:
    clock = Clock()
    assert sent(clock, 0, 0) == NOON
    assert sent(clock, 7200, 5) == NOON + timedelta(seconds=5)
    assert sent(clock, -60, 10) == NOON - timedelta(seconds=50)
    assert clock.offset_ms == 0


def test_several_entries_of_one_message_prove_no_clock_21() -> None:
    clock = Clock()
    for _entry in range(20):
        sent(clock, 7200, 0)
    assert clock.offset is None


def test_a_clock_that_is_behind_is_believed_when_messages_keep_being_late_by_the_same_21() -> None:
    clock = Clock()
    first, *_others = [
        sent(clock, -3600 - delay, after)
        for after, delay in [(0, 1), (6, 2), (12, 0), (18, 1), (24, 3), (30, 1)]
    ]
    assert first == NOON - timedelta(seconds=3601)
    assert clock.offset_ms == -3_600_000
    assert sent(clock, -3600, 100) == NOON + timedelta(seconds=100)
    assert sent(clock, -4200, 110) == NOON - timedelta(seconds=490)


def test_a_queue_being_emptied_is_not_taken_for_a_clock_that_is_behind_18() -> None:
    clock = Clock()
    for number in range(500):
        age = 86_000 - number * 60
        landed = sent(clock, -age, number * 0.1)
        assert landed == NOON + timedelta(seconds=number * 0.1 - age)
    assert clock.offset is None


def test_a_queue_does_not_change_what_is_known_of_the_clock_18() -> None:
    clock = Clock()
    sent(clock, 900, 0)
    sent(clock, 900, 10)
    for number in range(200):
        age = 20_000 - number * 60
        if abs(900 - age) > 5:
            assert sent(clock, 900 - age, 20 + number * 0.1) == NOON + timedelta(
                seconds=20 + number * 0.1 - age
            )
    assert clock.offset_ms == 900_000


def test_a_clock_that_was_set_right_is_seen_at_once_21() -> None:
    clock = Clock()
    sent(clock, 900, 0)
    sent(clock, 900, 10)
    assert sent(clock, 0, 20) == NOON + timedelta(seconds=20)
    assert clock.offset_ms == 0


def test_a_boot_forgets_the_offset_21() -> None:
    clock = Clock()
    sent(clock, 900, 0)
    sent(clock, 900, 10)
    clock.reset()
    assert clock.offset_ms is None


def test_we_say_times_in_utc_with_z_and_milliseconds_21() -> None:
    assert say(datetime(2026, 3, 2, 13, 0, 1, 234567, BERLIN)) == "2026-03-02T12:00:01.234Z"


@given(text=ANYTHING, zone=ZONES)
def test_no_text_breaks_the_reading_of_times_21(text: object, zone: ZoneInfo) -> None:
    at, oddity = read(text, zone, NOON)
    assert (at is None) == (oddity == "bad_time")


@given(texts=st.lists(ANYTHING, max_size=8), zone=ZONES, offset=st.integers(-86_400, 86_400))
def test_a_corrected_time_is_never_in_the_future_nor_older_than_any_queue_21(
    texts: list[object], zone: ZoneInfo, offset: int
) -> None:
    clock = Clock(zone, timedelta(seconds=offset))
    for number, text in enumerate(texts):
        received = NOON + timedelta(seconds=number)
        moment = clock.moment(text, received)
        assert received - MOST_BEHIND - timedelta(days=1) <= moment.at <= received
        assert abs(moment.offset_ms) < 2**31
        assert clock.offset_ms is None or abs(clock.offset_ms) <= 86_400_000
