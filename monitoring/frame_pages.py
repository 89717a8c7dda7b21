"""Pages of recorded frames: a cursor is an instant, and how many frames of it were shown."""

import base64
import binascii
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta

from monitoring.exchanges import Frame

TICK = timedelta(microseconds=1)
#: Bytes of frames that one page looks through before it says how far it got.
EFFORT = 6 * 1024 * 1024
#: As much for a download: more than most chargers say in a month.
DOWNLOAD_EFFORT = 256 * 1024 * 1024


class BadCursor(ValueError):
    """Not a cursor of ours."""


@dataclass(frozen=True, slots=True)
class Place:
    """Between two frames, newest first: `shown` frames at the instant `at` were passed."""

    at: datetime
    shown: int

    def encode(self) -> str:
        """Return it as text for a URL."""
        text = f"{self.at.astimezone(UTC).isoformat()}/{self.shown}"
        return base64.urlsafe_b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Place":
        """Return the place that `text` stands for; raise `BadCursor`."""
        try:
            at, shown = base64.urlsafe_b64decode(text.encode()).decode().split("/")
            place = cls(datetime.fromisoformat(at), int(shown))
        except (ValueError, binascii.Error) as error:
            raise BadCursor(text) from error
        within = 1 < place.at.year < MAXYEAR and 0 <= place.shown <= LARGEST_SHOWN
        if place.at.tzinfo is None or not within:
            raise BadCursor(text)
        return place

    @property
    def end(self) -> datetime:
        """The end (exclusive) of a window in which the frames at `at` are the newest."""
        return self.at + TICK


#: Frames of one instant that a cursor may have passed.
LARGEST_SHOWN = 100_000


def following(frames: list[Frame], before: Place | None, limit: int) -> Place | None:
    """Return the place after a page of `frames`, None if the page wasn't full."""
    if len(frames) < limit:
        return None
    at = frames[-1].at
    shown = sum(1 for frame in frames if frame.at == at)
    if before is not None and before.at == at:
        shown += before.shown
    return Place(at, shown)
