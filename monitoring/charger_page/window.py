"""The stretch of time that a history is asked for, as its address says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

#: Parameter `window` -> how far back it looks from now; the first is what is shown unasked.
NAMED: dict[str, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "1y": timedelta(days=365),
}
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=400)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end), aware UTC; `name` of `NAMED` where it moves with the clock, else ""."""

    start: datetime
    end: datetime
    name: str = ""
    #: Something of what was asked for couldn't be read, or was cut.
    amended: bool = False

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters that ask for it again."""
        if self.name:
            return [("window", self.name)]
        return [("from", _written(self.start)), ("to", _written(self.end))]

    @property
    def query(self) -> str:
        """The same as a query string."""
        return urlencode(self.parameters)

    def moved(self, lengths: float, now: datetime) -> "Window":
        """Return the window moved by so many times its length, not beyond `now`."""
        end = min(self.end + self.length * lengths, now)
        return Window(end - self.length, end)

    def widened(self, now: datetime) -> "Window":
        """Return a window three times as long around this one, not beyond `now`."""
        length = min(self.length * 3, LONGEST)
        end = min(self.end + (length - self.length) / 2, now)
        return Window(end - length, end)


def asked(parameters: Mapping[str, str], zone: str, now: datetime) -> Window:
    """Return the window that a query string asks for: `from` and `to`, or a named one.

    The two are RFC 3339, or local times as a browser's own input writes them: of the parameter
    `zone`, else of `zone`.
    """
    begins, ends = parameters.get("from", ""), parameters.get("to", "")
    if begins or ends:
        local = _zone(parameters.get("zone", "")) or ZoneInfo(zone)
        return _between(_instant(begins, local), _instant(ends, local), now)
    name = parameters.get("window", "")
    known = name if name in NAMED else next(iter(NAMED))
    return Window(now - NAMED[known], now, known, amended=bool(name) and name != known)


def _between(start: datetime | None, end: datetime | None, now: datetime) -> Window:
    until = max(min(end or now, now), EARLIEST)
    since = min(start or until - NAMED["24h"], until - SHORTEST)
    since = max(since, until - LONGEST)
    return Window(since, until, "", amended=(since, until) != (start, end))


def _zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in available_timezones() else None


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a local time, or one with its own offset; None if it is neither."""
    try:
        read = datetime.fromisoformat(text[:40])
        local = read if read.tzinfo else read.replace(tzinfo=zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
