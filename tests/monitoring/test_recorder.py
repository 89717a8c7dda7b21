"""The flight recorder keeps every frame as it was, small, and without secrets."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp.database import dsn
from monitoring import frame_log, recorder
from monitoring.exchanges import Frame
from monitoring.masking import MASK
from monitoring.models import FrameSegment
from monitoring.recorder import CHARGER_LIMIT, FRAME_LIMIT, Recorder

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(milliseconds: float) -> datetime:
    return NOON + timedelta(milliseconds=milliseconds)


@pytest.fixture
async def recording(transactional_db: None) -> AsyncIterator[Recorder]:
    made = Recorder(await sync_to_async(dsn)())
    yield made
    await made.stop()
    await sync_to_async(connections.close_all)()


async def read(**wanted: Any) -> list[Frame]:
    return await sync_to_async(frame_log.read)(7, NOON - HOUR, NOON + 3 * HOUR, **wanted)


def call(way: str, milliseconds: float, message_id: str, action: str) -> tuple[Any, ...]:
    return at(milliseconds), way, json.dumps([2, message_id, action, {}], separators=(",", ":"))


def reply(way: str, milliseconds: float, message_id: str, mark: int = 0) -> tuple[Any, ...]:
    return at(milliseconds), way, json.dumps([3, message_id, {"mark": mark}])


@given(
    st.lists(
        st.tuples(
            st.integers(-5_000, 5_000_000),
            st.sampled_from(["in", "out"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=50),
        ),
        min_size=1,
    )
)
def test_what_is_encoded_is_decoded(lines: list[tuple[int, str, str]]) -> None:
    frames = [Frame(at(ms), way, text) for ms, way, text in lines]
    decoded = list(recorder.decode(recorder.encode(frames, NOON), NOON))
    # What looks like a secret in no JSON is masked as a whole.
    assert [(f.at, f.direction) for f in decoded] == [(f.at, f.direction) for f in frames]
    assert all(d.text in {f.text, MASK} for d, f in zip(decoded, frames, strict=True))


def test_line_feeds_and_lone_surrogates_do_not_break_a_segment() -> None:
    frames = [Frame(NOON, "in", "a\nb"), Frame(NOON, "in", "\ud800"), Frame(NOON, "out", "")]
    texts = [f.text for f in recorder.decode(recorder.encode(frames, NOON), NOON)]
    assert texts == ["a\u240ab", "?", ""]


async def test_frames_are_written_and_read_back_newest_first(recording: Recorder) -> None:
    for number in range(5):
        recording.record(7, at(number), "in" if number % 2 else "out", f'[3,"{number}",{{}}]')
    recording.record(8, NOON, "in", "[]")
    await recording.flush()
    assert [f.at for f in await read()] == [at(n) for n in (4, 3, 2, 1, 0)]
    assert [f.text for f in await read(newest_first=False, limit=2)] == ['[3,"0",{}]', '[3,"1",{}]']
    assert [f.at for f in await read(direction="in")] == [at(3), at(1)]
    assert await sync_to_async(frame_log.read)(7, at(1), at(3)) == (await read())[2:4]
    assert await FrameSegment.objects.acount() == 2


async def test_whoever_flushes_finds_written_what_another_is_writing(recording: Recorder) -> None:
    recording.record(7, NOON, "in", '[3,"1",{}]')
    first = asyncio.ensure_future(recording.flush())
    await asyncio.sleep(0)
    await recording.flush()
    assert first.done()
    assert len(await read()) == 1


async def test_secrets_never_get_to_the_database(recording: Recorder) -> None:
    payload = {"key": "AuthorizationKey", "value": "0011223344"}
    recording.record(7, NOON, "out", json.dumps([2, "1", "ChangeConfiguration", payload]))
    await recording.flush()
    (frame,) = await read()
    assert json.loads(frame.text)[3] == {"key": "AuthorizationKey", "value": MASK}


async def test_an_action_is_read_with_the_replies_to_it(recording: Recorder) -> None:
    for line in (
        call("in", 0, "1", "Heartbeat"),
        call("out", 1, "1", "Reset"),
        reply("in", 2, "1", mark=1),
        reply("out", 3, "1", mark=2),
        call("in", 4, "1", "MeterValues"),
        reply("out", 5, "1", mark=3),
        call("in", 6, "1", "Heartbeat"),
        (at(7), "out", '[ 4, "1" , "InternalError", "", {}]'),
        (at(8), "in", '[2,"2","DataTransfer",{"data":["Heartbeat","x"]}]'),
        (at(9), "in", "garbage"),
        (at(10), "in", f'[2,"{"long" * 99}","Heartbeat",{{}}]'),
        (at(11), "in", '[2,5,"Heartbeat",{}]'),
        (at(12), "out", '[3,"5",{}]'),
    ):
        recording.record(7, *line)
    await recording.flush()
    for newest_first in (True, False):
        found = await read(action="Heartbeat", newest_first=newest_first)
        expected = [at(ms) for ms in (0, 3, 6, 7, 10, 11, 12)]
        assert [f.at for f in found] == (expected[::-1] if newest_first else expected)
    assert [f.at for f in await read(action="Heartbeat", direction="out")] == [at(12), at(7), at(3)]
    assert [f.at for f in await read(action="Reset")] == [at(2), at(1)]
    assert await read(action="Boot") == []


async def test_closed_hours_are_merged_and_nothing_is_lost(recording: Recorder) -> None:
    for number in range(6):
        recording.record(7, NOON + number * timedelta(minutes=15), "in", f'[3,"{number}",{{}}]')
        await recording.flush()
    before = await read()
    assert await sync_to_async(recorder.compact)(NOON, NOON + 2 * HOUR) == 2
    assert await FrameSegment.objects.acount() == 2
    assert await read() == before
    assert await sync_to_async(recorder.compact)(NOON, NOON + 2 * HOUR) == 0


async def test_segments_of_two_gateways_are_merged_in_the_order_of_time(
    recording: Recorder,
) -> None:
    recording.record(7, at(0), "in", "[1]")
    recording.record(7, at(5_000), "in", "[3]")
    await recording.flush()
    recording.record(7, at(2_000), "in", "[2]")
    await recording.flush()
    await sync_to_async(recorder.compact)(NOON, NOON + HOUR)
    assert [f.text for f in await read(newest_first=False)] == ["[1]", "[2]", "[3]"]


async def test_merging_takes_a_bounded_portion_at_a_time(
    recording: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MERGED_BYTES", 2_500)
    for number in range(7):
        recording.record(7, at(number * 1_000), "in", "x" * 1_000)
        await recording.flush()
    for _again in range(2):
        await sync_to_async(recorder.compact)(NOON, NOON + HOUR)
        sizes = [s.frames async for s in FrameSegment.objects.order_by("started")]
        assert sizes == [3, 3, 1]


async def test_one_charger_cannot_take_the_room_of_the_others(recording: Recorder) -> None:
    for _ in range(40):
        recording.record(7, NOON, "in", "x" * 60_000)
    recording.record(8, NOON, "in", "mine")
    assert recording._buffers[7].size <= CHARGER_LIMIT + 60_000
    await recording.flush()
    assert [f.text for f in await sync_to_async(frame_log.read)(8, NOON, NOON + HOUR)] == ["mine"]


async def test_a_long_frame_is_cut_and_says_so(recording: Recorder) -> None:
    recording.record(7, NOON, "in", "x" * (FRAME_LIMIT + 1))
    await recording.flush()
    (frame,) = await read()
    assert frame.text == "x" * FRAME_LIMIT + f"… ({FRAME_LIMIT + 1} characters)"


async def test_json_deep_enough_to_break_the_masking_is_masked_as_a_whole(
    recording: Recorder,
) -> None:
    recording.record(7, NOON, "in", '{"password":' * 900 + "1" + "}" * 900)
    recording.record(8, NOON, "in", "[3]")
    await recording.flush()
    assert [f.text for f in await read()] == [MASK]
    assert len(await sync_to_async(frame_log.read)(8, NOON, NOON + HOUR)) == 1


async def test_frames_wait_while_the_database_is_away(recording: Recorder) -> None:
    recording.record(7, NOON, "in", "[1]")
    whole, recording._dsn = recording._dsn, "host=/nowhere"
    with pytest.raises(OSError, match=r"nowhere|connection"):
        await refuse(recording)
    recording.record(7, at(1), "in", "[2]")
    recording._dsn = whole
    await recording.flush()
    assert [f.text for f in await read()] == ["[2]", "[1]"]


async def refuse(recording: Recorder) -> None:
    """Flush; raise what psycopg raises as the operating system's error."""
    import psycopg

    try:
        await recording.flush()
    except psycopg.OperationalError as error:
        raise OSError(str(error)) from error


async def test_frames_that_waited_for_hours_are_found_hour_by_hour(recording: Recorder) -> None:
    for hours in (0.9, 1.1, 3):
        recording.record(7, NOON + hours * HOUR, "in", f"[{hours}]")
    await recording.flush()

    def since(hours: float) -> list[str]:
        found = frame_log.read(7, NOON + hours * HOUR, NOON + 4 * HOUR)
        return [frame.text for frame in found]

    assert await sync_to_async(since)(2.9) == ["[3]"]
    await sync_to_async(recorder.compact)(NOON, NOON + 4 * HOUR)
    assert await sync_to_async(since)(1.0) == ["[3]", "[1.1]"]


def gaps() -> list[str]:
    """Return how many frames each gap stands for."""
    passed = frame_log.passed(7, NOON - HOUR, NOON + HOUR)
    return [frame.text for frame in passed if frame.direction == "gap"]


async def test_a_gap_is_told_once_however_often_it_could_not_be_written(
    recording: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "CHARGER_LIMIT", 10)

    async def away(*_: Any) -> None:
        raise OSError("the database is away")

    for number in range(3):
        recording.record(7, at(number), "in", "x" * 20)
    with monkeypatch.context() as broken:
        broken.setattr(recording, "_write", away)
        for _again in range(2):
            with pytest.raises(OSError, match="away"):
                await recording.flush()
    recording.record(7, at(3), "in", "x")
    await recording.flush()
    assert await sync_to_async(gaps)() == ["3"]


async def test_where_there_is_room_for_nothing_the_gap_is_told_all_the_same(
    recording: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "BUFFER_LIMIT", -1)
    for number in range(2):
        recording.record(7, at(number), "in", "[3]")
    await recording.flush()
    assert await sync_to_async(gaps)() == ["2"]


async def test_a_day_is_small(recording: Recorder) -> None:
    """1,000 chargers may take 150 MB a day: 150 KB each."""
    for minute in range(60):
        for line in (call("in", 0, os.urandom(16).hex(), "Heartbeat"), reply("out", 5, "x")):
            recording.record(7, line[0] + timedelta(minutes=minute), *line[1:])
    await recording.flush()

    def size() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(length(data)) FROM monitoring_framesegment")
            return int(cursor.fetchone()[0])

    assert await sync_to_async(size)() < 150_000 / 24
