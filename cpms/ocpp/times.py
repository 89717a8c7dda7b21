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
#: Offsets below this are delay, not drift; differences this near to each other are the same.
UNSURE = timedelta(seconds=5)
#: So many messages, over so long, must be off by the same to prove a clock that is ahead, behind.
AHEAD, BEHIND = (2, timedelta(microseconds=1)), (6, timedelta(seconds=30))


class Moment(NamedTuple):
    """When something happened: corrected, aware UTC; sent − at in ms; what was odd, or ""."""

    at: datetime
    offset_ms: int
    oddity: str


@dataclass(slots=True)
class Clock:
    """A charger's clock against ours, from the times in its messages.

    The network only adds delay, so of differences that are alike the largest is the best guess.
    One odd time proves nothing: it may be from a queue, or no time at all. A clock that is
    ahead is believed when two messages say so; one that is behind looks like a queue being
    emptied, until several messages in a row were late by the same.
    """

    zone: tzinfo = UTC
    #: The measured offset, ahead of ours positive; None: not known.
    offset: timedelta | None = None
    #: Differences that don't fit the offset, with their arrival: another clock, or a queue.
    _odd: deque[tuple[datetime, timedelta]] = field(default_factory=lambda: deque(maxlen=BEHIND[0]))

    def reset(self) -> None:
        """Forget the offset: the charger has just been told the time."""
        self.offset = None
        self._odd.clear()

    def observe(self, sent: datetime, received: datetime) -> None:
        """Learn from a time the charger sent."""
        difference = sent - received
        if self.offset is not None and abs(difference - self.offset) <= UNSURE:
            self._adopt(max(self.offset, difference))
        elif abs(difference) <= UNSURE:
            self._adopt(difference)
        else:
            self._doubt(received, difference)

    def _doubt(self, received: datetime, difference: timedelta) -> None:
        self._odd.append((received, difference))
        needed, span = AHEAD if difference > timedelta(0) else BEHIND
        last = list(self._odd)[-needed:]
        differences = [difference for _received, difference in last]
        alike = max(differences) - min(differences) <= UNSURE
        if alike and len(last) == needed and received - last[0][0] >= span:
            self._adopt(max(differences))

    def _adopt(self, offset: timedelta) -> None:
        self.offset = offset
        self._odd.clear()

    def moment(self, sent_text: object, received: datetime) -> Moment:
        """Return when an event happened that the charger says happened at `sent_text`.

        No text: at its arrival. What is no time at all is quarantined: the event keeps its
        arrival.
        """
        if not sent_text:
            return Moment(received, 0, "")
        sent, oddity = read(sent_text, self.zone, received)
        if sent is None or not -MOST_BEHIND < sent - received < MOST_AHEAD + MOST_OFFSET:
            return Moment(received, 0, "bad_time")
        if abs(sent - received) < MOST_OFFSET:
            self.observe(sent, received)
        at = sent - self._correction()
        if at > received + MOST_AHEAD:
            return Moment(received, 0, "bad_time")
        at = min(at, received)
        return Moment(at, round((sent - at) / timedelta(milliseconds=1)), oddity)

    def _correction(self) -> timedelta:
        if self.offset is None or abs(self.offset) < UNSURE:
            return timedelta(0)
        return self.offset

    @property
    def offset_ms(self) -> int | None:
        """The measured offset, ms ahead of ours; less than a day, by `moment`."""
        return None if self.offset is None else round(self.offset / timedelta(milliseconds=1))


def read(text: object, zone: tzinfo, received: datetime) -> tuple[datetime | None, str]:
    """Return the time in `text` in UTC, and what is odd about it.

    With no zone said, the site's zone is taken where it comes nearer to the arrival than UTC.
    Returns None for what is no time (year 222222017, 1970 with no clock, text).
    """
    if not isinstance(text, str):
        return None, "bad_time"
    said = _parse(text)
    if said is None or not 2010 <= said.year < 9999:  # a zone could carry the last year away
        return None, "bad_time"
    if said.tzinfo is not None:
        return said.astimezone(UTC), ""
    return _zoned(said, zone, received), "no_zone"


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _lenient(text)


def _lenient(text: str) -> datetime | None:
    """Read more than six fractional digits, a space before the offset, and small letters."""
    head, dot, tail = text.strip().upper().replace(" +", "+").partition(".")
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
