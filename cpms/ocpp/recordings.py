"""A recorded conversation as a file that `manage.py simulate` plays: the charger's side of it.

JSON lines. The first says what it is:

    {"kilowatch": "recording", "format": 1, "identity": "CP-1", "version": "1.6",
     "from": "2026-03-02T12:00:00.000Z", "to": "…", "boot": {…} or null}

The others are what happened, in order, each with `at` (RFC 3339, UTC) and `do`:

    open    the charger connected; `version` is the OCPP version it spoke
    call    it sent the CALL `frame`, and got the answer `answer` (null: none)
    answer  it answered a CALL for `action` with `frame` (null: not at all), after `after_ms`
    say     it sent `frame`, which no answer belongs to: unreadable, out of place, a SEND
    close   the connection ended; `clean` tells whether in order
    skip    a frame that can't be played: `why` is masked (it held nothing but a secret), cut
            (too long to be recorded) or gap (not recorded)

`boot` is what a charger says that was connected already, and must be said to a central system
that never met it. Keys, passwords and PINs are asterisks, as everywhere in the recorder.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from monitoring.exchanges import LATEST, Exchange, Kind, exchanges, is_cut, restored
from monitoring.frame_lines import stamp
from monitoring.frame_log import Effort, passed
from monitoring.masking import MASK
from monitoring.models import ConnectionSpan

FORMAT = 1
#: Connections of one recording.
MOST_CONNECTIONS = 5_000
#: How far back, and through how many bytes of frames, the last boot is looked for.
BOOT_WITHIN, BOOT_EFFORT = timedelta(days=2), 4 * 1024 * 1024
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """The charger that was recorded."""

    id: int
    identity: str
    version: str
    vendor: str
    model: str
    serial_number: str
    firmware_version: str


def recording(charger: Subject, start: datetime, end: datetime) -> Iterator[str]:
    """Yield the lines of the file for [start, end), aware UTC."""
    spans = _connections(charger.id, start, end)
    version = spans[0].ocpp_version if spans else charger.version or "1.6"
    yield _line(
        {
            "kilowatch": "recording",
            "format": FORMAT,
            "identity": charger.identity,
            "version": version,
            "from": stamp(start),
            "to": stamp(end),
            "boot": _last_boot(charger, start) or _made_up(charger, version),
        }
    )
    for _at, _order, step in steps(charger.id, spans, start, end, version):
        yield _line(step)


def steps(
    charger_id: int,
    spans: list[ConnectionSpan],
    start: datetime,
    end: datetime,
    version: str,
) -> Iterator[tuple[datetime, int, Step]]:
    """Yield what the charger did, in order: when, a rank among what is at one time, and what."""
    frames = passed(charger_id, start - LATEST, end + LATEST, newest_first=False)
    said = (
        step
        for exchange in exchanges(frames)
        if start <= exchange.frame.at < end
        for step in _said(exchange)
    )
    links = _links(spans, start, end, version)
    yield from heapq.merge(links, said, key=lambda step: step[:2])


def _connections(charger_id: int, start: datetime, end: datetime) -> list[ConnectionSpan]:
    spans = ConnectionSpan.objects.filter(charger_id=charger_id, opened__lt=end)
    return list(spans.exclude(closed__lt=start).order_by("opened")[:MOST_CONNECTIONS])


def _links(
    spans: Iterable[ConnectionSpan], start: datetime, end: datetime, version: str
) -> Iterator[tuple[datetime, int, Step]]:
    """Yield openings before, and closings after, all else of their instant."""
    begun = False
    for span in spans:
        begun = True
        opened = max(span.opened, start)
        yield opened, 0, {"at": stamp(opened), "do": "open", "version": span.ocpp_version}
        if span.closed is not None and span.closed < end:
            clean = span.close_reason == "clean"
            yield span.closed, 9, {"at": stamp(span.closed), "do": "close", "clean": clean}
    if not begun:
        yield start, 0, {"at": stamp(start), "do": "open", "version": version}


def _said(exchange: Exchange) -> Iterator[tuple[datetime, int, Step]]:
    frame, answer = exchange.frame, exchange.answer
    if frame.direction == "out":
        if exchange.head.kind is Kind.CALL:
            yield frame.at, 5, _answer(exchange)
        return
    step: Step = {"at": stamp(frame.at), "do": "say", "frame": restored(frame.text)}
    if (why := _unplayable(exchange)) != "":
        step = {"at": stamp(frame.at), "do": "skip", "why": why}
    elif exchange.head.kind is Kind.CALL:
        step = step | {"do": "call", "answer": restored(answer.text) if answer else None}
    yield frame.at, 5, step


def _answer(exchange: Exchange) -> Step:
    answer = exchange.answer
    took = exchange.latency or timedelta()
    return {
        "at": stamp(exchange.frame.at),
        "do": "answer",
        "action": exchange.action,
        "after_ms": round(took / timedelta(milliseconds=1)),
        "frame": restored(answer.text) if answer and _is_whole(answer.text) else None,
    }


def _unplayable(exchange: Exchange) -> str:
    if exchange.head.kind is Kind.GAP:
        return "gap"
    if exchange.frame.text == MASK:
        return "masked"
    return "cut" if is_cut(exchange.frame.text) else ""


def _is_whole(text: str) -> bool:
    return text != MASK and not is_cut(text)


def _last_boot(charger: Subject, start: datetime) -> Any:
    """Return the payload of the last BootNotification before `start`, None if it is too far."""
    frames = passed(charger.id, start - BOOT_WITHIN, start, effort=Effort(BOOT_EFFORT))
    for frame in frames:
        if frame.direction == "in" and '"BootNotification"' in frame.text[:400]:
            try:
                return orjson.loads(frame.text)[3]
            except (orjson.JSONDecodeError, LookupError, TypeError):
                continue
    return None


def _made_up(charger: Subject, version: str) -> Step:
    """Return a boot from what inventory knows, short of anything better."""
    vendor, model = charger.vendor or "Unknown", charger.model or "Unknown"
    if version == "1.6":
        return {"chargePointVendor": vendor[:20], "chargePointModel": model[:20]}
    station = {"vendorName": vendor[:50], "model": model[:20]}
    known = {"serialNumber": charger.serial_number[:25]}
    known["firmwareVersion"] = charger.firmware_version[:50]
    more = {name: value for name, value in known.items() if value}
    return {"reason": "PowerUp", "chargingStation": station | more}


def _line(step: Step) -> str:
    return orjson.dumps(step).decode() + "\n"
