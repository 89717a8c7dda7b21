"""Sessions over REST: as they happened, with who started and stopped them and what they cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as rest
from rest_framework.request import Request

from cpms.control import session_stories
from cpms.control.cost import Cost
from cpms.control.session_stories import Started, Stopped, Story
from inventory.rest import export
from monitoring.api.history import Sessions as Happened
from monitoring.models import Session
from monitoring.serializers import SessionSerializer

#: Sessions whose stories are told at once in a download.
AT_ONCE = 500


class StartedBySerializer(rest.Serializer[Any]):
    """Who or what started a session."""

    kind = rest.ChoiceField(choices=[kind.value for kind in Started])
    name = rest.CharField(help_text="Who asked for it, of a remote start.")
    words = rest.CharField()


class StoppedBySerializer(rest.Serializer[Any]):
    """Why a session stopped, and who or what stopped it."""

    kind = rest.ChoiceField(choices=[kind.value for kind in Stopped])
    name = rest.CharField(help_text="Who asked for it, of a remote stop, unlock or reset.")
    words = rest.CharField()


class CostSerializer(rest.Serializer[Any]):
    """What a session costs, tax included, as decimals in text."""

    currency = rest.CharField()
    total = rest.CharField()
    net = rest.CharField()
    tax = rest.CharField()
    energy = rest.CharField()
    time = rest.CharField()
    session = rest.CharField()
    idle = rest.CharField()


class Many(rest.ListSerializer[Any]):
    """Sessions whose stories are told at once."""

    def to_representation(self, data: Any) -> list[Any]:
        """Return the sessions."""
        rows = list(data.all() if hasattr(data, "all") else data)
        child: Any = self.child
        child.told = session_stories.tell(rows, timezone.now())
        return super().to_representation(rows)


class ToldSessionSerializer(SessionSerializer):
    """A charging session, who started and stopped it, and what it costs."""

    started_by = rest.SerializerMethodField()
    stopped_by = rest.SerializerMethodField()
    cost = rest.SerializerMethodField()
    told: Mapping[int, Story] | None = None

    class Meta(SessionSerializer.Meta):
        fields = [*SessionSerializer.Meta.fields, "started_by", "stopped_by", "cost"]
        list_serializer_class = Many

    @extend_schema_field(StartedBySerializer)
    def get_started_by(self, session: Session) -> dict[str, str]:
        """Return who or what started it."""
        story = self._story(session)
        return {
            "kind": story.started.value,
            "name": story.started_name,
            "words": story.start_words,
        }

    @extend_schema_field(StoppedBySerializer)
    def get_stopped_by(self, session: Session) -> dict[str, str]:
        """Return why it stopped, and by whom."""
        story = self._story(session)
        return {"kind": story.stopped.value, "name": story.stopped_name, "words": story.stop_words}

    @extend_schema_field(CostSerializer(allow_null=True))
    def get_cost(self, session: Session) -> dict[str, str] | None:
        """Return what it costs so far, or in the end; None where no tariff held."""
        cost = self._story(session).cost
        return None if cost is None else _cost(cost)

    def _story(self, session: Session) -> Story:
        if self.told is None or session.pk not in self.told:
            self.told = session_stories.tell([session], timezone.now())
        return self.told[session.pk]


def _cost(cost: Cost) -> dict[str, str]:
    parts = ("total", "net", "tax", "energy", "time", "session", "idle")
    return {"currency": cost.currency, **{name: str(getattr(cost, name)) for name in parts}}


class Sessions(Happened):
    """Charging sessions, newest first."""

    related = ("charger__site", "evse")
    serializer_class = ToldSessionSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Return a page of sessions, or all of them as CSV, told some at a time."""
        if getattr(request, "accepted_renderer").format != "csv":  # noqa: B009
            return super().list(request, *args, **kwargs)
        found = export.in_order(self.filter_queryset(self.get_queryset()), self.ordering)
        serializer: Any = self.get_serializer()
        columns = list(serializer.fields)
        return export.download(request, _rows(serializer, found), columns, "sessions")


def _rows(serializer: Any, found: Iterable[Session]) -> Iterator[Mapping[str, Any]]:
    rest_of = iter(found)
    while part := list(islice(rest_of, AT_ONCE)):
        yield from _told(serializer, part)


def _told(serializer: Any, part: Sequence[Session]) -> Iterator[Mapping[str, Any]]:
    serializer.told = session_stories.tell(part, timezone.now())
    for session in part:
        yield serializer.to_representation(session)


RESOURCES = {"sessions": Sessions}
