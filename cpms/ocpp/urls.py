"""What chargers' listener answers over HTTP, beside the probes (`monitoring.probes`)."""

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.utils.translation import gettext as _


def nothing(request: HttpRequest) -> HttpResponse:
    """Say what this listener is for."""
    text = _("This address is for chargers: connect a WebSocket to /ocpp/<identity>.")
    return HttpResponse(f"{text}\n", "text/plain", 404)


urlpatterns = [re_path("", nothing)]
