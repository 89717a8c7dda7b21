"""What of the flight recorder is asked for, as an address says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.frame_lines import stamp
from monitoring.frame_pages import BadCursor, Place

#: Parameter `window` -> how far back it looks from now, and what it is called.
WINDOWS: dict[str, tuple[timedelta, str | Promise]] = {
    "15m": (timedelta(minutes=15), _("15 min")),
    "1h": (timedelta(hours=1), _("1 h")),
    "24h": (timedelta(hours=24), _("24 h")),
    "7d": (timedelta(days=7), _("7 d")),
    "30d": (timedelta(days=30), _("30 d")),
}
DEFAULT = "24h"
#: A window that ends now takes in what a gateway with a fast clock wrote.
SLACK = timedelta(minutes=1)
LONGEST = timedelta(days=400)
LONGEST_TEXT = 100
#: Parameter `way` -> who asks.
WAYS: dict[str, str | Promise] = {"in": _("The charger asks"), "out": _("We ask")}
#: Parameter `what` -> which exchanges.
KINDS: dict[str, str | Promise] = {
    "trouble": _("Anything wrong"),
    "refused": _("Refused (CALLERROR)"),
    "unanswered": _("Not answered"),
    "schema": _("Breaks the schema"),
    "unreadable": _("Not readable"),
    "unconfirmed": _("Without an answer by nature (SEND)"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A window [start, end), aware UTC, a filter, and a place in it to begin from."""

    start: datetime
    end: datetime
    #: Of `WINDOWS` where it moves with the clock, else "".
    window: str
    zone: str
    action: str = ""
    way: str = ""
    what: str = ""
    text: str = ""
    older: Place | None = None
    newer: Place | None = None
    #: Show what passed around this time.
    at: datetime | None = None
    #: Something of what was asked for couldn't be read.
    amended: bool = False

    @property
    def filters(self) -> bool:
        """Return whether only some of the frames are asked for."""
        return bool(self.action or self.way or self.what or self.text)

    @property
    def live(self) -> bool:
        """Return whether frames that pass now belong on top."""
        paged = self.older or self.newer or self.at
        return bool(self.window) and not paged and not self.what

    @property
    def local_start(self) -> str:
        """The start as a browser's input shows it, in `zone`."""
        return local(self.start, self.zone)

    @property
    def local_end(self) -> str:
        """The end as a browser's input shows it, in `zone`."""
        return local(self.end, self.zone)

    def query(self, **changes: str) -> str:
        """Return the query string that asks for the same window and filter."""
        bounds = {"window": self.window}
        if not self.window:
            bounds = {"from": stamp(self.start), "to": stamp(self.end)}
        named = {"action": self.action, "way": self.way, "what": self.what, "q": self.text}
        given = {name: value for name, value in {**bounds, **named, **changes}.items() if value}
        return "?" + urlencode(given)

    def fixed(self) -> str:
        """Return the query string of this very window, which doesn't move with the clock."""
        return self.query(window="", **{"from": stamp(self.start), "to": stamp(self.end)})


def asked(parameters: Mapping[str, str], zone: str, now: datetime) -> Asked:
    """Return what a query string asks for; what can't be read in it is left out, and said."""
    start, end, window, amended = _window(parameters, zone, now)
    way, what = parameters.get("way", ""), parameters.get("what", "")
    older, bad_older = _place(parameters.get("older", ""))
    newer, bad_newer = _place(parameters.get("newer", ""))
    at = instant(parameters.get("at", ""), zone)
    unknown = bool(way and way not in WAYS) or bool(what and what not in KINDS)
    return Asked(
        start=start,
        end=end,
        window=window,
        zone=zone,
        action=_text(parameters.get("action", "")),
        way=way if way in WAYS else "",
        what=what if what in KINDS else "",
        text=_text(parameters.get("q", "")),
        older=older,
        newer=newer,
        at=at,
        amended=amended or unknown or bad_older or bad_newer or _lost(parameters, "at", at),
    )


def _lost(parameters: Mapping[str, str], name: str, read: object) -> bool:
    return bool(parameters.get(name)) and read is None


def _window(
    parameters: Mapping[str, str], zone: str, now: datetime
) -> tuple[datetime, datetime, str, bool]:
    begins, ends = parameters.get("from", ""), parameters.get("to", "")
    name = parameters.get("window", "")
    if begins or ends:
        start, end = instant(begins, zone), instant(ends, zone)
        lost = _lost(parameters, "from", start) or _lost(parameters, "to", end)
        return *_ordered(start, end, now), "", lost
    chosen = name if name in WINDOWS else DEFAULT
    at = instant(parameters.get("at", ""), zone)
    around = at is not None and not now - WINDOWS[chosen][0] <= at < now
    if at is not None and around:
        return at - timedelta(hours=12), at + timedelta(hours=12), "", False
    return now - WINDOWS[chosen][0], now + SLACK, chosen, bool(name) and chosen != name


def _ordered(
    start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Return a window that has a beginning before its end, and some length."""
    until = end or (start + timedelta(days=1) if start else now)
    since = start or until - WINDOWS[DEFAULT][0]
    if since >= until:
        since, until = until, since + timedelta(minutes=1)
    return max(since, until - LONGEST), until


def _place(text: str) -> tuple[Place | None, bool]:
    try:
        return (Place.decode(text[:200]), False) if text else (None, False)
    except BadCursor:
        return None, True


def _text(value: str) -> str:
    return value.replace("\0", "").strip()[:LONGEST_TEXT]


def instant(text: str, zone: str) -> datetime | None:
    """Read a local time of `zone`, or one with its own offset; None if it is neither."""
    try:
        read = datetime.fromisoformat(text[:40].replace(" ", "+"))
        placed = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))
        # Far enough from either end of the calendar to reckon with.
        return placed.astimezone(UTC) if 1971 <= read.year <= 9000 else None
    except (ValueError, OverflowError):
        return None


def local(at: datetime, zone: str) -> str:
    """Return an instant as an input for a local date and time shows it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")
