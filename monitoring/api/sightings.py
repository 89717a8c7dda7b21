"""Who knocked, over REST."""

from django.db.models import QuerySet

from inventory.rest.views import Listed
from monitoring import access, filters, serializers
from monitoring.models import Sighting


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
