"""What the database refused, over REST."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from inventory.rest.views import Listed
from monitoring import access, filters, serializers
from monitoring.models import QuarantinedFact


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
