"""The flight recorder: every frame, both directions, in compressed segments per charger.

Frames wait in memory for a few seconds outside the acknowledged path and are then written
with one COPY; a crash may cost those seconds. Closed hours are merged into one segment by
`compact`, so that a day of a quiet charger is a few kilobytes. Secrets never get here:
`mask` takes them out first.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
import zstandard
from django.db import connection as django_connection
from django.db import transaction
from prometheus_client import Counter
from psycopg import AsyncConnection

from monitoring import partitions
from monitoring.database import connect
from monitoring.exchanges import LINE_FEED, Frame, shortened
from monitoring.frame_dictionary import DICTIONARIES, NEWEST
from monitoring.masking import mask

log = structlog.get_logger(__name__)

#: Seconds between writes of what is buffered.
FLUSH_EVERY = 4.0
#: … in so many portions: compressing a whole fleet at once would hold everybody up.
PORTIONS = 16
#: Characters buffered of one charger and in all; beyond that frames are dropped and counted.
CHARGER_LIMIT, BUFFER_LIMIT = 1024 * 1024, 128 * 1024 * 1024
#: Seconds for what is left when the process ends.
LAST_FLUSH = 5.0
#: Longest text kept of one frame.
FRAME_LIMIT = 65_536
MILLISECOND = timedelta(milliseconds=1)
#: No segment reaches further into the next hour: merging goes by hours, reading by their length.
OVERLAP = timedelta(seconds=30)

DROPPED = Counter("kilowatch_frames_not_recorded_total", "Frames the recorder had no room for.")
WRITTEN = Counter("kilowatch_frames_recorded_bytes_total", "Compressed bytes written.")

COPY = (
    "COPY monitoring_framesegment (charger_id, started, ended, frames, size, dictionary, data)"
    " FROM STDIN (FORMAT BINARY)"
)
COPY_TYPES = ["int8", "timestamptz", "timestamptz", "int4", "int4", "int2", "bytea"]

#: When, "in", "out" or "gap", and the text.
Line = tuple[datetime, str, str]


class _Buffer:
    __slots__ = ("dropped", "ended", "lines", "size", "started")

    def __init__(self, at: datetime) -> None:
        self.started = self.ended = at
        self.lines: list[Line] = []
        self.size = 0
        #: Frames there was no room for.
        self.dropped = 0


class Recorder:
    """Buffers frames of this process's chargers and writes them every few seconds."""

    def __init__(self, dsn: str) -> None:
        """Record into the database at `dsn`."""
        self._dsn = dsn
        self._buffers: dict[int, _Buffer] = {}
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._connection: AsyncConnection[Any] | None = None
        self._partitions: set[Any] = set()
        self._stopping = asyncio.Event()
        self._writing = asyncio.Lock()
        self._compressor = zstandard.ZstdCompressor(level=3, dict_data=DICTIONARIES[NEWEST])

    def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="recorder")

    async def stop(self) -> None:
        """Write what is buffered and close."""
        self._stopping.set()
        with contextlib.suppress(psycopg.Error, OSError):
            async with asyncio.timeout(LAST_FLUSH):
                if self._task is not None:
                    await self._task
                await self.flush()
        if self._connection is not None:
            await self._connection.close()

    def record(self, charger_id: int, at: datetime, direction: str, text: str) -> None:
        """Buffer a frame; drop it, counted, when the buffers are full."""
        buffer = self._buffers.get(charger_id)
        if buffer is None:
            buffer = self._buffers[charger_id] = _Buffer(at)
        if buffer.size > CHARGER_LIMIT or self._size > BUFFER_LIMIT:
            self._drop(charger_id, buffer, at)
            return
        buffer.lines.append((at, direction, shortened(text, FRAME_LIMIT)))
        buffer.size += len(text)
        buffer.ended = at
        self._size += len(text)

    def _drop(self, charger_id: int, buffer: _Buffer, at: datetime) -> None:
        DROPPED.inc()
        if not buffer.dropped:
            log.warning("frames_not_recorded", charger=charger_id, size=buffer.size)
        buffer.dropped += 1
        buffer.ended = at

    async def _run(self) -> None:
        portions = itertools.cycle(range(PORTIONS))
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), FLUSH_EVERY / PORTIONS)
            try:
                await self.flush(next(portions))
            except (psycopg.Error, OSError) as error:
                log.warning("frames_not_written", error=str(error).strip(), bytes=self._size)
            except Exception:
                log.exception("frames_not_written", bytes=self._size)

    async def flush(self, portion: int | None = None) -> None:
        """Write the buffers of a portion of the chargers, or of all, a segment each.

        What another call is writing is written when this one returns, too. After a failure the
        frames stay buffered.
        """
        async with self._writing:
            await self._flush(portion)

    async def _flush(self, portion: int | None) -> None:
        chosen = [i for i in self._buffers if portion is None or i % PORTIONS == portion]
        if not chosen:
            return
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._dsn)
            await self._connection.execute("SET synchronous_commit = off")
            self._partitions.clear()
        buffers = {i: self._buffers.pop(i) for i in chosen if i in self._buffers}
        size = sum(buffer.size for buffer in buffers.values())
        self._size -= size
        try:
            rows = await asyncio.to_thread(_rows, self._compressor, buffers)
            await self._write(self._connection, rows)
        except BaseException:
            self._put_back(buffers, size)
            raise

    async def _write(self, connection: AsyncConnection[Any], rows: list[tuple[Any, ...]]) -> None:
        for day in {row[1].date() for row in rows} - self._partitions:
            await connection.execute(partitions.create("monitoring_framesegment", day))
            self._partitions.add(day)
        async with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.set_types(COPY_TYPES)
            for row in rows:
                await copy.write_row(row)
        WRITTEN.inc(sum(len(row[-1]) for row in rows))

    def _put_back(self, buffers: dict[int, _Buffer], size: int) -> None:
        self._partitions.clear()
        for charger_id, buffer in buffers.items():
            newer = self._buffers.get(charger_id)
            if newer is not None:
                buffer.lines += newer.lines
                buffer.dropped += newer.dropped
                buffer.size += newer.size
                buffer.ended = newer.ended
            self._buffers[charger_id] = buffer
        self._size += size


def _rows(
    compressor: zstandard.ZstdCompressor, buffers: dict[int, _Buffer]
) -> list[tuple[Any, ...]]:
    """Return the rows of the buffers; one that can't be compressed costs the others nothing."""
    rows = []
    for charger_id, buffer in buffers.items():
        try:
            rows += [_row(compressor, charger_id, lines) for lines in _segments(buffer)]
        except Exception:
            DROPPED.inc(len(buffer.lines))
            log.exception("frames_not_compressed", charger=charger_id)
    return rows


def _segments(buffer: _Buffer) -> list[list[Line]]:
    """Return what a buffer holds, and the gap in it, as segments.

    What waited while the database was away is one for each hour.
    """
    gap = [(buffer.ended, "gap", str(buffer.dropped))] if buffer.dropped else []
    lines = [*buffer.lines, *gap]
    if buffer.ended - buffer.started <= OVERLAP:
        return [lines]
    return [list(of_hour) for _at, of_hour in itertools.groupby(lines, key=_hour)]


def _hour(line: Line) -> datetime:
    return line[0].replace(minute=0, second=0, microsecond=0)


def _row(
    compressor: zstandard.ZstdCompressor, charger_id: int, lines: list[Line]
) -> tuple[Any, ...]:
    started, ended = lines[0][0], lines[-1][0]
    data = encode(lines, started)
    compressed = compressor.compress(data)
    return charger_id, started, ended, len(lines), len(data), NEWEST, compressed


def encode(frames: Iterable[Line], started: datetime) -> bytes:
    """Return lines `<ms since started> <in|out|gap> <masked text>`; line feeds as U+240A."""
    lines = [
        f"{round((at - started) / MILLISECOND)} {way} {mask(text).replace(chr(10), LINE_FEED)}"
        for at, way, text in frames
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def decode(data: bytes, started: datetime) -> Iterator[Frame]:
    """Yield the frames of a segment's decompressed data."""
    for line in data.decode().split("\n"):
        offset, direction, text = line.split(" ", 2)
        yield Frame(started + timedelta(milliseconds=int(offset)), direction, text)


def decompress(data: bytes, dictionary: int) -> bytes:
    """Return a segment's lines."""
    decompressor = zstandard.ZstdDecompressor(dict_data=DICTIONARIES[dictionary])
    return decompressor.decompress(bytes(data))


#: Hours in which a charger has several segments that were not merged to the full.
HOURS = """
SELECT charger_id, date_trunc('hour', started) FROM monitoring_framesegment
 WHERE started >= %s AND started < %s AND size < %s
 GROUP BY 1, 2 HAVING count(*) > 1
"""
TAKE = """
DELETE FROM monitoring_framesegment
 WHERE charger_id = %s AND started >= %s AND started < %s AND size < %s
RETURNING started, size, dictionary, data
"""
PUT = """
INSERT INTO monitoring_framesegment (charger_id, started, ended, frames, size, dictionary, data)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
#: Segments of more bytes are left alone, and none is merged into more than twice of it.
MERGED_BYTES = 4 * 1024 * 1024

Segment = tuple[datetime, int, int, bytes]


def compact(start: datetime, end: datetime) -> int:
    """Merge the segments of each charger and closed hour in [start, end); return how many."""
    with django_connection.cursor() as cursor:
        cursor.execute(HOURS, [start, end, MERGED_BYTES])
        hours = cursor.fetchall()
        for charger_id, hour in hours:
            with transaction.atomic():
                after = hour + timedelta(hours=1)
                cursor.execute(TAKE, [charger_id, hour, after, MERGED_BYTES])
                for segments in _portions(sorted(cursor.fetchall(), key=lambda taken: taken[0])):
                    cursor.execute(PUT, _merged(charger_id, segments))
    return len(hours)


def _portions(segments: list[Segment]) -> Iterator[list[Segment]]:
    """Split segments in order, so that each portion fits memory."""
    portion: list[Segment] = []
    size = 0
    for segment in segments:
        portion.append(segment)
        size += segment[1]
        if size >= MERGED_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _merged(charger_id: int, segments: list[Segment]) -> tuple[Any, ...]:
    frames = [
        frame
        for started, _size, dictionary, data in segments
        for frame in decode(decompress(data, dictionary), started.astimezone(UTC))
    ]
    frames.sort(key=lambda frame: frame.at)
    started = frames[0].at
    lines = encode(frames, started)
    compressor = zstandard.ZstdCompressor(level=9, dict_data=DICTIONARIES[NEWEST])
    compressed = compressor.compress(lines)
    return charger_id, started, frames[-1].at, len(frames), len(lines), NEWEST, compressed
