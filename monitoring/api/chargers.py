"""How chargers and their ports are now, over REST; and what passed over their sockets."""

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import api as inventory_api
from inventory.rest.export import CsvRenderer
from monitoring import filters, serializers
from monitoring.api.frames import FramePage, FrameQuery, JsonLinesRenderer, passed
from monitoring.status import ChargerStatus, status_of


class Chargers(inventory_api.Chargers):
    """Charging stations, by their OCPP identity in any case."""

    related = (*inventory_api.Chargers.related, "state")
    serializer_class = serializers.LiveChargerSerializer
    filterset_class = filters.ChargerFilters

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
        first, each reply after its CALL with `latency_ms`, and `error` where it refuses. A
        download looks through a bounded amount as well; if that was not all, its last row or
        line is of type `unfinished`, and its `at` is where to go on; replies may come again.
        """
        return passed(request, self.get_object(), timezone.now())


class Evses(inventory_api.Evses):
    """Ports: what charges one vehicle at a time."""

    related = (*inventory_api.Evses.related, "state", "charger__state")
    serializer_class = serializers.LiveEvseSerializer
    filterset_class = filters.EvseFilters
