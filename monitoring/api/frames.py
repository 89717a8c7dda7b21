"""Recorded frames over REST: a page of them, or all of a window as CSV or JSON lines."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import serializers as rest
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import Charger
from inventory.rest import export
from inventory.rest.export import CsvRenderer
from inventory.rest.paging import LARGEST_PAGE
from inventory.rest.queries import Window
from monitoring import frame_lines, frame_log
from monitoring.exchanges import LATEST, Exchange, Frame, Head, Kind, exchanges, head_of
from monitoring.frame_log import Effort
from monitoring.frame_pages import DOWNLOAD_EFFORT, EFFORT, TICK, BadCursor, Place, following

FRAMES_BY_DEFAULT = timedelta(hours=24)
FRAME_COLUMNS = ["at", "direction", "type", "id", "action", "text"]
FRAME_TYPES = [kind.value for kind in Kind if kind is not Kind.GAP]


class JsonLinesRenderer(CsvRenderer):
    """Announces JSON lines; only a stream of them is ever written."""

    media_type = "application/x-ndjson"
    format = "jsonl"


class FrameQuery(Window):
    """Which frames."""

    action = rest.CharField(required=False, max_length=50, help_text="E.g. StatusNotification.")
    direction = rest.ChoiceField(choices=["in", "out"], required=False)
    type = rest.ChoiceField(choices=FRAME_TYPES, required=False)
    contains = rest.CharField(
        required=False, max_length=100, help_text="Text in the frame, whatever the case."
    )
    page_size = rest.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=100)
    cursor = rest.CharField(required=False, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the window, by default the last 24 hours, and where the page begins."""
        end = attrs.setdefault("to", self.context["now"])
        start = attrs.setdefault("from", end - FRAMES_BY_DEFAULT)
        self.check_window(start, end)
        return attrs

    def validate_cursor(self, text: str) -> Place:
        """Return the place that the cursor names."""
        try:
            return Place.decode(text)
        except BadCursor as error:
            raise rest.ValidationError(_("This cursor is not one of ours.")) from error


class FrameSerializer(rest.Serializer[Any]):
    """A frame as it passed, secrets masked."""

    at = rest.DateTimeField()
    direction = rest.ChoiceField(choices=["in", "out"])
    type = rest.ChoiceField(choices=FRAME_TYPES)
    id = rest.CharField(allow_null=True, help_text="The message id; its answer has the same.")
    action = rest.CharField(allow_null=True, help_text="Of a CALL.")
    text = rest.CharField()


class FramePage(rest.Serializer[Any]):
    """Frames, newest first."""

    next = rest.URLField(allow_null=True)
    searched_to = rest.DateTimeField(
        allow_null=True,
        help_text="Where the search stopped before the page was full, as one request looks"
        " through a bounded amount; `next` goes on from there. Null otherwise.",
    )
    results = FrameSerializer(many=True)


def passed(request: Request, charger: Charger, now: datetime) -> HttpResponseBase:
    """Return the charger's frames that are asked for, in the format that is asked for."""
    query = FrameQuery.of(request, now=now)
    name, effort = f"{charger.identity}-frames", Effort(DOWNLOAD_EFFORT)
    if request.accepted_renderer.format == "jsonl":
        text = frame_lines.written(_lines(charger, query, effort))
        plain = request._request  # noqa: SLF001 REST has no name for it
        return frame_lines.download(plain, text, f"{name}.jsonl", effort.give_up)
    if request.accepted_renderer.format == "csv":
        rows = _rows(charger, query, effort)
        return export.begun(request, rows, FRAME_COLUMNS, name, effort.give_up)
    frames, place, searched_to = _page(charger, query)
    page = {"next": _next(request, place), "searched_to": searched_to}
    return Response({**page, "results": [*map(_frame, frames)]})


def _walk(
    charger: Charger, query: dict[str, Any], end: datetime, effort: Effort | None = None
) -> Iterator[Frame]:
    """Yield the frames asked for, up to `end`, newest first."""
    only = (query.get("action"), query.get("direction"))
    found = frame_log.walk(charger.pk, query["from"], end, *only, effort=effort)
    return (frame for frame in found if _wanted(query, frame, head_of(frame)))


def _wanted(query: dict[str, Any], frame: Frame, head: Head) -> bool:
    if query.get("type", head.kind) != head.kind:
        return False
    return query.get("contains", "").lower() in frame.text.lower()


def _rows(charger: Charger, query: dict[str, Any], effort: Effort) -> Iterator[dict[str, Any]]:
    """Yield the frames asked for, newest first; a last row says where one stopped looking.

    Replies whose CALL may lie beyond that come again then, where an action is asked for.
    """
    yield from map(_frame, _walk(charger, query, query["to"], effort))
    if effort.reached is not None:
        edge = effort.reached + (LATEST if "action" in query else timedelta(0))
        yield frame_lines.unfinished(edge, frame_lines.go_on_before(edge))


def _lines(charger: Charger, query: dict[str, Any], effort: Effort) -> Iterator[frame_lines.Line]:
    """Yield the frames asked for, oldest first; a last line says where one stopped looking."""
    for exchange in _exchanges(charger, query, effort):
        if query.get("action", exchange.action) != exchange.action:
            continue
        heads = (exchange.head, exchange.answer_head or exchange.head)
        for frame, head in zip(exchange.frames, heads, strict=False):
            way = query.get("direction", frame.direction)
            if way == frame.direction and _wanted(query, frame, head):
                yield frame_lines.line(exchange, frame, head)
    if effort.reached is not None:
        yield frame_lines.unfinished(effort.reached, frame_lines.go_on_from(effort.reached))


def _exchanges(charger: Charger, query: dict[str, Any], effort: Effort) -> Iterator[Exchange]:
    found = frame_log.passed(
        charger.pk, query["from"], query["to"], newest_first=False, effort=effort
    )
    return frame_log.complete(exchanges(found), effort)


def _page(
    charger: Charger, query: dict[str, Any]
) -> tuple[list[Frame], Place | None, datetime | None]:
    """Return a page of frames, the place after it, and where one stopped looking, if one did.

    Which replies are to an action is known of those whose CALL may not lie beyond that: the
    others are the next page's, and what it reads of them again is free.
    """
    place: Place | None = query.get("cursor")
    size: int = query["page_size"]
    end, shown = (place.end, place.shown) if place else (query["to"], 0)
    unsure = LATEST if "action" in query else timedelta(0)
    effort = Effort(EFFORT, end=end - unsure)
    frames = list(islice(_walk(charger, query, end, effort), shown, shown + size))
    if effort.reached is None:
        return frames, following(frames, place, size), None
    edge = effort.reached + unsure
    frames = [frame for frame in frames if frame.at >= edge]
    if len(frames) == size:
        return frames, following(frames, place, size), None
    return frames, Place(edge - TICK, 0), edge


def _next(request: Request, place: Place | None) -> str | None:
    if place is None:
        return None
    asked = request._request.GET.copy()  # noqa: SLF001 REST has no name for it
    asked["cursor"] = place.encode()
    return request.build_absolute_uri(f"{request.path}?{asked.urlencode()}")


def _frame(frame: Frame) -> dict[str, Any]:
    head = head_of(frame)
    shown: dict[str, Any] = FrameSerializer({
        "at": frame.at, "direction": frame.direction, "type": head.kind.value,
        "id": head.id or None, "action": _action(frame.text), "text": frame.text,
    }).data  # fmt: skip
    return shown


def _action(text: str) -> str | None:
    """Return the action of a CALL; None for replies, and for what can't be read."""
    try:
        parts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    call = isinstance(parts, list) and len(parts) > 2 and parts[0] in (2, 6)
    return str(parts[2]) if call else None
