"""Times that chargers send: read, doubted, and corrected by the charger's measured offset."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

#: A corrected time further ahead than this is no time.
MOST_AHEAD = timedelta(minutes=10)
#: Chargers have queued for weeks; nothing is older than this.
MOST_BEHIND = timedelta(days=400)
#: A clock further off than this is not corrected: its times are no times, or from a queue.
MOST_OFFSET = timedelta(days=1)
#: Offsets below this are delay, not drift.
UNSURE = timedelta(seconds=5)
SAMPLES = 12


class Moment(NamedTuple):
    """When something happened: corrected, aware UTC; sent − at in ms; what was odd, or ""."""

    at: datetime
    offset_ms: int
    oddity: str


@dataclass(slots=True)
class Clock:
    """A charger's clock against ours, from the times in its messages.

    A message from the queue carries an old time, never a new one, and the network only adds
    delay: so the largest of the last few differences is the best guess of the offset.
    """

    zone: tzinfo = UTC
    _differences: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    offset: timedelta | None = None
    _largest: float = 0.0

    def reset(self) -> None:
        """Forget the offset: the charger has just been told the time."""
        self._differences.clear()
        self.offset = None

    def observe(self, sent: datetime, received: datetime) -> None:
        """Learn from a time the charger sent."""
        difference = (sent - received).total_seconds()
        self._differences.append(difference)
        largest = max(self._differences)
        if self.offset is None or largest != self._largest:
            self._largest, self.offset = largest, timedelta(seconds=largest)

    def moment(self, sent_text: object, received: datetime) -> Moment:
        """Return when an event happened that the charger says happened at `sent_text`.

        No text: at its arrival. What is no time at all is quarantined: the event keeps its
        arrival.
        """
        if not sent_text:
            return Moment(received, 0, "")
        sent, oddity = read(sent_text, self.zone, received)
        if sent is None:
            return Moment(received, 0, "bad_time")
        if abs(sent - received) < MOST_OFFSET:
            self.observe(sent, received)
        at = sent - self._correction()
        if at > received + MOST_AHEAD or at < received - MOST_BEHIND:
            return Moment(received, 0, "bad_time")
        at = min(at, received)
        return Moment(at, round((sent - at) / timedelta(milliseconds=1)), oddity)

    def _correction(self) -> timedelta:
        if self.offset is None or abs(self.offset) < UNSURE:
            return timedelta(0)
        if self.offset < -UNSURE and len(self._differences) < SAMPLES // 2:
            return timedelta(0)  # may as well be a queue being emptied
        return self.offset

    @property
    def offset_ms(self) -> int | None:
        """The measured offset, ms ahead of ours, within what the database holds."""
        if self.offset is None:
            return None
        return max(-(2**31), min(2**31 - 1, round(self.offset.total_seconds() * 1000)))


def read(text: object, zone: tzinfo, received: datetime) -> tuple[datetime | None, str]:
    """Return the time in `text` in UTC, and what is odd about it.

    With no zone said, the site's zone is taken where it comes nearer to the arrival than UTC.
    Returns None for what is no time (year 222222017, 1970 with no clock, text).
    """
    if not isinstance(text, str):
        return None, "bad_time"
    said = _parse(text)
    if said is None or said.year < 2010:
        return None, "bad_time"
    if said.tzinfo is not None:
        try:
            return said.astimezone(UTC), ""
        except OverflowError:
            return None, "bad_time"
    return _zoned(said, zone, received), "no_zone"


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _lenient(text)


def _lenient(text: str) -> datetime | None:
    """Read more than six fractional digits and a space before the offset."""
    head, dot, tail = text.strip().replace(" +", "+").partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    try:
        return datetime.fromisoformat(f"{head}{dot}{tail[: min(digits, 6)]}{tail[digits:]}")
    except ValueError:
        return None


def _zoned(said: datetime, zone: tzinfo, received: datetime) -> datetime:
    as_utc = said.replace(tzinfo=UTC)
    as_local = said.replace(tzinfo=zone).astimezone(UTC)
    return min(as_local, as_utc, key=lambda at: abs(at - received))


def say(moment: datetime) -> str:
    """Return `moment` as our replies say it: UTC with Z and milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )
