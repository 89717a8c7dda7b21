"""A page of the flight recorder: exchanges, and between them what befell the connection."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cpms.ocpp.inspection import Finding, inspect, troubled
from cpms.web.frames.asked import Asked
from monitoring import words
from monitoring.exchanges import ANSWERS, LATEST, Exchange, Fate, Frame, Head, exchanges, restored
from monitoring.frame_log import Effort, complete, passed
from monitoring.frame_pages import EFFORT, TICK, Place
from monitoring.models import ConnectionSpan

PAGE_SIZE = 50
#: Rows shown that came after the time one jumps to.
CONTEXT = 12
#: Characters of a frame that a page carries; more is in the export.
LONGEST_SHOWN = 20_000
#: A charger that is connected and silent for longer than this leaves a gap worth a line.
SILENCE = timedelta(minutes=16)
MOST_CONNECTIONS = 100
BEGINNING_OF_TIME = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """One frame as the page shows it."""

    frame: Frame
    head: Head

    @property
    def text(self) -> str:
        """The frame as it was sent, up to what a page carries."""
        return restored(self.frame.text[:LONGEST_SHOWN])

    @property
    def cut(self) -> int:
        """How many characters the page leaves out."""
        return max(0, len(self.frame.text) - LONGEST_SHOWN)


@dataclass(frozen=True)
class Row:
    """An exchange as the page shows it."""

    exchange: Exchange
    findings: list[Finding]
    now: datetime

    marker = False

    @property
    def at(self) -> datetime:
        """When it began."""
        return self.exchange.frame.at

    @property
    def direction(self) -> str:
        """Whose first word it was: "in" is the charger's."""
        return self.exchange.frame.direction

    @cached_property
    def key(self) -> str:
        """A name for it that a link can carry: the same however the frames are stored."""
        text = f"{self.direction} {self.exchange.frame.text}"
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=5).hexdigest()

    @property
    def fate(self) -> Fate:
        """What became of it."""
        return self.exchange.fate(self.now)

    @property
    def action(self) -> str:
        """What was asked for, or what it is."""
        return self.exchange.action or words.frame(self.exchange.frame.text)

    @property
    def code(self) -> str:
        """The error code it was refused with, "" where it wasn't."""
        head = self.exchange.answer_head or self.exchange.head
        return head.word if self.fate is Fate.REFUSED else ""

    @property
    def milliseconds(self) -> float | None:
        """How long the answer took."""
        latency = self.exchange.latency
        return None if latency is None else latency / timedelta(milliseconds=1)

    @property
    def beginning(self) -> str:
        """The first of its payload."""
        return words.payload(restored(self.exchange.frame.text[:2_000]))[:300]

    @property
    def said(self) -> list[Said]:
        """Its frames."""
        heads = [self.exchange.head, self.exchange.answer_head or self.exchange.head]
        return [Said(*pair) for pair in zip(self.exchange.frames, heads, strict=False)]

    @property
    def is_refused(self) -> bool:
        """Whether a finding kept it from being understood."""
        return any(finding.is_refusal for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that befell the connection, or a new day; `kind`: opened, closed, gap, day."""

    at: datetime
    kind: str
    text: str
    marker: bool = True


@dataclass
class Page:
    """Rows and markers, newest first, and where the neighbouring pages begin."""

    rows: list[Row | Marker] = field(default_factory=list)
    older: str = ""
    newer: str = ""
    #: Exchanges among the rows.
    count: int = 0
    #: One stopped looking here: what is older hasn't been looked at.
    searched_to: datetime | None = None


class Reading:
    """What a charger's frames are read with: the window, the filter, who spoke which version."""

    def __init__(
        self, charger_id: int, asked: Asked, now: datetime, effort: int | None = None
    ) -> None:
        self.charger_id, self.asked, self.now = charger_id, asked, now
        self.effort = Effort(effort or EFFORT)

    @cached_property
    def connections(self) -> list[ConnectionSpan]:
        """The charger's connections in the window, the newest first."""
        spans = ConnectionSpan.objects.filter(
            charger_id=self.charger_id, opened__lt=self.asked.end
        ).exclude(closed__lt=self.asked.start - LATEST)
        return list(spans.order_by("-opened")[: MOST_CONNECTIONS * 5])

    def version(self, at: datetime) -> str:
        """Return which OCPP version was spoken, as far as is known."""
        spoken = (span.ocpp_version for span in self.connections if span.opened <= at)
        return next(spoken, self.connections[-1].ocpp_version if self.connections else "")

    def found(
        self, start: datetime, end: datetime, newest_first: bool = True
    ) -> Iterator[Exchange]:
        """Yield the exchanges asked for that began in [start, end).

        A little more is read at both ends: an answer may be on the other side.
        """
        for exchange in self._between(start, end, newest_first):
            if not self._is_torn(exchange) and self.wants(exchange):
                yield exchange

    def whole(self) -> Iterator[Exchange]:
        """Yield all exchanges asked for, the oldest first, up to where the effort ended."""
        every = self._between(self.asked.start, self.asked.end, newest_first=False)
        return filter(self.wants, complete(every, self.effort))

    def _between(self, start: datetime, end: datetime, newest_first: bool) -> Iterator[Exchange]:
        self.effort.start, self.effort.end = start, end
        around = (max(start, BEGINNING_OF_TIME) - LATEST, end + LATEST)
        frames = passed(self.charger_id, *around, newest_first, self.effort)
        found = exchanges(frames, newest_first)
        return (exchange for exchange in found if start <= exchange.frame.at < end)

    def _is_torn(self, exchange: Exchange) -> bool:
        """Tell whether its CALL lies beyond where one stopped reading: the next page has it."""
        reached = self.effort.reached
        if reached is None or exchange.head.kind not in ANSWERS:
            return False
        return exchange.frame.at - reached < LATEST

    def wants(self, exchange: Exchange) -> bool:
        """Tell whether the filter lets an exchange pass."""
        asked = self.asked
        if asked.action and exchange.action.lower() != asked.action.lower():
            return False
        if asked.way and exchange.frame.direction != asked.way:
            return False
        needle = asked.text.lower()
        if needle and not any(needle in frame.text.lower() for frame in exchange.frames):
            return False
        return not asked.what or self._is(asked.what, exchange)

    def _is(self, what: str, exchange: Exchange) -> bool:
        fate = exchange.fate(self.now)
        if what in {"refused", "unanswered", "unreadable", "unconfirmed"}:
            return fate == what
        if what == "trouble" and fate is Fate.WAITING:
            return False
        findings = self.inspected(exchange)
        return bool(findings) if what == "schema" else troubled(exchange, findings)

    def inspected(self, exchange: Exchange) -> list[Finding]:
        """Return what is wrong with what the charger said."""
        return inspect(exchange, self.version(exchange.frame.at))


def read(reading: Reading) -> Page:
    """Return the page that is asked for."""
    asked = reading.asked
    if asked.at is not None:
        return _around(reading, asked.at)
    if asked.newer is not None:
        return _newer(reading, asked.newer, PAGE_SIZE)
    return _older(reading, asked.older, PAGE_SIZE)


def _older(reading: Reading, place: Place | None, size: int) -> Page:
    end = min(place.end, reading.asked.end) if place else reading.asked.end
    shown = place.shown if place else 0
    found = reading.found(reading.asked.start, end)
    taken = list(islice(found, shown, shown + size + 1))
    page = Page(count=min(len(taken), size))
    if len(taken) > size:
        page.older = _after(taken[:size], place)
    elif reading.effort.reached:
        page.searched_to = reading.effort.reached
        page.older = Place(reading.effort.reached - TICK, 0).encode()
    taken = taken[:size]
    if taken and place is not None:
        page.newer = _after(taken[::-1], None)
    bottom = taken[-1].frame.at if page.older and taken else reading.asked.start
    top = end if place is None else place.at
    page.rows = _with_markers(reading, taken, bottom, top)
    return page


def _newer(reading: Reading, place: Place, size: int) -> Page:
    start = max(place.at, reading.asked.start)
    found = reading.found(start, reading.asked.end, newest_first=False)
    taken = list(islice(found, place.shown, place.shown + size + 1))
    page = Page(count=min(len(taken), size))
    if len(taken) > size:
        page.newer = _after(taken[:size], place)
    elif reading.effort.reached:
        page.newer = Place(reading.effort.reached, 0).encode()
    taken = taken[:size][::-1]
    page.older = _after(taken, None) if taken else Place(place.at, 0).encode()
    top = taken[0].frame.at if page.newer and taken else reading.asked.end
    page.rows = _with_markers(reading, taken, place.at, top)
    return page


def _around(reading: Reading, at: datetime) -> Page:
    """Return a page with a little of what came after `at`, and what was before it."""
    later = replace(reading.asked, at=None)
    ahead = _newer(Reading(reading.charger_id, later, reading.now), Place(at, 0), CONTEXT)
    before = _older(reading, Place(at - TICK, 0), PAGE_SIZE - CONTEXT)
    rows = ahead.rows + [row for row in before.rows if row.at < at]
    newer = ahead.newer or (before.newer if not ahead.rows else "")
    return Page(rows, before.older, newer, ahead.count + before.count, before.searched_to)


def _after(taken: list[Exchange], before: Place | None) -> str:
    """Return the place after the last of `taken`, for the next page in the same direction."""
    at = taken[-1].frame.at
    shown = sum(1 for exchange in taken if exchange.frame.at == at)
    if before is not None and before.at == at:
        shown += before.shown
    return Place(at, shown).encode()


def _with_markers(
    reading: Reading, taken: list[Exchange], bottom: datetime, top: datetime
) -> list[Row | Marker]:
    rows: list[Row | Marker] = [
        Row(exchange, reading.inspected(exchange), reading.now) for exchange in taken
    ]
    rows += [mark for mark in _connection_marks(reading) if bottom <= mark.at <= top]
    rows.sort(key=lambda row: (row.at, _height(row)), reverse=True)
    told = rows if reading.asked.filters else _with_silences(rows)
    return list(_with_days(told, ZoneInfo(reading.asked.zone), reading.now))


def _height(row: Row | Marker) -> int:
    """Return what stands above what at one instant: a closing is last, an opening first."""
    return {"opened": 0, "closed": 3, "gap": 2}[row.kind] if isinstance(row, Marker) else 1


def _connection_marks(reading: Reading) -> Iterator[Marker]:
    for span in reading.connections[:MOST_CONNECTIONS]:
        who = {"version": span.ocpp_version, "peer": span.peer}
        yield Marker(
            span.opened, "opened", _("Connected with OCPP %(version)s from %(peer)s") % who
        )
        if span.closed is None:
            continue
        why = words.closing(span.close_reason) or _("the connection ended")
        code = f" ({span.close_code})" if span.close_code else ""
        yield Marker(span.closed, "closed", _("Disconnected: %(why)s") % {"why": why} + code)
        if span.close_reason == "gateway_died":
            lost = _("Gap: the last seconds before may be missing, our gateway failed")
            yield Marker(span.closed, "gap", lost)


def _with_silences(rows: list[Row | Marker]) -> Iterator[Row | Marker]:
    """Yield the rows, and between two that are far apart how long it was quiet."""
    later: Row | Marker | None = None
    for row in rows:
        apart = later.at - row.at if later is not None else timedelta()
        offline = isinstance(row, Marker) and row.kind == "closed"
        if later is not None and apart > SILENCE and not offline:
            minutes = {"minutes": round(apart / timedelta(minutes=1))}
            yield Marker(later.at, "gap", _("Nothing passed for %(minutes)d min") % minutes)
        yield row
        later = row


def _with_days(
    rows: Iterable[Row | Marker], zone: ZoneInfo, now: datetime
) -> Iterator[Row | Marker]:
    """Yield the rows, and before the first of a day, other than today, which day it is."""
    day = now.astimezone(zone).date()
    for row in rows:
        local = row.at.astimezone(zone)
        if local.date() != day:
            day = local.date()
            yield Marker(row.at, "day", date_format(local, "l, j F Y"))
        yield row
