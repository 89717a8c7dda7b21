"""When a site is open, and when that changes next."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from inventory.opening_hours import is_open, next_change, parse

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = {day: [["07:00", "12:00"], ["13:00", "21:00"]] for day in ("mon", "tue", "wed")}
#: 2 March 2026 is a Monday.
MONDAY = datetime(2026, 3, 2, tzinfo=BERLIN)


def at(day: int, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return MONDAY.replace(day=day, hour=int(hours), minute=int(minutes))


@pytest.mark.parametrize(
    ("now", "is_it", "change"),
    [
        (at(2, "06:59"), False, at(2, "07:00")),
        (at(2, "07:00"), True, at(2, "12:00")),
        (at(2, "12:00"), False, at(2, "13:00")),
        (at(2, "20:59"), True, at(2, "21:00")),
        (at(2, "21:00"), False, at(3, "07:00")),
        (at(4, "22:00"), False, at(9, "07:00")),
    ],
)
def test_it_is_open_in_its_hours_and_says_what_comes_next(
    now: datetime, is_it: bool, change: datetime
) -> None:
    hours = parse(WEEKDAYS)
    assert is_open(hours, now) is is_it
    assert next_change(hours, now) == change


def test_without_hours_it_is_always_open() -> None:
    assert is_open({}, at(2, "03:00"))
    assert next_change({}, at(2, "03:00")) is None


def test_hours_that_meet_at_midnight_are_no_change() -> None:
    hours = parse({"mon": [["10:00", "24:00"]], "tue": [["00:00", "02:00"]]})
    assert is_open(hours, at(2, "23:59"))
    assert next_change(hours, at(2, "23:00")) == at(3, "02:00")


def test_a_site_that_never_opens_never_changes() -> None:
    hours = parse({"mon": []})
    assert not is_open(hours, at(2, "12:00"))
    assert next_change(hours, at(2, "12:00")) is None


def test_the_hours_are_the_site_s_own_on_the_day_the_clocks_change() -> None:
    hours = parse({"sun": [["01:00", "08:00"]]})
    # 29 March 2026: at 02:00 it is 03:00.
    assert next_change(hours, MONDAY.replace(day=29, hour=1)) == MONDAY.replace(day=29, hour=8)
