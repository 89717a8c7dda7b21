"""Windows to measure in, and pieces of time cut at them. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from monitoring.kpis.timeline import Piece


class Window(NamedTuple):
    """A stretch [start, end) to measure."""

    start: float
    end: float


class Parts:
    """The parts of windows that lie in `limits`, and the places of those that have one."""

    def __init__(self, windows: Sequence[Window], limits: Window) -> None:
        cut = [Window(max(w.start, limits.start), min(w.end, limits.end)) for w in windows]
        self.places = [place for place, window in enumerate(cut) if window.start < window.end]
        self.windows = [cut[place] for place in self.places]
        self._starts = [window.start for window in self.windows]

    @property
    def hull(self) -> Window:
        """From the first start to the last end."""
        return Window(self.windows[0].start, self.windows[-1].end)

    def place_of(self, instant: float) -> int | None:
        """Return the place of the window that contains the instant."""
        part = bisect_right(self._starts, instant) - 1
        if part < 0 or instant >= self.windows[part].end:
            return None
        return self.places[part]

    def touched(self, start: float, end: float) -> Iterator[tuple[int, Window]]:
        """Yield (place, window) of the windows that [start, end) reaches into."""
        for part in range(max(bisect_right(self._starts, start) - 1, 0), len(self.windows)):
            window = self.windows[part]
            if window.start >= end:
                break
            if window.end > start:
                yield self.places[part], window

    def spread(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, str, float]]:
        """Yield (place, state, seconds) of the pieces cut at the windows."""
        part, count = 0, len(self.windows)
        for start, end, state in pieces:
            while part < count and self.windows[part].end <= start:
                part += 1
            at = part
            while at < count and self.windows[at].start < end:
                window = self.windows[at]
                yield self.places[at], state, min(end, window.end) - max(start, window.start)
                at += 1
