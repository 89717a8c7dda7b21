"""Reading the flight recorder: a charger's frames in a window, in either order, bounded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import connection

from monitoring.exchanges import Exchange, Frame, about
from monitoring.recorder import OVERLAP, decode, decompress

#: A segment never spans more than this.
LONGEST_SEGMENT = timedelta(hours=1) + OVERLAP
#: Segments fetched at once, and their bytes: a busy charger's are large, a quiet one's many.
SEGMENTS_AT_A_TIME, BYTES_AT_A_TIME = 200, 4 * 1024 * 1024
SEGMENTS = """
SELECT started, size, dictionary, data, segments
  FROM (SELECT *, sum(size) OVER (ORDER BY started {order}) - size AS before,
               count(*) OVER () AS segments
          FROM (SELECT started, size, dictionary, data FROM monitoring_framesegment
                 WHERE charger_id = %s AND started >= %s AND started < %s AND ended >= %s
                 ORDER BY started {order} LIMIT %s) AS found) AS counted
 WHERE before < %s
 ORDER BY started {order}
"""


EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(slots=True)
class Effort:
    """How many bytes of frames may be looked through, and how far that got.

    Segments that begin outside [start, end) are free: what is read around a page must not
    keep it from getting on.
    """

    left: int
    start: datetime = EARLIEST
    end: datetime = LATEST
    #: Where one stopped because nothing was left: everything up to there was seen.
    reached: datetime | None = None

    def give_up(self) -> None:
        """Have whoever looks through them stop with the segment at hand; for another thread."""
        self.left = 0


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
    effort: Effort | None = None,
) -> Iterator[Frame]:
    """Yield what `read` returns, however much it is (or `effort` allows), with bounded memory."""
    every = passed(charger_id, start, end, newest_first, effort)
    frames: Iterator[Frame] = (frame for frame in every if frame.direction != "gap")
    if action:
        frames = about(frames, action, newest_first)
    if direction:
        frames = (frame for frame in frames if frame.direction == direction)
    return frames


def passed(
    charger_id: int,
    start: datetime,
    end: datetime,
    newest_first: bool = True,
    effort: Effort | None = None,
) -> Iterator[Frame]:
    """Yield all frames in [start, end), and the gaps; no more of them than `effort` allows."""
    oldest = end
    for started, size, dictionary, data in _segments(charger_id, start, end, newest_first):
        if effort is not None and effort.left <= 0:
            effort.reached = oldest if newest_first else started
            return
        oldest = min(oldest, started)
        frames = list(decode(decompress(data, dictionary), started.astimezone(UTC)))
        for frame in reversed(frames) if newest_first else frames:
            if start <= frame.at < end:
                yield frame
        if effort is not None and effort.start <= started < effort.end:
            effort.left -= size


def complete(found: Iterable[Exchange], effort: Effort) -> Iterator[Exchange]:
    """Yield exchanges, the oldest first, but those that may be torn where the effort ended.

    `effort.reached` is where to go on then: at the first of those.
    """
    for exchange in found:
        if effort.reached is not None:
            effort.reached = exchange.frame.at
            return
        yield exchange


def _segments(
    charger_id: int, start: datetime, end: datetime, newest_first: bool
) -> Iterator[tuple[datetime, int, int, bytes]]:
    statement = SEGMENTS.format(order="DESC" if newest_first else "ASC")
    first, last = start - LONGEST_SEGMENT, end
    while True:
        bounds: list[int | datetime] = [
            charger_id,
            first,
            last,
            start,
            SEGMENTS_AT_A_TIME,
            BYTES_AT_A_TIME,
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement, tuple(bounds))
            rows = cursor.fetchall()
        for started, size, dictionary, data, _segments in rows:
            yield started, size, dictionary, data
        if not rows or len(rows) == rows[0][4] < SEGMENTS_AT_A_TIME:
            return
        if newest_first:
            last = rows[-1][0]
        else:
            first = rows[-1][0] + timedelta(microseconds=1)
