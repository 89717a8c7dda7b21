"""Frames are read as a conversation: each CALL with its answer, in either order, in bounds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import exchanges
from monitoring.exchanges import Exchange, Fate, Frame, Kind, about, head_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def frame(ms: float, way: str, text: str) -> Frame:
    return Frame(NOON + timedelta(milliseconds=ms), way, text)


def call(ms: float, way: str, number: str, action: str = "Heartbeat") -> Frame:
    return frame(ms, way, f'[2,"{number}","{action}",{{}}]')


def result(ms: float, way: str, number: str) -> Frame:
    return frame(ms, way, f'[3,"{number}",{{}}]')


def shown(found: list[Exchange]) -> list[tuple[str, float | None]]:
    """Return the beginning of each exchange, and after how many ms it was answered."""
    return [
        (one.frame.text[:6], one.latency / timedelta(milliseconds=1) if one.latency else None)
        for one in found
    ]


def both_ways(frames: list[Frame]) -> list[Exchange]:
    forward = list(exchanges.exchanges(frames))
    backward = list(exchanges.exchanges(reversed(frames), newest_first=True))
    assert shown(backward[::-1]) == shown(forward)
    return forward


@pytest.mark.parametrize(
    ("text", "kind", "number", "word"),
    [
        ('[2,"17","Heartbeat",{}]', Kind.CALL, "17", "Heartbeat"),
        ('[3,"17",{"a":1}]', Kind.RESULT, "17", ""),
        (' [ 4 , "17" , "InternalError", "x", {}]', Kind.ERROR, "17", "InternalError"),
        ('[5,"17","FormatViolation","",{}]', Kind.RESULT_ERROR, "17", "FormatViolation"),
        ('[6,"17","NotifyPeriodicEventStream",{}]', Kind.SEND, "17", "NotifyPeriodicEventStream"),
        ('[2,17,"Heartbeat",{}]', Kind.CALL, "17", "Heartbeat"),
        ('[2,"a\\"b","Heartbeat",{}]', Kind.CALL, 'a\\"b', "Heartbeat"),
        ('[2,"1","Heart beat <b>",{}]', Kind.CALL, "1", "Heart beat <b>"),
        ("[2", Kind.UNREADABLE, "", ""),
        ("********", Kind.UNREADABLE, "", ""),
        ("", Kind.UNREADABLE, "", ""),
        ('[9,"17",{}]', Kind.UNREADABLE, "", ""),
    ],
)
def test_what_a_frame_is_shows_in_its_beginning(
    text: str, kind: Kind, number: str, word: str
) -> None:
    assert head_of(frame(0, "in", text)) == exchanges.Head(kind, number, word)


def test_an_answer_is_put_to_its_call_with_the_time_it_took() -> None:
    found = both_ways([call(0, "in", "1"), result(34, "out", "1")])
    assert shown(found) == [('[2,"1"', 34.0)]
    assert found[0].fate(LATER) is Fate.ANSWERED


def test_both_sides_may_ask_under_the_same_id_at_once() -> None:
    found = both_ways(
        [call(0, "in", "1"), call(1, "out", "1"), result(2, "in", "1"), result(9, "out", "1")]
    )
    assert shown(found) == [('[2,"1"', 9.0), ('[2,"1"', 1.0)]


def test_an_id_that_is_used_again_takes_the_answer_that_follows() -> None:
    found = both_ways([call(0, "in", "1"), call(5, "in", "1"), result(7, "out", "1")])
    assert shown(found) == [('[2,"1"', None), ('[2,"1"', 2.0)]
    assert [one.fate(LATER) for one in found] == [Fate.UNANSWERED, Fate.ANSWERED]


def test_a_second_answer_stands_alone() -> None:
    found = both_ways([call(0, "in", "1"), result(2, "out", "1"), result(3, "out", "1")])
    assert shown(found) == [('[2,"1"', 2.0), ('[3,"1"', None)]
    assert found[1].fate(LATER) is Fate.STRAY


def test_an_answer_that_comes_after_minutes_belongs_to_nothing() -> None:
    late = exchanges.LATEST / timedelta(milliseconds=1) + 1
    found = both_ways([call(0, "out", "1"), call(late, "in", "2"), result(late + 1, "in", "1")])
    assert [one.fate(LATER) for one in found] == [Fate.UNANSWERED, Fate.UNANSWERED, Fate.STRAY]


def test_a_call_of_a_moment_ago_still_waits() -> None:
    (asked,) = both_ways([call(0, "out", "1")])
    assert asked.fate(NOON + timedelta(seconds=5)) is Fate.WAITING
    assert asked.fate(NOON + timedelta(seconds=50)) is Fate.UNANSWERED


def test_what_stands_alone_says_what_it_is() -> None:
    found = both_ways(
        [
            frame(0, "in", "{"),
            frame(1, "in", '[6,"1","NotifyPeriodicEventStream",{}]'),
            frame(2, "in", '[5,"1","FormatViolation","",{}]'),
            frame(3, "gap", "12"),
        ]
    )
    fates = [Fate.UNREADABLE, Fate.UNCONFIRMED, Fate.REFUSED, Fate.GAP]
    assert [one.fate(LATER) for one in found] == fates


WAYS = st.sampled_from(["in", "out"])
IDS = st.sampled_from(["1", "2"])


@given(
    st.lists(
        st.tuples(st.integers(0, 20_000), WAYS, IDS, st.sampled_from(["call", "result", "bad"])),
        max_size=30,
    )
)
def test_read_backward_the_conversation_is_the_same(
    lines: list[tuple[int, str, str, str]],
) -> None:
    made = {"call": call, "result": result, "bad": frame}
    frames = [made[what](ms, way, number) for ms, way, number, what in lines]
    frames.sort(key=lambda one: one.at)
    found = both_ways(frames)
    kept = [part for one in found for part in one.frames]
    assert sorted(kept, key=id) == sorted(frames, key=id)
    forward = list(about(frames, "Heartbeat", newest_first=False))
    assert list(about(reversed(frames), "Heartbeat", newest_first=True)) == forward[::-1]


def endless(size: int) -> Iterator[Frame]:
    number = 0
    while True:
        yield frame(number / 1000, "in", f'[2,"{number}","Heartbeat",{{}}]' + " " * size)
        number += 1


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [0, 60_000])
def test_calls_that_nobody_answers_are_not_all_kept_in_memory(
    newest_first: bool, size: int
) -> None:
    frames = endless(size)
    first = next(exchanges.exchanges(frames, newest_first))
    read = int(head_of(next(frames)).id)
    assert first.frame.at == NOON
    assert read <= exchanges.MOST_WAITING + 2
    assert read * size <= exchanges.MOST_CHARACTERS + 2 * 60_000
