"""The flight recorder: every frame, both directions, in compressed segments per charger.

Frames wait in memory for a few seconds outside the acknowledged path and are then written
with one COPY; a crash may cost those seconds. Closed hours are merged into one segment by
`compact`, so that a day of a quiet charger is a few kilobytes. Secrets never get here:
`mask` takes them out first.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import psycopg
import structlog
import zstandard
from django.db import connection as django_connection
from django.db import transaction
from prometheus_client import Counter
from psycopg import AsyncConnection

from monitoring import ingest, partitions
from monitoring.frame_dictionary import DICTIONARIES, NEWEST

log = structlog.get_logger(__name__)

#: Seconds between writes of what is buffered.
FLUSH_EVERY = 4.0
#: A charger's buffer is written early beyond this, bytes.
SEGMENT_BYTES = 262_144
#: Bytes buffered in all; beyond it frames are dropped and counted.
BUFFER_LIMIT = 128 * 1024 * 1024
#: Longest text kept of one frame.
FRAME_LIMIT = 65_536

DROPPED = Counter("kilowatch_frames_not_recorded_total", "Frames the recorder had no room for.")
WRITTEN = Counter("kilowatch_frames_recorded_bytes_total", "Compressed bytes written.")

COPY = (
    "COPY monitoring_framesegment (charger_id, started, ended, frames, size, dictionary, data)"
    " FROM STDIN (FORMAT BINARY)"
)
COPY_TYPES = ["int8", "timestamptz", "timestamptz", "int4", "int4", "int2", "bytea"]

#: Texts without any of these hold no secret; looked for because it is cheap.
SECRET_HINTS = ("Key", "assw", "ASSW", "ecret", "ECRET", "simPin")
SECRET_NAMES = re.compile(
    r"^(AuthorizationKey|BasicAuthPassword|password|apnPassword|simPin|key|.*secret.*)$",
    re.IGNORECASE,
)
MASK = "********"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: when (aware UTC), 'in' from the charger or 'out' to it, and its text."""

    at: datetime
    direction: str
    text: str


def mask(text: str) -> str:
    """Return the frame's text with keys, passwords and PINs replaced by asterisks.

    Text that is no JSON and looks as if it held a secret is replaced as a whole.
    """
    if not any(hint in text for hint in SECRET_HINTS):
        return text
    try:
        return orjson.dumps(_masked(orjson.loads(text))).decode()
    except orjson.JSONDecodeError:
        return MASK


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    masked = {
        name: MASK if SECRET_NAMES.match(name) and isinstance(item, str) else _masked(item)
        for name, item in value.items()
    }
    return _mask_setting(masked)


def _mask_setting(value: dict[str, Any]) -> dict[str, Any]:
    """Mask the value beside a secret's name: 1.6 key/value, 2.x variable and idToken."""
    variable = value.get("variable")
    named = [value.get("key"), isinstance(variable, dict) and variable.get("name")]
    if any(isinstance(name, str) and SECRET_NAMES.match(name) for name in named):
        secret = ("value", "attributeValue")
        return {name: MASK if name in secret else item for name, item in value.items()}
    if value.get("key") == MASK and "value" in value:
        return {**value, "value": MASK}
    if value.get("type") == "KeyCode" and "idToken" in value:
        return {**value, "idToken": MASK}
    return value


class _Buffer:
    __slots__ = ("ended", "lines", "size", "started")

    def __init__(self, at: datetime) -> None:
        self.started = self.ended = at
        self.lines: list[tuple[datetime, str, str]] = []
        self.size = 0


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
        self._compressor = zstandard.ZstdCompressor(level=3, dict_data=DICTIONARIES[NEWEST])

    def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="recorder")

    async def stop(self) -> None:
        """Write what is buffered and close."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(psycopg.Error, OSError):
            await self.flush()
        if self._connection is not None:
            await self._connection.close()

    def record(self, charger_id: int, at: datetime, direction: str, text: str) -> None:
        """Buffer a frame; drop it, counted, when the buffers are full."""
        if self._size > BUFFER_LIMIT:
            DROPPED.inc()
            return
        buffer = self._buffers.get(charger_id)
        if buffer is None:
            buffer = self._buffers[charger_id] = _Buffer(at)
        buffer.lines.append((at, direction, text if len(text) <= FRAME_LIMIT else _cut(text)))
        buffer.size += len(text)
        buffer.ended = at
        self._size += len(text)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            try:
                await self.flush()
            except (psycopg.Error, OSError) as error:
                log.warning("frames_not_written", error=str(error).strip(), bytes=self._size)

    async def flush(self) -> None:
        """Write every buffer as a segment; after a failure the frames stay buffered."""
        if not self._buffers:
            return
        if self._connection is None or self._connection.closed:
            self._connection = await ingest.connect(self._dsn)
            await self._connection.execute("SET synchronous_commit = off")
            self._partitions.clear()
        buffers, self._buffers = self._buffers, {}
        size, self._size = self._size, 0
        try:
            rows = await asyncio.to_thread(
                lambda: [_row(self._compressor, i, b) for i, b in buffers.items()]
            )
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
                buffer.size += newer.size
                buffer.ended = newer.ended
            self._buffers[charger_id] = buffer
        self._size += size


def _cut(text: str) -> str:
    return f"{text[:FRAME_LIMIT]}… ({len(text)} characters)"


def _row(compressor: zstandard.ZstdCompressor, charger_id: int, buffer: _Buffer) -> tuple[Any, ...]:
    data = encode([Frame(*line) for line in buffer.lines], buffer.started)
    return (
        charger_id,
        buffer.started,
        buffer.ended,
        len(buffer.lines),
        len(data),
        NEWEST,
        compressor.compress(data),
    )


def encode(frames: list[Frame], started: datetime) -> bytes:
    """Return lines `<ms since started> <in|out> <masked text>`; line feeds in it as U+240A."""
    lines = (
        f"{round((frame.at - started).total_seconds() * 1000)} "
        f"{frame.direction} {mask(frame.text).replace(chr(10), chr(0x240A))}"
        for frame in frames
    )
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


SEGMENTS = """
SELECT started, dictionary, data FROM monitoring_framesegment
 WHERE charger_id = %s AND started >= %s AND started < %s AND ended >= %s
 ORDER BY started {order} LIMIT %s
"""
#: Segments in memory at once, and frames among which a reply is looked for beside its CALL.
SEGMENTS_AT_A_TIME = 200
FRAMES_AT_A_TIME = 20_000
#: A segment never spans more than this.
LONGEST_SEGMENT = timedelta(hours=1, seconds=30)


def read(
    charger_id: int,
    start: datetime,
    end: datetime,
    limit: int = 500,
    action: str | None = None,
    direction: str | None = None,
    newest_first: bool = True,
) -> list[Frame]:
    """Return at most `limit` recorded frames in [start, end), newest first.

    `action` matches CALLs of that action and the replies to them; `direction` 'in' or 'out'.
    """
    return list(islice(walk(charger_id, start, end, action, direction, newest_first), limit))


def walk(
    charger_id: int,
    start: datetime,
    end: datetime,
    action: str | None = None,
    direction: str | None = None,
    newest_first: bool = True,
) -> Iterator[Frame]:
    """Yield what `read` returns, however much it is, with bounded memory."""
    frames = _frames(charger_id, start, end, newest_first)
    if action:
        frames = _about(frames, action)
    if direction:
        frames = (frame for frame in frames if frame.direction == direction)
    return frames


def _about(frames: Iterator[Frame], action: str) -> Iterator[Frame]:
    """Yield CALLs of `action` and the frames with their message ids."""
    while known := list(islice(frames, FRAMES_AT_A_TIME)):
        wanted = {_message_id(frame) for frame in known if f',"{action}",' in _squeezed(frame)}
        yield from (frame for frame in known if _message_id(frame) in wanted - {""})


def _squeezed(frame: Frame) -> str:
    return frame.text[:160].replace(" ", "")


def _message_id(frame: Frame) -> str:
    parts = frame.text[:120].split('"', 2)
    return parts[1] if len(parts) == 3 and frame.text.startswith("[") else ""


def _frames(charger_id: int, start: datetime, end: datetime, newest_first: bool) -> Iterator[Frame]:
    for started, dictionary, data in _segments(charger_id, start, end, newest_first):
        frames = list(decode(decompress(data, dictionary), started.astimezone(UTC)))
        for frame in reversed(frames) if newest_first else frames:
            if start <= frame.at < end:
                yield frame


def _segments(
    charger_id: int, start: datetime, end: datetime, newest_first: bool
) -> Iterator[tuple[datetime, int, bytes]]:
    statement = SEGMENTS.format(order="DESC" if newest_first else "ASC")
    first, last = start - LONGEST_SEGMENT, end
    while True:
        with django_connection.cursor() as cursor:
            cursor.execute(statement, [charger_id, first, last, start, SEGMENTS_AT_A_TIME])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < SEGMENTS_AT_A_TIME:
            return
        if newest_first:
            last = rows[-1][0]
        else:
            first = rows[-1][0] + timedelta(microseconds=1)


HOURS = """
SELECT charger_id, date_trunc('hour', started) FROM monitoring_framesegment
 WHERE started >= %s AND started < %s
 GROUP BY 1, 2 HAVING count(*) > 1
"""
TAKE = """
DELETE FROM monitoring_framesegment
 WHERE charger_id = %s AND started >= %s AND started < %s
RETURNING started, dictionary, data
"""
PUT = """
INSERT INTO monitoring_framesegment (charger_id, started, ended, frames, size, dictionary, data)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def compact(start: datetime, end: datetime) -> int:
    """Merge the segments of each charger and closed hour in [start, end); return how many."""
    with django_connection.cursor() as cursor:
        cursor.execute(HOURS, [start, end])
        hours = cursor.fetchall()
        for charger_id, hour in hours:
            with transaction.atomic():
                cursor.execute(TAKE, [charger_id, hour, hour + timedelta(hours=1)])
                taken = sorted(cursor.fetchall(), key=lambda segment: segment[0])
                if taken:
                    cursor.execute(PUT, _merged(charger_id, taken))
    return len(hours)


def _merged(charger_id: int, segments: list[tuple[datetime, int, bytes]]) -> tuple[Any, ...]:
    frames = [
        frame
        for started, dictionary, data in segments
        for frame in decode(decompress(data, dictionary), started.astimezone(UTC))
    ]
    started = frames[0].at
    lines = encode(frames, started)
    compressor = zstandard.ZstdCompressor(level=9, dict_data=DICTIONARIES[NEWEST])
    compressed = compressor.compress(lines)
    return charger_id, started, frames[-1].at, len(frames), len(lines), NEWEST, compressed
