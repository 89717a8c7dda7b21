"""What happened and what is, over REST: read only."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import api as inventory_api
from inventory.models import Charger, Evse
from inventory.rest import export
from inventory.rest.export import CsvRenderer
from inventory.rest.fields import IdentityField
from inventory.rest.paging import LARGEST_PAGE
from inventory.rest.queries import Window
from inventory.rest.views import Listed, ListOnly
from monitoring import access, filters, frame_lines, frame_log, serializers
from monitoring.exchanges import LATEST, Frame, Head, Kind, exchanges, head_of
from monitoring.frame_log import Effort
from monitoring.frame_pages import EFFORT, TICK, BadCursor, Place, following
from monitoring.kpi_api import Kpis
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    Event,
    MeterSample,
    QuarantinedFact,
    Session,
    Sighting,
    StatusSpan,
)
from monitoring.status import ChargerStatus, status_of

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


class Chargers(inventory_api.Chargers):
    """Charging stations, by their OCPP identity in any case."""

    serializer_class = serializers.LiveChargerSerializer
    filterset_class = filters.ChargerFilters

    def get_queryset(self) -> QuerySet[Charger]:
        """Return chargers with their state."""
        return super().get_queryset().select_related("state")

    @extend_schema(responses=ChargerStatus)
    @action(detail=True)
    def status(self, request: Request, **kwargs: str) -> Response:
        """Return how the charger and its ports are now."""
        return Response(status_of(self.get_object()))

    @extend_schema(parameters=[FrameQuery], responses=FramePage)
    @action(detail=True, renderer_classes=[JSONRenderer, CsvRenderer, JsonLinesRenderer])
    def frames(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Return recorded frames, newest first; as CSV or JSON lines all of the window.

        Whoever filters by action gets the replies to it as well. A page may come short, even
        empty, with a `next`: then it was searched to `searched_to`. JSON lines have the oldest
        first, each reply after its CALL with `latency_ms`, and `error` where it refuses.
        """
        charger = self.get_object()
        query = FrameQuery.of(request, now=timezone.now())
        name = f"{charger.identity}-frames"
        if request.accepted_renderer.format == "jsonl":
            text = frame_lines.written(_lines(charger, query))
            return frame_lines.download(request._request, text, f"{name}.jsonl")  # noqa: SLF001
        if request.accepted_renderer.format == "csv":
            whole = _walk(charger, query, query["to"])
            return export.download(request, map(_frame, whole), FRAME_COLUMNS, name)
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


def _lines(charger: Charger, query: dict[str, Any]) -> Iterator[frame_lines.Line]:
    found = frame_log.passed(charger.pk, query["from"], query["to"], newest_first=False)
    for exchange in exchanges(found):
        if query.get("action", exchange.action) != exchange.action:
            continue
        heads = (exchange.head, exchange.answer_head or exchange.head)
        for frame, head in zip(exchange.frames, heads, strict=False):
            way = query.get("direction", frame.direction)
            if way == frame.direction and _wanted(query, frame, head):
                yield frame_lines.line(exchange, frame, head)


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


class Evses(inventory_api.Evses):
    """Ports: what charges one vehicle at a time."""

    serializer_class = serializers.LiveEvseSerializer
    filterset_class = filters.EvseFilters

    def get_queryset(self) -> QuerySet[Evse]:
        """Return ports with their state and their charger's."""
        return super().get_queryset().select_related("state", "charger__state")


class Sessions(Listed):
    """Charging sessions, newest first."""

    queryset = Session.objects.none()
    scope = staticmethod(access.sessions)
    serializer_class = serializers.SessionSerializer
    filterset_class = filters.SessionFilters
    ordering = ("-started", "-id")

    def get_queryset(self) -> QuerySet[Session]:
        """Return sessions with what names them."""
        return super().get_queryset().select_related("charger", "evse")


class Attempts(Listed):
    """Attempts to charge, newest first: what session success counts."""

    queryset = Attempt.objects.none()
    scope = staticmethod(access.attempts)
    serializer_class = serializers.AttemptSerializer
    filterset_class = filters.AttemptFilters
    ordering = ("-ended", "-id")

    def get_queryset(self) -> QuerySet[Attempt]:
        """Return attempts with what names them."""
        return super().get_queryset().select_related("evse__charger")


class Events(Listed):
    """Events, newest first."""

    queryset = Event.objects.none()
    scope = staticmethod(access.events)
    serializer_class = serializers.EventSerializer
    filterset_class = filters.EventFilters
    ordering = ("-at", "-id")

    def get_queryset(self) -> QuerySet[Event]:
        """Return events with what names them."""
        return super().get_queryset().select_related("charger", "evse")


class StatusSpans(Listed):
    """The history of ports' statuses, newest first: what uptime counts."""

    queryset = StatusSpan.objects.none()
    scope = staticmethod(access.status_spans)
    serializer_class = serializers.StatusSpanSerializer
    filterset_class = filters.StatusSpanFilters
    ordering = ("-started", "-id")

    def get_queryset(self) -> QuerySet[StatusSpan]:
        """Return spans with what names them."""
        return super().get_queryset().select_related("evse__charger")


class Connections(Listed):
    """Chargers' connections, newest first: what online rate and reconnects count."""

    queryset = ConnectionSpan.objects.none()
    scope = staticmethod(access.connections)
    serializer_class = serializers.ConnectionSerializer
    filterset_class = filters.ConnectionFilters
    ordering = ("-opened", "-id")

    def get_queryset(self) -> QuerySet[ConnectionSpan]:
        """Return connections with what names them."""
        return super().get_queryset().select_related("charger")


class Sightings(Listed):
    """Who knocked and wasn't let in as it is, newest first."""

    queryset = Sighting.objects.none()
    scope = staticmethod(access.sightings)
    serializer_class = serializers.SightingSerializer
    filterset_class = filters.SightingFilters
    ordering = ("-last_seen", "-id")

    def get_queryset(self) -> QuerySet[Sighting]:
        """Return sightings with what names them."""
        return super().get_queryset().select_related("charger")


class Quarantine(Listed):
    """Facts that the database refused, newest first; for the installation's staff."""

    queryset = QuarantinedFact.objects.none()
    scope = staticmethod(access.quarantined)
    serializer_class = serializers.QuarantineSerializer
    filterset_class = filters.QuarantineFilters
    ordering = ("-id",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse who isn't staff."""
        super().initial(request, *args, **kwargs)
        if not request.user.is_superuser:
            raise PermissionDenied(_("The quarantine is for the installation's staff."))


class MeterQuery(Window):
    """Which samples: of one session, or of one charger in a window of at most 31 days."""

    charger = IdentityField(required=False)
    evse = rest.IntegerField(required=False, min_value=1, help_text="The port's number.")
    session = rest.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in charger and window from the session."""
        if "session" in attrs:
            self._from_session(attrs)
        missing = [name for name in ("charger", "from", "to") if name not in attrs]
        if missing:
            sentence = _("Say which charger from when to when, or which session.")
            raise rest.ValidationError({key: [sentence] for key in missing})
        self.check_window(attrs["from"], attrs["to"])
        return attrs

    def _from_session(self, attrs: dict[str, Any]) -> None:
        seen = access.sessions(self.context["request"].user).select_related("charger")
        session = get_object_or_404(seen, pk=attrs["session"])
        if attrs.setdefault("charger", session.charger) != session.charger:
            raise rest.ValidationError({"session": [_("It was at another charger.")]})
        attrs.setdefault("from", session.started - SLACK)
        end: datetime = session.ended or self.context["now"]
        attrs.setdefault("to", min(end + SLACK, attrs["from"] + self.longest))


#: Samples of a session may be stamped a little before its start and after its end.
SLACK = timedelta(hours=1)


class MeterSamples(ListOnly):
    """Meter readings of one charger, oldest first."""

    queryset = MeterSample.objects.none()
    scope = staticmethod(access.meter_samples)
    serializer_class = serializers.MeterSampleSerializer
    filter_backends = []
    ordering = ("at", "evse_id", "context")

    @extend_schema(parameters=[MeterQuery])
    def list(  # type: ignore[override]
        self, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Return a page of samples, or all of them as CSV."""
        self.query = MeterQuery.of(request, now=timezone.now())
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[MeterSample]:
        """Return the samples asked for; the charger was found in the user's scope."""
        query = getattr(self, "query", None)
        if query is None:
            return self.queryset
        start, end = query["from"], query["to"]
        samples = MeterSample.objects.filter(
            charger_id=query["charger"].pk, at__gte=start, at__lt=end
        )
        if "session" in query:
            samples = samples.filter(session_id=query["session"])
        if "evse" in query:
            ports = query["charger"].evses.filter(number=query["evse"])
            samples = samples.filter(evse_id__in=ports.values("pk"))
        return samples

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the context, with the charger's port numbers by key."""
        query = getattr(self, "query", None)
        ports = query["charger"].evses.values_list("pk", "number") if query else ()
        return {**super().get_serializer_context(), "numbers": dict(ports)}


RESOURCES = {
    "chargers": Chargers,
    "evses": Evses,
    "sessions": Sessions,
    "attempts": Attempts,
    "meter-samples": MeterSamples,
    "events": Events,
    "status-spans": StatusSpans,
    "connections": Connections,
    "sightings": Sightings,
    "quarantine": Quarantine,
    "kpis": Kpis,
}
